//! Paths, from roots along steps.

use super::ast::{Expr, Key, Op, Path, Step, Ty, Typed};
use super::translate::{Base, NamespaceRoot, Translator};
use crate::ir::{self, Root, Shape};

/// What a path became.
pub(super) enum Found {
    /// A path of CEL, which may be missing.
    Path(Path, Ty),
    /// A computed value; its guards have been given.
    Value(Typed),
}

impl Translator {
    /// A path. Guards that are not part of it (a computed key is there) are added to `guards`.
    pub(super) fn path(&mut self, path: &ir::Path, guards: &mut Vec<Expr>) -> Found {
        match path.root {
            Root::Now => return Found::Value(Typed::new(Expr::Call("time.now", vec![]), Ty::Time)),
            Root::User => return self.user(path, guards),
            Root::Namespace => return self.namespace(),
            Root::Object
            | Root::OldObject
            | Root::Subject
            | Root::OldSubject
            | Root::Local(_)
            | Root::NamespaceObject
            | Root::Request => {}
        }
        let base = self.base(path.root);
        let mut found = Path { base: Box::new(base.expr), base_certain: base.certain, steps: vec![] };
        found.base_certain |= self.is_known(&found);
        let mut prefix = base.steps;
        for step in prefix.drain(..) {
            found.steps.push(step);
            if self.is_known(&found)
                && let Some(last) = found.steps.last_mut()
            {
                last.certain = true;
            }
        }
        if path.steps.is_empty() && matches!(path.root, Root::OldObject | Root::OldSubject) {
            // CEL: on create Kyverno gives an empty object, and the API server gives null
            let mut metadata = self.base(Root::OldObject);
            metadata.steps.push(Step { key: Key::Field("metadata".to_owned()), certain: false });
            let metadata = Path { base: Box::new(metadata.expr), base_certain: false, steps: metadata.steps };
            self.guard_present(&metadata, guards);
        }
        let mut shape = Shape::Object;
        for step in &path.steps {
            found = self.step(found, step, shape, guards);
            shape = match step {
                ir::Step::Field(field) => field.shape,
                ir::Step::Key(_) | ir::Step::Element(_) => Shape::Any,
            };
        }
        Found::Path(found, if path.steps.is_empty() { base.ty } else { Ty::Dyn })
    }

    fn base(&self, root: Root) -> Base {
        match root {
            Root::Object => self.roots.object.clone(),
            Root::OldObject => self.roots.old_object.clone(),
            Root::Subject => self.roots.subject.clone(),
            Root::OldSubject => self.roots.old_subject.clone(),
            Root::NamespaceObject => Base::maybe(Expr::name("namespaceObject")),
            Root::Local(local) => match self.locals.get(&local) {
                Some(base) => base.clone(),
                // INVARIANT: lowering binds each local name before its use
                None => Base::maybe(Expr::Null),
            },
            Root::Request | Root::User | Root::Namespace | Root::Now => Base::certain(Expr::name("request")),
        }
    }

    fn step(&mut self, mut path: Path, step: &ir::Step, parent: Shape, guards: &mut Vec<Expr>) -> Path {
        let step = match step {
            ir::Step::Field(field) => {
                let key = match parent {
                    Shape::Map => Key::Entry(field.name.clone()),
                    Shape::Object | Shape::List | Shape::Scalar | Shape::Any => {
                        Key::Field(field.name.clone())
                    }
                };
                if parent == Shape::Any {
                    self.guard_any(&path, guards);
                }
                // `operation` is in each request
                let request = *path.base == Expr::name("request") && field.name == "operation";
                Step { key, certain: field.required || request }
            }
            ir::Step::Key(key) => {
                let key = self.value(key, guards);
                Step { key: Key::Computed(key.expr), certain: false }
            }
            ir::Step::Element(number) if *number >= 0 => Step { key: Key::Element(*number), certain: false },
            ir::Step::Element(number) => return self.from_the_end(path, *number, guards),
        };
        path.steps.push(step);
        if self.is_known(&path)
            && let Some(last) = path.steps.last_mut()
        {
            last.certain = true;
        }
        path
    }

    /// A value of unknown shape may be a list, on which selecting a field is an error of CEL.
    fn guard_any(&mut self, path: &Path, guards: &mut Vec<Expr>) {
        if matches!(path.steps.last().map(|step| &step.key), None | Some(Key::Computed(_) | Key::Entry(_))) {
            return;
        }
        self.guard_present(path, guards);
        guards.push(Expr::binary(
            Op::NotEqual,
            Expr::call("type", Expr::Direct(path.clone())),
            Expr::name("list"),
        ));
    }

    /// `list[-1]`: CEL counts from the beginning only.
    fn from_the_end(&mut self, list: Path, number: i64, guards: &mut Vec<Expr>) -> Path {
        self.guard_present(&list, guards);
        let back = number.saturating_neg();
        let list = Expr::Direct(list);
        guards.push(Expr::binary(Op::GreaterOrEqual, list.clone().size(), Expr::Int(back)));
        let index = Expr::binary(Op::Subtract, list.clone().size(), Expr::Int(back));
        Path {
            base: Box::new(Expr::Index(Box::new(list), Box::new(index))),
            base_certain: false,
            steps: vec![],
        }
    }

    /// Adds the guard that a path is there, unless that is certain, and takes it for known from here on.
    pub(super) fn guard_present(&mut self, path: &Path, guards: &mut Vec<Expr>) {
        if path.is_certain() || self.is_known(path) {
            return;
        }
        guards.push(Expr::Present(path.clone()));
        self.learn(path);
    }

    fn user(&mut self, path: &ir::Path, guards: &mut Vec<Expr>) -> Found {
        let names: Vec<&str> = path
            .steps
            .iter()
            .map_while(|step| match step {
                ir::Step::Field(field) => Some(field.name.as_str()),
                ir::Step::Key(_) | ir::Step::Element(_) => None,
            })
            .collect();
        let user = |name: &str| user_path(name);
        match names.as_slice() {
            ["groups", ..] => Found::Path(user("groups"), Ty::Dyn),
            ["uid"] => Found::Path(user("uid"), Ty::Dyn),
            ["serviceAccount", part] => {
                let name = user("username");
                self.guard_present(&name, guards);
                let name = Expr::Direct(name);
                guards.push(name.clone().matches("^system:serviceaccount:[^:]+:[^:]+$"));
                let number = if *part == "namespace" { 2 } else { 3 };
                let parts = name.method("split", vec![Expr::str(":")]);
                Found::Value(Typed::new(Expr::Index(Box::new(parts), Box::new(Expr::Int(number))), Ty::Str))
            }
            _ => Found::Path(user("username"), Ty::Dyn),
        }
    }

    fn namespace(&mut self) -> Found {
        let object = self.roots.object.clone();
        let path = |name: &str, certain: bool| Path {
            base: Box::new(object.expr.clone()),
            base_certain: object.certain,
            steps: vec![
                Step { key: Key::Field("metadata".to_owned()), certain: true },
                Step { key: Key::Field(name.to_owned()), certain },
            ],
        };
        match self.roots.namespace {
            NamespaceRoot::Field => Found::Path(path("namespace", false), Ty::Dyn),
            NamespaceRoot::Name => Found::Path(path("name", false), Ty::Dyn),
            NamespaceRoot::Either => {
                let mut kind = path("kind", true);
                kind.steps.remove(0);
                let test = Expr::Direct(kind).equal(Expr::str("Namespace"));
                let name = Expr::Optional(path("name", false));
                let field = Expr::Optional(path("namespace", false));
                let chosen = Expr::if_else(test, name, field).method("orValue", vec![Expr::Null]);
                Found::Path(Path { base: Box::new(chosen), base_certain: false, steps: vec![] }, Ty::Dyn)
            }
        }
    }
}

/// The path of `request.userInfo`.
pub(super) fn user_path(field: &str) -> Path {
    Path {
        base: Box::new(Expr::name("request")),
        base_certain: true,
        steps: vec![
            Step { key: Key::Field("userInfo".to_owned()), certain: true },
            Step { key: Key::Field(field.to_owned()), certain: false },
        ],
    }
}
