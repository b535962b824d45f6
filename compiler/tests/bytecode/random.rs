//! Random rules on random documents: the machine says what the reference evaluator says.

use aipc_compiler::formats::bytecode;
use aipc_compiler::ir::*;
use aipc_compiler::source::{Sources, Span};
use aipc_runtime::document::Document;
use aipc_runtime::machine::{
    self, AdmissionOperation, Environment, ErrorReason, Evaluator, Limits, Resource, User,
};
use aipc_runtime::program::Program;
use serde_json::{Value as Json, json};

use crate::noon;
use crate::reference::{self, Stop, World, owned};

/// A generator of numbers with a stored seed: the same in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// The fields that an object may have.
fn fields() -> Vec<(&'static str, Type)> {
    let list = |ty: Type| Type::List(Box::new(ty));
    let map = |ty: Type| Type::Map(Box::new(ty));
    vec![
        ("b", Type::Bool),
        ("i", Type::Int),
        ("f", Type::Float),
        ("q", Type::Quantity),
        ("p", Type::IntOrPercent),
        ("t", Type::Text),
        ("im", Type::Image),
        ("d", Type::Duration),
        ("w", Type::Time),
        ("o", Type::Object),
        ("l", list(Type::Object)),
        ("tl", list(Type::Text)),
        ("il", list(Type::Int)),
        ("ql", list(Type::Quantity)),
        ("mt", map(Type::Text)),
        ("mq", map(Type::Quantity)),
        ("j", Type::Json),
    ]
}

const TEXTS: [&str; 10] = ["", "a", "b", "ab", "a*b", "nginx:1", "é", "1.2.3", "5", "true"];
const QUANTITIES: [&str; 8] = ["1", "500m", "0.5", "1Gi", "1024Mi", "2", "1e3", "-1"];
const IMAGES: [&str; 6] = ["nginx", "nginx:1", "ghcr.io/a/b:v1", "a b", "host:80/x", "docker.io/nginx"];
const DURATIONS: [&str; 5] = ["1h", "30s", "1h30m", "0", "-5s"];
const TIMES: [&str; 3] = ["2026-01-31T12:00:00Z", "2025-12-31T00:00:00+01:00", "2026-01-30T12:00:00.5Z"];
const PERCENTS: [&str; 4] = ["25%", "50%", "x", "5"];
const KEYS: [&str; 5] = ["a", "b", "t", "x.y/z", "q"];

fn json_of(random: &mut Random, ty: &Type, depth: usize) -> Json {
    // Some values are null or of another type.
    if random.chance(4) {
        return Json::Null;
    }
    if random.chance(5) {
        return random.pick(&[
            json!("x"),
            json!(5),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!(["a"]),
        ]);
    }
    match ty {
        Type::Bool => json!(random.chance(50)),
        Type::Int => json!(random.below(5) as i64 - 1),
        Type::Float => random.pick(&[json!(0.5), json!(2), json!(-1.25), json!(1e21)]),
        Type::Quantity if random.chance(30) => json!(random.below(3)),
        Type::Quantity => json!(random.pick(&QUANTITIES)),
        Type::IntOrPercent if random.chance(50) => json!(random.below(60)),
        Type::IntOrPercent | Type::Percent => json!(random.pick(&PERCENTS)),
        Type::Image => json!(random.pick(&IMAGES)),
        Type::Duration => json!(random.pick(&DURATIONS)),
        Type::Time => json!(random.pick(&TIMES)),
        Type::Text | Type::Semver | Type::Ip | Type::Cidr => json!(random.pick(&TEXTS)),
        Type::List(element) => {
            let len = if depth == 0 { 0 } else { random.below(4) };
            (0..len).map(|_| json_of(random, element, depth - 1)).collect()
        }
        Type::Map(element) => {
            let keys: Vec<&str> = KEYS.into_iter().filter(|_| random.chance(40)).collect();
            let depth = depth.saturating_sub(1);
            Json::Object(
                keys.into_iter().map(|key| (key.to_owned(), json_of(random, element, depth))).collect(),
            )
        }
        Type::Object => object(random, depth.saturating_sub(1)),
        Type::Json => {
            let (_, ty) = random.pick(&fields());
            if depth == 0 { json!(1) } else { json_of(random, &ty, depth - 1) }
        }
    }
}

fn object(random: &mut Random, depth: usize) -> Json {
    let mut object = serde_json::Map::new();
    for (name, ty) in fields() {
        let nested = matches!(ty, Type::Object | Type::List(_) | Type::Map(_) | Type::Json);
        if random.chance(60) && !(nested && depth == 0) {
            object.insert(name.to_owned(), json_of(random, &ty, depth));
        }
    }
    Json::Object(object)
}

struct Generator {
    random: Random,
    span: Span,
    next_local: u32,
    /// Local names that may be used, with their types.
    scope: Vec<(Local, Type)>,
}

impl Generator {
    fn value_of(&self, kind: ValueKind, ty: Type) -> Value {
        Value::new(kind, ty, self.span)
    }

    fn cond_of(&self, kind: CondKind) -> Cond {
        Cond::new(kind, self.span)
    }

    fn fresh(&mut self) -> Local {
        self.next_local += 1;
        Local(self.next_local)
    }

    fn literal(&mut self, ty: &Type) -> Option<Value> {
        let literal = match ty {
            Type::Bool => Literal::Bool(self.random.chance(50)),
            Type::Int | Type::IntOrPercent => Literal::Int(self.random.below(4) as i64 - 1),
            Type::Float => Literal::Float(self.random.pick(&[0.5, 2.0, -1.25])),
            Type::Quantity => Literal::Quantity(self.random.pick(&QUANTITIES).to_owned()),
            Type::Percent => Literal::Percent(self.random.below(60) as i64),
            Type::Text => Literal::Text(self.random.pick(&TEXTS).to_owned()),
            Type::Image => Literal::Text(self.random.pick(&IMAGES).to_owned()),
            Type::Duration => Literal::Duration(self.random.pick(&[0, 3_600_000_000_000, -5_000_000_000])),
            Type::Time => Literal::Time(self.random.pick(&TIMES).to_owned()),
            Type::Semver => Literal::Semver(self.random.pick(&["1.2.3", "1.0.0-rc.1"]).to_owned()),
            Type::Ip => Literal::Ip("10.0.0.1".to_owned()),
            Type::Cidr => Literal::Cidr("10.0.0.0/8".to_owned()),
            Type::List(_) | Type::Map(_) | Type::Object | Type::Json => return None,
        };
        Some(self.value_of(ValueKind::Literal(literal), ty.clone()))
    }

    /// A path to a value of the type.
    fn path(&mut self, ty: &Type, depth: usize) -> Value {
        let locals: Vec<(Local, Type)> = self.scope.clone();
        let exact: Vec<Local> = locals.iter().filter(|(_, it)| it == ty).map(|(local, _)| *local).collect();
        if !exact.is_empty() && self.random.chance(40) {
            let root = Root::Local(self.random.pick(&exact));
            return self.value_of(ValueKind::Path(Path { root, steps: vec![] }), ty.clone());
        }
        let mut roots = vec![Root::Object, Root::Subject, Root::OldObject];
        roots.extend(
            locals.iter().filter(|(_, it)| *it == Type::Object).map(|(local, _)| Root::Local(*local)),
        );
        roots.extend(roots.last().copied());
        let root = self.random.pick(&roots);
        let mut steps = Vec::new();
        let field = |random: &mut Random, name: &str, shape| {
            Step::Field(Field { name: name.to_owned(), required: random.chance(20), shape })
        };
        while self.random.chance(25) {
            if self.random.chance(50) {
                steps.push(field(&mut self.random, "o", Shape::Object));
            } else {
                steps.push(field(&mut self.random, "l", Shape::List));
                steps.push(Step::Element(self.random.below(4) as i64 - 2));
            }
        }
        // The entry of a map, under a key that is computed.
        let map = match ty {
            Type::Text => Some("mt"),
            Type::Quantity => Some("mq"),
            _ => None,
        };
        if let Some(map) = map
            && self.random.chance(30)
        {
            steps.push(field(&mut self.random, map, Shape::Map));
            if depth > 0 && self.random.chance(60) {
                let key = self.value(&Type::Text, depth - 1);
                steps.push(Step::Key(key));
            } else {
                let name = self.random.pick(&KEYS);
                steps.push(field(&mut self.random, name, Shape::Any));
            }
        } else if *ty != Type::Object || self.random.chance(70) {
            let names: Vec<&str> =
                fields().into_iter().filter(|(_, it)| it == ty).map(|(name, _)| name).collect();
            // No field has such a type; JSON may.
            let name = if names.is_empty() { "j" } else { self.random.pick(&names) };
            steps.push(field(&mut self.random, name, Shape::Any));
        }
        self.value_of(ValueKind::Path(Path { root, steps }), ty.clone())
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Value {
        let roll = self.random.below(100);
        if depth == 0 || roll < 45 {
            return self.path(ty, depth);
        }
        if roll < 65
            && let Some(literal) = self.literal(ty)
        {
            return literal;
        }
        let deeper = depth - 1;
        match roll {
            65..70 => {
                let (a, b) = (Box::new(self.value(ty, deeper)), Box::new(self.value(ty, deeper)));
                self.value_of(ValueKind::Coalesce(a, b), ty.clone())
            }
            70..74 => {
                let test = Box::new(self.cond(deeper));
                let (a, b) = (Box::new(self.value(ty, deeper)), Box::new(self.value(ty, deeper)));
                self.value_of(ValueKind::If(test, a, b), ty.clone())
            }
            74..75 => {
                let inner = Box::new(self.value(ty, deeper));
                self.value_of(ValueKind::Must(inner), ty.clone())
            }
            _ => self.computed(ty, deeper),
        }
    }

    fn call(&mut self, operation: Operation, types: &[Type], ty: &Type, depth: usize) -> Value {
        let values = types.iter().map(|ty| self.value(ty, depth)).collect();
        self.value_of(ValueKind::Call(operation, values), ty.clone())
    }

    fn computed(&mut self, ty: &Type, depth: usize) -> Value {
        use Operation::*;
        let list = |ty: &Type| Type::List(Box::new(ty.clone()));
        let text = || Type::Text;
        match ty {
            Type::Bool => {
                let cond = Box::new(self.cond(depth));
                self.value_of(ValueKind::Bool(cond), Type::Bool)
            }
            Type::Int => match self.random.below(6) {
                0 => self.call(Add, &[Type::Int, Type::Int], ty, depth),
                1 => self.call(Count, &[list(&Type::Object)], ty, depth),
                2 => self.call(Count, &[text()], ty, depth),
                3 => self.call(ToInt, &[text()], ty, depth),
                4 => self.call(Negate, &[Type::Int], ty, depth),
                _ => self.call(Sum, &[list(&Type::Int)], ty, depth),
            },
            Type::Float => match self.random.below(4) {
                0 => self.call(Divide, &[Type::Int, Type::Float], ty, depth),
                1 => self.call(Multiply, &[Type::Float, Type::Int], ty, depth),
                2 => self.call(Round, &[Type::Float, Type::Int], ty, depth),
                _ => self.call(ToFloat, &[Type::Quantity], ty, depth),
            },
            Type::Quantity => match self.random.below(5) {
                0 => self.call(Add, &[Type::Quantity, Type::Quantity], ty, depth),
                1 => self.call(Multiply, &[Type::Quantity, Type::Int], ty, depth),
                2 => self.call(Sum, &[list(&Type::Quantity)], ty, depth),
                3 => self.call(Max, &[list(&Type::Quantity)], ty, depth),
                _ => self.call(ToQuantity, &[text()], ty, depth),
            },
            Type::Duration => match self.random.below(3) {
                0 => self.call(Subtract, &[Type::Time, Type::Time], ty, depth),
                1 => self.call(Add, &[Type::Duration, Type::Duration], ty, depth),
                _ => self.call(Multiply, &[Type::Duration, Type::Int], ty, depth),
            },
            Type::Time => match self.random.below(2) {
                0 => self.call(Add, &[Type::Time, Type::Duration], ty, depth),
                _ => self.value_of(ValueKind::Path(Path { root: Root::Now, steps: vec![] }), Type::Time),
            },
            Type::Text => match self.random.below(10) {
                0 => self.call(Lower, &[text()], ty, depth),
                1 => self.call(Join, &[list(&text()), text()], ty, depth),
                2 => self.call(Replace, &[text(), text(), text()], ty, depth),
                3 => self.call(Substring, &[text(), Type::Int, Type::Int], ty, depth),
                4 => self.call(ImageRegistry, &[Type::Image], ty, depth),
                5 => self.call(ImageTag, &[Type::Image], ty, depth),
                6 => self.call(ToText, &[Type::Quantity], ty, depth),
                7 => self.call(ToJson, &[Type::Object], ty, depth),
                8 => {
                    let group = self.value_of(ValueKind::Literal(Literal::Int(1)), Type::Int);
                    let pattern = Literal::Text("^(.)b?".to_owned());
                    let pattern = self.value_of(ValueKind::Literal(pattern), Type::Text);
                    let values = vec![self.value(&text(), depth), pattern, group];
                    self.value_of(ValueKind::Call(MatchGroup, values), ty.clone())
                }
                _ => {
                    let parts = self.text_parts(depth);
                    self.value_of(ValueKind::Text(parts), Type::Text)
                }
            },
            Type::List(element) => self.computed_list(element, depth),
            Type::Map(_) | Type::Object => match self.random.below(3) {
                0 => self.call(Merge, &[ty.clone(), ty.clone()], ty, depth),
                1 => self.call(Without, &[ty.clone(), text()], ty, depth),
                _ => {
                    let inner = if let Type::Map(inner) = ty { (**inner).clone() } else { Type::Text };
                    let entries = ["a", "t"].map(|key| (key.to_owned(), self.value(&inner, depth)));
                    self.value_of(ValueKind::Object(entries.into()), ty.clone())
                }
            },
            Type::Json => self.call(FromJson, &[text()], ty, depth),
            Type::IntOrPercent | Type::Percent | Type::Image | Type::Semver | Type::Ip | Type::Cidr => {
                self.path(ty, depth)
            }
        }
    }

    fn computed_list(&mut self, element: &Type, depth: usize) -> Value {
        use Operation::*;
        let ty = Type::List(Box::new(element.clone()));
        match self.random.below(6) {
            0 => {
                let values = (0..self.random.below(3)).map(|_| self.value(element, depth)).collect();
                self.value_of(ValueKind::List(values), ty)
            }
            1 => {
                let lists = (0..self.random.below(3)).map(|_| self.value(&ty, depth)).collect();
                self.value_of(ValueKind::Concat(lists), ty)
            }
            2 if *element == Type::Text => self.call(Split, &[Type::Text, Type::Text], &ty, depth),
            2 | 3 => {
                let operation = self.random.pick(&[Distinct, Reverse, Sort]);
                self.call(operation, std::slice::from_ref(&ty), &ty, depth)
            }
            _ => {
                let (binder, source, before) = self.loop_over(depth);
                let filter = self.cond(depth);
                let flatten = self.random.chance(30);
                let body = self.value(if flatten { &ty } else { element }, depth);
                self.scope.truncate(before);
                let collect = Collect { binder, source, filter, body, flatten };
                self.value_of(ValueKind::Collect(Box::new(collect)), ty)
            }
        }
    }

    /// A source and names for its elements, in scope from here on.
    fn loop_over(&mut self, depth: usize) -> (Binder, Value, usize) {
        let element = self.random.pick(&[Type::Object, Type::Object, Type::Text, Type::Int, Type::Quantity]);
        let over_map = matches!(element, Type::Text | Type::Quantity) && self.random.chance(40);
        let list = Type::List(Box::new(element.clone()));
        let ty = if over_map { Type::Map(Box::new(element.clone())) } else { list };
        let mut source = self.value(&ty, depth);
        if !over_map && self.random.chance(30) {
            let lists = vec![source, self.value(&ty, depth)];
            source = self.value_of(ValueKind::Concat(lists), ty);
        }
        let before = self.scope.len();
        let key = if self.random.chance(40) { Some(self.fresh()) } else { None };
        let local = self.fresh();
        if let Some(key) = key {
            self.scope.push((key, if over_map { Type::Text } else { Type::Int }));
        }
        self.scope.push((local, element));
        (Binder { key, element: local }, source, before)
    }

    fn text_parts(&mut self, depth: usize) -> Vec<TextPart> {
        let ty = self.random.pick(&[
            Type::Text,
            Type::Int,
            Type::Quantity,
            Type::Float,
            Type::Duration,
            Type::Object,
        ]);
        vec![
            TextPart::Text("<".to_owned()),
            TextPart::Value(self.value(&ty, depth)),
            TextPart::Text(">".to_owned()),
        ]
    }

    fn cond(&mut self, depth: usize) -> Cond {
        let roll = self.random.below(100);
        if depth == 0 || roll < 55 {
            return self.atom(depth.saturating_sub(1));
        }
        let deeper = depth - 1;
        let parts = |this: &mut Generator| (0..this.random.below(4)).map(|_| this.cond(deeper)).collect();
        let kind = match roll {
            55..60 => CondKind::Not(Box::new(self.cond(deeper))),
            60..70 => CondKind::And(parts(self)),
            70..80 => CondKind::Or(parts(self)),
            80..83 => CondKind::Const(self.random.chance(50)),
            83..86 => {
                let cond = if self.random.chance(60) { self.about_user() } else { self.cond(deeper) };
                CondKind::Known {
                    about: Unknown::User,
                    cond: Box::new(cond),
                    otherwise: self.random.chance(50),
                }
            }
            _ => {
                let (binder, source, before) = self.loop_over(deeper);
                let body = self.cond(deeper);
                self.scope.truncate(before);
                let quantified = Box::new(Quantified { binder, source, body });
                if roll < 93 { CondKind::Any(quantified) } else { CondKind::All(quantified) }
            }
        };
        self.cond_of(kind)
    }

    fn about_user(&mut self) -> Cond {
        let field = Step::Field(Field { name: "name".to_owned(), required: false, shape: Shape::Scalar });
        let left = ValueKind::Path(Path { root: Root::User, steps: vec![field] });
        let left = self.value_of(left, Type::Text);
        let right = self.value_of(ValueKind::Literal(Literal::Text("eve".to_owned())), Type::Text);
        self.cond_of(CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right })
    }

    fn atom(&mut self, depth: usize) -> Cond {
        let any_type = |random: &mut Random| random.pick(&fields()).1;
        let kind = match self.random.below(20) {
            0 | 1 => CondKind::Is(self.value(&Type::Bool, depth)),
            2..=4 => {
                let ty = any_type(&mut self.random);
                CondKind::Has(self.value(&ty, depth))
            }
            5 => {
                let ty = any_type(&mut self.random);
                CondKind::Empty(self.value(&ty, depth))
            }
            6..=11 => self.comparison(depth),
            12 | 13 => {
                let ty = self.random.pick(&[Type::Text, Type::Image]);
                let value = self.value(&ty, depth);
                let globs = (0..1 + self.random.below(2)).map(|_| self.glob(depth)).collect();
                CondKind::Glob { value, globs }
            }
            14 => {
                let patterns = vec![self.random.pick(&["^a", "b$", "[0-9]+", "a.b|n"]).to_owned()];
                CondKind::Regex { value: self.value(&Type::Text, depth), patterns }
            }
            15..=17 => self.test(depth),
            18 => {
                let ty = any_type(&mut self.random);
                CondKind::Changed { now: self.value(&ty, depth), before: self.value(&ty, depth) }
            }
            // Now and then a user outside of what may be unknown.
            _ if self.random.chance(10) => return self.about_user(),
            _ => CondKind::Const(self.random.chance(50)),
        };
        self.cond_of(kind)
    }

    fn comparison(&mut self, depth: usize) -> CondKind {
        let numbers = [Type::Int, Type::Float, Type::Quantity, Type::IntOrPercent];
        let (domain, left, right) = match self.random.below(10) {
            0..=3 => (Domain::Number, self.random.pick(&numbers), self.random.pick(&numbers)),
            4 | 5 => (Domain::Text, Type::Text, Type::Text),
            6 => (Domain::Duration, Type::Duration, Type::Duration),
            7 => (Domain::Time, Type::Time, Type::Time),
            8 => (Domain::Percent, Type::IntOrPercent, Type::Percent),
            _ => {
                let ty = self.random.pick(&fields()).1;
                (Domain::Json, ty.clone(), ty)
            }
        };
        let comparison =
            if domain.is_ordered() { self.random.pick(Comparison::ALL) } else { Comparison::Equal };
        CondKind::Compare {
            comparison,
            domain,
            left: self.value(&left, depth),
            right: self.value(&right, depth),
        }
    }

    fn glob(&mut self, depth: usize) -> Glob {
        let mut parts = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            parts.push(match self.random.below(8) {
                0..=2 => GlobPart::Many,
                3 => GlobPart::One,
                4 => GlobPart::Value(self.value(&Type::Text, depth)),
                _ => GlobPart::Text(self.random.pick(&["a", "b", "nginx", ":", "é"]).to_owned()),
            });
        }
        Glob(parts)
    }

    fn test(&mut self, depth: usize) -> CondKind {
        let list = |ty: Type| Type::List(Box::new(ty));
        let (test, types) = match self.random.below(5) {
            0 => (Test::InList, vec![Type::Text, list(Type::Text)]),
            1 => (Test::InListNumber, vec![Type::Quantity, list(Type::Int)]),
            2 => (Test::InMap, vec![Type::Text, Type::Map(Box::new(Type::Text))]),
            3 => (Test::InText, vec![Type::Text, Type::Text]),
            _ => (Test::InRange, vec![Type::IntOrPercent, Type::Int, Type::Quantity]),
        };
        CondKind::Test(test, types.iter().map(|ty| self.value(ty, depth)).collect())
    }

    fn rule(&mut self) -> Rule {
        let elements = if self.random.chance(40) {
            let (binder, source, before) = self.loop_over(2);
            let names = self.scope.split_off(before);
            Some((binder, source, names))
        } else {
            None
        };
        let mut bindings = Vec::new();
        for _ in 0..self.random.below(3) {
            // Some bindings speak of the element; they may not be used where there is none.
            let ty = self.random.pick(&[Type::Object, Type::Text, Type::Quantity]);
            let value = self.value(&ty, 2);
            let local = self.fresh();
            bindings.push(Binding { local, name: format!("w{}", local.0), value });
            self.scope.push((local, ty));
        }
        let applies = (0..self.random.below(2)).map(|_| self.cond(2)).collect();
        let elements = elements.map(|(binder, source, names)| {
            self.scope.extend(names);
            let mut filter = Cond::constant(true, self.span);
            if self.random.chance(50) {
                filter = self.cond(2);
            }
            Elements { view: "element".to_owned(), binder, source, filter }
        });
        if elements.is_some() && self.random.chance(50) {
            let value = self.value(&Type::Text, 2);
            let local = self.fresh();
            bindings.push(Binding { local, name: format!("w{}", local.0), value });
            self.scope.push((local, Type::Text));
        }
        let violation = self.cond(4);
        let message = Message { parts: self.text_parts(1), written: true };
        Rule {
            name: "random".to_owned(),
            description: None,
            targets: vec![self.target()],
            operations: Operations::ANY,
            applies,
            bindings,
            body: Body::Check(Check { elements, violation }),
            message,
            actions: vec![],
            settings: Settings::default(),
            named: true,
            origin: self.span,
            source_text: String::new(),
        }
    }

    fn target(&mut self) -> Target {
        let kind = KindRef {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Thing".to_owned(),
            plural: "things".to_owned(),
            namespaced: true,
            untyped: true,
        };
        let subject = match self.random.below(3) {
            0 => vec![SubjectStep::Field(Field {
                name: "o".to_owned(),
                required: false,
                shape: Shape::Object,
            })],
            _ => vec![],
        };
        Target { kind, subresource: None, subjects: vec![SubjectPath(subject)] }
    }

    /// An exemption from the rule; some have ended, or are about other operations.
    fn exemption(&mut self) -> Exemption {
        self.scope.clear();
        let mut bindings = Vec::new();
        for _ in 0..self.random.below(2) {
            let value = self.value(&Type::Text, 2);
            let local = self.fresh();
            bindings.push(Binding { local, name: format!("w{}", local.0), value });
            self.scope.push((local, Type::Text));
        }
        let applies = (0..1 + self.random.below(2)).map(|_| self.cond(2)).collect();
        let only_new = Operations { update: false, ..Operations::DEFAULT };
        Exemption {
            rules: vec![("p".to_owned(), self.random.pick(&[None, Some("ran*".to_owned())]))],
            targets: if self.random.chance(30) { vec![] } else { vec![self.target()] },
            operations: self.random.pick(&[Operations::ANY, Operations::DEFAULT, only_new]),
            applies,
            bindings,
            until: self.random.pick(&[None, Some("2199-01-01T00:00:00Z"), Some(ENDED)]).map(str::to_owned),
            because: "random".to_owned(),
            origin: self.span,
        }
    }
}

/// An end that is before the time of each evaluation.
const ENDED: &str = "2020-01-01T00:00:00Z";

/// Whether the exemption covers the object of the world, whose subject is not its own.
fn covers(exemption: &Exemption, object: &Json, world: World) -> bool {
    let is_part = exemption.targets.iter().any(|target| !target.subjects[0].0.is_empty());
    let subject = if is_part { owned(&object["o"]) } else { owned(object) };
    let rule = exemption.as_rule();
    let speaks = exemption.operations.update && exemption.until.as_deref() != Some(ENDED);
    let holds = || reference::judge(&rule, &World { subject, ..world });
    speaks && matches!(holds(), reference::Verdict::Judged(messages) if !messages.is_empty())
}

/// A random rule as a set of policies.
pub fn random_policy(seed: u64) -> (PolicySet, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("random.aip", "random");
    let span = Span::new(file, 0, 6);
    let mut generator = Generator { random: Random::new(seed), span, next_local: 0, scope: Vec::new() };
    let rule = generator.rule();
    let policy = Policy {
        name: "p".to_owned(),
        title: None,
        description: None,
        severity: None,
        category: None,
        controls: vec![],
        settings: Settings::default(),
        rules: vec![rule],
        origin: span,
    };
    let exempts = generator.random.chance(40);
    let exemptions = exempts.then(|| generator.exemption()).into_iter().collect();
    (PolicySet { policies: vec![policy], exemptions }, sources)
}

pub fn random_object(seed: u64) -> Json {
    let mut random = Random::new(seed ^ 0x5bd1_e995);
    let mut it = object(&mut random, 4);
    it["apiVersion"] = json!("v1");
    it["kind"] = json!("Thing");
    it
}

fn machine_says(
    program: &Program,
    object: &Document,
    old: &Document,
    user: Option<&Document>,
) -> reference::Verdict {
    let environment = Environment {
        operation: AdmissionOperation::Update,
        old_object: Some(Resource::of(old)),
        user,
        ..Environment::new(noon())
    };
    let limits = Limits { fuel: 1 << 40 };
    let decision = Evaluator::new(program).evaluate(Resource::of(object), &environment, limits);
    let verdict = &decision.verdicts[0];
    match &verdict.verdict {
        machine::Verdict::NotApplicable(_) => reference::Verdict::NotApplicable,
        machine::Verdict::Pass | machine::Verdict::Fail => {
            assert_eq!(verdict.verdict == machine::Verdict::Fail, !verdict.violations.is_empty());
            reference::Verdict::Judged(verdict.violations.iter().map(|it| it.message.clone()).collect())
        }
        machine::Verdict::Error(error) => reference::Verdict::Stopped(match error.reason {
            ErrorReason::MustMissing => Stop::MustMissing,
            ErrorReason::OverBudget | ErrorReason::RegexTooLarge => Stop::OverBudget,
            ErrorReason::LookupFailed | ErrorReason::UrlPart => panic!("nothing is asked here"),
        }),
        machine::Verdict::NotEvaluated(about) => panic!("{about:?}"),
    }
}

#[test]
fn the_machine_agrees_with_the_reference() {
    let rules = 4000;
    let mut counts = [0usize; 4];
    let mut waived = 0;
    for seed in 0..rules {
        let (set, sources) = random_policy(seed);
        assert_eq!(verify::verify(&set), Vec::<String>::new(), "seed {seed}");
        let program =
            bytecode::emit(&set, &sources).unwrap_or_else(|refused| panic!("seed {seed}: {refused:#?}"));
        for round in 0..6 {
            let (object, old) = (random_object(seed * 16 + round), random_object(seed * 16 + round + 7));
            let eve = User { name: "eve".to_owned(), ..User::default() }.to_document();
            let user = (round % 3 != 0).then_some(&eve);
            let subject = match &set.policies[0].rules[0].targets[0].subjects[0].0[..] {
                [] => owned(&object),
                _ => owned(&object["o"]),
            };
            let world = || World {
                object: owned(&object),
                old: owned(&old),
                subject: subject.clone(),
                user: user.map(|_| owned(&json!({"name": "eve"}))),
                now: noon(),
            };
            let mut expected = reference::judge(&set.policies[0].rules[0], &world());
            if expected != reference::Verdict::NotApplicable
                && set.exemptions.iter().any(|it| covers(it, &object, world()))
            {
                waived += 1;
                expected = reference::Verdict::NotApplicable;
            }
            let found =
                machine_says(&program, &Document::from_json(&object), &Document::from_json(&old), user);
            assert_eq!(
                found,
                expected,
                "seed {seed}, round {round}\n{}\n{}\n{object}\nold {old}",
                print::print(&set),
                program.disassemble(),
            );
            counts[match &expected {
                reference::Verdict::NotApplicable => 0,
                reference::Verdict::Judged(messages) if messages.is_empty() => 1,
                reference::Verdict::Judged(_) => 2,
                reference::Verdict::Stopped(_) => 3,
            }] += 1;
        }
    }
    // Each outcome occurs often enough to mean something.
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
    assert!(waived > 100, "{waived}");
}
