//! Quick fixes: what the compiler knows how to repair.

use std::ops::Range;

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
    let mut all = FixAll::default();
    for finding in findings {
        let Some(fix) = finding.fixes.iter().find(|it| it.safe) else { continue };
        let clashes = |edit: &TextEdit| all.edits.iter().any(|it| overlap(it, edit));
        if !fix.edits.iter().any(clashes) {
            all.edits.extend(fix.edits.iter().cloned());
            all.count += 1;
        }
    }
    all
}

fn overlap(a: &TextEdit, b: &TextEdit) -> bool {
    let (x, y) = (&a.place.range, &b.place.range);
    a.place.path == b.place.path && (x.start < y.end && y.start < x.end || x.start == y.start)
}
