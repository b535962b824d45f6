//! What `run` has to say, as one value that every format reads.
//!
//! Values that must not be shown were masked before they came here. Escaping is each format's own duty.

pub mod escape;
pub mod kinds;

use crate::outcome::Outcome;

/// The results of one run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    /// By file, document and object in the order of input, then by policy and rule in the order of policies.
    pub results: Vec<RuleResult>,
    /// What is wrong with the run itself: files, policies, manifests.
    pub findings: Vec<Finding>,
    pub counts: Counts,
}

/// One rule on one resource.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleResult {
    pub policy: String,
    pub rule: String,
    pub status: Status,
    /// False where the rule applies and something that it asks for is not known; its status is [`Status::Skip`].
    pub evaluated: bool,
    /// The reason of a skip or an error, and what a verdict took for granted.
    pub because: Option<String>,
    pub message: String,
    pub resource: ResourceName,
    /// The first violation's place, else the resource's.
    pub location: Location,
    /// The condition that decided, else the rule.
    pub source: SourceLocation,
    /// The rule as it is written, on one line; empty where it is not known.
    pub source_text: String,
    /// Filled for [`Status::Fail`] and [`Status::Warn`]; the first is the one that `message` and `location` tell.
    pub violations: Vec<Violation>,
    /// What the rule does besides judging.
    pub effect: Option<Effect>,
    /// The objects that the rule makes.
    pub created: Vec<serde_json::Value>,
    /// The existing objects that the rule changes, as they are afterwards.
    pub changed: Vec<serde_json::Value>,
    /// Why the rule, which would have spoken of the object, does not; its status is [`Status::Skip`].
    pub exemption: Option<Exemption>,
}

/// An exemption from a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exemption {
    /// The author's reason; it names the owner.
    pub because: String,
    /// When it ends; RFC 3339.
    pub until: Option<String>,
    pub source: SourceLocation,
}

impl Exemption {
    /// When it ends, as it was written: a day, or a moment.
    pub fn end(&self) -> Option<&str> {
        self.until.as_deref().map(|until| until.strip_suffix("T00:00:00Z").unwrap_or(until))
    }

    /// One sentence without a period, for reports.
    pub fn sentence(&self) -> String {
        let until = self.end().map_or(String::new(), |end| format!(" until {end}"));
        format!("exempt{until}: {}", self.because)
    }
}

/// What a rule does with an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It changes the object.
    Patch,
    /// It makes other objects.
    Create,
    /// It would remove the object.
    Delete,
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Patch => "patch",
            Effect::Create => "create",
            Effect::Delete => "delete",
        }
    }
}

/// What a rule says of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Status {
    Pass,
    Fail,
    Warn,
    Error,
    Skip,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Warn => "warn",
            Status::Error => "error",
            Status::Skip => "skip",
        }
    }
}

/// One subject, or one element of it, that a rule objects to.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    pub message: String,
    pub location: Location,
    pub source: SourceLocation,
    /// The deciding condition as written.
    pub condition: String,
    /// The offending value as JSON; `None` where it is missing.
    pub value: Option<String>,
    /// The value in the bytes of the manifest's file, or the parent of a missing one.
    pub bytes: Option<std::ops::Range<usize>>,
    pub snippet: Option<Snippet>,
}

/// A line of a manifest with the part that is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snippet {
    pub line: u32,
    pub text: String,
    /// The part that is meant, in bytes of `text`.
    pub marked: std::ops::Range<usize>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceName {
    pub api_version: String,
    pub kind: String,
    /// Empty for objects outside namespaces.
    pub namespace: String,
    pub name: String,
}

/// A place in a manifest; lines and columns count from 1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Location {
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// Empty for the object itself.
    pub path: String,
}

/// A place in a policy; lines and columns count from 1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceLocation {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

impl SourceLocation {
    pub fn to_location(&self) -> Location {
        Location { file: self.file.clone(), line: self.line, column: self.column, path: String::new() }
    }
}

/// Something about the run that is no verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// In words with hyphens, or the code of a diagnostic about a policy: `duplicate-key`, `AIP0301`.
    pub code: &'static str,
    pub level: Level,
    pub message: String,
    pub location: Option<Location>,
    pub help: Vec<String>,
}

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Note,
    Warning,
    /// The run is incomplete.
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// How much was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub policies: usize,
    pub rules: usize,
    pub files: usize,
    pub resources: usize,
    /// Files in folders that were not read.
    pub skipped_files: usize,
}

impl Finding {
    pub fn error(code: &'static str, message: impl Into<String>) -> Finding {
        Finding { code, level: Level::Error, message: message.into(), location: None, help: Vec::new() }
    }

    pub fn at(mut self, location: Location) -> Finding {
        self.location = Some(location);
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Finding {
        self.help.push(text.into());
        self
    }
}

impl Report {
    /// How many results have this status.
    pub fn count(&self, status: Status) -> usize {
        self.results.iter().filter(|it| it.status == status).count()
    }

    /// How many results stand for a rule that could not be evaluated on a resource.
    pub fn not_evaluated(&self) -> usize {
        self.results.iter().filter(|it| !it.evaluated).count()
    }

    /// Whether rules applied and not one of them could be evaluated: then nothing was checked.
    pub fn is_unanswered(&self) -> bool {
        let is_verdict = |it: &RuleResult| matches!(it.status, Status::Pass | Status::Fail | Status::Warn);
        self.not_evaluated() > 0 && !self.results.iter().any(is_verdict)
    }

    /// What the run came to. Every format leads to the same.
    pub fn outcome(&self) -> Outcome {
        let incomplete = self.findings.iter().any(|it| it.level == Level::Error)
            || self.count(Status::Error) > 0
            || self.is_unanswered()
            || self.counts.rules == 0
            || self.counts.resources == 0;
        if incomplete {
            Outcome::Incomplete
        } else if self.count(Status::Fail) > 0 {
            Outcome::Denied
        } else {
            Outcome::Clean
        }
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: Status) -> RuleResult {
        RuleResult {
            policy: "images".to_string(),
            rule: "deny-pod".to_string(),
            status,
            evaluated: true,
            because: None,
            message: String::new(),
            resource: ResourceName::default(),
            location: Location::default(),
            source: SourceLocation::default(),
            source_text: String::new(),
            violations: Vec::new(),
            effect: None,
            created: Vec::new(),
            changed: Vec::new(),
            exemption: None,
        }
    }

    #[test]
    fn incomplete_wins_and_nothing_is_not_clean() {
        let mut report = Report {
            results: [Status::Fail, Status::Warn, Status::Pass, Status::Skip, Status::Error]
                .map(result)
                .into(),
            findings: vec![Finding::error("duplicate-key", "the key `image` stands twice")],
            counts: Counts { policies: 1, rules: 2, files: 1, resources: 5, skipped_files: 3 },
        };
        assert_eq!(report.outcome(), Outcome::Incomplete);
        report.findings.retain(|it| it.level < Level::Error);
        assert_eq!(report.outcome(), Outcome::Incomplete, "an error of a rule");
        report.results.retain(|it| it.status != Status::Error);
        assert_eq!(report.outcome(), Outcome::Denied);
        report.results.retain(|it| it.status != Status::Fail);
        assert_eq!(report.outcome(), Outcome::Clean);
        report.results.iter_mut().filter(|it| it.status == Status::Skip).for_each(|it| it.evaluated = false);
        assert_eq!((report.not_evaluated(), report.outcome()), (1, Outcome::Clean));
        report.results.retain(|it| it.status == Status::Skip);
        assert_eq!(report.outcome(), Outcome::Incomplete, "no rule that applied was evaluated");
        report.results.clear();
        let nothing = Report { counts: Counts { resources: 0, ..report.counts }, ..report.clone() };
        assert_eq!(nothing.outcome(), Outcome::Incomplete);
        let no_rules = Report { counts: Counts { rules: 0, ..report.counts }, ..report };
        assert_eq!(no_rules.outcome(), Outcome::Incomplete);
    }
}
