//! Conditions and values.

pub use aipc_runtime::operation::{Comparison, Domain, Operation, Test};

use super::policy::KindRef;
use crate::source::Span;

/// A local name of one rule: the element of a quantifier, a `with` binding, the subject element.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Local(pub u32);

/// What a value is, as far as meaning depends on it.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    Bool,
    Int,
    Float,
    /// A Kubernetes quantity: text (`500m`) or a plain number.
    Quantity,
    /// An `IntOrString`: a whole number or text such as `25%`.
    IntOrPercent,
    Percent,
    Text,
    /// Text that is an image reference, compared as written.
    Image,
    Duration,
    Time,
    Semver,
    Ip,
    Cidr,
    List(Box<Type>),
    Map(Box<Type>),
    Object,
    /// Anything: fields of untyped kinds and of `x-kubernetes-preserve-unknown-fields`.
    Json,
}

/// A value with its type and the place of the source that says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    pub kind: ValueKind,
    pub ty: Type,
    pub origin: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    Literal(Literal),
    /// From a root along fields, entries and elements by number. Missing where a step finds nothing.
    Path(Path),
    /// Missing if an argument is missing.
    Call(Operation, Vec<Value>),
    /// The first that is present (`a ?? b`).
    Coalesce(Box<Value>, Box<Value>),
    If(Box<Cond>, Box<Value>, Box<Value>),
    /// A condition as a value of type bool.
    Bool(Box<Cond>),
    /// A list of the present ones among the values.
    List(Vec<Value>),
    /// An object of the entries whose value is present.
    Object(Vec<(String, Value)>),
    /// The elements of several lists after each other; a missing list adds none. Never missing.
    Concat(Vec<Value>),
    /// `[body for var in source where filter]`: missing bodies are left out. With `flatten` each body is a
    /// list whose elements are added (a missing one adds none). Never missing.
    Collect(Box<Collect>),
    /// Text with values in it; missing if one of them is missing.
    Text(Vec<TextPart>),
    /// `must(value)`: the rule ends in an error where the value is missing.
    Must(Box<Value>),
    /// What the cluster, a registry or the network answers. Missing where the answer is that there is nothing.
    Lookup(Box<Lookup>),
}

/// A question to something outside the object. A question with a missing part has no answer: missing. A name or
/// namespace that is none asks for no object: missing; a label value that is none selects nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum Lookup {
    /// `cluster.get(Kind, name, in: …)`
    Get { kind: KindRef, name: Value, namespace: Option<Value> },
    /// `cluster.list(Kind, in: …, labels: …)`; a list of objects by namespace and name. Labels are a map of text.
    List { kind: KindRef, namespace: Option<Value>, labels: Option<Value> },
    /// `cluster.post(Kind, object)`; the object as the API server answers it.
    Post { kind: KindRef, object: Value },
    /// `http.get(url)`
    HttpGet { url: Value, headers: Option<Value> },
    /// `http.post(url, body)`
    HttpPost { url: Value, body: Value, headers: Option<Value> },
    /// `cache(name)`: an entry of Kyverno's global context.
    Cache { name: Value },
    /// `image.remote`: what the registry says of an image.
    ImageRemote { image: Value },
    /// `random(pattern)`: text that the regular expression describes.
    Random { pattern: String },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Collect {
    pub binder: Binder,
    pub source: Value,
    pub filter: Cond,
    pub body: Value,
    pub flatten: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum TextPart {
    Text(String),
    Value(Value),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// As written (`64Gi`, `500m`).
    Quantity(String),
    /// Nanoseconds.
    Duration(i64),
    /// RFC 3339.
    Time(String),
    /// The number before the sign: `25` for `25%`.
    Percent(i64),
    Semver(String),
    Ip(String),
    Cidr(String),
}

/// Where a path begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Root {
    /// The submitted object; on delete the one that is deleted.
    Object,
    /// The object as it was; missing on create.
    OldObject,
    /// The subject within the object: the Pod template of a `pod` rule, else the object itself.
    Subject,
    /// The subject within the old object.
    OldSubject,
    Local(Local),
    /// An object of the cluster that a mutation changes, or that is copied.
    Existing,
    /// The subject within that object.
    ExistingSubject,
    /// What an attestation says.
    Predicate,
    /// The namespace as text: `metadata.namespace`, or the name of a Namespace object.
    Namespace,
    /// The Namespace object; only `metadata.labels` and `metadata.annotations` may follow.
    NamespaceObject,
    /// `name`, `groups`, `uid`, `roles`, `clusterRoles`, `serviceAccount.name`, `serviceAccount.namespace`.
    User,
    /// `operation` and what else an admission request says.
    Request,
    /// The moment of evaluation, a time.
    Now,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    pub root: Root,
    pub steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// A field of an object or a constant key of a map.
    Field(Field),
    /// The entry of a map whose key is computed. Missing if the key is.
    Key(Value),
    /// An element of a list by number; negative counts from the end.
    Element(i64),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    pub name: String,
    /// Each admissible object has it, if it has the parent.
    pub required: bool,
    /// The value at this step (type of the path up to here), for checks on the way and for lists of keys.
    pub shape: Shape,
}

/// What stands at a step of a path, as coarse as JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shape {
    Scalar,
    Object,
    Map,
    List,
    /// Not known: untyped kinds.
    Any,
}

/// The names that a quantifier or comprehension binds: the element of a list, or key and value of a map
/// (`any k, v in m`); over a list the two names are number and element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binder {
    /// Key of a map or number of an element.
    pub key: Option<Local>,
    pub element: Local,
}

/// A condition with the place of the source that says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Cond {
    pub kind: CondKind,
    pub origin: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum CondKind {
    Const(bool),
    Not(Box<Cond>),
    And(Vec<Cond>),
    Or(Vec<Cond>),
    /// The value is `true`.
    Is(Value),
    /// The value is present.
    Has(Value),
    /// Missing, `""`, `[]` or `{}`.
    Empty(Value),
    Compare {
        comparison: Comparison,
        domain: Domain,
        left: Value,
        right: Value,
    },
    /// One of the globs matches the whole text.
    Glob {
        value: Value,
        globs: Vec<Glob>,
    },
    /// One of the regular expressions (RE2) is found in the text.
    Regex {
        value: Value,
        patterns: Vec<String>,
    },
    Test(Test, Vec<Value>),
    Any(Box<Quantified>),
    All(Box<Quantified>),
    /// Value or presence differ between the two (`changed p`): the value now and the value before.
    Changed {
        now: Value,
        before: Value,
    },
    /// The condition where what it asks for is known; `otherwise` where it is not (no user is given, the
    /// labels of the namespace are unknown). Reports say `assumed`.
    Known {
        about: Unknown,
        cond: Box<Cond>,
        otherwise: bool,
    },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Quantified {
    pub binder: Binder,
    /// A list or a map.
    pub source: Value,
    pub body: Cond,
}

/// What may be unknown when a manifest is judged outside a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unknown {
    User,
    NamespaceLabels,
}

/// A glob: `*` stands for any characters, `?` for one; text of values stands for itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Glob(pub Vec<GlobPart>);

#[derive(Clone, PartialEq, Debug)]
pub enum GlobPart {
    /// Literal text without wildcards.
    Text(String),
    /// `*`
    Many,
    /// `?`
    One,
    /// Text of a value; its wildcards are plain characters. The match is false if it is missing.
    Value(Value),
}

impl Glob {
    /// Reads `*` and `?` of a pattern.
    pub fn parse(pattern: &str) -> Glob {
        let mut parts = Vec::new();
        let mut text = String::new();
        for c in pattern.chars() {
            let wildcard = match c {
                '*' => GlobPart::Many,
                '?' => GlobPart::One,
                _ => {
                    text.push(c);
                    continue;
                }
            };
            if !text.is_empty() {
                parts.push(GlobPart::Text(std::mem::take(&mut text)));
            }
            parts.push(wildcard);
        }
        if !text.is_empty() {
            parts.push(GlobPart::Text(text));
        }
        Glob(parts)
    }

    /// Whether it may match the empty text: values in it may be empty.
    pub fn matches_blank(&self) -> bool {
        !self
            .0
            .iter()
            .any(|part| matches!(part, GlobPart::Text(text) if !text.is_empty()) || *part == GlobPart::One)
    }

    /// The pattern as text, if no value is in it. Literal text holds no wildcards, so this is lossless.
    pub fn to_pattern(&self) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                GlobPart::Text(text) => Some(text.as_str()),
                GlobPart::Many => Some("*"),
                GlobPart::One => Some("?"),
                GlobPart::Value(_) => None,
            })
            .collect()
    }
}

impl Cond {
    pub fn new(kind: CondKind, origin: Span) -> Cond {
        Cond { kind, origin }
    }

    pub fn constant(value: bool, origin: Span) -> Cond {
        Cond::new(CondKind::Const(value), origin)
    }

    /// The negation; double negations fall away.
    pub fn negate(self) -> Cond {
        let origin = self.origin;
        match self.kind {
            CondKind::Not(inner) => *inner,
            CondKind::Const(value) => Cond::constant(!value, origin),
            kind => Cond::new(CondKind::Not(Box::new(Cond::new(kind, origin))), origin),
        }
    }

    pub fn is_const(&self, value: bool) -> bool {
        self.kind == CondKind::Const(value)
    }
}

impl Value {
    pub fn new(kind: ValueKind, ty: Type, origin: Span) -> Value {
        Value { kind, ty, origin }
    }

    pub fn as_path(&self) -> Option<&Path> {
        match &self.kind {
            ValueKind::Path(path) => Some(path),
            _ => None,
        }
    }

    pub fn as_literal(&self) -> Option<&Literal> {
        match &self.kind {
            ValueKind::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}
