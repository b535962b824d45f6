//! The checker's state, and the door: a file in, a typed module out.

use std::collections::HashMap;
use std::rc::Rc;

use super::cursor::Site;
use super::occurrence::{Definition, Occurrence};
use super::resolve::{ModuleId, Modules, PRELUDE};
use super::subject::{Part, SubjectScope};
use super::{Expr, ExprKind, Module, Ty, errors};
use crate::diagnostic::Diagnostic;
use crate::hir::Place;
use crate::ir::{Local, Root};
use crate::kubernetes::{self, Cluster, ObjectId};
use crate::source::{Loader, Sources, Span};
use crate::syntax::ast;

/// Values for parameters of policies that stand outside the source (`aip.toml`): policy, parameter, JSON value.
pub type Parameters = HashMap<(String, String), serde_json::Value>;

/// What stands outside the sources.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    pub parameters: &'a Parameters,
    /// The word that stands in the file where an editor's cursor is.
    pub cursor: Option<&'a str>,
}

/// Types a file whose declarations, and those of all it uses, have been read.
pub fn check(
    module: &ast::Module,
    id: ModuleId,
    modules: &Modules,
    cluster: &Cluster,
    sources: &Sources,
    loader: &dyn Loader,
    Outside { parameters, cursor }: Outside<'_>,
) -> (Module, Vec<Diagnostic>) {
    let mut checker = Checker {
        cluster,
        modules,
        sources,
        loader,
        outside: parameters,
        module: id,
        diagnostics: Vec::new(),
        occurrences: Vec::new(),
        quiet: 0,
        depth: 0,
        expr_depth: 0,
        expansions: 0,
        expansions_max: EXPANSIONS_MAX + EXPANSIONS_PER_BYTE.saturating_mul(module.span.end as usize),
        too_large: None,
        by_itself: None,
        next_local: 0,
        locals: Vec::new(),
        subject: None,
        policy_scope: Rc::default(),
        refinements: HashMap::new(),
        in_test: false,
        create_only: None,
        trigger: None,
        in_attestation: false,
        views: HashMap::new(),
        bare_pods: Vec::new(),
        cursor,
        sites: Vec::new(),
    };
    checker.collect_refinements();
    let typed = checker.module(module);
    if let Some(span) = checker.too_large {
        checker.diagnostics.push(errors::too_large(span));
    }
    if let Some(span) = checker.by_itself {
        checker.diagnostics.push(errors::declared_by_itself(span));
    }
    checker.diagnostics.sort_by_key(|it| (it.primary().file, it.primary().start, it.code));
    checker.diagnostics.dedup();
    (Module { occurrences: checker.occurrences, sites: checker.sites, ..typed }, checker.diagnostics)
}

/// How deeply lets, functions and views may lean on each other.
const DEPTH_MAX: u32 = 48;

/// How deep an expression may be once its lets and functions are opened. The grammar bounds what is written; later
/// stages walk the typed tree on the stack.
const EXPR_DEPTH_MAX: u32 = 480;

/// How many expressions the lets, functions and views of a file may expand to: a chain of declarations that each use
/// the one before twice would double at each step. A longer file has more uses, so it may expand to more.
const EXPANSIONS_MAX: usize = 200_000;
const EXPANSIONS_PER_BYTE: usize = 16;
/// How many more there may be once a declaration was found to lean on itself.
const EXPANSIONS_AFTER_CIRCLE: usize = 20_000;

pub(super) struct Checker<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) modules: &'a Modules,
    pub(super) sources: &'a Sources,
    pub(super) loader: &'a dyn Loader,
    pub(super) outside: &'a Parameters,
    /// In whose scope names are read: that of the file, or of the file that declares the function being expanded.
    pub(super) module: ModuleId,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) occurrences: Vec<Occurrence>,
    /// Above zero nothing is reported: a declaration that was checked before is looked at again for a use.
    pub(super) quiet: u32,
    pub(super) depth: u32,
    expr_depth: u32,
    expansions: usize,
    expansions_max: usize,
    /// Where `expansions_max` or [`EXPR_DEPTH_MAX`] was passed.
    too_large: Option<Span>,
    /// Where [`DEPTH_MAX`] was passed.
    by_itself: Option<Span>,
    pub(super) next_local: u32,
    /// Innermost last.
    pub(super) locals: Vec<LocalName>,
    pub(super) subject: Option<Rc<SubjectScope>>,
    /// Parameters and lets of the policy.
    pub(super) policy_scope: Rc<Vec<PolicyName>>,
    pub(super) refinements: HashMap<(ObjectId, String), Ty>,
    /// Within a `test` block, where objects are written rather than rules.
    pub(super) in_test: bool,
    /// The `on` clause that leaves `old` without a meaning (only create).
    pub(super) create_only: Option<Span>,
    /// The type of `trigger`, in rules with a `for`.
    pub(super) trigger: Option<Ty>,
    /// In the condition of an attestation, where `predicate` is known.
    pub(super) in_attestation: bool,
    /// Views as subjects, by the module in which their names were read.
    pub(super) views: HashMap<(ModuleId, String), Option<Part>>,
    /// Subjects that are the bare kind Pod in the rule being checked: the name and the whole part.
    pub(super) bare_pods: Vec<(Span, Span)>,
    /// The word that stands where an editor's cursor is.
    pub(super) cursor: Option<&'a str>,
    pub(super) sites: Vec<Site>,
}

/// A name that is bound in the rule: by a quantifier, a comprehension, `with`, a function's parameter.
pub(super) struct LocalName {
    pub(super) name: String,
    pub(super) span: Span,
    /// What stands for the name.
    pub(super) value: Expr,
    /// How many expressions `value` consists of: each use is a copy.
    size: usize,
}

impl LocalName {
    pub(super) fn new(name: &ast::Name, value: Expr) -> LocalName {
        let size = value.size();
        LocalName { name: name.text.clone(), span: name.span, value, size }
    }
}

/// A name of the policy.
#[derive(Clone)]
pub(super) struct PolicyName {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) value: PolicyValue,
}

#[derive(Clone)]
pub(super) enum PolicyValue {
    /// Looked at anew for each use.
    Let(Rc<ast::Let>),
    /// A constant.
    Parameter(Rc<Expr>),
}

impl<'a> Checker<'a> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.quiet == 0 {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn occur(&mut self, span: Span, definition: Definition, ty: Option<&Ty>) {
        if self.quiet == 0 {
            self.occurrences.push(Occurrence { span, definition, ty: ty.cloned() });
        }
    }

    /// As [`Checker::occur`], for names joined by dots: the last one has the meaning, a first one is the alias of a file.
    pub(super) fn occur_qualified(&mut self, parts: &[(&str, Span)], definition: Definition) {
        if let [(alias, at), _, ..] = parts
            && let Some(span) = self.modules.get(self.module).aliases.get(*alias).copied()
        {
            self.occur(*at, Definition::Source(span), None);
        }
        if let Some((_, at)) = parts.last() {
            self.occur(*at, definition, None);
        }
    }

    /// `policy` or `policy.rule`, of this file or of another one.
    pub(super) fn occur_rule(&mut self, parts: &[ast::Name]) {
        let [policy, rule @ ..] = parts else { return };
        let name = policy.text.clone();
        self.occur(policy.span, Definition::Rule { policy: name.clone(), rule: None }, None);
        if let (Some(first), Some(last)) = (rule.first(), rule.last()) {
            let rule = rule.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(".");
            self.occur(first.span.to(last.span), Definition::Rule { policy: name, rule: Some(rule) }, None);
        }
    }

    pub(super) fn fresh(&mut self) -> Local {
        self.next_local += 1;
        Local(self.next_local - 1)
    }

    /// A local name for the values of `ty`, in force until [`Checker::forget`].
    pub(super) fn bind(&mut self, name: &ast::Name, ty: Ty) -> Local {
        let local = self.fresh();
        let value = Expr::new(ExprKind::Place(Place::root(Root::Local(local))), ty, name.span);
        self.bind_value(name, value);
        local
    }

    pub(super) fn bind_value(&mut self, name: &ast::Name, value: Expr) {
        self.occur(name.span, Definition::Source(name.span), Some(&value.ty));
        if crate::vocabulary::names::PREDEFINED.iter().any(|it| it.name == name.text) {
            self.report(errors::predefined_name(name));
        }
        self.locals.push(LocalName::new(name, value));
    }

    /// Forgets local names down to the number that was there before.
    pub(super) fn forget(&mut self, count: usize) {
        self.locals.truncate(count);
    }

    /// Runs `work` one declaration deeper; an error instead where declarations lean on themselves.
    pub(super) fn deeper<T>(&mut self, span: Span, fallback: T, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEPTH_MAX {
            if self.by_itself.is_none() {
                self.by_itself = Some(span);
                // The rest of the file is still looked at, but the circle is not gone through in all its branches.
                self.expansions_max = self.expansions_max.min(self.expansions + EXPANSIONS_AFTER_CIRCLE);
            }
            return fallback;
        }
        if !self.expand(1, span) {
            return fallback;
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    /// Whether declarations lean on themselves or expand to too much, so that results hold less than they should.
    pub(super) fn is_cut_short(&self) -> bool {
        self.by_itself.is_some() || self.too_large.is_some()
    }

    /// Counts expressions that are there by way of a declaration; false where they are too many.
    pub(super) fn expand(&mut self, size: usize, span: Span) -> bool {
        self.expansions = self.expansions.saturating_add(size);
        if self.expansions > self.expansions_max {
            self.too_large.get_or_insert(span);
        }
        self.expansions <= self.expansions_max
    }

    /// Runs `work` for one expression within others; an error instead where they are too many or too deep.
    pub(super) fn within(&mut self, span: Span, work: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.expr_depth >= EXPR_DEPTH_MAX {
            self.too_large.get_or_insert(span);
            return Expr::error(span);
        }
        if self.depth > 0 && !self.expand(1, span) {
            return Expr::error(span);
        }
        self.expr_depth += 1;
        let result = work(self);
        self.expr_depth -= 1;
        result
    }

    /// The value of a local name at a use, if there is one; it counts as an expansion.
    pub(super) fn local(&mut self, name: &str, span: Span) -> Option<(Expr, Span)> {
        let local = self.locals.iter().rev().find(|local| local.name == name)?;
        let (size, at) = (local.size, local.span);
        if size > 1 && !self.expand(size, span) {
            return Some((Expr::error(span), at));
        }
        let local = self.locals.iter().rev().find(|local| local.name == name)?;
        Some((Expr { span, ..local.value.clone() }, at))
    }

    /// Runs `work` with names read in another module and without local names.
    pub(super) fn in_module<T>(&mut self, module: ModuleId, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.module, module);
        let locals = std::mem::take(&mut self.locals);
        let policy = match before == module {
            true => self.policy_scope.clone(),
            false => Rc::default(),
        };
        let policy = std::mem::replace(&mut self.policy_scope, policy);
        let result = work(self);
        self.policy_scope = policy;
        self.locals = locals;
        self.module = before;
        result
    }

    pub(super) fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += 1;
        let result = work(self);
        self.quiet -= 1;
        result
    }

    /// Runs `work`, and says whether it reported nothing that is an error.
    pub(super) fn trial<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let occurrences = std::mem::take(&mut self.occurrences);
        let quiet = std::mem::take(&mut self.quiet);
        let result = work(self);
        let fine = !crate::diagnostic::has_errors(&self.diagnostics);
        self.quiet = quiet;
        self.occurrences = occurrences;
        self.diagnostics = diagnostics;
        (result, fine)
    }

    // Refinements

    fn collect_refinements(&mut self) {
        let modules = self.modules;
        for &id in modules.in_force(self.module) {
            for refine in modules.get(id).refinements.clone() {
                let quiet = u32::from(id != self.module);
                self.quiet += quiet;
                self.in_module(id, |checker| checker.refinement(&refine));
                self.quiet -= quiet;
            }
        }
    }

    /// `refine Container.image as image`: the first name is an object type or a kind.
    fn refinement(&mut self, refine: &ast::Refine) {
        let ast::ExprKind::Field { base, field } = &refine.path.kind else {
            self.report(errors::refine_needs_field(refine.path.span));
            return;
        };
        let Some(ty) = self.named_type_of(base) else { return };
        let to = self.ty(&refine.ty);
        let Ty::Object(ids) = &ty else {
            if ty != Ty::Error {
                self.report(errors::refine_needs_field(base.span));
            }
            return;
        };
        for id in ids {
            match self.cluster.field(*id, &field.text) {
                kubernetes::FieldLookup::Found(_) => {
                    self.refinements.insert((*id, field.text.clone()), to.clone());
                }
                _ => {
                    let base = Expr::new(ExprKind::Error, ty.clone(), base.span);
                    let name = ast::Name { text: field.text.clone(), span: field.span };
                    let _ = self.field(base, &name);
                }
            }
        }
    }

    fn named_type_of(&mut self, expr: &ast::Expr) -> Option<Ty> {
        match &expr.kind {
            ast::ExprKind::Name(name) => {
                let ty = self.named_object(name);
                if ty.is_none() {
                    self.report(errors::unknown_type(name, expr.span, None));
                }
                ty
            }
            ast::ExprKind::Field { base, field } => {
                let base_ty = self.named_type_of(base)?;
                let base = Expr::new(ExprKind::Place(Place::root(Root::Object)), base_ty, base.span);
                Some(self.field(base, field).ty)
            }
            _ => {
                self.report(errors::refine_needs_field(expr.span));
                None
            }
        }
    }

    pub(super) fn refined(&self, object: ObjectId, field: &str) -> Option<Ty> {
        self.refinements.get(&(object, field.to_string())).cloned()
    }

    // Types as written

    /// An object type or kind by its bare name: `Container`, `LabelSelector`, `Deployment`.
    pub(super) fn named_object(&self, name: &str) -> Option<Ty> {
        if let Some(kind) = self.kind_by_name(name) {
            return Some(Ty::of(self.cluster, self.cluster.kind_of(kind).ty));
        }
        ["core/v1/", "meta/v1/", "apps/v1/", "batch/v1/", "networking/v1/"]
            .iter()
            .find_map(|group| self.cluster.named_object(&format!("{group}{name}")))
            .map(|id| Ty::of(self.cluster, id))
    }

    /// A kind by the name of a `kind` item in force, or by the cluster's.
    pub(super) fn kind_by_name(&self, name: &str) -> Option<kubernetes::KindId> {
        for &id in self.modules.in_force(self.module) {
            if let Some(declared) = self.modules.get(id).kinds.get(name) {
                return match self.cluster.resource(&declared.target) {
                    kubernetes::ResourceLookup::Found(found) => Some(found.kind),
                    _ => None,
                };
            }
        }
        self.cluster.find_kind(name)
    }

    pub(super) fn ty(&mut self, ty: &ast::Type) -> Ty {
        match &ty.kind {
            ast::TypeKind::Named { name, .. } if self.is_cursor(&name.text) => {
                self.at_cursor(Site::Type);
                Ty::Error
            }
            ast::TypeKind::Named { name, optional: _ } => match simple_type(&name.text) {
                Some(ty) => ty,
                None => match self.named_object(&name.text) {
                    Some(ty) => ty,
                    None => {
                        let known = crate::suggest::closest(&name.text, SIMPLE_TYPES.iter().map(|it| it.0));
                        self.report(errors::unknown_type(&name.text, name.span, known));
                        Ty::Error
                    }
                },
            },
            ast::TypeKind::Of { constructor, element } => {
                let element = self.ty(element);
                match constructor.text.as_str() {
                    "list" => Ty::List(Box::new(element)),
                    "map" => Ty::Map(Box::new(element)),
                    other => {
                        self.report(errors::unknown_type(other, constructor.span, Some("list")));
                        Ty::Error
                    }
                }
            }
        }
    }

    /// Modules in whose declarations a name is looked up: the file's own, then the prelude.
    pub(super) fn lookup_modules(&self) -> [ModuleId; 2] {
        [self.module, PRELUDE]
    }
}

/// The types that have a name of their own.
pub const SIMPLE_TYPES: &[(&str, Ty)] = &[
    ("bool", Ty::Bool),
    ("int", Ty::Int),
    ("float", Ty::Float),
    ("string", Ty::Text),
    ("bytes", Ty::Bytes),
    ("quantity", Ty::Quantity),
    ("duration", Ty::Duration),
    ("time", Ty::Time),
    ("percent", Ty::Percent),
    ("semver", Ty::Semver),
    ("image", Ty::Image),
    ("ip", Ty::Ip),
    ("cidr", Ty::Cidr),
    ("json", Ty::Json),
    ("attestor", Ty::Attestor),
];

fn simple_type(name: &str) -> Option<Ty> {
    SIMPLE_TYPES.iter().find(|it| it.0 == name).map(|it| it.1.clone())
}
