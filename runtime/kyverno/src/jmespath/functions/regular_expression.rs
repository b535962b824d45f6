//! Functions with regular expressions, whose meaning is that of [`aipc_runtime::regular_expression`].

use regex::{Captures, Regex};

use super::text::subject;
use super::{Answer, other, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

fn compiled(
    pattern: &str,
    text_len: usize,
    function: &str,
    evaluation: &mut Evaluation,
) -> Result<Regex, SearchError> {
    match evaluation.regex(pattern, text_len)? {
        Ok(regex) => Ok(regex),
        Err(reason) => other(format!("JMESPath function '{function}': error parsing regexp: {reason}")),
    }
}

pub(super) fn matches<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    let regex = compiled(pattern, text.len(), "regex_match", evaluation)?;
    Ok(Json::Bool(regex.is_match(&text)))
}

/// `$1`, `$name` and `${name}` stand for what a group caught.
pub(super) fn replace_all<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    let template = subject(arguments, 2)?;
    let regex = compiled(pattern, text.len(), "regex_replace_all", evaluation)?;
    replaced(&regex, &text, evaluation, |captures, out| expand(&template, captures, out))
}

pub(super) fn replace_all_literal<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    let replacement = subject(arguments, 2)?;
    let regex = compiled(pattern, text.len(), "regex_replace_all_literal", evaluation)?;
    replaced(&regex, &text, evaluation, |_, out| out.push_str(&replacement))
}

fn replaced<'a>(
    regex: &Regex,
    text: &str,
    evaluation: &mut Evaluation,
    replace: impl Fn(&Captures<'_>, &mut String),
) -> Answer<'a> {
    let mut out = String::new();
    let mut at = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        let before = out.len();
        out.push_str(&text[at..whole.start()]);
        replace(&captures, &mut out);
        at = whole.end();
        evaluation.spend(1)?;
        evaluation.make(out.len() - before)?;
        evaluation.fits(out.len())?;
    }
    out.push_str(&text[at..]);
    evaluation.make(out.len())?;
    Ok(Json::text(out))
}

/// Kyverno: what names no group is empty, and a dollar before anything else is one.
fn expand(template: &str, captures: &Captures<'_>, out: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = group_name(rest) else {
            out.push('$');
            continue;
        };
        rest = after;
        let group = match group_number(name) {
            Some(number) => captures.get(number),
            None => captures.name(name),
        };
        out.push_str(group.map_or("", |group| group.as_str()));
    }
    out.push_str(rest);
}

/// The name that a text begins with, in braces or not, and the rest.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let is_part = |c: char| c.is_alphabetic() || c.is_numeric() || c == '_';
    let len = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(len);
    if name.is_empty() {
        return None;
    }
    if inner.len() == text.len() {
        return Some((name, rest));
    }
    Some((name, rest.strip_prefix('}')?))
}

fn group_number(name: &str) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number && name.len() <= 8 { name.parse().ok() } else { None }
}
