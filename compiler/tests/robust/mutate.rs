//! Texts that are nearly sources.

use super::corpus::{Corpus, pieces};
use super::random::Random;

/// One to eight changes of whole pieces: swapped, dropped, doubled, replaced by others of the language, copied from
/// elsewhere, with a stretch of the text taken out or repeated.
pub fn tokens(text: &str, corpus: &Corpus, random: &mut Random) -> String {
    let mut list: Vec<String> = pieces(text).into_iter().map(str::to_string).collect();
    // Long files hold many rules; a cut keeps a case small and its time short.
    if list.len() > 400 {
        let start = random.below(list.len() - 300);
        list = list[start..start + 300].to_vec();
    }
    for _ in 0..=random.below(8) {
        if list.is_empty() {
            break;
        }
        let at = meaningful(&list, random);
        match random.below(10) {
            0 => {
                list.remove(at);
            }
            1 => {
                let other = meaningful(&list, random);
                list.swap(at, other);
            }
            2 => list.insert(at, list[at].clone()),
            3 | 4 => list[at] = random.pick(&corpus.pieces).clone(),
            5 => list[at] = like(&list[at], corpus, random),
            6 => list.insert(at, format!(" {} ", random.pick(&corpus.pieces))),
            7 => {
                let length = 1 + random.below(12.min(list.len() - at));
                list.drain(at..at + length);
            }
            8 => {
                let length = 1 + random.below(12.min(list.len() - at));
                let copy = list[at..at + length].to_vec();
                let to = random.below(list.len() + 1);
                list.splice(to..to, copy);
            }
            _ => {
                let other = random.pick(&corpus.sources);
                let other = pieces(other);
                let from = random.below(other.len());
                let length = 1 + random.below(20.min(other.len() - from));
                list.splice(at..at, other[from..from + length].iter().map(|it| it.to_string()));
            }
        }
    }
    list.concat()
}

/// One to four changes of characters.
pub fn bytes(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        if chars.is_empty() {
            break;
        }
        let at = random.below(chars.len());
        match random.below(5) {
            0 => {
                chars.remove(at);
            }
            1 => chars[at] = random_char(random),
            2 => chars.insert(at, random_char(random)),
            3 => chars.truncate(at),
            _ => {
                let other = random.below(chars.len());
                chars.swap(at, other);
            }
        }
    }
    chars.into_iter().collect()
}

/// A piece that is no white space, if a few tries find one.
fn meaningful(list: &[String], random: &mut Random) -> usize {
    let mut at = random.below(list.len());
    for _ in 0..4 {
        if !list[at].trim().is_empty() {
            break;
        }
        at = random.below(list.len());
    }
    at
}

/// Another piece of the same sort: a word for a word, a string for a string, a sign for a sign. The grammar then
/// often takes the text, and the checker has something to think about.
fn like(piece: &str, corpus: &Corpus, random: &mut Random) -> String {
    for _ in 0..40 {
        let other = random.pick(&corpus.pieces);
        if sort(other) == sort(piece) {
            return other.clone();
        }
    }
    piece.to_string()
}

fn sort(piece: &str) -> u8 {
    match piece.chars().next() {
        Some('"') => 0,
        Some(c) if c.is_ascii_digit() => 1,
        Some(c) if c.is_uppercase() => 2,
        Some(c) if c.is_alphabetic() => 3,
        Some('{' | '}' | '(' | ')' | '[' | ']') => 4,
        _ => 5,
    }
}

fn random_char(random: &mut Random) -> char {
    const CHARS: &[char] = &[
        '"',
        '{',
        '}',
        '(',
        ')',
        '[',
        ']',
        '\\',
        '\n',
        '\r',
        '\t',
        '\0',
        ' ',
        '.',
        ',',
        ':',
        '=',
        '!',
        '~',
        '?',
        '<',
        '>',
        '+',
        '-',
        '*',
        '/',
        '%',
        '_',
        '#',
        '$',
        '@',
        '`',
        '\'',
        '|',
        '&',
        ';',
        '0',
        '9',
        'a',
        'Z',
        'é',
        '\u{feff}',
        '\u{202e}',
        '\u{200b}',
        '\u{10ffff}',
        '日',
        '\u{301}',
    ];
    *random.pick(CHARS)
}
