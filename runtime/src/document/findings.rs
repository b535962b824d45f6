//! Collects findings and keeps their number within bounds.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, Severity};
use super::position::Position;

/// The findings of one file. Of each kind at most `each_max` are kept; the rest is counted.
pub(super) struct Findings {
    list: Vec<Finding>,
    each_max: usize,
    counts: BTreeMap<FindingKind, Count>,
}

#[derive(Default)]
struct Count {
    kept: usize,
    suppressed: usize,
    /// The place and the weight of the first that was suppressed.
    first: Option<(Position, Severity)>,
}

impl Findings {
    pub(super) fn new(each_max: usize) -> Self {
        Findings { list: Vec::new(), each_max, counts: BTreeMap::new() }
    }

    /// Adds a finding; `message` is only made if the finding is kept.
    pub(super) fn add(
        &mut self,
        kind: FindingKind,
        severity: Severity,
        position: Position,
        related: Option<Position>,
        message: impl FnOnce() -> String,
    ) {
        let count = self.counts.entry(kind).or_default();
        if count.kept == self.each_max {
            count.suppressed += 1;
            let first = count.first.get_or_insert((position, severity));
            first.1 = first.1.max(severity);
            return;
        }
        count.kept += 1;
        self.list.push(Finding { kind, severity, message: message(), position, related });
    }

    /// Adds what another collection found, within the bounds of this one.
    pub(super) fn append(&mut self, other: Findings) {
        for finding in other.finish() {
            let Finding { kind, severity, message, position, related } = finding;
            self.add(kind, severity, position, related, || message);
        }
    }

    /// All findings in the order of the file, with a line for those that were not kept.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        for (kind, count) in self.counts {
            if let Some((position, severity)) = count.first {
                let message = format!("{} more findings of the kind {kind:?}", count.suppressed);
                let kind = FindingKind::Suppressed;
                self.list.push(Finding { kind, severity, message, position, related: None });
            }
        }
        self.list.sort_by_key(|finding| finding.position.start);
        self.list
    }
}
