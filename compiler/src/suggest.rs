//! "Did you mean": the nearest of some known words.
//!
//! One distance and one threshold for every name in the language: fields, kinds, enum values, functions, views.

/// The candidate nearest to `word`, or nothing where none is near enough to be a likely slip.
///
/// Distance is Damerau-Levenshtein (insert, delete, replace, swap neighbours) over characters, where a
/// difference in case alone costs almost nothing. A candidate may differ by a third of the longer word,
/// but always by one edit where the word has at least three characters. Ties go to the first candidate.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    let word = Word::new(word);
    for candidate in candidates {
        // Lengths that are too far apart are most candidates; they are left out before anything is made of them.
        if candidate == word.text || candidate.len() > 4 * (word.lower.len() + EDITS_MAX) {
            continue;
        }
        let length = candidate.chars().count();
        let edits_max = edits_allowed(word.length.max(length));
        if word.length.abs_diff(length) > edits_max {
            continue;
        }
        let limit = best.map_or(edits_max * EDIT + CASE_MAX, |(cost, _)| cost.saturating_sub(1));
        if let Some(cost) = cost_within(&word, candidate, edits_max, limit) {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The number of edits that turn `a` into `b`: insertions, deletions, replacements and swaps of neighbours.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    edits(&a, &b)
}

/// Costs are in steps of this size, so that differences in case can order equal distances.
const EDIT: usize = 64;
const CASE_MAX: usize = EDIT - 1;

fn edits_allowed(longer: usize) -> usize {
    match longer {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => (longer / 3).min(EDITS_MAX),
    }
}

/// No word differs by more from what was meant.
const EDITS_MAX: usize = 5;

/// The word that candidates are compared with, taken apart once.
struct Word<'a> {
    text: &'a str,
    /// In characters.
    length: usize,
    lower: Vec<char>,
}

impl Word<'_> {
    fn new(text: &str) -> Word<'_> {
        Word { text, length: text.chars().count(), lower: lower(text) }
    }
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The cost of reading `candidate` for `word`, where it stays within both bounds.
fn cost_within(word: &Word, candidate: &str, edits_max: usize, limit: usize) -> Option<usize> {
    let b = lower(candidate);
    if word.lower.len().abs_diff(b.len()) > edits_max {
        return None;
    }
    let edits = edits(&word.lower, &b);
    if edits > edits_max {
        return None;
    }
    let case =
        word.text.chars().zip(candidate.chars()).filter(|(x, y)| x != y && equal_but_case(*x, *y)).count();
    let cost = edits * EDIT + case.min(CASE_MAX);
    (cost <= limit).then_some(cost)
}

fn equal_but_case(x: char, y: char) -> bool {
    x.to_lowercase().eq(y.to_lowercase())
}

/// Three rows suffice: a swap of neighbours looks two rows back.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let replace = previous[j] + usize::from(x != y);
            let mut least = replace.min(previous[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_found() {
        let cases = [
            ("priviledged", "privileged"),
            ("hostNetwrok", "hostNetwork"),
            ("pdo", "pod"),
            ("Allways", "Always"),
            ("replica", "replicas"),
            ("imagepullpolicy", "imagePullPolicy"),
            ("contianers", "containers"),
        ];
        let words = [
            "privileged",
            "hostNetwork",
            "hostPID",
            "pod",
            "Always",
            "Never",
            "replicas",
            "imagePullPolicy",
            "image",
            "containers",
            "initContainers",
        ];
        for (word, meant) in cases {
            assert_eq!(closest(word, words.into_iter()), Some(meant), "{word}");
        }
    }

    #[test]
    fn unrelated_words_are_not_suggested() {
        for word in ["", "x", "ab", "banana", "securityContext"] {
            assert_eq!(closest(word, ["pod", "image", "replicas"].into_iter()), None, "{word}");
        }
    }

    #[test]
    fn the_same_word_in_another_case_wins_over_an_edit() {
        assert_eq!(closest("POD", ["pods", "pod"].into_iter()), Some("pod"));
        assert_eq!(closest("Pod", ["Pot", "pod"].into_iter()), Some("pod"));
    }

    #[test]
    fn distance_counts_a_swap_once() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("hostNetwrok", "hostNetwork"), 1);
    }
}
