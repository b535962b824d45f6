//! The diagnostics of texts that are no programs yet: rows AIP01xx of the catalogue.

use super::number;
use crate::diagnostic::{Code, Diagnostic, Edit, Fix};
use crate::source::Span;

pub fn unknown_character(span: Span, text: &str) -> Diagnostic {
    let name = if text == "`" { "a backtick".to_owned() } else { format!("`{text}`") };
    let diagnostic = Diagnostic::new(Code::UnknownCharacter, span, format!("{name} is not of the language"));
    let ascii: Option<String> = text.chars().map(ascii_lookalike).collect();
    match ascii {
        Some(ascii) => diagnostic.fix(format!("write `{ascii}`"), span, ascii),
        None => {
            diagnostic.help("outside strings and comments, only ASCII letters, digits and signs are used")
        }
    }
}

/// The ASCII character that people mean by one which an editor or a chat program put in its place.
fn ascii_lookalike(c: char) -> Option<char> {
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => Some('"'),
        '\u{2013}' | '\u{2014}' | '\u{2212}' => Some('-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Some(' '),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0),
        _ => None,
    }
}

pub fn hidden_character(span: Span, c: char) -> Diagnostic {
    let code_point = format!("U+{:04X}", c as u32);
    Diagnostic::new(Code::HiddenCharacter, span, format!("the character {code_point} does not show"))
        .at("here")
        .help(format!("inside a string write `\\u{{{:x}}}`; elsewhere remove it", c as u32))
        .fix("remove it", span, "")
}

pub fn unclosed_string(span: Span, text: &str) -> Diagnostic {
    let opening_hashes = text.trim_start_matches('r').chars().take_while(|c| *c == '#').count();
    let rest = text.trim_start_matches(['r', '#']);
    let quote = if rest.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let quote = format!("{quote}{}", "#".repeat(opening_hashes));
    Diagnostic::new(Code::UnclosedString, span, "the string has no end")
        .at(format!("a closing `{quote}` is missing"))
        .fix(format!("add `{quote}`"), span.at_end(), quote)
        .help("a string in plain quotes lies on one line; text of several lines stands in `\"\"\"`")
}

pub fn unclosed_interpolation(span: Span, text: &str) -> Diagnostic {
    let brace = text.find('{').map_or(span, |at| {
        let start = span.start + at as u32;
        Span::new(span.file, start, start + 1)
    });
    Diagnostic::new(Code::BadInterpolation, brace, "the interpolation has no end")
        .at("this `{` has no `}`")
        .help("a brace that is meant as text is written `\\{`")
}

pub fn empty_interpolation(span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadInterpolation, span, "the interpolation is empty")
        .at("an expression is missing")
        .help("braces that are meant as text are written `\\{}`")
}

pub fn malformed_number(span: Span, text: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::MalformedNumber, span, format!("`{text}` is no number"))
        .at("not a number, quantity, duration or percentage");
    let diagnostic = match number::suggestion(text) {
        Some(meant) => diagnostic.fix(format!("write `{meant}`"), span, meant),
        None => diagnostic,
    };
    diagnostic
        .help("quantities end in `n u m k M G T P E Ki Mi Gi Ti Pi Ei`, durations in `ns us ms s min h d w`")
}

/// `3 days`; `meant` is `3d`.
pub fn spaced_unit(span: Span, text: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(Code::MalformedNumber, span, format!("`{text}` is written `{meant}`"))
        .at("the unit stands right behind the number")
        .safe_fix(format!("write `{meant}`"), span, meant)
}

/// Text where only a string, or a path, can stand.
pub fn unquoted_text(span: Span, text: &str) -> Diagnostic {
    let meant = format!("\"{text}\"");
    Diagnostic::new(Code::ForeignSpelling, span, "text is written in double quotes")
        .at("text without quotes")
        .safe_fix(format!("write `{meant}`"), span, meant)
}

/// A name, a date or a schedule that stands in quotes.
pub fn quoted(span: Span, text: &str, what: &str) -> Diagnostic {
    let meant = text.trim_matches('"');
    Diagnostic::new(Code::ForeignSpelling, span, format!("{what} is written without quotes here"))
        .at(format!("write `{meant}`"))
        .safe_fix(format!("write `{meant}`"), span, meant)
}

/// `every 5m`: a quantity where only a duration can stand.
pub fn minutes_meant(span: Span, text: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(
        Code::MalformedNumber,
        span,
        format!("`{text}` is a quantity, and a duration is wanted here"),
    )
    .at("`m` means a thousandth")
    .help("units of durations are `ns us ms s min h d w`")
    .safe_fix(format!("write `{meant}`"), span, meant)
}

/// Words between or behind values, as other languages have them.
pub fn foreign_phrase(span: Span, words: &str, meant: Option<&str>) -> Diagnostic {
    match meant {
        Some(meant) => {
            Diagnostic::new(Code::ForeignSpelling, span, format!("this is written `{meant}` here"))
                .at(format!("`{words}` is not of the language"))
                .safe_fix(format!("write `{meant}`"), span, meant)
        }
        None => Diagnostic::new(Code::ForeignSpelling, span, format!("`{words}` is not of the language"))
            .help("texts are compared with globs: `image ~ \"ghcr.io/*\"`"),
    }
}

pub fn not_a_date(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidDate, span, format!("`{text}` is no date"))
        .at("this day or time does not exist")
        .help("dates are written `2027-01-31` or `2027-01-31T12:00:00Z`")
}

pub fn integer_out_of_range(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(Code::IntegerOutOfRange, span, format!("`{text}` does not fit into 64 bits"))
        .at(format!("the largest integer is {}", i64::MAX))
}

pub fn single_quotes(span: Span, content: &str) -> Diagnostic {
    let meant = format!("\"{}\"", content.replace('"', "\\\""));
    Diagnostic::new(Code::ForeignSpelling, span, "strings are written in double quotes")
        .at("single quotes")
        .safe_fix(format!("write `{meant}`"), span, meant)
}

/// `meant` is empty where the sign is to be removed.
pub fn foreign_sign(span: Span, sign: &str, meant: &str) -> Diagnostic {
    let word = meant.trim();
    if word.is_empty() {
        return Diagnostic::new(Code::ForeignSpelling, span, format!("`{sign}` is not of the language"))
            .at("statements need no sign at their end")
            .safe_fix("remove it", span, "");
    }
    Diagnostic::new(Code::ForeignSpelling, span, format!("`{sign}` is written `{word}` here"))
        .at(format!("write `{word}`"))
        .safe_fix(format!("write `{word}`"), span, meant)
}

pub fn foreign_comment(span: Span) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(Code::ForeignSpelling, span, "comments begin with `//`").at("not a comment here");
    if span.end - span.start == 1 { diagnostic.safe_fix("write `//`", span, "//") } else { diagnostic }
}

pub fn star_index(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ForeignSpelling,
        span,
        "`[*]` is not written: a dot through a list means each element",
    )
    .at("remove this")
    .safe_fix("remove `[*]`", span, "")
}

pub fn colon_behind_word(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(Code::ForeignSpelling, span, format!("`{word}` is followed by its value without `:`"))
        .at("leave it out")
        .safe_fix("remove `:`", span, "")
}

pub fn assignment_for_equality(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ForeignSpelling, span, "`=` names a value; values are compared with `==`")
        .at("write `==`")
        .safe_fix("write `==`", span, "==")
}

pub fn bad_escape(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(Code::BadEscape, span, format!("`{text}` is no escape"))
        .at("unknown escape")
        .fix("write the backslash itself", span.at_start(), "\\")
        .help("escapes are `\\n \\t \\\" \\\\ \\{ \\u{…}`; raw strings `r\"…\"` have none, which suits regular expressions")
}

pub fn block_indentation(span: Span) -> Diagnostic {
    Diagnostic::new(Code::BlockIndentation, span, "this line is indented less than the closing quotes")
        .at("the indentation of the closing `\"\"\"` is taken from every line")
}

pub fn string_not_constant(span: Span) -> Diagnostic {
    Diagnostic::new(Code::StringNotConstant, span, "an interpolation cannot stand here")
        .at("this text is fixed before any resource is seen")
        .help("a brace that is meant as text is written `\\{`")
}

pub fn entries_not_written_out(span: Span) -> Diagnostic {
    Diagnostic::new(Code::EntriesNotWrittenOut, span, "this object cannot be computed with `for`")
        .at("write the entries out")
}

pub fn missing_field_name(dot: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingFieldName, dot, "expected a field name after `.`")
        .at("a field name is missing")
}

/// `what` is "an expression" or "a name".
pub fn missing_expression(place: Span, what: &str, after: Option<&str>, before: &str) -> Diagnostic {
    let where_ = after.map_or_else(String::new, |word| format!(" after `{word}`"));
    Diagnostic::new(Code::MissingExpression, place, format!("expected {what}{where_}, found {before}"))
        .at(format!("{what} is missing"))
}

pub fn unclosed_bracket(opener: Span, sign: &str, closer: &str, place: Span) -> Diagnostic {
    Diagnostic::new(Code::UnclosedBracket, opener, format!("`{sign}` has no `{closer}`"))
        .at("opened here")
        .also(place, format!("`{closer}` is missing here at the latest"))
        .fix(format!("insert `{closer}`"), place, closer)
}

pub fn unmatched_bracket(span: Span, sign: &str) -> Diagnostic {
    Diagnostic::new(Code::UnmatchedBracket, span, format!("`{sign}` closes nothing"))
        .at("nothing is open here")
        .fix("remove it", span, "")
}

pub fn misspelt_keyword(span: Span, word: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(Code::MisspeltKeyword, span, format!("unexpected word `{word}`"))
        .at(format!("did you mean `{meant}`?"))
        .safe_fix(format!("write `{meant}`"), span, meant)
}

/// `require … if` and `deny … that`.
pub fn wrong_condition_word(span: Span, verb: &str, found: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(
        Code::MisspeltKeyword,
        span,
        format!("`{verb}` says its condition with `{meant}`, not `{found}`"),
    )
    .at(format!("write `{meant}`"))
    .fix(format!("write `{meant}`"), span, meant)
    .help("`deny … if` tells what is wrong, `require … that` tells what must hold")
}

/// A clause that stands behind one it must precede: the fix moves it.
pub fn clause_order(clause: Span, word: &str, before: Span, before_word: &str, text: &str) -> Diagnostic {
    let fix = Fix {
        title: format!("move it before `{before_word}`"),
        edits: vec![
            Edit { span: before.at_start(), text: format!("{} ", text.trim()) },
            Edit { span: clause, text: String::new() },
        ],
        safe: true,
    };
    let mut diagnostic =
        Diagnostic::new(Code::ClauseOrder, clause, format!("`{word}` must stand before `{before_word}`"))
            .at("too late")
            .also(before, format!("before this `{before_word}`"));
    if word == "where" {
        diagnostic = diagnostic.help("what decides whether a rule speaks comes before what it says");
    }
    diagnostic.fixes.push(fix);
    diagnostic
}

/// A clause that a rule already has.
pub fn repeated_clause(span: Span, word: &str, first: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnexpectedToken, span, format!("a second `{word}`"))
        .at(format!("this rule has its `{word}` already"))
        .also(first, "the first one");
    match word {
        "if" | "that" => diagnostic.help("join conditions with `and` or `or`"),
        _ => diagnostic,
    }
}

pub fn minus_without_spaces(sign: Span, before: bool) -> Diagnostic {
    let text = if before { " - " } else { "- " };
    Diagnostic::new(Code::MinusWithoutSpaces, sign, "minus is written with spaces on both sides")
        .at("is this a subtraction?")
        .safe_fix("write spaces around it", sign, text)
        .help("a hyphen between letters belongs to the name, and `-3` is a number")
}

pub fn too_deep(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::TooDeep, span, format!("{what} nested too deeply"))
        .at("too deep")
        .help("name parts with `let`, or compare with a list: `x in [a, b, c]`")
}

pub fn file_too_large(span: Span) -> Diagnostic {
    Diagnostic::new(Code::TooDeep, span, "the file is too large").help("a source file has at most 64 MiB")
}

pub fn stray_doc_comment(span: Span) -> Diagnostic {
    Diagnostic::new(Code::StrayDocComment, span, "this comment documents nothing")
        .at("`///` stands above an item, a rule or a field")
        .safe_fix("make it a plain comment", Span::new(span.file, span.start, span.start + 3), "//")
}

/// `rule x:` and nothing behind it.
pub fn missing_body(place: Span, found: &str) -> Diagnostic {
    Diagnostic::new(
        Code::MissingToken,
        place,
        format!("expected `deny`, `require` or another verb, found {found}"),
    )
    .at("the rule is missing here")
}

/// A word or sign that must stand at `place`.
pub fn missing_token(place: Span, word: &str, found: &str) -> Diagnostic {
    Diagnostic::new(Code::MissingToken, place, format!("expected `{word}`, found {found}"))
        .at(format!("`{word}` is missing here"))
        .fix(format!("insert `{word}`"), place, format!(" {word} "))
}

/// The last resort. `expected` is a phrase: "an operator or `message`".
pub fn unexpected(span: Span, found: &str, expected: &str) -> Diagnostic {
    let found = found.strip_prefix("a ").or_else(|| found.strip_prefix("the ")).unwrap_or(found);
    let diagnostic = Diagnostic::new(Code::UnexpectedToken, span, format!("unexpected {found}"));
    if expected.is_empty() { diagnostic } else { diagnostic.at(format!("expected {expected}")) }
}
