//! What the names of the IR are in JMESPath at one place of a rule.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Unsupported;
use crate::formats::jmespath::Expr;
use crate::formats::yaml_write::{self, Map};
use crate::ir::present::Facts;
use crate::ir::{KindRef, Local, Root};
use crate::source::Span;

/// The context variable with the form of image references.
pub const IMAGE_REFERENCE: &str = "imageReference";

/// The context variable with the object as it was before a mutation.
pub const BEFORE: &str = "before";

/// The context variable with the object that made an existing one change.
pub const TRIGGER: &str = "trigger";

/// What a rule's expressions share.
#[derive(Debug)]
pub struct Context<'a> {
    /// A kind of the rule; all of them are alike in where the namespace is.
    pub kind: &'a KindRef,
    /// The first number that no local of the rule has.
    next_local: Cell<u32>,
    /// The rule takes image references apart, so it needs the variable with their form.
    images: Cell<bool>,
    /// The object is read as it was before the rule, from the variable [`BEFORE`].
    before: Cell<bool>,
    /// There are context variables.
    variables: bool,
    /// There is no request: the object is the target of a clean-up.
    cleans: bool,
    /// The object is an existing one, which Kyverno calls `target` and leaves as it was; the other one is the admitted.
    changes_target: bool,
    /// The questions of the rule, and those of each `foreach` that is being written, as context variables.
    questions: RefCell<Vec<Vec<Map>>>,
    /// What holds where a question is asked.
    facts: RefCell<Facts>,
    /// How many questions there were, in whatever place: no two have one name.
    asked: Cell<u32>,
}

impl<'a> Context<'a> {
    pub fn new(kind: &'a KindRef, next_local: u32) -> Context<'a> {
        Context {
            kind,
            next_local: Cell::new(next_local),
            images: Cell::new(false),
            before: Cell::new(false),
            variables: true,
            cleans: false,
            changes_target: false,
            questions: RefCell::default(),
            facts: RefCell::default(),
            asked: Cell::new(0),
        }
    }

    /// For an existing object that changes when another is admitted, seen from the former.
    pub fn of_target(kind: &'a KindRef, next_local: u32) -> Context<'a> {
        Context { changes_target: true, ..Context::new(kind, next_local) }
    }

    /// Whether the object is one that Kyverno leaves as it was while its copy changes.
    pub fn changes_target(&self) -> bool {
        self.changes_target
    }

    /// The admitted object, for an existing one that changes. With a loop it is read from a variable: Kyverno puts what
    /// becomes of a target where the request's object was.
    fn trigger(&self) -> Expr {
        match self.before.get() {
            true => Expr::path([TRIGGER]),
            false => Expr::path(["request", "object"]),
        }
    }

    /// For a clean-up, where the object is called `target`.
    pub fn of_clean_up(kind: &'a KindRef, next_local: u32) -> Context<'a> {
        Context { cleans: true, ..Context::new(kind, next_local) }
    }

    /// Whether there is no request, and one context for all objects.
    pub fn cleans(&self) -> bool {
        self.cleans
    }

    /// The object that the rule speaks of.
    fn object(&self) -> Expr {
        match (self.before.get(), self.cleans || self.changes_target) {
            (_, true) => Expr::path(["target"]),
            (true, false) => Expr::path([BEFORE]),
            (false, false) => Expr::path(["request", "object"]),
        }
    }

    /// Whether what the rule speaks of is in a namespace.
    pub fn has_namespace(&self) -> bool {
        self.kind.namespaced && !self.kind.is_any()
    }

    /// What is asked from now on is asked where these hold; `None`: wherever.
    pub fn assume(&self, facts: Option<Facts>) {
        self.facts.replace(facts.unwrap_or_default());
    }

    /// What holds where a question is asked.
    pub fn facts(&self) -> Facts {
        self.facts.borrow().clone()
    }

    /// From now on questions can be asked: what follows can declare context variables of its own.
    pub fn open_questions(&self) {
        self.questions.borrow_mut().push(Vec::new());
    }

    /// The context variables of what ends here.
    pub fn close_questions(&self) -> Vec<Map> {
        self.questions.borrow_mut().pop().unwrap_or_default()
    }

    /// What an attempt gives; one that gives nothing has asked nothing.
    pub fn attempt<T>(
        &self,
        attempt: impl FnOnce() -> Result<Option<T>, Unsupported>,
    ) -> Result<Option<T>, Unsupported> {
        let before = (self.questions.borrow().clone(), self.asked.get());
        let found = attempt()?;
        if found.is_none() {
            self.questions.replace(before.0);
            self.asked.set(before.1);
        }
        Ok(found)
    }

    /// The name of the context variable that asks a question; `None` where none can be declared. One about the element
    /// of a `foreach` is asked anew for each.
    pub fn ask(&self, of_element: bool, how: &'static str, question: Map) -> Option<String> {
        let is_same = |known: &&Map| known.get(how) == Some(&question.clone().into());
        let name_of = |known: &Map| match known.get("name") {
            Some(yaml_write::Node::Text(name)) => Some(name.clone()),
            _ => None,
        };
        let mut places = self.questions.borrow_mut();
        let place = if of_element { places.last_mut() } else { places.first_mut() }?;
        match place.iter().find(is_same).and_then(name_of) {
            Some(name) => Some(name),
            None => Some(self.declare(place, how, question)),
        }
    }

    fn declare(&self, place: &mut Vec<Map>, how: &'static str, question: Map) -> String {
        self.asked.set(self.asked.get() + 1);
        let name = match self.changes_target {
            true => format!("targetLookup{}", self.asked.get()),
            false => format!("lookup{}", self.asked.get()),
        };
        place.push(Map::new().with("name", name.as_str()).with(how, question));
        name
    }

    /// Where no context variable can be declared: its value stands in its place.
    pub fn without_variables(kind: &'a KindRef, next_local: u32) -> Context<'a> {
        Context { variables: false, ..Context::new(kind, next_local) }
    }

    pub fn fresh_local(&self) -> Local {
        let local = self.next_local.get();
        self.next_local.set(local + 1);
        Local(local)
    }

    /// From now on the object is read as it was before the rule.
    pub fn read_before(&self) {
        self.before.set(true);
    }

    /// Whether [`Context::read_before`] was called.
    pub fn reads_before(&self) -> bool {
        self.before.get()
    }

    /// The form of image references, as a text that stands in an expression.
    pub fn image_reference(&self) -> Expr {
        if !self.variables {
            return Expr::text(super::image::reference());
        }
        self.images.set(true);
        Expr::Variable(IMAGE_REFERENCE)
    }

    /// Whether [`Context::image_reference`] has been asked for.
    pub fn takes_images_apart(&self) -> bool {
        self.images.get()
    }

    /// The namespace as text; null or missing for what has none.
    pub fn namespace(&self) -> Expr {
        let root: &[&str] = if self.cleans { &["target"] } else { &["request", "object"] };
        let field = |fields: &[&str]| Expr::path([root, fields].concat());
        let name = field(&["metadata", "name"]);
        let namespace = match self.cleans {
            true => field(&["metadata", "namespace"]),
            false => Expr::path(["request", "namespace"]),
        };
        match (self.kind.is_any(), self.kind.kind == "Namespace" && self.kind.group.is_empty()) {
            (true, _) => {
                // Kyverno knows a namespace for whatever has one; a Namespace is in itself.
                let is_namespace = field(&["kind"]).equals(Expr::text("Namespace"));
                let named = Expr::all([is_namespace, Expr::list(vec![name])]).index(0);
                Expr::call("not_null", [named, field(&["metadata", "namespace"])])
            }
            (false, true) => name,
            (false, false) if self.kind.namespaced || self.kind.untyped => namespace,
            (false, false) => Expr::null(),
        }
    }
}

/// The names that can be spoken of at a place, as expressions over its current value.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Whether `request` can be seen: everywhere but in filters, where `@` is the element and nothing else is.
    top: bool,
    /// With whether the value is always there.
    locals: HashMap<Local, (Expr, bool)>,
}

impl Scope {
    /// The place where `request` is seen.
    pub fn top() -> Scope {
        Scope { top: true, locals: HashMap::new() }
    }

    /// Inside a filter: only what is bound next.
    pub fn inner() -> Scope {
        Scope::default()
    }

    /// A name for an element, which is there.
    pub fn bind(&mut self, local: Local, expr: Expr) {
        self.locals.insert(local, (expr, true));
    }

    /// A name for a value that may be missing.
    pub fn bind_nullable(&mut self, local: Local, expr: Expr) {
        self.locals.insert(local, (expr, false));
    }

    /// Whether the name stands for something that is always there.
    pub fn is_present(&self, local: Local) -> bool {
        self.locals.get(&local).is_some_and(|(_, present)| *present)
    }

    pub fn is_top(&self) -> bool {
        self.top
    }

    /// The expression of a root.
    ///
    /// # Errors
    /// The root cannot be seen here, or has no counterpart in Kyverno's variables.
    pub fn root(&self, context: &Context, root: Root, span: Span) -> Result<Expr, Unsupported> {
        if let Root::Local(local) = root {
            let bound = self.locals.get(&local).map(|(expr, _)| expr.clone());
            return bound.ok_or(Unsupported { span, reason: "a name is used outside of where it is known" });
        }
        if root == Root::Now {
            return Ok(Expr::call("time_now_utc", []));
        }
        if !self.top {
            return Err(Unsupported { span, reason: "a filter sees nothing but its element" });
        }
        Ok(match root {
            // The subject has been put at its place in the object; where Kyverno writes the rules for
            // workloads, the subject of a Pod is the Pod.
            Root::Object | Root::Subject => context.object(),
            Root::OldObject | Root::OldSubject => Expr::path(["request", "oldObject"]),
            Root::Namespace => context.namespace(),
            Root::User => Expr::path(["request", "userInfo"]),
            Root::Request => Expr::path(["request"]),
            Root::NamespaceObject => {
                let reason = "Kyverno sees labels of namespaces in `match` only; use a `where` of its own for `namespace.labels[…] == …`";
                return Err(Unsupported { span, reason });
            }
            Root::Existing | Root::ExistingSubject if context.changes_target => context.trigger(),
            Root::Existing | Root::ExistingSubject => Expr::path(["target"]),
            // The fields of what an attestation says are put beside Kyverno's own variables.
            Root::Predicate => Expr::Current,
            Root::Local(_) | Root::Now => Expr::null(),
        })
    }
}
