//! Ranges of versions: `>=1.2.0 <2.0.0 || 3.x`.
//!
//! Source of the rules: `github.com/blang/semver/v4`, step by step, since what it makes of odd texts is what Kyverno
//! makes of them.

use std::cmp::Ordering;

use aipc_runtime::value::Semver;

use super::{Answer, other, panic, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

/// Whether a version is in a range. Kyverno: what is no version counts as 0.0.0.
pub(super) fn semver_compare<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (version, range) = (text_at(arguments, 0)?, text_at(arguments, 1)?);
    evaluation.spend(version.len() + range.len())?;
    let zero = || Semver::parse("0.0.0");
    let Some(version) = parse_version(version).or_else(zero) else { return other("no version") };
    let mut alternatives = Vec::new();
    for parts in alternatives_of(&words(range))? {
        let mut all = Vec::new();
        for part in expanded(parts)? {
            all.push(condition(&part)?);
        }
        alternatives.push(all);
    }
    for all in alternatives {
        if all.is_empty() {
            return panic("runtime error: invalid memory address or nil pointer dereference");
        }
        if all.iter().all(|(holds, bound)| holds(version.precedence(bound))) {
            return Ok(Json::Bool(true));
        }
    }
    Ok(Json::Bool(false))
}

/// Numbers of a pre-release have to fit into 64 bits.
fn parse_version(text: &str) -> Option<Semver> {
    let pre = text.split('+').next()?.split_once('-').map_or("", |(_, pre)| pre);
    let fits = |part: &str| !part.bytes().all(|byte| byte.is_ascii_digit()) || part.parse::<u64>().is_ok();
    if pre.is_empty() || pre.split('.').all(fits) { Semver::parse(text) } else { None }
}

/// The words of a range; spaces after a comparison belong to it. Single characters are left out.
fn words(range: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = 0u8;
    for (at, byte) in range.bytes().enumerate() {
        if byte == b' ' && !matches!(last, b'>' | b'<' | b'=') {
            if start + 1 < at {
                words.push(&range[start..at]);
            }
            start = at + 1;
        } else if byte != b' ' {
            last = byte;
        }
    }
    if start + 1 < range.len() {
        words.push(&range[start..]);
    }
    words.into_iter().map(|word| word.replace(' ', "")).collect()
}

fn alternatives_of(words: &[String]) -> Result<Vec<&[String]>, SearchError> {
    if words.first().is_some_and(|word| word == "||") {
        return other("First element in range is '||'");
    }
    if words.last().is_none_or(|word| word == "||") {
        return other("Last element in range is '||'");
    }
    Ok(words.split(|word| word == "||").collect())
}

/// The comparison and the version of a word; the version begins with the first digit.
fn split_word(word: &str) -> Result<(&str, &str), SearchError> {
    match word.find(char::is_numeric) {
        Some(at) => Ok((word[..at].trim(), &word[at..])),
        None => other(format!("Could not get version from string: {word:?}")),
    }
}

/// With each `x` written out: `1.x` is `>=1.0.0` and `<2.0.0`.
fn expanded(words: &[String]) -> Result<Vec<String>, SearchError> {
    let mut expanded = Vec::new();
    for word in words {
        if !word.contains('x') {
            expanded.push(word.clone());
            continue;
        }
        let (comparison, version) = split_word(word)?;
        let parts: Vec<&str> = version.split('.').collect();
        let place = if parts.last() == Some(&"x") { parts.len() } else { 0 };
        let flat = flattened(version);
        let (comparison, next) = match comparison {
            ">" => (">=", true),
            ">=" => (">=", false),
            "<" => ("<", false),
            "<=" => ("<", true),
            "" | "=" | "==" => {
                expanded.push(format!(">={flat}"));
                ("<", true)
            }
            "!=" | "!" => {
                expanded.push(format!("<{flat}"));
                (">=", true)
            }
            _ => ("", false),
        };
        let bound = match (next, place) {
            (false, _) => flat,
            (true, 3) => incremented(&flat, 1),
            (true, 2) => incremented(&flat, 0),
            (true, _) => String::new(),
        };
        expanded.push(format!("{comparison}{bound}"));
    }
    Ok(expanded)
}

fn flattened(version: &str) -> String {
    let flat = version.replacen(".x.x", ".x", 1).replacen(".x", ".0", 1);
    if flat.split('.').count() == 2 { flat + ".0" } else { flat }
}

/// With one of the numbers one larger; empty where that is none.
fn incremented(version: &str, place: usize) -> String {
    let mut parts: Vec<String> = version.split('.').map(str::to_owned).collect();
    match parts.get(place).and_then(|part| part.parse::<i64>().ok()) {
        Some(number) => {
            parts[place] = number.wrapping_add(1).to_string();
            parts.join(".")
        }
        None => String::new(),
    }
}

type Condition = (fn(Ordering) -> bool, Semver);

fn condition(word: &str) -> Result<Condition, SearchError> {
    let (comparison, version) = split_word(word)?;
    let holds: fn(Ordering) -> bool = match comparison {
        "" | "=" | "==" => Ordering::is_eq,
        "!" | "!=" => Ordering::is_ne,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        _ => {
            return other(format!(
                "Could not parse Range {word:?}: Could not parse comparator {comparison:?} in {word:?}"
            ));
        }
    };
    match parse_version(version) {
        Some(version) => Ok((holds, version)),
        None => {
            other(format!("Could not parse Range {word:?}: Could not parse version {version:?} in {word:?}"))
        }
    }
}
