//! The IR by hand: conditions and rules for Pods and workloads, as short as they can be said.

use aipc_compiler::ir::*;
use aipc_compiler::source::{FileId, Span};

pub fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

pub fn value(kind: ValueKind, ty: Type) -> Value {
    Value::new(kind, ty, span())
}

pub fn cond(kind: CondKind) -> Cond {
    Cond::new(kind, span())
}

/// Fields separated by blanks; `!` behind one says that it is required, `{}` that it is a map, `[]` a list,
/// `@` in front that it is a key of a map.
pub fn steps(text: &str) -> Vec<Step> {
    text.split_whitespace()
        .map(|word| {
            let (word, shape) = match word {
                word if word.ends_with("{}") => (&word[..word.len() - 2], Shape::Map),
                word if word.ends_with("[]") => (&word[..word.len() - 2], Shape::List),
                word => (word, Shape::Object),
            };
            let (name, required) = match word.strip_suffix('!') {
                Some(name) => (name, true),
                None => (word, false),
            };
            Step::Field(Field { name: name.trim_start_matches('@').to_owned(), required, shape })
        })
        .collect()
}

pub fn path(root: Root, text: &str, ty: Type) -> Value {
    value(ValueKind::Path(Path { root, steps: steps(text) }), ty)
}

pub fn subject(text: &str, ty: Type) -> Value {
    path(Root::Subject, text, ty)
}

pub fn local(number: u32, text: &str, ty: Type) -> Value {
    path(Root::Local(Local(number)), text, ty)
}

pub fn text(text: &str) -> Value {
    value(ValueKind::Literal(Literal::Text(text.to_owned())), Type::Text)
}

pub fn int(number: i64) -> Value {
    value(ValueKind::Literal(Literal::Int(number)), Type::Int)
}

pub fn quantity(text: &str) -> Value {
    value(ValueKind::Literal(Literal::Quantity(text.to_owned())), Type::Quantity)
}

pub fn list(values: Vec<Value>, ty: Type) -> Value {
    value(ValueKind::List(values), Type::List(Box::new(ty)))
}

pub fn objects() -> Type {
    Type::List(Box::new(Type::Object))
}

pub fn texts() -> Type {
    Type::List(Box::new(Type::Text))
}

pub fn call(operation: Operation, arguments: Vec<Value>, ty: Type) -> Value {
    value(ValueKind::Call(operation, arguments), ty)
}

pub fn compare(comparison: Comparison, domain: Domain, left: Value, right: Value) -> Cond {
    cond(CondKind::Compare { comparison, domain, left, right })
}

pub fn equal(left: Value, right: Value) -> Cond {
    compare(Comparison::Equal, Domain::Text, left, right)
}

pub fn is(value: Value) -> Cond {
    cond(CondKind::Is(value))
}

pub fn has(value: Value) -> Cond {
    cond(CondKind::Has(value))
}

pub fn not(inner: Cond) -> Cond {
    inner.negate()
}

pub fn and(parts: Vec<Cond>) -> Cond {
    cond(CondKind::And(parts))
}

pub fn or(parts: Vec<Cond>) -> Cond {
    cond(CondKind::Or(parts))
}

pub fn glob(value: Value, patterns: &[&str]) -> Cond {
    cond(CondKind::Glob { value, globs: patterns.iter().map(|pattern| Glob::parse(pattern)).collect() })
}

pub fn binder(number: u32) -> Binder {
    Binder { key: None, element: Local(number) }
}

pub fn any(number: u32, source: Value, body: Cond) -> Cond {
    cond(CondKind::Any(Box::new(Quantified { binder: binder(number), source, body })))
}

/// `spec.containers`, `spec.initContainers` and `spec.ephemeralContainers` of the subject.
pub fn containers() -> Value {
    let part = |name: &str| subject(name, objects());
    let parts = vec![
        part("spec! containers![]"),
        part("spec! initContainers[]"),
        part("spec! ephemeralContainers[]"),
    ];
    value(ValueKind::Concat(parts), objects())
}

pub fn target(group: &str, version: &str, kind: &str, place: &str) -> Target {
    let fields = steps(place)
        .into_iter()
        .filter_map(|step| match step {
            Step::Field(field) => Some(SubjectStep::Field(field)),
            Step::Key(_) | Step::Element(_) => None,
        })
        .collect();
    let plural = match kind {
        "*" => "*".to_owned(),
        kind => format!("{}s", kind.to_ascii_lowercase()),
    };
    Target {
        kind: KindRef {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural,
            namespaced: kind != "Namespace",
            untyped: false,
        },
        subresource: None,
        subjects: vec![SubjectPath(fields)],
    }
}

/// Every place that a Pod comes from.
pub fn pods() -> Vec<Target> {
    let template = "spec! template!";
    vec![
        target("", "v1", "Pod", ""),
        target("apps", "v1", "Deployment", template),
        target("apps", "v1", "StatefulSet", template),
        target("apps", "v1", "DaemonSet", template),
        target("apps", "v1", "ReplicaSet", "spec! template"),
        target("", "v1", "ReplicationController", "spec! template"),
        target("batch", "v1", "Job", template),
        target("batch", "v1", "CronJob", "spec! jobTemplate! spec! template!"),
    ]
}

pub fn rule(name: &str, targets: Vec<Target>, violation: Cond) -> Rule {
    Rule {
        name: name.to_owned(),
        description: None,
        targets,
        operations: Operations::DEFAULT,
        applies: vec![],
        bindings: vec![],
        body: Body::Check(Check { elements: None, violation }),
        message: Message { parts: vec![TextPart::Text("Not allowed.".to_owned())], written: true },
        actions: vec![],
        settings: Settings::default(),
        named: true,
        origin: span(),
        source_text: format!("deny … ({name})"),
    }
}

pub fn policy(name: &str, rules: Vec<Rule>) -> Policy {
    Policy {
        name: name.to_owned(),
        title: None,
        description: None,
        severity: None,
        category: None,
        controls: vec![],
        settings: Settings::default(),
        rules,
        origin: span(),
    }
}
