//! Who a rule speaks of: kinds, views over kinds, views over views; and what bare names mean for them.
//!
//! A view over kinds says where the *subject* lies in each of them (`pod`: `spec.template` of a Deployment).
//! A view over another view says what its *elements* are (`container` of `pod`: `spec.containers`, …), if its
//! paths give many values; if they give one, the subject merely lies deeper.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::check::Checker;
use super::occurrence::Definition;
use super::resolve::ModuleId;
use super::{Elements, Expr, ExprKind, Place, Step, Subject, Ty, errors};
use crate::ir::{self, Root};
use crate::kubernetes::{KindId, KindLookup, KindSource, ResourceLookup};
use crate::source::Span;
use crate::suggest;
use crate::syntax::ast;

/// What names mean while the expressions of one rule are checked.
pub(super) struct SubjectScope {
    /// `self`: the element, or the subject.
    pub(super) this: Expr,
    /// The views by which `this` is reached, outermost first: (`pod`, the subject), (`container`, the element).
    pub(super) chain: Vec<(String, Expr)>,
    /// What views of bare names may be `of`: the view itself (`container`), or the kinds and what they are.
    pub(super) of: Of,
    pub(super) resource: Expr,
    /// `old`; `None` in rules about elements.
    pub(super) old: Option<Expr>,
    /// The views of `this` that were asked for, by the module in which their names were read.
    seen: RefCell<HashMap<(ModuleId, String), Option<SeenView>>>,
}

impl SubjectScope {
    /// Lets the names speak of an existing object, which has no state before.
    pub(super) fn speak_of_existing(&mut self) {
        let exprs = [&mut self.this, &mut self.resource].into_iter();
        for expr in exprs.chain(self.chain.iter_mut().map(|it| &mut it.1)) {
            expr.change_places(&mut super::verbs::speak_of_existing);
        }
        self.old = None;
    }
}

/// A view on a place: what it is there, what views may be of it, where the first of its declarations is.
type SeenView = (Expr, Of, Span);

/// What a view may be declared of, to be found by its bare name.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Of {
    View(String),
    /// Kinds by their full names.
    Kinds(Vec<String>),
    /// Every kind.
    Resource,
    /// Something without views, such as an element of a quantifier.
    Nothing,
}

/// One part of a subject, resolved: what it is about, before elements are told from subjects.
#[derive(Clone)]
pub(super) struct Part {
    targets: Arc<Vec<ir::Target>>,
    subject_ty: Ty,
    object_ty: Ty,
    /// From the subject to what is spoken of; the plain subject if it is that itself.
    place: Place,
    ty: Ty,
    chain: Vec<(String, Expr)>,
    of: Of,
}

/// How many paths a view may come to, with those of the views that it is built on.
const BRANCHES_MAX: usize = 64;

/// How many expansions a view counts for: each of its declarations is looked at from each kind.
const VIEW_COST: usize = 16;

impl Checker<'_> {
    /// The subject of a rule; `None` if something was wrong, which has been said.
    pub(super) fn subject(&mut self, subject: &ast::Subject) -> Option<(Subject, SubjectScope)> {
        let mut parts = Vec::new();
        let mut fine = true;
        for part in &subject.parts {
            match self.subject_part(&part.kind) {
                Some(found) => {
                    self.lint_bare_pod(part, &found);
                    parts.push(found);
                }
                None => fine = false,
            }
        }
        if !fine || parts.is_empty() {
            return None;
        }
        let text = self.sources.text(subject.span).to_string();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = self.join_parts(parts, subject.span)?;
        let many = part.place.is_many();
        let local = self.fresh();
        let (elements, this) = if many {
            let place = Place::root(Root::Local(local));
            let view = part.chain.last().map(|it| it.0.clone()).unwrap_or_else(|| text.clone());
            let this = Expr::new(ExprKind::Place(place), part.ty.clone(), subject.span);
            (Some(Elements { view, place: part.place.clone(), local }), this)
        } else {
            (None, Expr::new(ExprKind::Place(part.place.clone()), part.ty.clone(), subject.span))
        };
        let mut chain = part.chain;
        if let Some(last) = chain.last_mut() {
            last.1 = this.clone();
        }
        let resource =
            Expr::new(ExprKind::Place(Place::root(Root::Object)), part.object_ty.clone(), subject.span);
        let old = (!many).then(|| {
            let mut place = part.place.clone();
            for branch in &mut place.branches {
                branch.root = Root::OldSubject;
            }
            Expr::new(ExprKind::Place(place), part.ty.clone(), subject.span)
        });
        let scope = SubjectScope { this, chain, of: part.of, resource, old, seen: RefCell::default() };
        let subject = Subject {
            targets: part.targets,
            elements,
            ty: part.ty,
            subject_ty: part.subject_ty,
            object_ty: part.object_ty,
            text,
            span: subject.span,
        };
        Some((subject, scope))
    }

    /// `Pod` where `pod` was probably meant: it has the same paths, and sees the workloads too.
    fn lint_bare_pod(&mut self, part: &ast::SubjectPart, found: &Part) {
        let is_pod = matches!(&found.of, Of::Kinds(kinds) if kinds == &["v1/Pod"]);
        if is_pod && part.only.is_none() && part.kind.subresource.is_none() && !self.in_test {
            self.bare_pods.push((part.kind.span, part.span));
        }
    }

    /// Several parts as one: of the same shape, or an error.
    fn join_parts(&mut self, mut parts: Vec<Part>, span: Span) -> Option<Part> {
        let mut all = parts.remove(0);
        for part in parts {
            let plain = |part: &Part| part.place == Place::root(Root::Subject);
            if plain(&all) && plain(&part) {
                for target in part.targets.iter() {
                    if !all.targets.contains(target) {
                        Arc::make_mut(&mut all.targets).push(target.clone());
                    }
                }
                all.subject_ty = all.subject_ty.join(part.subject_ty);
                all.object_ty = all.object_ty.join(part.object_ty);
                all.ty = all.ty.join(part.ty);
                all.of = match (all.of, part.of) {
                    (Of::Kinds(mut a), Of::Kinds(b)) => {
                        a.extend(b);
                        Of::Kinds(a)
                    }
                    (a, b) if a == b => a,
                    _ => Of::Resource,
                };
                join_chains(&mut all.chain, &part.chain);
            } else if all.targets == part.targets && !plain(&all) && !plain(&part) {
                all.place.branches.extend(part.place.branches);
                all.ty = all.ty.join(part.ty);
                let last = all.chain.pop();
                join_chains(&mut all.chain, &part.chain);
                if let (Some((name, expr)), Some((other, _))) = (last, part.chain.last()) {
                    all.chain.push((format!("{name}, {other}"), expr));
                }
                if all.of != part.of {
                    all.of = Of::Nothing;
                }
            } else {
                self.report(errors::mixed_subject(span));
                return None;
            }
        }
        Some(all)
    }

    fn subject_part(&mut self, kind: &ast::KindRef) -> Option<Part> {
        let name = kind.name.text();
        if kind.name.parts.iter().any(|part| part.text.is_empty()) {
            return None;
        }
        if self.has_cursor(&kind.name, Checker::subject_site) {
            return None;
        }
        let is_view = self.is_view(&name);
        if name == "resource" {
            self.occur(kind.name.span, Definition::Predefined("resource"), None);
            return Some(self.any_resource());
        }
        let declared = self.declared_kind(&name);
        if declared.is_none() && is_view {
            if let Some(subresource) = &kind.subresource {
                self.report(errors::subresource_of_view(&name, subresource.span));
                return None;
            }
            if let Some((_, view)) = self.views_named(&name).first() {
                let definition = Definition::Source(view.name.span);
                self.occur_qualified(&kind.name.places(), definition);
            }
            return self.view_part(&name, kind.span);
        }
        self.kind_part(kind, &name, declared)
    }

    fn any_resource(&mut self) -> Part {
        let ty = Ty::of(self.cluster, self.cluster.any_object());
        let kind = ir::KindRef {
            group: "*".into(),
            version: "*".into(),
            kind: "*".into(),
            plural: "*".into(),
            namespaced: true,
            untyped: false,
        };
        let target = ir::Target { kind, subresource: None, subjects: vec![ir::SubjectPath::default()] };
        Part {
            targets: Arc::new(vec![target]),
            subject_ty: ty.clone(),
            object_ty: ty.clone(),
            place: Place::root(Root::Subject),
            ty,
            chain: Vec::new(),
            of: Of::Resource,
        }
    }

    /// Whether a `kind` item in force names something that nobody knows, which has been said there.
    pub(super) fn is_broken_kind(&self, name: &str) -> bool {
        let modules = self.modules.in_force(self.module);
        modules.iter().filter_map(|id| self.modules.get(*id).kinds.get(name)).any(|it| it.broken)
    }

    /// What a `kind` item in force says a name is.
    fn declared_kind(&mut self, name: &str) -> Option<String> {
        let (alias, rest) = match name.split_once('.') {
            Some((alias, rest)) => (Some(alias), rest),
            None => (None, name),
        };
        let module = match alias {
            Some(alias) => *self.modules.get(self.module).uses.get(alias)?,
            None => self.module,
        };
        let modules = match alias {
            Some(_) => std::slice::from_ref(&module),
            None => self.modules.in_force(module),
        };
        modules.iter().find_map(|id| Some(self.modules.get(*id).kinds.get(rest)?.target.clone()))
    }

    fn kind_part(&mut self, kind: &ast::KindRef, name: &str, declared: Option<String>) -> Option<Part> {
        if self.is_broken_kind(name) {
            return None;
        }
        let mut target = declared.clone().unwrap_or_else(|| name.to_string());
        if let Some(subresource) = &kind.subresource {
            target.push('/');
            target.push_str(&subresource.text);
        }
        match self.cluster.resource(&target) {
            ResourceLookup::Found(found) => {
                let full = self.cluster.kind_of(found.kind).full_name();
                self.occur_qualified(&kind.name.places(), Definition::Kind(full));
                Some(self.found_kind(found.kind, found.subresource))
            }
            ResourceLookup::Kind(KindLookup::Unknown { suggestion }) => {
                let mut views: Vec<String> =
                    self.views_in_force().map(|view| view.name.text.clone()).collect();
                views.sort();
                let views = views.iter().map(String::as_str).chain(["resource"]);
                let view = suggest::closest(name, views).map(str::to_string);
                let suggestion = suggestion.map(|it| it.name);
                let lower = name.chars().next().is_some_and(char::is_lowercase);
                // Views are written in lower case, kinds with a capital.
                let suggestion = if lower { view.or(suggestion) } else { suggestion.or(view) };
                self.report(errors::unknown_kind(name, kind.name.span, suggestion.as_deref()));
                None
            }
            other => {
                let diagnostic = errors::kind_lookup(self.cluster, &target, kind.span, &other);
                self.report(diagnostic);
                None
            }
        }
    }

    fn found_kind(&self, id: KindId, subresource: Option<String>) -> Part {
        let kind = self.cluster.kind_of(id);
        let ty = match &subresource {
            Some(name) => kind.subresource(name).map_or(kind.ty, |it| it.ty),
            None => kind.ty,
        };
        let ty = Ty::of(self.cluster, ty);
        let target =
            ir::Target { kind: self.kind_ref(id), subresource, subjects: vec![ir::SubjectPath::default()] };
        Part {
            targets: Arc::new(vec![target]),
            subject_ty: ty.clone(),
            object_ty: ty.clone(),
            place: Place::root(Root::Subject),
            ty,
            chain: Vec::new(),
            of: Of::Kinds(vec![kind.full_name()]),
        }
    }

    pub(super) fn kind_ref(&self, id: KindId) -> ir::KindRef {
        let kind = self.cluster.kind_of(id);
        let untyped = kind.source == KindSource::Untyped;
        let plural = if kind.plural.is_empty() { guess_plural(&kind.kind) } else { kind.plural.to_string() };
        ir::KindRef {
            group: kind.group.to_string(),
            version: kind.version.to_string(),
            kind: kind.kind.to_string(),
            plural,
            namespaced: kind.namespaced,
            untyped,
        }
    }

    /// A view as subject: `pod`, `container`.
    fn view_part(&mut self, name: &str, span: Span) -> Option<Part> {
        let key = (self.module, name.to_string());
        if let Some(part) = self.views.get(&key).cloned() {
            if part.is_none() {
                self.report(errors::view_of_nothing(name, span));
            }
            return part;
        }
        self.expand(VIEW_COST, span);
        let part = self.deeper(span, None, |checker| checker.view_part_within(name));
        // What was cut short says nothing about the view where there is more room.
        if !self.is_cut_short() {
            self.views.insert(key, part.clone());
        }
        if part.is_none() {
            self.report(errors::view_of_nothing(name, span));
        }
        part
    }

    fn view_part_within(&mut self, name: &str) -> Option<Part> {
        let views: Vec<(ModuleId, Rc<ast::View>)> = self.views_named(name);
        let mut all: Option<Part> = None;
        for (module, view) in views {
            for of in &view.of {
                let part = self
                    .in_module(module, |checker| checker.quietly(|checker| checker.view_of_part(&view, of)));
                // A view of a kind that the project does not know says nothing.
                let Some(part) = part else { continue };
                all = Some(match all {
                    None => part,
                    Some(before) => self.join_view(before, part),
                });
            }
        }
        all
    }

    /// The declarations of one view, for different kinds, are one subject.
    fn join_view(&mut self, mut all: Part, part: Part) -> Part {
        for target in part.targets.iter() {
            let targets = Arc::make_mut(&mut all.targets);
            match targets.iter_mut().find(|it| it.kind == target.kind && it.subresource == target.subresource)
            {
                Some(known) => {
                    for subject in &target.subjects {
                        if !known.subjects.contains(subject) {
                            known.subjects.push(subject.clone());
                        }
                    }
                }
                None => targets.push(target.clone()),
            }
        }
        join_chains(&mut all.chain, &part.chain);
        all.subject_ty = all.subject_ty.join(part.subject_ty);
        all.object_ty = all.object_ty.join(part.object_ty);
        all.ty = all.ty.join(part.ty);
        for branch in part.place.branches {
            if !all.place.branches.contains(&branch) {
                all.place.branches.push(branch);
            }
        }
        all
    }

    fn view_of_part(&mut self, view: &ast::View, of: &ast::KindRef) -> Option<Part> {
        let name = of.name.text();
        let declared = self.declared_kind(&name);
        let over_view = declared.is_none() && self.is_view(&name);
        let base = if name == "resource" {
            self.any_resource()
        } else if over_view {
            self.view_part(&name, of.span)?
        } else {
            self.kind_part(of, &name, declared)?
        };
        let plain = base.place == Place::root(Root::Subject) && !over_view;
        let from = Expr::new(ExprKind::Place(base.place.clone()), base.ty.clone(), of.span);
        let here = self.view_places(view, &from, &base.of)?;
        let chain_name = view.name.text.clone();
        // Over a kind a view that gives one value says where the subject lies.
        let gives_list = matches!(here.0.ty, Ty::List(_)) || here.1;
        let mut part = if plain && !gives_list {
            let place = here.0.as_place()?.clone();
            let mut part = base;
            let subjects: Option<Vec<ir::SubjectPath>> =
                place.branches.iter().map(|branch| subject_path(&branch.steps)).collect();
            let subjects = subjects?;
            for target in Arc::make_mut(&mut part.targets) {
                target.subjects = subjects.clone();
            }
            part.subject_ty = here.0.ty.clone();
            part.ty = here.0.ty.clone();
            part.place = Place::root(Root::Subject);
            part
        } else {
            let mut part = base;
            let opened = self.opened(here.0);
            part.ty = opened.ty.clone();
            part.place = opened.as_place()?.clone();
            part
        };
        let this = Expr::new(ExprKind::Place(part.place.clone()), part.ty.clone(), view.name.span);
        part.chain.push((chain_name.clone(), this));
        part.of = Of::View(chain_name);
        Some(part)
    }

    /// The paths of a view from `from` on, joined; and whether one of them opens a list although the view is over a kind
    /// and ends in an element of it (`spec.workerGroupSpecs.template` does not: it lies deeper).
    fn view_places(&mut self, view: &ast::View, from: &Expr, of: &Of) -> Option<(Expr, bool)> {
        let scope = SubjectScope {
            this: from.clone(),
            chain: Vec::new(),
            of: of.clone(),
            resource: Expr::error(view.span),
            old: None,
            seen: RefCell::default(),
        };
        let before = self.subject.replace(Rc::new(scope));
        let paths: Vec<Expr> = view.paths.iter().map(|path| self.expr(path)).collect();
        self.subject = before;
        let mut branches = Vec::new();
        let mut ty: Option<Ty> = None;
        let several_lists = paths.len() > 1 && paths.iter().any(|path| matches!(path.ty, Ty::List(_)));
        for path in paths {
            // Lists beside other paths are opened, so that all paths give elements.
            let path = if several_lists { self.opened(path) } else { path };
            branches.extend(path.as_place()?.branches.iter().cloned());
            if branches.len() > BRANCHES_MAX {
                self.report(errors::too_large(view.span));
                return None;
            }
            ty = Some(match ty {
                Some(before) => before.join(path.ty),
                None => path.ty,
            });
        }
        let place = Place { branches };
        Some((Expr::new(ExprKind::Place(place), ty?, view.name.span), several_lists))
    }

    // Views by their bare names

    pub(super) fn views_in_force(&self) -> impl Iterator<Item = &Rc<ast::View>> {
        let modules = self.modules;
        modules.in_force(self.module).iter().flat_map(|id| modules.get(*id).views.values().flatten())
    }

    pub(super) fn is_view(&self, name: &str) -> bool {
        self.modules.in_force(self.module).iter().any(|id| self.modules.get(*id).views.contains_key(name))
    }

    fn views_named(&self, name: &str) -> Vec<(ModuleId, Rc<ast::View>)> {
        let mut found = Vec::new();
        for id in self.modules.in_force(self.module) {
            let views = self.modules.get(*id).views.get(name);
            found.extend(views.into_iter().flatten().map(|view| (*id, view.clone())));
        }
        found
    }

    /// The view `name` seen from what a rule speaks of.
    pub(super) fn view_of_this(&mut self, name: &str, scope: &SubjectScope) -> Option<SeenView> {
        if !self.is_view(name) {
            return None;
        }
        let key = (self.module, name.to_string());
        if let Some(seen) = scope.seen.borrow().get(&key) {
            return seen.clone();
        }
        let seen = self.view_from(name, &scope.this, &scope.of);
        if !self.is_cut_short() {
            scope.seen.borrow_mut().insert(key, seen.clone());
        }
        seen
    }

    /// The view `name` seen from `base`, which is what `of` says: `image` from a pod, `container` from a Deployment by
    /// way of its `pod`. `None` where there is no such view of it.
    pub(super) fn view_from(&mut self, name: &str, base: &Expr, of: &Of) -> Option<SeenView> {
        let views = self.views_named(name);
        if views.is_empty() {
            return None;
        }
        self.expand(VIEW_COST, base.span);
        self.deeper(base.span, None, |checker| checker.view_from_within(name, views, base, of))
    }

    fn view_from_within(
        &mut self,
        name: &str,
        views: Vec<(ModuleId, Rc<ast::View>)>,
        base: &Expr,
        of: &Of,
    ) -> Option<SeenView> {
        let mut all: Option<Expr> = None;
        let mut place_of_name = None;
        for (module, view) in views {
            for of_kind in &view.of {
                let target = of_kind.name.text();
                let start = self.in_module(module, |checker| checker.view_start(&target, base, of));
                let Some((start, start_of)) = start else { continue };
                let here = self.in_module(module, |checker| {
                    checker.quietly(|checker| checker.view_places(&view, &start, &start_of))
                });
                let Some((expr, _)) = here else { continue };
                place_of_name.get_or_insert(view.name.span);
                all = Some(match all {
                    None => expr,
                    Some(before) => {
                        let mut branches =
                            before.as_place().map(|it| it.branches.clone()).unwrap_or_default();
                        for branch in expr.as_place().map(|it| it.branches.clone()).unwrap_or_default() {
                            if !branches.contains(&branch) {
                                branches.push(branch);
                            }
                        }
                        Expr::new(ExprKind::Place(Place { branches }), before.ty.join(expr.ty), before.span)
                    }
                });
            }
        }
        Some((all?, Of::View(name.to_string()), place_of_name?))
    }

    /// Where a view of `target` starts, seen from `base`.
    fn view_start(&mut self, target: &str, base: &Expr, of: &Of) -> Option<(Expr, Of)> {
        let same = match of {
            Of::View(view) => view == target,
            Of::Resource => target == "resource",
            Of::Kinds(kinds) => {
                let full = self.kind_by_name(target).map(|id| self.cluster.kind_of(id).full_name());
                // With several kinds the view has to be of each of them.
                target == "resource" || (kinds.len() == 1 && full.is_some_and(|full| kinds.contains(&full)))
            }
            Of::Nothing => false,
        };
        if same {
            return Some((base.clone(), of.clone()));
        }
        // By way of another view: `image of pod` from a Deployment, whose `pod` is its template.
        if !matches!(of, Of::Kinds(_)) || self.kind_by_name(target).is_some() || target == "resource" {
            return None;
        }
        let (start, start_of, _) = self.view_from(target, base, of)?;
        Some((start, start_of))
    }
}

/// The views that both name, each of the types of both.
fn join_chains(all: &mut Vec<(String, Expr)>, part: &[(String, Expr)]) {
    all.retain_mut(|(name, expr)| {
        let other = part.iter().find(|(other, _)| other == name);
        if let Some((_, other)) = other {
            expr.ty = std::mem::replace(&mut expr.ty, Ty::Error).join(other.ty.clone());
        }
        other.is_some()
    });
}

fn subject_path(steps: &[Step]) -> Option<ir::SubjectPath> {
    let steps = steps.iter().map(|step| match step {
        Step::Field(field) => Some(ir::SubjectStep::Field(field.clone())),
        Step::Each => Some(ir::SubjectStep::Each),
        Step::Key(_) | Step::Element(_) => None,
    });
    steps.collect::<Option<Vec<_>>>().map(ir::SubjectPath)
}

/// The plural that Kubernetes' own guess would give: good enough for kinds without a schema.
pub fn guess_plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    if kind == "*" {
        lower
    } else if lower.ends_with('s') {
        format!("{lower}es")
    } else if let Some(stem) = lower.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{lower}s")
    }
}
