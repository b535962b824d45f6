//! The canonical form, as `aipc fmt` writes it.

use std::ops::Range;

use aipc_compiler::syntax;

use crate::workspace::PolicyFile;

/// What to replace in the file, and by what; nothing where it has the form already.
///
/// # Errors
/// The file has mistakes of syntax: what was not understood cannot be written.
pub fn format(file: &PolicyFile) -> Result<Option<(Range<usize>, String)>, String> {
    let text = file.text();
    let formatted = syntax::format(&file.analysis.parsed, text)
        .map_err(|found| format!("the file has {} that must be mended first", mistakes(found.len())))?;
    Ok(difference(text, &formatted))
}

/// As [`format`], of the items that the range touches.
///
/// # Errors
/// As [`format`].
pub fn format_range(
    file: &PolicyFile,
    range: Range<usize>,
) -> Result<Option<(Range<usize>, String)>, String> {
    let text = file.text();
    let formatted = syntax::format(&file.analysis.parsed, text)
        .map_err(|found| format!("the file has {} that must be mended first", mistakes(found.len())))?;
    let again = syntax::parse(file.file(), &formatted);
    let (before, after) = (&file.analysis.ast().items, &again.module.items);
    if before.len() != after.len() {
        return Ok(difference(text, &formatted));
    }
    let touched = |it: &&aipc_compiler::syntax::ast::Item| {
        let span = it.span();
        (span.start as usize) <= range.end && range.start <= span.end as usize
    };
    let Some(first) = before.iter().position(|it| touched(&it)) else { return Ok(None) };
    let last = before.iter().rposition(|it| touched(&it)).unwrap_or(first);
    let old = before[first].span().start as usize..before[last].span().end as usize;
    let new = &formatted[after[first].span().start as usize..after[last].span().end as usize];
    let changed = difference(&text[old.clone()], new);
    Ok(changed.map(|(part, with)| (old.start + part.start..old.start + part.end, with)))
}

fn mistakes(count: usize) -> String {
    aipc_project::report::count(count, "mistake", "mistakes")
}

/// The smallest part of `old` whose replacement gives `new`: cursors outside of it stay where they are.
fn difference(old: &str, new: &str) -> Option<(Range<usize>, String)> {
    if old == new {
        return None;
    }
    let start = old.char_indices().zip(new.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
    let start = start.unwrap_or(old.len().min(new.len()));
    let rest = || old[start..].chars().rev().zip(new[start..].chars().rev());
    let same: usize = rest().take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    Some((start..old.len() - same, new[start..new.len() - same].to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_difference_leads_from_one_to_the_other(old in "[abö]{0,8}", new in "[abö]{0,8}") {
            let mut text = old.clone();
            if let Some((range, with)) = difference(&old, &new) {
                text.replace_range(range, &with);
            }
            proptest::prop_assert_eq!(text, new);
        }
    }
}
