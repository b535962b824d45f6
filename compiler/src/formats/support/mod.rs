//! What each target can say: one table of features by target, and the check of policies against it.
//!
//! [`features_of`] names what a rule uses, [`legalize`] compares that with the table and says what a target
//! lacks, with the reason. An emitter runs only on what came through without errors, so it is total.

mod features;
mod legalize;
mod table;

pub use features::{features_of, features_of_policy};
pub use legalize::{legalize, legalize_exemption};
pub use table::{Feature, ROWS, Row, support_page};

/// A format that policies are built into.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Target {
    /// `policies.kyverno.io/v1`, the kinds that succeed ClusterPolicy.
    Kyverno,
    /// `kyverno.io/v1` ClusterPolicy.
    KyvernoLegacy,
    /// An `.aipb` file.
    Bytecode,
}

impl Target {
    pub const ALL: [Target; 3] = [Target::Kyverno, Target::KyvernoLegacy, Target::Bytecode];

    /// The name on the command line and in `aip.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Target::Kyverno => "kyverno",
            Target::KyvernoLegacy => "kyverno-legacy",
            Target::Bytecode => "bytecode",
        }
    }

    /// The words for it in sentences.
    pub fn title(self) -> &'static str {
        match self {
            Target::Kyverno => "Kyverno's ValidatingPolicy",
            Target::KyvernoLegacy => "Kyverno's ClusterPolicy",
            Target::Bytecode => "bytecode",
        }
    }

    pub fn parse(name: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.name() == name)
    }
}

/// How far a target carries a feature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Support {
    /// It has the feature itself.
    Yes,
    /// It carries the meaning exactly, by other means.
    Encoded(&'static str),
    /// From that version of the target on.
    Since(&'static str),
    /// It carries it but for the stated cases; a warning says so.
    Differs(&'static str),
    /// It cannot, for this reason; an error says so.
    No(&'static str),
}

impl Support {
    /// A cell of the table in the reference.
    pub fn cell(self) -> String {
        match self {
            Support::Yes => "yes".to_owned(),
            Support::Encoded(how) => format!("yes: {how}"),
            Support::Since(version) => format!("since {version}"),
            Support::Differs(where_not) => format!("differs: {where_not}"),
            Support::No(reason) => format!("no: {reason}"),
        }
    }
}
