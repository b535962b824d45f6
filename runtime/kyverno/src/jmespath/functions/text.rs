//! Functions on text. Positions count Unicode scalar values.

use aipc_runtime::value::{Image, Shared};

use super::{Answer, argument_at, golang, not_evaluated, number_at, other, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::{Json, View};
use crate::wildcard;

/// A text or number as the text that is matched.
pub(super) fn subject<'v>(
    arguments: &'v [Json<'_>],
    at: usize,
) -> Result<std::borrow::Cow<'v, str>, SearchError> {
    match argument_at(arguments, at)?.view() {
        View::Float(number) => Ok(golang::short_float_text(number).into()),
        _ => text_at(arguments, at).map(Into::into),
    }
}

fn made<'a>(text: String, evaluation: &mut Evaluation) -> Answer<'a> {
    evaluation.make(text.len())?;
    Ok(Json::text(text))
}

/// A part of the text at a place, which is not copied where it is borrowed.
fn part<'a>(arguments: &[Json<'a>], at: usize, of: impl Fn(&str) -> std::ops::Range<usize>) -> Answer<'a> {
    match argument_at(arguments, at)?.to_text() {
        Some(Shared::Borrowed(text)) => Ok(Json::Text(Shared::Borrowed(&text[of(text)]))),
        Some(Shared::Owned(text)) => Ok(Json::text(&text[of(&text)])),
        None => other(format!("argument #{} is not of type string", at + 1)),
    }
}

/// -1, 0 or 1, as an integer.
pub(super) fn compare<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Int(text_at(arguments, 0)?.cmp(text_at(arguments, 1)?) as i64))
}

pub(super) fn equal_fold<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (a, b) = (text_at(arguments, 0)?, text_at(arguments, 1)?);
    evaluation.spend(a.len().min(b.len()))?;
    Ok(Json::Bool(golang::equal_fold(a, b)))
}

pub(super) fn starts_with<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Bool(text_at(arguments, 0)?.starts_with(text_at(arguments, 1)?)))
}

pub(super) fn ends_with<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Bool(text_at(arguments, 0)?.ends_with(text_at(arguments, 1)?)))
}

/// So many of the occurrences, all where the number is negative.
pub(super) fn replace<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let count = golang::to_int(number_at(arguments, 3)?);
    replaced(arguments, usize::try_from(count).unwrap_or(usize::MAX), evaluation)
}

pub(super) fn replace_all<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    replaced(arguments, usize::MAX, evaluation)
}

fn replaced<'a>(arguments: &[Json<'a>], count: usize, evaluation: &mut Evaluation) -> Answer<'a> {
    let (text, old, new) = (text_at(arguments, 0)?, text_at(arguments, 1)?, text_at(arguments, 2)?);
    let occurrences = text.matches(old).count().min(count);
    evaluation.make(text.len().saturating_add(occurrences.saturating_mul(new.len())))?;
    Ok(Json::text(text.replacen(old, new, count)))
}

pub(super) fn to_upper<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    made(text_at(arguments, 0)?.chars().map(golang::upper).collect(), evaluation)
}

pub(super) fn to_lower<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    made(text_at(arguments, 0)?.chars().map(golang::lower).collect(), evaluation)
}

/// Without any of the characters at both ends.
pub(super) fn trim<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (text, characters) = (text_at(arguments, 0)?, text_at(arguments, 1)?);
    evaluation.spend(text.len().saturating_mul(characters.len()) / 32)?;
    part(arguments, 0, |text| {
        let without_start = text.trim_start_matches(|c| characters.contains(c));
        let start = text.len() - without_start.len();
        start..start + without_start.trim_end_matches(|c| characters.contains(c)).len()
    })
}

pub(super) fn trim_prefix<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let prefix = text_at(arguments, 1)?;
    part(arguments, 0, |text| if text.starts_with(prefix) { prefix.len()..text.len() } else { 0..text.len() })
}

/// The pieces between separators; with an empty separator the single characters.
pub(super) fn split<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (text, separator) = (text_at(arguments, 0)?, text_at(arguments, 1)?);
    evaluation.spend(1 + text.matches(separator).count())?;
    fn pieces<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
        if separator.is_empty() {
            return text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]).collect();
        }
        text.split(separator).collect()
    }
    Ok(Json::list(match argument_at(arguments, 0)?.to_text() {
        Some(Shared::Borrowed(text)) => {
            pieces(text, separator).into_iter().map(|piece| Json::Text(Shared::Borrowed(piece))).collect()
        }
        _ => pieces(text, separator).into_iter().map(Json::text).collect(),
    }))
}

/// The first so many characters.
pub(super) fn truncate<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let number = number_at(arguments, 1)?;
    let len = usize::try_from(golang::to_int(if number < 0.0 { 0.0 } else { number })).unwrap_or(0);
    part(arguments, 0, |text| 0..text.char_indices().nth(len).map_or(text.len(), |(at, _)| at))
}

pub(super) fn to_boolean<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    let is = |word: &str| text.chars().map(golang::lower).eq(word.chars());
    if is("true") || is("false") {
        return Ok(Json::Bool(is("true")));
    }
    other(format!(
        "JMESPath function 'to_boolean': lowercase argument must be 'true' or 'false' (provided: '{text}')"
    ))
}

/// `*` is any characters, `?` is one.
pub(super) fn pattern_match<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    evaluation.spend(1 + pattern.len().saturating_mul(text.len()) / 64)?;
    Ok(Json::Bool(wildcard::matches(pattern, &text)))
}

/// Without doubled slashes, `.` and `..`, as far as there is something to go back to.
pub(super) fn path_canonicalize<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let path = text_at(arguments, 0)?;
    if path.is_empty() {
        return Ok(Json::text(""));
    }
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    made(
        match (is_rooted, joined.is_empty()) {
            (true, _) => format!("/{joined}"),
            (false, true) => ".".to_owned(),
            (false, false) => joined,
        },
        evaluation,
    )
}

/// With registry and tag; the digest in place of the tag where there is one.
pub(super) fn image_normalize<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    match Image::parse(text) {
        Some(image) => made(image.reference(), evaluation),
        None => other(format!("JMESPath function 'image_normalize': bad image: {text}")),
    }
}

/// Chance is not evaluated; that there is no pattern is an error.
pub(super) fn random<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    if text_at(arguments, 0)?.is_empty() {
        return other("no pattern provided");
    }
    not_evaluated("`random` is chance")
}
