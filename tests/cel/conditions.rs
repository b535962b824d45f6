//! Random conditions over typed paths of Pods.

use super::build::*;
use crate::support::random::Random;
use aipc_compiler::ir::*;

/// A field that conditions speak of: where it is (as [`steps`] reads it) and what it holds.
struct Place {
    path: &'static str,
    ty: Type,
}

const fn place(path: &'static str, ty: Type) -> Place {
    Place { path, ty }
}

static POD: [Place; 17] = [
    place("spec! hostNetwork", Type::Bool),
    place("spec! hostPID", Type::Bool),
    place("spec! automountServiceAccountToken", Type::Bool),
    place("spec! securityContext runAsNonRoot", Type::Bool),
    place("spec! priority", Type::Int),
    place("spec! terminationGracePeriodSeconds", Type::Int),
    place("spec! securityContext runAsUser", Type::Int),
    place("metadata labels{} @app", Type::Text),
    place("metadata labels{} @app.kubernetes.io/name", Type::Text),
    place("metadata annotations{} @owner", Type::Text),
    place("metadata annotations{} @ai/version", Type::Text),
    place("spec! serviceAccountName", Type::Text),
    place("spec! restartPolicy", Type::Text),
    place("spec! dnsPolicy", Type::Text),
    place("spec! nodeSelector{} @accelerator", Type::Text),
    place("spec! priorityClassName", Type::Text),
    place("spec! securityContext seccompProfile type!", Type::Text),
];

static CONTAINER: [Place; 15] = [
    place("name!", Type::Text),
    place("image", Type::Image),
    place("image", Type::Image),
    place("imagePullPolicy", Type::Text),
    place("securityContext privileged", Type::Bool),
    place("securityContext allowPrivilegeEscalation", Type::Bool),
    place("securityContext readOnlyRootFilesystem", Type::Bool),
    place("securityContext runAsUser", Type::Int),
    place("resources limits{} @cpu", Type::Quantity),
    place("resources limits{} @memory", Type::Quantity),
    place("resources requests{} @memory", Type::Quantity),
    place("resources limits{} @nvidia.com/gpu", Type::Quantity),
    place("livenessProbe periodSeconds", Type::Int),
    place("livenessProbe httpGet port!", Type::IntOrPercent),
    place("workingDir", Type::Text),
];

const QUANTITIES: [&str; 12] =
    ["0", "1", "500m", "0.5", "2", "1Gi", "1024Mi", "64Gi", "128Mi", "1e3", "100m", "1500m"];
const PATTERNS: [&str; 14] = [
    "*",
    "?*",
    "",
    "nginx*",
    "*:latest",
    "*latest*",
    "ghcr.io/*",
    "gcr.io/*/*:v?",
    "*/*",
    "a?c",
    "default",
    "trusted-registry.io/ai-models/*",
    "Always",
    "*-*",
];
const EXPRESSIONS: [&str; 6] = [r"^[a-z]+$", r":v\d+", "latest$", "^$", "(?i)NGINX", r"^[^/]+\.[^/]+/"];

pub struct Conditions<'r> {
    pub random: &'r mut Random,
    /// Texts that occur in the resources: what conditions compare with.
    pub texts: &'r [String],
    next_local: u32,
    /// Elements in scope that are containers.
    scope: Vec<u32>,
    /// How much of `old`, the user and the namespace may be asked about.
    pub world: bool,
}

impl<'r> Conditions<'r> {
    pub fn new(random: &'r mut Random, texts: &'r [String]) -> Conditions<'r> {
        Conditions { random, texts, next_local: 0, scope: vec![], world: true }
    }

    fn local(&mut self) -> u32 {
        self.next_local += 1;
        self.next_local
    }

    pub fn condition(&mut self, depth: usize) -> Cond {
        if depth == 0 {
            return self.atom();
        }
        match self.random.below(10) {
            0 | 1 => {
                let parts = (0..2 + self.random.below(2)).map(|_| self.condition(depth - 1)).collect();
                and(parts)
            }
            2 | 3 => {
                let parts = (0..2 + self.random.below(2)).map(|_| self.condition(depth - 1)).collect();
                or(parts)
            }
            4 => cond(CondKind::Not(Box::new(self.condition(depth - 1)))),
            5..=7 => self.quantifier(depth - 1),
            _ => self.atom(),
        }
    }

    /// A condition about the container that `number` stands for.
    pub fn condition_of_container(&mut self, number: u32, depth: usize) -> Cond {
        self.scope.push(number);
        let cond = self.condition(depth);
        self.scope.pop();
        cond
    }

    fn quantifier(&mut self, depth: usize) -> Cond {
        let number = self.local();
        let (source, body) = match (self.scope.last().copied(), self.random.below(4)) {
            (Some(container), 0 | 1) => self.inside(container, number),
            (_, 2) => self.map_entries(number),
            _ => {
                let lists = [
                    containers(),
                    subject("spec! containers![]", objects()),
                    subject("spec! initContainers[]", objects()),
                    subject("spec! ephemeralContainers[]", objects()),
                ];
                let source = self.random.pick(&lists).clone();
                self.scope.push(number);
                let body = self.condition(depth);
                self.scope.pop();
                (source, body)
            }
        };
        let binder = match (&source.ty, self.random.chance(50)) {
            (Type::Map(_), true) => Binder { key: Some(Local(number + 1000)), element: Local(number) },
            _ => binder(number),
        };
        let quantified = Box::new(Quantified { binder, source, body });
        cond(if self.random.chance(50) { CondKind::Any(quantified) } else { CondKind::All(quantified) })
    }

    /// A list inside a container, and something about its elements.
    fn inside(&mut self, container: u32, number: u32) -> (Value, Cond) {
        match self.random.below(5) {
            0 => (
                local(container, "ports[]", objects()),
                self.about(local(number, "containerPort!", Type::Int)),
            ),
            1 => (local(container, "ports[]", objects()), self.about(local(number, "hostPort", Type::Int))),
            2 => (local(container, "env[]", objects()), self.about(local(number, "value", Type::Text))),
            3 => (
                local(container, "securityContext capabilities add[]", texts()),
                self.about(local(number, "", Type::Text)),
            ),
            _ => (
                local(container, "securityContext capabilities drop[]", texts()),
                self.about(local(number, "", Type::Text)),
            ),
        }
    }

    fn map_entries(&mut self, number: u32) -> (Value, Cond) {
        let ty = Type::Map(Box::new(Type::Text));
        let maps = ["metadata labels{}", "metadata annotations{}", "spec! nodeSelector{}"];
        let source = subject(*self.random.pick(&maps), ty);
        let body = self.about(local(number, "", Type::Text));
        (source, body)
    }

    fn atom(&mut self) -> Cond {
        if self.world && self.random.chance(8) {
            return self.about_the_world();
        }
        let value = self.field();
        match self.random.below(20) {
            0 => self.coalesced(value),
            1 => self.conditional(value),
            2 => self.about_a_list(),
            3 => self.computed(),
            _ => self.about(value),
        }
    }

    /// A field of the container around, or of the Pod.
    fn field(&mut self) -> Value {
        match self.scope.last().copied() {
            Some(container) if self.random.chance(80) => {
                let place = self.random.pick(&CONTAINER);
                local(container, place.path, place.ty.clone())
            }
            _ => {
                let place = self.random.pick(&POD);
                subject(place.path, place.ty.clone())
            }
        }
    }

    fn text(&mut self) -> String {
        match self.texts.is_empty() || self.random.chance(10) {
            true => ["", "a*", "{{x}}", "it's \"quoted\"\n", "\\d", "é"][self.random.below(6)].to_owned(),
            false => self.random.pick(self.texts).clone(),
        }
    }

    fn number(&mut self) -> i64 {
        [0, 1, 2, 10, 30, 80, 443, 1000, 8080, 65535, -1, 1_000_000][self.random.below(12)]
    }

    /// A condition that fits the type of the value.
    fn about(&mut self, value: Value) -> Cond {
        let comparison = *self.random.pick(&[
            Comparison::Equal,
            Comparison::Equal,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ]);
        if self.random.chance(15) {
            return match self.random.chance(50) || !matches!(value.ty, Type::Text | Type::Image) {
                true => has(value),
                false => cond(CondKind::Empty(value)),
            };
        }
        match value.ty {
            Type::Bool => match self.random.below(3) {
                0 => compare(
                    Comparison::Equal,
                    Domain::Bool,
                    value,
                    super::build::value(
                        ValueKind::Literal(Literal::Bool(self.random.chance(50))),
                        Type::Bool,
                    ),
                ),
                _ => is(value),
            },
            Type::Int => match self.random.below(5) {
                0 => {
                    let (low, high) = (self.number(), self.number());
                    cond(CondKind::Test(Test::InRange, vec![value, int(low), int(high)]))
                }
                1 => {
                    let values = (0..3).map(|_| int(self.number())).collect();
                    cond(CondKind::Test(Test::InListNumber, vec![value, list(values, Type::Int)]))
                }
                _ => compare(comparison, Domain::Number, value, int(self.number())),
            },
            Type::IntOrPercent => compare(comparison, Domain::Number, value, int(self.number())),
            Type::Quantity => match self.random.below(6) {
                0 => compare(comparison, Domain::Number, value, int(self.number())),
                1 => {
                    let values = (0..2).map(|_| quantity(*self.random.pick(&QUANTITIES))).collect();
                    cond(CondKind::Test(Test::InListNumber, vec![value, list(values, Type::Quantity)]))
                }
                _ => compare(comparison, Domain::Number, value, quantity(*self.random.pick(&QUANTITIES))),
            },
            _ => self.about_text(value),
        }
    }

    fn about_text(&mut self, value: Value) -> Cond {
        match self.random.below(9) {
            0 => {
                let values = (0..3).map(|_| text(&self.text())).collect();
                cond(CondKind::Test(Test::InList, vec![value, list(values, Type::Text)]))
            }
            1 | 2 => {
                let patterns: Vec<&str> =
                    (0..1 + self.random.below(2)).map(|_| *self.random.pick(&PATTERNS)).collect();
                glob(value, &patterns)
            }
            3 => {
                cond(CondKind::Regex { value, patterns: vec![(*self.random.pick(&EXPRESSIONS)).to_owned()] })
            }
            4 => cond(CondKind::Test(Test::InText, vec![text(&self.text()), value])),
            5 => {
                let other = self.field();
                match other.ty {
                    Type::Text | Type::Image => {
                        let mut parts = vec![GlobPart::Value(other)];
                        if self.random.chance(50) {
                            parts.insert(0, GlobPart::Many);
                        }
                        if self.random.chance(50) {
                            parts.push(self.random.pick(&[GlobPart::Many, GlobPart::One]).clone());
                        }
                        cond(CondKind::Glob { value, globs: vec![Glob(parts)] })
                    }
                    _ => equal(value, text(&self.text())),
                }
            }
            6 => compare(Comparison::Less, Domain::Text, value, text(&self.text())),
            _ => equal(value, text(&self.text())),
        }
    }

    fn coalesced(&mut self, value: Value) -> Cond {
        let (default, ty) = match value.ty {
            Type::Bool => {
                (super::build::value(ValueKind::Literal(Literal::Bool(true)), Type::Bool), Type::Bool)
            }
            Type::Int => (int(self.number()), Type::Int),
            Type::Text | Type::Image => (text(&self.text()), Type::Text),
            _ => return self.about(value),
        };
        let coalesced = super::build::value(ValueKind::Coalesce(Box::new(value), Box::new(default)), ty);
        self.about(coalesced)
    }

    fn conditional(&mut self, value: Value) -> Cond {
        let other = self.field();
        if other.ty != value.ty {
            return self.about(value);
        }
        let test = self.field();
        let test = self.about(test);
        let ty = value.ty.clone();
        let chosen = super::build::value(ValueKind::If(Box::new(test), Box::new(value), Box::new(other)), ty);
        self.about(chosen)
    }

    /// `count`, and what may be in a collected list.
    fn about_a_list(&mut self) -> Cond {
        let number = self.local();
        let source =
            if self.random.chance(50) { containers() } else { subject("spec! initContainers[]", objects()) };
        self.scope.push(number);
        let world = std::mem::replace(&mut self.world, false);
        let filter = self.atom();
        self.world = world;
        self.scope.pop();
        let field = *self.random.pick(&["name!", "image", "imagePullPolicy"]);
        let collect = |body, flatten| {
            let collect = Collect {
                binder: binder(number),
                source: source.clone(),
                filter: filter.clone(),
                body,
                flatten,
            };
            super::build::value(ValueKind::Collect(Box::new(collect)), texts())
        };
        match self.random.below(4) {
            0 => {
                let list = collect(local(number, field, Type::Text), false);
                cond(CondKind::Test(Test::InList, vec![text(&self.text()), list]))
            }
            1 => {
                let list = collect(local(number, "securityContext capabilities drop[]", texts()), true);
                let count = call(Operation::Count, vec![list], Type::Int);
                self.about(count)
            }
            2 => {
                let list = collect(local(number, field, Type::Text), false);
                let list = match self.random.below(3) {
                    0 => call(Operation::Distinct, vec![list], texts()),
                    1 => call(Operation::Reverse, vec![list], texts()),
                    _ => list,
                };
                let joined = call(Operation::Join, vec![list, text(",")], Type::Text);
                self.about(joined)
            }
            _ => {
                let list = collect(local(number, field, Type::Text), false);
                let at = int(self.random.below(4) as i64 - 2);
                let element = call(Operation::Index, vec![list, at], Type::Text);
                self.about(element)
            }
        }
    }

    /// An operation on a field.
    fn computed(&mut self) -> Cond {
        let value = self.field();
        let one = |operation, value, ty| call(operation, vec![value], ty);
        let computed = match value.ty {
            Type::Image => {
                let operation = *self.random.pick(&[
                    Operation::ImageRegistry,
                    Operation::ImageRepository,
                    Operation::ImageTag,
                    Operation::ImageTag,
                    Operation::ImageDigest,
                    Operation::ImageName,
                    Operation::ImageReference,
                    Operation::ImageWrittenTag,
                ]);
                if operation == Operation::ImageTag && self.random.chance(40) {
                    let tag = one(operation, value, Type::Text);
                    let literal = |text: &str| {
                        super::build::value(
                            ValueKind::Literal(Literal::Semver(text.to_owned())),
                            Type::Semver,
                        )
                    };
                    let version = one(Operation::ToSemver, tag, Type::Semver);
                    return compare(Comparison::GreaterOrEqual, Domain::Semver, version, literal("1.2.0"));
                }
                one(operation, value, Type::Text)
            }
            Type::Text => match self.random.below(8) {
                0 => one(Operation::Count, value, Type::Int),
                1 => one(Operation::Upper, value, Type::Text),
                2 => call(Operation::Replace, vec![value, text("a"), text("b")], Type::Text),
                3 => call(Operation::Substring, vec![value, int(1), int(4)], Type::Text),
                4 => call(Operation::Trim, vec![value, text("ga-")], Type::Text),
                5 => one(Operation::ToInt, value, Type::Int),
                6 => call(
                    Operation::MatchGroup,
                    vec![value, text("([a-z])([a-z]+)"), int(1 + self.random.below(2) as i64)],
                    Type::Text,
                ),
                _ => {
                    let parts = vec![TextPart::Text("x-".to_owned()), TextPart::Value(value)];
                    super::build::value(ValueKind::Text(parts), Type::Text)
                }
            },
            Type::Int => match self.random.below(3) {
                0 => call(Operation::Add, vec![value, int(self.number())], Type::Int),
                1 => one(Operation::ToText, value, Type::Text),
                _ => one(Operation::Negate, value, Type::Int),
            },
            _ => value,
        };
        self.about(computed)
    }

    /// The user, the namespace, the object before the update, entries by computed key.
    fn about_the_world(&mut self) -> Cond {
        let known = |about, cond, otherwise| {
            super::build::cond(CondKind::Known { about, cond: Box::new(cond), otherwise })
        };
        match self.random.below(6) {
            0 => {
                let name = path(Root::User, "name", Type::Text);
                let about = glob(name, &[*self.random.pick(&["system:*", "ann", "*"])]);
                let about = if self.random.chance(50) { about } else { not(about) };
                known(Unknown::User, about, self.random.chance(50))
            }
            1 => {
                let number = self.local();
                let groups = path(Root::User, "groups[]", texts());
                let about = any(number, groups, equal(local(number, "", Type::Text), text("dev")));
                known(Unknown::User, about, self.random.chance(50))
            }
            2 => {
                let label = path(Root::NamespaceObject, "metadata labels{} @env", Type::Text);
                let about = equal(label, text(*self.random.pick(&["dev", "prod"])));
                let about = if self.random.chance(50) { about } else { not(about) };
                known(Unknown::NamespaceLabels, about, self.random.chance(50))
            }
            3 => {
                let place = self.random.pick(&POD);
                cond(CondKind::Changed {
                    now: subject(place.path, place.ty.clone()),
                    before: path(Root::OldSubject, place.path, place.ty.clone()),
                })
            }
            4 => {
                let namespace = path(Root::Namespace, "", Type::Text);
                glob(namespace, &[*self.random.pick(&["default", "kube-*", "prod*", "*"])])
            }
            _ => {
                let key = subject("spec! serviceAccountName", Type::Text);
                let mut labels = subject("metadata labels{}", Type::Text);
                if let ValueKind::Path(path) = &mut labels.kind {
                    path.steps.push(Step::Key(key));
                }
                self.about(labels)
            }
        }
    }
}
