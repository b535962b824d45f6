//! What the grammar would have taken, in words: its long list of terminals as a few classes.

/// "an expression, `message` or an item"; empty where there is nothing helpful to say.
pub fn phrase(expected: &[String]) -> String {
    let has = |word: &str| expected.iter().any(|expected| expected == word);
    let mut classes: Vec<String> = vec![];
    let hole = has("<hole>");
    if hole && has("str") && has("[") {
        classes.push("an expression".to_string());
    } else if hole {
        classes.push(missing(expected).to_string());
    } else if has("str") {
        classes.push("a string".to_string());
    }
    if !hole && has("date") {
        classes.push("a date".to_string());
    }
    if has("==") && has("and") {
        classes.push("an operator".to_string());
    } else if has("+") && has("*") {
        classes.push("an arithmetic operator".to_string());
    }
    for word in LISTED {
        let covered =
            hole && matches!(*word, "(" | "[" | "{") || has("==") && matches!(*word, "(" | "[" | "." | "in");
        if has(word) && !covered {
            classes.push(format!("`{word}`"));
        }
    }
    if has("policy") && has("exempt") {
        classes.push("the next item".to_string());
    } else if has("deny") && has("rule") {
        classes.push("a rule".to_string());
    } else if has("set") && has("remove") {
        classes.push("an edit".to_string());
    } else if has("given") && has("expect") {
        classes.push("`given` or `expect`".to_string());
    } else if has("}") && !has("{") {
        classes.push("`}`".to_string());
    }
    const LENGTH_MAX: usize = 6;
    if classes.len() > LENGTH_MAX {
        return String::new();
    }
    match classes.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// What is missing where a hole may stand: "an expression", "a string", "a name".
pub fn missing(expected: &[String]) -> &'static str {
    let has = |word: &str| expected.iter().any(|expected| expected == word);
    if has("[") || has("int") {
        "an expression"
    } else if has("name") {
        "a name"
    } else if has("duration") {
        "a schedule"
    } else {
        "a string"
    }
}

/// Terminals worth naming one by one.
const LISTED: &[&str] = &[
    "on",
    "where",
    "with",
    "if",
    "that",
    "then",
    "else",
    "in",
    "for",
    "of",
    "as",
    "by",
    "into",
    "from",
    "every",
    "message",
    "action",
    "settings",
    "signed",
    "attested",
    "ignoring",
    "until",
    "because",
    "becomes",
    "generates",
    "mutates",
    ":",
    "=",
    "(",
    ")",
    "[",
    "]",
    "{",
    ",",
];
