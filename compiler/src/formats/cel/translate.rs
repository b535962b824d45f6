//! The state of a translation: where roots lie, what local names are called, what is known to be there.

use std::collections::{HashMap, HashSet};

use super::ast::{Expr, Key, Path, Step, Ty};
use super::print::identity;
use super::text::is_variable_name;
use crate::ir;

/// What a root or a local name stands for.
#[derive(Clone, PartialEq, Debug)]
pub struct Base {
    pub expr: Expr,
    /// The expression is never null.
    pub certain: bool,
    /// What it is, if there are no steps.
    pub ty: Ty,
    /// From the expression to what is meant.
    pub steps: Vec<Step>,
}

impl Base {
    pub fn certain(expr: Expr) -> Base {
        Base { expr, certain: true, ty: Ty::Dyn, steps: vec![] }
    }

    /// A field of the request.
    pub fn of_request(name: &str, certain: bool) -> Base {
        let step = Step { key: Key::Field(name.to_owned()), certain };
        Base { steps: vec![step], ..Base::certain(Expr::name("request")) }
    }

    pub fn maybe(expr: Expr) -> Base {
        Base { expr, certain: false, ty: Ty::Dyn, steps: vec![] }
    }
}

/// Where the roots of a rule lie in CEL.
#[derive(Clone, PartialEq, Debug)]
pub struct Roots {
    pub object: Base,
    pub old_object: Base,
    pub subject: Base,
    pub old_subject: Base,
    /// The subject is one of several, and has its name only where each of them is judged.
    pub subject_is_scoped: bool,
    pub namespace: NamespaceRoot,
    /// Kinds that the rule speaks of have a namespace: all of them, none of them, or some.
    pub namespaced: Namespaced,
}

/// Where the namespace of an object is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamespaceRoot {
    /// In `metadata.namespace`.
    Field,
    /// The objects are Namespaces.
    Name,
    /// Depends on the kind.
    Either,
}

/// Which of the rule's kinds live in namespaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Namespaced {
    All,
    None,
    Some,
}

/// A list that several expressions use, given a name.
#[derive(Clone, PartialEq, Debug)]
pub struct Hoisted {
    pub name: String,
    pub expr: Expr,
}

/// Turns conditions and values into CEL.
pub struct Translator {
    pub(super) roots: Roots,
    pub(super) locals: HashMap<ir::Local, Base>,
    /// Paths that are known to be there at this place, by [`identity`].
    pub(super) known: Vec<String>,
    /// Names of variables in use.
    names: HashSet<String>,
    /// Lists that became variables; `None` where variables cannot be used.
    hoisted: Option<Vec<Hoisted>>,
    /// What to call the elements that a name stands for, where the source says so.
    pub(super) preferred: HashMap<ir::Local, String>,
}

impl Translator {
    pub fn new(roots: Roots) -> Translator {
        Translator {
            roots,
            locals: HashMap::new(),
            known: vec![],
            names: HashSet::new(),
            hoisted: None,
            preferred: HashMap::new(),
        }
    }

    /// Moves the roots, once variables for them are declared.
    pub fn set_roots(&mut self, roots: Roots) {
        self.roots = roots;
    }

    /// Asks for a name for the element that `local` stands for.
    pub fn prefer(&mut self, local: ir::Local, name: &str) {
        self.preferred.insert(local, name.to_owned());
    }

    /// The subject is there.
    pub fn subject_is_there(&self) -> Expr {
        let base = self.roots.subject.clone();
        Expr::Present(Path { base: Box::new(base.expr), base_certain: base.certain, steps: base.steps })
    }

    /// Lets lists become variables of the policy.
    pub fn with_variables(mut self) -> Translator {
        self.hoisted = Some(vec![]);
        self
    }

    /// The variables made so far, in the order in which they need each other; none are left behind.
    pub fn take_hoisted(&mut self) -> Vec<Hoisted> {
        self.hoisted.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Gives a local name its meaning.
    pub fn bind(&mut self, local: ir::Local, base: Base) {
        self.locals.insert(local, base);
    }

    /// A name near `wish` that nothing else has.
    pub fn fresh(&mut self, wish: &str) -> String {
        let wish: String = wish.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let wish = if is_variable_name(&wish) { wish } else { "item".to_owned() };
        let mut name = wish.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{wish}{number}");
            number += 1;
        }
        name
    }

    /// Builds something that is only asked for where an expression holds.
    pub fn given<T>(&mut self, test: &Expr, build: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.known.len();
        self.learn_all(&test.present_if_true());
        let built = build(self);
        self.known.truncate(mark);
        built
    }

    /// That a path is there, as far as it is not known to be.
    pub fn there(&self, path: &Path) -> Expr {
        match path.is_certain() || self.is_known(path) {
            true => Expr::Bool(true),
            false => Expr::Present(path.clone()),
        }
    }

    /// Takes back a name at the end of its scope.
    pub fn release(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// The list as a variable of the policy, if there can be one.
    pub(super) fn hoist(&mut self, wish: &str, expr: &Expr) -> Option<Expr> {
        let known = self.hoisted.as_ref()?.iter().find(|hoisted| hoisted.expr == *expr);
        let name = match known {
            Some(hoisted) => hoisted.name.clone(),
            None => {
                let name = self.fresh(wish);
                self.hoisted.as_mut()?.push(Hoisted { name: name.clone(), expr: expr.clone() });
                name
            }
        };
        Some(Expr::Name(format!("variables.{name}")))
    }

    /// Notes that a path is there, and so is each step on the way.
    pub(super) fn learn(&mut self, path: &Path) {
        for length in 0..=path.steps.len() {
            self.known.push(identity(&path.prefix(length)));
        }
    }

    pub(super) fn learn_all(&mut self, paths: &[Path]) {
        paths.iter().for_each(|path| self.learn(path));
    }

    pub(super) fn is_known(&self, path: &Path) -> bool {
        let identity = identity(path);
        self.known.contains(&identity)
    }
}
