//! Quick fixes: what the compiler knows how to repair.

use std::ops::Range;

use aipc_project::fix;

use super::TextEdit;
use super::diagnostics::{Finding, QuickFix};

/// A repair and what it repairs.
#[derive(Clone, Debug)]
pub struct Action {
    pub fix: QuickFix,
    /// The finding that it repairs; none for a repair of many.
    pub finding: Option<usize>,
    /// The likeliest repair.
    pub preferred: bool,
}

/// The repairs of the findings that touch a range, then one of all safe ones in the file if there are several.
pub fn quick_fixes(findings: &[Finding], at: &Range<usize>) -> Vec<Action> {
    let mut actions = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        if finding.range.start > at.end || at.start > finding.range.end {
            continue;
        }
        for (number, fix) in finding.fixes.iter().enumerate() {
            let preferred = number == 0 && finding.fixes.len() == 1;
            actions.push(Action { fix: fix.clone(), finding: Some(index), preferred });
        }
    }
    let all = fix_all(findings);
    if all.count > 1 && !actions.is_empty() {
        let title = format!("Repair all {} that can be repaired safely", all.count);
        let fix = QuickFix { title, edits: all.edits, safe: true };
        actions.push(Action { fix, finding: None, preferred: false });
    }
    actions
}

/// The safe repairs of a file that do not touch each other.
#[derive(Clone, Debug, Default)]
pub struct FixAll {
    pub edits: Vec<TextEdit>,
    /// How many findings they repair.
    pub count: usize,
}

/// The safe repairs of all findings, as `aipc check --fix` makes them.
pub fn fix_all(findings: &[Finding]) -> FixAll {
    let safe = findings.iter().filter_map(|it| it.fixes.iter().find(|fix| fix.safe));
    let fixes = fix::together(safe, |fix| {
        let part = |edit: &TextEdit| (edit.place.path.clone(), edit.place.range.clone());
        let is_built_in = |edit: &TextEdit| edit.place.path.to_string_lossy().starts_with('<');
        (!fix.edits.iter().any(is_built_in)).then(|| fix.edits.iter().map(part).collect())
    });
    let edits = fixes.iter().flat_map(|it| it.edits.iter().cloned()).collect();
    FixAll { edits, count: fixes.len() }
}
