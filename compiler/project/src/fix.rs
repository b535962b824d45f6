//! Which repairs can be made together: what `aipc check --fix` and the editor make at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// The part of a file that an edit replaces, in bytes.
pub type Part = (PathBuf, Range<usize>);

/// Of repairs, in order, those that touch none before them. `parts` says what a repair replaces; nothing for one that
/// reaches into a file that is not to be changed.
pub fn together<T>(repairs: impl IntoIterator<Item = T>, parts: impl Fn(&T) -> Option<Vec<Part>>) -> Vec<T> {
    let mut taken: BTreeMap<PathBuf, Vec<Range<usize>>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for repair in repairs {
        let Some(parts) = parts(&repair) else { continue };
        let is_free = |(path, part): &Part| {
            taken.get(path).is_none_or(|others| others.iter().all(|other| !touch(part, other)))
        };
        if parts.iter().all(is_free) {
            for (path, part) in parts {
                taken.entry(path).or_default().push(part);
            }
            chosen.push(repair);
        }
    }
    chosen
}

/// Parts side by side touch: what is right for one may rest on the other.
fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start <= b.end && b.start <= a.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_repairs_that_touch_the_first_is_made() {
        let part = |name: &str, range: Range<usize>| (PathBuf::from(name), range);
        let repairs = [
            Some(vec![part("a", 0..2), part("b", 5..6)]),
            Some(vec![part("a", 2..3)]),
            Some(vec![part("b", 0..4)]),
            None,
            Some(vec![part("c", 0..1), part("b", 6..9)]),
            Some(vec![part("c", 0..1)]),
        ];
        let numbered: Vec<usize> = (0..repairs.len()).collect();
        assert_eq!(together(numbered, |it| repairs[*it].clone()), [0, 2, 5]);
    }
}
