//! Policy IR by hand, in few words.

use aipc_compiler::ir::*;
use aipc_compiler::source::{FileId, Span};

pub fn at() -> Span {
    Span::new(FileId(0), 0, 0)
}

pub fn cond(kind: CondKind) -> Cond {
    Cond::new(kind, at())
}

pub fn value(kind: ValueKind, ty: Type) -> Value {
    Value::new(kind, ty, at())
}

/// Fields separated by dots (`\.` is a dot of a name); a `!` behind a name says that it is required, `{}` that it is a map.
pub fn path(root: Root, fields: &str, ty: Type) -> Value {
    let steps = steps(fields);
    value(ValueKind::Path(Path { root, steps }), ty)
}

pub fn steps(fields: &str) -> Vec<Step> {
    let hidden = fields.replace("\\.", "\u{1}");
    let names = hidden.split('.').filter(|name| !name.is_empty());
    names
        .map(|name| {
            let required = name.ends_with('!');
            let shape = if name.ends_with("{}") { Shape::Map } else { Shape::Any };
            let name = name.trim_end_matches('!').trim_end_matches("{}").replace('\u{1}', ".");
            Step::Field(Field { name, required, shape })
        })
        .collect()
}

pub fn subject(fields: &str, ty: Type) -> Value {
    path(Root::Subject, fields, ty)
}

pub fn element(local: u32, fields: &str, ty: Type) -> Value {
    path(Root::Local(Local(local)), fields, ty)
}

pub fn literal(literal: Literal) -> Value {
    let ty = match &literal {
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Float(_) => Type::Float,
        Literal::Text(_) => Type::Text,
        Literal::Quantity(_) => Type::Quantity,
        Literal::Duration(_) => Type::Duration,
        Literal::Time(_) => Type::Time,
        Literal::Percent(_) => Type::Percent,
        Literal::Semver(_) => Type::Semver,
        Literal::Ip(_) => Type::Ip,
        Literal::Cidr(_) => Type::Cidr,
    };
    value(ValueKind::Literal(literal), ty)
}

pub fn text(text: &str) -> Value {
    literal(Literal::Text(text.to_owned()))
}

pub fn int(int: i64) -> Value {
    literal(Literal::Int(int))
}

pub fn quantity(text: &str) -> Value {
    literal(Literal::Quantity(text.to_owned()))
}

pub fn texts(items: &[&str]) -> Value {
    value(ValueKind::List(items.iter().map(|item| text(item)).collect()), Type::List(Box::new(Type::Text)))
}

pub fn compare(comparison: Comparison, domain: Domain, left: Value, right: Value) -> Cond {
    cond(CondKind::Compare { comparison, domain, left, right })
}

pub fn equals(left: Value, right: &str) -> Cond {
    compare(Comparison::Equal, Domain::Text, left, text(right))
}

pub fn glob(value: Value, globs: &[&str]) -> Cond {
    cond(CondKind::Glob { value, globs: globs.iter().map(|glob| Glob::parse(glob)).collect() })
}

pub fn not(inner: Cond) -> Cond {
    cond(CondKind::Not(Box::new(inner)))
}

pub fn and(parts: Vec<Cond>) -> Cond {
    cond(CondKind::And(parts))
}

pub fn or(parts: Vec<Cond>) -> Cond {
    cond(CondKind::Or(parts))
}

pub fn has(value: Value) -> Cond {
    cond(CondKind::Has(value))
}

pub fn any(local: u32, source: Value, body: Cond) -> Cond {
    let binder = Binder { key: None, element: Local(local) };
    cond(CondKind::Any(Box::new(Quantified { binder, source, body })))
}

/// A list of objects in the subject.
pub fn list(fields: &str) -> Value {
    subject(fields, Type::List(Box::new(Type::Object)))
}

/// All containers of the Pod.
pub fn containers() -> Value {
    let lists = ["spec!.containers!", "spec!.initContainers", "spec!.ephemeralContainers"].map(list);
    value(ValueKind::Concat(lists.into()), Type::List(Box::new(Type::Object)))
}

/// The eight kinds of the `pod` view.
pub fn pod_targets() -> Vec<Target> {
    let kind = |group: &str, kind: &str, place: &str| target(group, "v1", kind, place);
    vec![
        kind("", "Pod", ""),
        kind("apps", "Deployment", "spec!.template!"),
        kind("apps", "StatefulSet", "spec!.template!"),
        kind("apps", "DaemonSet", "spec!.template!"),
        kind("apps", "ReplicaSet", "spec!.template!"),
        kind("", "ReplicationController", "spec!.template!"),
        kind("batch", "Job", "spec!.template!"),
        kind("batch", "CronJob", "spec!.jobTemplate!.spec!.template!"),
    ]
}

pub fn target(group: &str, version: &str, kind: &str, place: &str) -> Target {
    let steps = steps(place).into_iter().filter_map(|step| match step {
        Step::Field(field) => Some(SubjectStep::Field(field)),
        Step::Key(_) | Step::Element(_) => None,
    });
    Target {
        kind: KindRef {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: format!("{}s", kind.to_ascii_lowercase()),
            namespaced: kind != "Namespace",
            untyped: false,
        },
        subresource: None,
        subjects: vec![SubjectPath(steps.collect())],
    }
}

/// A rule about Pods and workloads.
pub fn pod_rule(name: &str, violation: Cond) -> Rule {
    Rule {
        name: name.to_owned(),
        description: None,
        targets: pod_targets(),
        operations: Operations::DEFAULT,
        applies: vec![],
        bindings: vec![],
        body: Body::Check(Check { elements: None, violation }),
        message: Message { parts: vec![TextPart::Text("Not here.".to_owned())], written: true },
        actions: vec![],
        settings: Settings::default(),
        named: true,
        origin: at(),
        source_text: "deny pod if …".to_owned(),
    }
}

/// The rule for elements of the Pod.
pub fn element_rule(name: &str, local: u32, source: Value, violation: Cond) -> Rule {
    let mut rule = pod_rule(name, violation);
    rule.check_mut().expect("a check").elements = Some(Elements {
        view: "container".to_owned(),
        binder: Binder { key: None, element: Local(local) },
        source,
        filter: Cond::constant(true, at()),
    });
    rule
}

pub fn policy(name: &str, rules: Vec<Rule>) -> PolicySet {
    let policy = Policy {
        name: name.to_owned(),
        title: Some("A title".to_owned()),
        description: None,
        severity: Some("medium".to_owned()),
        category: None,
        controls: vec![],
        settings: Settings::default(),
        rules,
        origin: at(),
    };
    PolicySet { policies: vec![policy], ..PolicySet::default() }
}
