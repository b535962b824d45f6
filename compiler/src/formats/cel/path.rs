//! Paths, from roots along steps.

use super::ast::{Expr, Key, Op, Path, Step, Ty, Typed};
use super::translate::{Base, NamespaceRoot, Namespaced, Translator};
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
        let found = self.found(path, guards);
        match found {
            Found::Path(mut path, ty) => {
                self.settle(&mut path);
                Found::Path(path, ty)
            }
            value => value,
        }
    }

    /// Marks the steps that are known to be there.
    fn settle(&self, path: &mut Path) {
        path.base_certain |= self.is_known(&path.prefix(0));
        for length in 1..=path.steps.len() {
            path.steps[length - 1].certain |= self.is_known(&path.prefix(length));
        }
    }

    fn found(&mut self, path: &ir::Path, guards: &mut Vec<Expr>) -> Found {
        match path.root {
            Root::Now => return Found::Value(Typed::new(Expr::Call("time.now", vec![]), Ty::Time)),
            Root::User => return self.user(path, guards),
            Root::Namespace => return self.namespace(),
            Root::Object
            | Root::OldObject
            | Root::Subject
            | Root::OldSubject
            | Root::Local(_)
            | Root::Existing
            | Root::ExistingSubject
            | Root::Predicate
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
        // objects have metadata; a template of one may go without
        let template = matches!(path.root, Root::Subject) && self.roots.subject != self.roots.object;
        for (number, step) in path.steps.iter().enumerate() {
            found = match step {
                ir::Step::Field(field) if template && number == 0 && field.name == "metadata" => {
                    let optional = ir::Step::Field(ir::Field { required: false, ..field.clone() });
                    self.step(found, &optional, shape, guards)
                }
                step => self.step(found, step, shape, guards),
            };
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
            Root::NamespaceObject => self.namespace_object(),
            Root::Local(local) => match self.locals.get(&local) {
                Some(base) => base.clone(),
                // INVARIANT: lowering binds each local name before its use
                None => Base::maybe(Expr::Null),
            },
            // Seen from an existing object that changes: the one that was admitted.
            Root::Existing | Root::ExistingSubject => Base::of_request("object", true),
            // INVARIANT: what an attestation says stands in place of the object.
            Root::Predicate => self.roots.object.clone(),
            Root::Request | Root::User | Root::Namespace | Root::Now => Base::certain(Expr::name("request")),
        }
    }

    /// The namespace of the object. A Namespace is its own.
    fn namespace_object(&self) -> Base {
        let given = Expr::name("namespaceObject");
        let object = self.roots.object.clone();
        match self.roots.namespace {
            NamespaceRoot::Field => Base::maybe(given),
            NamespaceRoot::Name => object,
            NamespaceRoot::Either => Base::maybe(Expr::if_else(is_namespace(&object), object.expr, given)),
        }
    }

    /// Whether the labels of the namespace are known: of objects outside namespaces, there are none.
    pub(super) fn knows_namespace(&self) -> Expr {
        if self.roots.namespace == NamespaceRoot::Name || self.roots.namespaced == Namespaced::None {
            return Expr::Bool(true);
        }
        let base = self.namespace_object();
        let there =
            Expr::Present(Path { base: Box::new(base.expr), base_certain: base.certain, steps: base.steps });
        if self.roots.namespaced == Namespaced::All {
            return there;
        }
        let mut base = self.roots.object.clone();
        let step = |name: &str, certain| Step { key: Key::Field(name.to_owned()), certain };
        base.steps.extend([step("metadata", true), step("namespace", false)]);
        let field = Path { base: Box::new(base.expr), base_certain: base.certain, steps: base.steps };
        Expr::any([there, Expr::Present(field).negate()])
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
                Step { key, certain: (field.required && !is_only_validated(field)) || request }
            }
            ir::Step::Key(key) => {
                let key = self.value(key, guards);
                Step { key: Key::Computed(key.expr), certain: false }
            }
            ir::Step::Element(number) if *number >= 0 => Step { key: Key::Element(*number), certain: false },
            ir::Step::Element(number) => return self.counted_from_the_end(path, *number, guards),
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
    fn counted_from_the_end(&mut self, list: Path, number: i64, guards: &mut Vec<Expr>) -> Path {
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

    /// The path of a field that never is null: only objects that the API server refuses lack it.
    pub(super) fn never_null(&mut self, value: &ir::Value) -> Option<Path> {
        let ir::Step::Field(field) = value.as_path()?.steps.last()? else { return None };
        let path = self.plain_path(value).filter(|_| is_only_validated(field))?;
        let parent = path.prefix(path.steps.len().checked_sub(1)?);
        (!path.is_certain() && parent.is_certain()).then_some(path)
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
        let path = |name: &str, certain: bool| {
            let own = [("metadata", true), (name, certain)];
            let own = own.map(|(name, certain)| Step { key: Key::Field(name.to_owned()), certain });
            let steps = object.steps.iter().cloned().chain(own).collect();
            Path { base: Box::new(object.expr.clone()), base_certain: object.certain, steps }
        };
        match self.roots.namespace {
            NamespaceRoot::Field => Found::Path(path("namespace", false), Ty::Dyn),
            NamespaceRoot::Name => Found::Path(path("name", false), Ty::Dyn),
            NamespaceRoot::Either => {
                let test = is_namespace(&object);
                let name = Expr::Optional(path("name", false));
                let field = Expr::Optional(path("namespace", false));
                let chosen = Expr::if_else(test, name, field).method("orValue", vec![Expr::Null]);
                Found::Path(Path { base: Box::new(chosen), base_certain: false, steps: vec![] }, Ty::Dyn)
            }
        }
    }
}

/// The object is a Namespace.
fn is_namespace(object: &Base) -> Expr {
    let kind = Step { key: Key::Field("kind".to_owned()), certain: true };
    let steps = object.steps.iter().cloned().chain([kind]).collect();
    let kind = Path { base: Box::new(object.expr.clone()), base_certain: object.certain, steps };
    Expr::Direct(kind).equal(Expr::str("Namespace"))
}

/// Whether only validation requires the field, not the schema: the image of a container, which a template
/// may leave to be filled in.
fn is_only_validated(field: &ir::Field) -> bool {
    field.required && field.name == "image"
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
