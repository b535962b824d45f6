//! Names that the language itself gives, and the words that have a fixed set of values.

/// A name that every expression may use; nothing shadows it.
pub struct Predefined {
    pub name: &'static str,
    pub summary: &'static str,
}

/// The predefined names, in the order of the reference.
pub const PREDEFINED: &[Predefined] = &[
    Predefined {
        name: "self",
        summary: "what the rule speaks of: the object, the Pod template, the element",
    },
    Predefined { name: "resource", summary: "the object that was submitted" },
    Predefined { name: "old", summary: "the subject as it was before an update" },
    Predefined { name: "trigger", summary: "the admitted object of a rule with `for`" },
    Predefined { name: "request", summary: "the admission request" },
    Predefined { name: "namespace", summary: "the object's namespace: its name, `.labels`, `.annotations`" },
    Predefined { name: "user", summary: "who sent the request" },
    Predefined { name: "now", summary: "the time of the evaluation" },
    Predefined { name: "cluster", summary: "lookups in the cluster" },
    Predefined { name: "http", summary: "requests to services" },
    Predefined { name: "registry", summary: "the image registry" },
    Predefined { name: "predicate", summary: "what an attestation says" },
    Predefined { name: "kyverno", summary: "the exact operations of Kyverno" },
];

/// The parts of `image`.
pub const IMAGE_PARTS: &[&str] =
    &["registry", "repository", "tag", "digest", "name", "reference", "written", "remote"];

/// The words after `severity`.
pub const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];

/// The words after `action`.
pub const ACTIONS: &[&str] = &["enforce", "audit", "warn"];

/// The words after `on`.
pub const OPERATIONS: &[&str] = &["create", "update", "delete", "connect", "any"];

/// The knobs of `settings`.
pub const KNOBS: &[&str] = &[
    "background",
    "failurePolicy",
    "timeout",
    "applyRules",
    "emitWarning",
    "allowExistingViolations",
    "existing",
    "synchronize",
    "orphan",
    "propagation",
    "mutateDigest",
    "verifyDigest",
    "required",
    "cache",
    "scored",
    "labels",
    "annotations",
    "namespace",
];
