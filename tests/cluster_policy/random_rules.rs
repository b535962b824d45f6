//! Random conditions over typed paths of Pods.

use aipc_compiler::ir::*;
use serde_json::{Value as Json, json};

use super::build::*;
use crate::support::random::Random;
use crate::support::resources::Hint;

/// Scalar fields, by what they are fields of.
const POD: [(&str, Type); 17] = [
    ("spec!.hostNetwork", Type::Bool),
    ("spec!.hostPID", Type::Bool),
    ("spec!.securityContext.runAsNonRoot", Type::Bool),
    ("spec!.securityContext.runAsUser", Type::Int),
    ("spec!.priority", Type::Int),
    ("spec!.terminationGracePeriodSeconds", Type::Int),
    ("spec!.dnsPolicy", Type::Text),
    ("spec!.restartPolicy", Type::Text),
    ("spec!.nodeName", Type::Text),
    ("spec!.serviceAccountName", Type::Text),
    ("spec!.priorityClassName", Type::Text),
    ("spec!.nodeSelector{}.disk", Type::Text),
    ("metadata!.labels{}.app", Type::Text),
    ("metadata!.labels{}.team\\.io/owner", Type::Text),
    ("metadata!.annotations{}.note", Type::Text),
    ("metadata!.name", Type::Text),
    ("spec!.hostname", Type::Text),
];
const CONTAINER: [(&str, Type); 14] = [
    ("image", Type::Image),
    ("name!", Type::Text),
    ("imagePullPolicy", Type::Text),
    ("workingDir", Type::Text),
    ("securityContext.privileged", Type::Bool),
    ("securityContext.allowPrivilegeEscalation", Type::Bool),
    ("securityContext.runAsUser", Type::Int),
    ("resources.limits{}.memory", Type::Quantity),
    ("resources.limits{}.cpu", Type::Quantity),
    ("resources.requests{}.cpu", Type::Quantity),
    ("resources.limits{}.nvidia\\.com/gpu", Type::Quantity),
    ("livenessProbe.periodSeconds", Type::Int),
    ("tty", Type::Bool),
    ("resources.requests{}.memory", Type::Quantity),
];
const PORT: [(&str, Type); 4] =
    [("containerPort!", Type::Int), ("hostPort", Type::Int), ("name", Type::Text), ("protocol", Type::Text)];
const ENV: [(&str, Type); 3] =
    [("name!", Type::Text), ("value", Type::Text), ("valueFrom.secretKeyRef.name", Type::Text)];
const VOLUME: [(&str, Type); 4] = [
    ("name!", Type::Text),
    ("hostPath.path", Type::Text),
    ("emptyDir.medium", Type::Text),
    ("emptyDir.sizeLimit", Type::Quantity),
];

const TEXTS: [&str; 14] =
    ["prod", "a", "nginx", "Default", "1Gi", "1", "yes", "it's", "x}}y", "{{x}}", "$(a)", "a*", "", "web-1"];
const GLOBS: [&str; 9] =
    ["*", "?*", "a*", "*-1", "nginx*", "ghcr.io/acme/*", "*:latest", "docker.io/*/b?", "p?od"];
const INTS: [i64; 6] = [0, 1, 2, 1000, 8080, 65535];
const QUANTITIES: [&str; 8] = ["1", "500m", "2Gi", "1024Mi", "0", "1500m", "64Gi", "0.5"];

/// What elements are of.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Container,
    Port,
    Env,
    Volume,
    Text,
}

pub struct Rules<'r> {
    random: &'r mut Random,
    next: u32,
    /// The elements that can be spoken of.
    scope: Vec<(u32, Of)>,
}

impl Rules<'_> {
    /// A rule about Pods.
    pub fn rule(random: &mut Random, name: &str) -> Rule {
        let mut rules = Rules { random, next: 0, scope: vec![] };
        let as_elements = rules.random.chance(40);
        if as_elements {
            let (source, of) = rules.source();
            let local = rules.fresh();
            rules.scope.push((local, of));
            let violation = rules.cond(3);
            let mut rule = element_rule(name, local, source, violation);
            if rules.random.chance(30) {
                let filter = rules.cond(1);
                if let Some(elements) = &mut rule.check_mut().expect("a check").elements {
                    elements.filter = filter;
                }
            }
            return rule;
        }
        let violation = rules.cond(3);
        let mut rule = pod_rule(name, violation);
        if rules.random.chance(20) {
            let applies = rules.cond(1);
            rule.applies.push(applies);
        }
        rule
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn cond(&mut self, depth: usize) -> Cond {
        if depth > 0 && self.random.chance(60) {
            return match self.random.below(6) {
                0 => {
                    let inner = self.cond(depth - 1);
                    not(inner)
                }
                1 => {
                    let parts = self.parts(depth);
                    and(parts)
                }
                2 => {
                    let parts = self.parts(depth);
                    or(parts)
                }
                _ => self.quantified(depth),
            };
        }
        self.atom()
    }

    fn parts(&mut self, depth: usize) -> Vec<Cond> {
        (0..2 + self.random.below(2)).map(|_| self.cond(depth - 1)).collect()
    }

    fn quantified(&mut self, depth: usize) -> Cond {
        let (source, of) = self.source();
        let element = self.fresh();
        self.scope.push((element, of));
        let body = self.cond(depth - 1);
        self.scope.pop();
        let binder = Binder { key: None, element: Local(element) };
        let quantified = Box::new(Quantified { binder, source, body });
        cond(if self.random.chance(50) { CondKind::Any(quantified) } else { CondKind::All(quantified) })
    }

    fn source(&mut self) -> (Value, Of) {
        let container = self.scope.iter().rev().find(|(_, of)| *of == Of::Container).map(|(local, _)| *local);
        let objects = Type::List(Box::new(Type::Object));
        let strings = Type::List(Box::new(Type::Text));
        match (self.random.below(6), container) {
            (0, Some(local)) => (element(local, "ports", objects), Of::Port),
            (1, Some(local)) => (element(local, "env", objects), Of::Env),
            (2, Some(local)) => (element(local, "args", strings), Of::Text),
            (3, Some(local)) => (element(local, "securityContext.capabilities.drop", strings), Of::Text),
            (0 | 1, None) => (list("spec!.containers!"), Of::Container),
            (2, None) => (list("spec!.initContainers"), Of::Container),
            (4, _) => (list("spec!.volumes"), Of::Volume),
            _ => (containers(), Of::Container),
        }
    }

    /// A field of something that can be spoken of.
    fn field(&mut self) -> Value {
        let inner = self.scope.last().copied().filter(|_| self.random.chance(75));
        let outer = self.scope.first().copied().filter(|_| self.random.chance(20));
        match inner.or(outer) {
            None => {
                let (fields, ty) = self.random.pick(&POD).clone();
                let root = if self.random.chance(10) { Root::OldSubject } else { Root::Subject };
                path(root, fields, ty)
            }
            Some((local, Of::Text)) => element(local, "", Type::Text),
            Some((local, of)) => {
                let fields: &[(&str, Type)] = match of {
                    Of::Container => &CONTAINER,
                    Of::Port => &PORT,
                    Of::Env => &ENV,
                    Of::Volume | Of::Text => &VOLUME,
                };
                let (fields, ty) = self.random.pick(fields).clone();
                element(local, fields, ty)
            }
        }
    }

    fn field_of(&mut self, wanted: &[Type]) -> Option<Value> {
        (0..12).map(|_| self.field()).find(|field| wanted.contains(&field.ty))
    }

    fn comparison(&mut self) -> Comparison {
        *self.random.pick(&[
            Comparison::Equal,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ])
    }

    fn atom(&mut self) -> Cond {
        let field = self.field();
        if self.random.chance(20) {
            return has(field);
        }
        if self.random.chance(10) {
            return cond(CondKind::Empty(field));
        }
        if self.random.chance(4) {
            let (fields, ty) = self.random.pick(&POD).clone();
            let now = subject(fields, ty.clone());
            return cond(CondKind::Changed { now, before: path(Root::OldSubject, fields, ty) });
        }
        match field.ty {
            Type::Bool => cond(CondKind::Is(field)),
            Type::Int => {
                let comparison = self.comparison();
                let other = self.field_of(&[Type::Int]).filter(|_| self.random.chance(20));
                let bound = other.unwrap_or_else(|| int(*self.random.pick(&INTS)));
                match self.random.below(5) {
                    0 => {
                        let list = [1, 8080, 0].map(int).to_vec();
                        let list = value(ValueKind::List(list), Type::List(Box::new(Type::Int)));
                        cond(CondKind::Test(Test::InListNumber, vec![field, list]))
                    }
                    1 => cond(CondKind::Test(Test::InRange, vec![field, int(1), int(1024)])),
                    2 => {
                        let sum = ValueKind::Call(Operation::Add, vec![field, int(1)]);
                        compare(comparison, Domain::Number, value(sum, Type::Int), bound)
                    }
                    _ => compare(comparison, Domain::Number, field, bound),
                }
            }
            Type::Quantity => {
                let comparison = self.comparison();
                let other = self.field_of(&[Type::Quantity]).filter(|_| self.random.chance(20));
                let bound = other.unwrap_or_else(|| match self.random.chance(20) {
                    true => int(2),
                    false => quantity(self.random.pick::<&str>(&QUANTITIES)),
                });
                compare(comparison, Domain::Number, field, bound)
            }
            Type::Image if self.random.chance(40) => {
                let operation = *self.random.pick(&[
                    Operation::ImageRegistry,
                    Operation::ImageRepository,
                    Operation::ImageTag,
                    Operation::ImageDigest,
                    Operation::ImageName,
                    Operation::ImageReference,
                    Operation::ImageWrittenTag,
                ]);
                let part = value(ValueKind::Call(operation, vec![field]), Type::Text);
                match self.random.below(3) {
                    0 => has(part),
                    1 => equals(part, *self.random.pick(&["latest", "docker.io", "nginx", "1.25"])),
                    _ => glob(part, &["*nginx*"]),
                }
            }
            _ => self.text_atom(field),
        }
    }

    fn text_atom(&mut self, field: Value) -> Cond {
        let literal = *self.random.pick(&TEXTS);
        match self.random.below(11) {
            0 | 1 => equals(field, literal),
            2 => glob(field, &[self.random.pick::<&str>(&GLOBS)]),
            3 => glob(field, &["ghcr.io/acme/*", "nvcr.io/*"]),
            4 => cond(CondKind::Test(Test::InList, vec![field, texts(&["prod", "web-1", literal])])),
            5 => cond(CondKind::Regex { value: field, patterns: vec![r"^[a-z]+(-\d{1,2})?$".to_owned()] }),
            6 => match self.field_of(&[Type::Text]) {
                Some(other) => compare(self.comparison(), Domain::Text, field, other),
                None => has(field),
            },
            7 => match self.field_of(&[Type::Text]) {
                Some(other) => {
                    let glob =
                        Glob(vec![GlobPart::Value(other), GlobPart::Text("-".to_owned()), GlobPart::Many]);
                    cond(CondKind::Glob { value: field, globs: vec![glob] })
                }
                None => has(field),
            },
            8 => cond(CondKind::Test(Test::InText, vec![text("a"), field])),
            9 => {
                let lower = value(ValueKind::Call(Operation::Lower, vec![field]), Type::Text);
                equals(lower, "nginx")
            }
            _ => {
                let default = value(ValueKind::Coalesce(Box::new(field), Box::new(text("prod"))), Type::Text);
                equals(default, "prod")
            }
        }
    }
}

/// Values of fields near what the conditions compare with.
pub fn hints() -> Vec<Hint> {
    let values = |ty: &Type| -> Vec<Json> {
        match ty {
            Type::Bool => vec![json!(true), json!(false)],
            Type::Int => INTS.map(|int| json!(int)).to_vec(),
            Type::Quantity => QUANTITIES.map(|text| json!(text)).to_vec(),
            Type::Image => {
                let images = [
                    "nginx",
                    "nginx:latest",
                    "nginx:1.25",
                    "ghcr.io/acme/app:1",
                    "nvcr.io/x/y",
                    "docker.io/l/bx",
                    "localhost:5000/a",
                    "Foo/bar",
                    "!*:latest",
                    "bad image",
                    "",
                ];
                images.map(|text| json!(text)).to_vec()
            }
            _ => TEXTS.iter().map(|text| json!(text)).collect(),
        }
    };
    // keys with dots are written in brackets there
    let clean = |fields: &str| {
        let fields = fields.replace('!', "").replace("{}", "");
        let bracketed = fields.split_once("\\.").map(|(before, after)| {
            let (parents, key) = before.rsplit_once('.').unwrap_or(("", before));
            format!("{parents}[\"{key}.{after}\"]")
        });
        bracketed.unwrap_or(fields)
    };
    let mut hints = Vec::new();
    for (fields, ty) in &POD {
        hints.push(Hint::new(&clean(fields), values(ty)));
    }
    for list in ["containers", "initContainers"] {
        for (fields, ty) in &CONTAINER {
            hints.push(Hint::new(&format!("spec.{list}[].{}", clean(fields)), values(ty)));
        }
        for (fields, ty) in &PORT {
            hints.push(Hint::new(&format!("spec.{list}[].ports[].{}", clean(fields)), values(ty)));
        }
        for (fields, ty) in &ENV {
            hints.push(Hint::new(&format!("spec.{list}[].env[].{}", clean(fields)), values(ty)));
        }
    }
    for (fields, ty) in &VOLUME {
        hints.push(Hint::new(&format!("spec.volumes[].{}", clean(fields)), values(ty)));
    }
    hints
}
