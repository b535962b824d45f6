//! Variables `{{ … }}` and references `$(…)` in the texts of a policy.
//!
//! Kyverno fills them in wherever text stands, in keys of maps, too. A text that is one variable and nothing else takes
//! the value as it is; in a longer text the value becomes text, and what comes out is looked through again.

use aipc_runtime::value::Shared;

use crate::context::{Context, Failure};
use crate::json::{Escape, Json, View};
use crate::pattern::anchor;
use crate::pattern::scalar;
use crate::policy::rule::{Template, is_dynamic, is_dynamic_text};

/// Rounds of one text: Kyverno has no end of them where a variable gives itself.
const ROUNDS_MAX: usize = 1000;
/// Bytes that a text may grow to.
const TEXT_MAX: usize = 4 << 20;

/// A value of a policy with all its variables filled in.
///
/// # Errors
/// A variable that cannot be found or evaluated, or a reference to nothing.
pub fn substitute<'a>(context: &Context<'a, '_>, template: &Template) -> Result<Json<'a>, Failure> {
    if !template.is_dynamic {
        return Ok(template.value.clone());
    }
    let referred = references(&template.value)?;
    walk(context, &referred, "")
}

/// A text with all its variables filled in; it may become any value.
///
/// # Errors
/// As [`substitute`].
pub fn substitute_text<'a>(context: &Context<'a, '_>, text: &str) -> Result<Json<'a>, Failure> {
    if !is_dynamic_text(text) {
        return Ok(Json::text(text));
    }
    let referred = references(&Json::text(text))?;
    walk(context, &referred, "")
}

fn walk<'a>(context: &Context<'a, '_>, value: &Json<'a>, path: &str) -> Result<Json<'a>, Failure> {
    Ok(match value.view() {
        View::Text(text) => {
            let filled = fill_in(context, text, path)?;
            // A list or map that comes in whole is looked through, too; text is not.
            let is_whole = filled.list_len().is_some() || filled.is_map();
            if is_whole && is_dynamic(&filled) { walk(context, &filled, path)? } else { filled }
        }
        View::List { .. } => {
            let elements = value.elements().enumerate();
            let filled = elements.map(|(index, element)| walk(context, &element, &format!("{path}/{index}")));
            Json::list(filled.collect::<Result<_, _>>()?)
        }
        View::Map { .. } => {
            let mut entries = Vec::new();
            for (key, value) in value.entries() {
                let new_key = fill_in(context, &key, path)?;
                let Some(new_key) = new_key.to_text() else {
                    let message =
                        format!("expected string after substituting variables in key \"{}\"", &*key);
                    return Err(Failure::new(message));
                };
                let below = format!("{path}/{}", key.replace('/', "\\/"));
                entries.push((new_key, walk(context, &value, &below)?));
            }
            Json::map(entries)
        }
        _ => value.clone(),
    })
}

/// Fills in the variables of one text.
fn fill_in<'a>(context: &Context<'a, '_>, text: &str, path: &str) -> Result<Json<'a>, Failure> {
    if !text.contains("{{") {
        return Ok(Json::text(text));
    }
    let mut value = text.to_owned();
    let mut variables = find_all(&value);
    for round in 0.. {
        if variables.is_empty() {
            break;
        }
        if round == ROUNDS_MAX || value.len() > TEXT_MAX {
            return Err(Failure::new(format!("the variables of a text at path {path} have no end")));
        }
        let original = value.clone();
        let mut is_shallow = false;
        for found in &variables {
            let (variable, shallow) = content(&found.text);
            is_shallow = shallow;
            let variable = context.localize(&variable, path);
            let filled = context.query(&variable).map_err(|failure| Failure {
                message: format!("failed to resolve {variable} at path {path}: {}", failure.message),
                ..failure
            })?;
            if original == found.text {
                return Ok(filled);
            }
            let text = match (filled.as_text(), shallow) {
                (Some(text), true) => text.replace("{{", "\\{{"),
                (Some(text), false) => text.to_owned(),
                (None, true) if !filled.is_null() => {
                    let message = format!("{variable} at path {path} is no text, on which Kyverno ends");
                    return Err(Failure::new(message));
                }
                (None, _) => filled.to_json(Escape::Html),
            };
            let (wanted, replacement) =
                (format!("{}{}", found.prefix, found.text), format!("{}{text}", found.prefix));
            value = value.replacen(&wanted, &replacement, 1);
        }
        variables = if is_shallow { Vec::new() } else { find_all(&value) };
    }
    Ok(Json::text(value.replace("\\{{", "{{")))
}

/// A variable in a text.
#[derive(Debug, PartialEq)]
pub struct Variable {
    /// With its braces.
    pub text: String,
    /// The character before it that belongs to what is replaced; empty at the start.
    prefix: String,
}

/// The variables of a text, from left to right, without those that a backslash hides.
pub fn find_all(text: &str) -> Vec<Variable> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let here = &text[at..];
        let Some(first) = here.chars().next() else { break };
        // A variable begins the text, or follows any character but a backslash.
        if at == 0
            && let Some(len) = variable_len(here)
        {
            found.push(Variable { text: here[..len].to_owned(), prefix: String::new() });
            at += len;
            continue;
        }
        let after = &here[first.len_utf8()..];
        if first != '\\'
            && let Some(len) = variable_len(after)
        {
            found.push(Variable { text: after[..len].to_owned(), prefix: first.to_string() });
            at += first.len_utf8() + len;
            continue;
        }
        at += first.len_utf8();
    }
    found
}

/// The length of the variable that a text begins with: `{{`, no braces but in pairs one deep, `}}`.
fn variable_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !text.starts_with("{{") {
        return None;
    }
    let mut at = 2;
    loop {
        match bytes.get(at)? {
            b'{' => {
                let inner = bytes[at + 1..].iter().position(|byte| matches!(byte, b'{' | b'}'))?;
                if bytes[at + 1 + inner] != b'}' {
                    return None;
                }
                at += inner + 2;
            }
            b'}' => return (bytes.get(at + 1) == Some(&b'}')).then_some(at + 2),
            _ => at += 1,
        }
    }
}

/// What stands between the braces, and whether it is marked as `{{- … }}`.
pub fn content(variable: &str) -> (String, bool) {
    let inner = variable.replace("{{", "").replace("}}", "");
    let inner = inner.trim();
    match inner.strip_prefix('-') {
        Some(rest) => (rest.trim().to_owned(), true),
        None => (inner.to_owned(), false),
    }
}

/// The value with its references filled in, each with what the same value has at that path.
fn references(value: &Json<'static>) -> Result<Json<'static>, Failure> {
    if !has_reference(value) {
        return Ok(value.clone());
    }
    refer(value, value, "")
}

fn has_reference(value: &Json<'_>) -> bool {
    match value.view() {
        View::Text(text) => text.contains("$("),
        View::List { .. } => value.elements().any(|element| has_reference(&element)),
        View::Map { .. } => {
            value.entries().iter().any(|(key, value)| key.contains("$(") || has_reference(value))
        }
        _ => false,
    }
}

fn refer(value: &Json<'static>, root: &Json<'static>, path: &str) -> Result<Json<'static>, Failure> {
    Ok(match value.view() {
        View::Text(text) => Json::text(refer_text(text, root, path)?),
        View::List { .. } => {
            let elements = value.elements().enumerate();
            let filled = elements.map(|(index, element)| refer(&element, root, &format!("{path}/{index}")));
            Json::list(filled.collect::<Result<_, _>>()?)
        }
        View::Map { .. } => {
            let mut entries = Vec::new();
            for (key, value) in value.entries() {
                let below = format!("{path}/{}", key.replace('/', "\\/"));
                let key = refer_text(&key, root, path)?;
                entries.push((Shared::Owned(key.into()), refer(&value, root, &below)?));
            }
            Json::map(entries)
        }
        _ => value.clone(),
    })
}

fn refer_text(text: &str, root: &Json<'static>, path: &str) -> Result<String, Failure> {
    let mut filled = text.to_owned();
    for (prefix, reference) in find_references(text) {
        let fail = |what: &str| Failure::new(format!("failed to resolve {reference} at path {path}: {what}"));
        let inner = reference.trim_matches(['$', '(', ')']);
        let (sign, target) = split_sign(inner);
        if target.is_empty() {
            return Err(fail("expected path, found empty reference"));
        }
        let wanted = absolute(target, path);
        let Some(found) = at_path(root, &wanted, "") else {
            return Err(Failure::new(format!("got nil resolved variable {reference} at path {path}: <nil>")));
        };
        let found = match (sign, found.view()) {
            (_, View::Text(text)) => format!("{sign}{text}"),
            ("", _) => {
                let message =
                    format!("NotResolvedReferenceErr,reference {reference} not resolved at path {path}");
                return Err(Failure::new(message));
            }
            (sign, View::Int(number)) => format!("{sign}{number}"),
            (sign, View::Float(number)) => format!("{sign}{}", crate::go_text::float_f(number)),
            (sign, _) => {
                return Err(fail(&format!(
                    "incorrect expression: operator {sign} does not match with value"
                )));
            }
        };
        filled = filled.replacen(&format!("{prefix}{reference}"), &format!("{prefix}{found}"), 1);
    }
    Ok(unescape_references(&filled))
}

/// The references of a text, each to the last `)` before a blank, with the character before it.
fn find_references(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("$(").map(|start| start + at) {
        let before = text[at..start].chars().next_back();
        let word_len =
            text[start + 2..].chars().skip(1).take_while(|c| *c != ' ').map(char::len_utf8).sum::<usize>();
        let first_len = text[start + 2..].chars().next().map_or(0, char::len_utf8);
        let word = &text[start..start + 2 + first_len + word_len];
        let end = word.rfind(')').filter(|end| *end > 2);
        let is_start = start == 0 || before.is_some_and(|c| c != '\\');
        match end {
            Some(end) if is_start => {
                let prefix = before.map_or(String::new(), |c| c.to_string());
                found.push((prefix, word[..=end].to_owned()));
                at = start + end + 1;
            }
            _ => at = start + 2,
        }
    }
    found
}

fn unescape_references(text: &str) -> String {
    if text.contains("\\$(") { text.replace("\\$(", "$(") } else { text.to_owned() }
}

fn split_sign(text: &str) -> (&str, &str) {
    if text.len() >= 2 {
        for sign in [">=", "<=", ">", "<", "!"] {
            if let Some(rest) = text.strip_prefix(sign) {
                return (&text[..sign.len()], rest);
            }
        }
    }
    if scalar::is_range(text) {
        return text.split_at(1);
    }
    ("", text)
}

/// A path of the same document, from where the reference stands.
fn absolute(target: &str, path: &str) -> String {
    let joined = if target.starts_with('/') { target.to_owned() } else { format!("{path}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The scalar at a path whose keys are compared without their anchors.
fn at_path(value: &Json<'static>, wanted: &str, path: &str) -> Option<Json<'static>> {
    match value.view() {
        View::List { .. } => value
            .elements()
            .enumerate()
            .find_map(|(index, element)| at_path(&element, wanted, &format!("{path}/{index}"))),
        View::Map { .. } => value.entries().iter().find_map(|(key, value)| {
            let key = anchor::parse(key).map_or(&**key, |(_, inner)| inner);
            at_path(value, wanted, &format!("{path}/{}", key.replace('/', "\\/")))
        }),
        _ => (path == wanted).then(|| value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(String, String)> {
        find_all(text).into_iter().map(|found| (found.prefix, found.text)).collect()
    }

    #[test]
    fn variables_are_found() {
        let pair = |prefix: &str, text: &str| (prefix.to_owned(), text.to_owned());
        assert_eq!(texts("{{ a }}"), [pair("", "{{ a }}")]);
        assert_eq!(texts("x{{a}}{{b}}"), [pair("x", "{{a}}")]);
        assert_eq!(texts("x{{a}} {{b}}"), [pair("x", "{{a}}"), pair(" ", "{{b}}")]);
        assert_eq!(texts("\\{{ a }}"), []);
        assert_eq!(texts("{{ a.{b: c} }}"), [pair("", "{{ a.{b: c} }}")]);
        assert_eq!(texts("{{ a {{ b }} }}"), [pair(" ", "{{ b }}")]);
        assert_eq!(texts("{{{ x }}"), [pair("{", "{{ x }}")]);
        assert_eq!(texts("{{ x }"), []);
        assert_eq!(content("{{- a }}"), ("a".to_owned(), true));
    }

    #[test]
    fn references_are_found() {
        let pair = |prefix: &str, text: &str| (prefix.to_owned(), text.to_owned());
        assert_eq!(find_references("$(<=./../i)"), [pair("", "$(<=./../i)")]);
        assert_eq!(find_references("a $(x) b"), [pair(" ", "$(x)")]);
        assert_eq!(find_references("\\$(x)"), []);
        assert_eq!(absolute("./../i", "/spec/rep"), "/spec/i");
    }
}
