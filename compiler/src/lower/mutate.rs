//! `mutate`: every edit becomes puts, insertions and removals at places, with a guard that says when.
//!
//! `default` asks that nothing is there. `append` and `prepend` ask that no such element is there; where elements have
//! keys, one with the same keys gets the fields instead. A value that may be missing makes its edit ask for it.

use super::place::{Ctx, list_of};
use super::rule::{Scope, element_filter, lower_scope};
use super::{Lowered, Refusal};
use crate::diagnostic::Code;
use crate::hir::{self, AssignVerb, Identity};
use crate::ir::present::{Facts, certain, missing_in_text};
use crate::ir::{
    self, Binder, Change, Comparison, Cond, CondKind, Domain, EachElement, Edit, End, Field, Literal, Local,
    Operation, Path, Quantified, Root, Shape, Step, Type, Value, ValueKind,
};
use crate::source::Span;

/// What stands around an edit.
#[derive(Clone, Default)]
struct Around {
    each: Vec<EachElement>,
    guard: Vec<Cond>,
}

/// The head's scope, and the edits.
pub(super) fn lower_mutation(
    ctx: &mut Ctx,
    rule: &hir::Rule,
    mutation: &hir::Mutation,
) -> Lowered<(Scope, ir::Mutation)> {
    match &mutation.existing {
        None => {
            let (scope, edits) = edits_of(ctx, &rule.subject, &rule.narrows, &[], &mutation.edits)?;
            Ok((scope, ir::Mutation { existing: None, edits }))
        }
        Some(existing) => {
            if let Some(elements) = &rule.subject.elements {
                let reason = format!("whole objects are admitted, and `{}` is a part of one", elements.view);
                return Err(Refusal::coded(Code::VerbClause, rule.subject.span, reason));
            }
            let scope = lower_scope(ctx, &rule.narrows, None)?;
            let (changed, edits) =
                edits_of(ctx, &existing.subject, &existing.narrows, &scope.applies, &mutation.edits)?;
            let span = existing.subject.span;
            let existing = ir::Existing {
                targets: existing.subject.targets.to_vec(),
                applies: changed.applies,
                bindings: changed.bindings,
            };
            can_be_found(&existing.targets, span)?;
            let mutation = ir::Mutation { existing: Some(existing), edits };
            has_one_namespace(&mutation)?;
            Ok((scope, mutation))
        }
    }
}

/// Existing objects are asked for by kind, and are whole.
fn can_be_found(targets: &[ir::Target], span: Span) -> Lowered<()> {
    let refused = |reason: &str| Err(Refusal::coded(Code::VerbClause, span, reason));
    for target in targets {
        if target.kind.is_any() {
            return refused("a cluster is asked for objects of a kind: name the kinds that change");
        }
        if target.subresource.is_some() {
            return refused("existing objects are whole: name the kind without its subresource");
        }
        if !matches!(target.subjects.as_slice(), [one] if one.fields().is_some()) {
            return refused("this kind has its Pods in lists: name the kind, and use `for` in its edits");
        }
    }
    Ok(())
}

/// There are two objects, each with a namespace of its own, and the bare name would be that of only one.
fn has_one_namespace(mutation: &ir::Mutation) -> Lowered<()> {
    let mut found = None;
    let is_bare = |root: Root| matches!(root, Root::Namespace | Root::NamespaceObject);
    let mut body = ir::Body::Mutate(mutation.clone());
    ir::rewrite::visit_body(&mut body, &mut |value| {
        if value.as_path().is_some_and(|path| is_bare(path.root)) {
            found.get_or_insert(value.origin);
        }
    });
    match found {
        None => Ok(()),
        Some(span) => {
            let reason =
                "two objects have a namespace here: say `metadata.namespace` or `trigger.metadata.namespace`";
            Err(Refusal::coded(Code::VerbClause, span, reason))
        }
    }
}

/// The edits of a subject, or of its elements; `known` holds too.
fn edits_of(
    ctx: &mut Ctx,
    subject: &hir::Subject,
    narrows: &[hir::Narrow],
    known: &[Cond],
    edits: &[hir::Edit],
) -> Lowered<(Scope, Vec<Edit>)> {
    let local = subject.elements.as_ref().map(|elements| elements.local);
    let mut scope = lower_scope(ctx, narrows, local)?;
    let mut lowered = Vec::new();
    let facts = Facts::of(known.iter().chain(&scope.applies)).about(&subject.targets);
    match &subject.elements {
        None => ctx.edits(edits, &Around::default(), &facts, &mut lowered)?,
        Some(elements) => {
            // A `with` about an element is put where it is used: elsewhere the element has no name.
            let of_element = |binding: &ir::Binding| {
                ir::measure::any_value_within(&binding.value, &mut |value| {
                    value.as_path().is_some_and(|path| path.root == Root::Local(elements.local))
                })
            };
            let (inner, outer): (Vec<_>, Vec<_>) = scope.bindings.drain(..).partition(of_element);
            scope.bindings = outer;
            ctx.each_branch(&elements.place, elements.local, subject.span, &mut |ctx, each| {
                for narrow in narrows {
                    let hir::Narrow::With { local, value, .. } = narrow else { continue };
                    if inner.iter().any(|binding| binding.local == *local) {
                        let value = ctx.value(value)?;
                        ctx.replace(*local, value)?;
                    }
                }
                let guard = element_filter(ctx, narrows, elements.local)?.into_iter().collect();
                ctx.edits(edits, &Around { each, guard }, &facts, &mut lowered)
            })?;
            scope.filter = None;
        }
    }
    Ok((scope, lowered))
}

impl Ctx {
    /// Runs `work` once for each path to the elements of a place, with the lists that it opens, while `local` stands
    /// for the element.
    fn each_branch(
        &mut self,
        place: &hir::Place,
        local: Local,
        span: Span,
        work: &mut dyn FnMut(&mut Ctx, Vec<EachElement>) -> Lowered<()>,
    ) -> Lowered<()> {
        for branch in &place.branches {
            let mut each = Vec::new();
            let mut root = branch.root;
            let segments: Vec<&[hir::Step]> = branch.steps.split(|step| *step == hir::Step::Each).collect();
            let (last, lists) = match segments.split_last() {
                Some((last, lists)) => (*last, lists),
                None => (&[][..], &[][..]),
            };
            for (index, steps) in lists.iter().enumerate() {
                let list = self.path(root, steps, list_of(Type::Object), span)?;
                let is_element = index + 1 == lists.len() && last.is_empty();
                let element = if is_element { local } else { self.fresh() };
                each.push(EachElement { binder: Binder { key: None, element }, list });
                root = Root::Local(element);
            }
            let stands_for = match (lists.is_empty(), last.is_empty()) {
                (false, true) => None,
                _ => Some(self.path(root, last, Type::Object, span)?),
            };
            let before = match stands_for {
                Some(value) => {
                    let before = self.restore(local);
                    self.replace(local, value)?;
                    before
                }
                None => self.restore(local),
            };
            work(self, each)?;
            self.restore(local);
            if let Some(before) = before {
                self.replace(local, before)?;
            }
        }
        Ok(())
    }

    fn edits(
        &mut self,
        edits: &[hir::Edit],
        around: &Around,
        facts: &Facts,
        out: &mut Vec<Edit>,
    ) -> Lowered<()> {
        edits.iter().try_for_each(|edit| self.edit(edit, around, facts, out))
    }

    fn edit(&mut self, edit: &hir::Edit, around: &Around, facts: &Facts, out: &mut Vec<Edit>) -> Lowered<()> {
        match edit {
            hir::Edit::Assign { verb, target, identity, value, span } => {
                let place = self.edited(target, around)?;
                let value = self.value(value)?;
                let facts = facts.and(&around.guard);
                if let Some(part) = missing_in_text(&value, &facts) {
                    return Err(may_be_missing(part));
                }
                let assign = Assign { place, value, facts, around, span: *span };
                match verb {
                    AssignVerb::Set => assign.put(Vec::new(), out),
                    AssignVerb::Default => {
                        let absent = has(&assign.place, *span).negate();
                        assign.put(vec![absent], out);
                    }
                    AssignVerb::Append => self.grow(&assign, identity, End::Last, out)?,
                    AssignVerb::Prepend => self.grow(&assign, identity, End::First, out)?,
                }
                Ok(())
            }
            hir::Edit::Remove { target, span } => {
                let place = self.edited(target, around)?;
                let mut guard = around.guard.clone();
                guard.extend(keys_present(&place, &facts.and(&around.guard)));
                out.push(Edit {
                    each: around.each.clone(),
                    guard: all(guard, *span),
                    change: Change::Remove { place },
                    origin: *span,
                });
                Ok(())
            }
            hir::Edit::If { condition, edits } => {
                let mut around = around.clone();
                around.guard.push(self.condition(condition, true)?);
                self.edits(edits, &around, facts, out)
            }
            hir::Edit::For { binder, source, filter, edits } => {
                self.for_each(*binder, source, filter.as_ref(), edits, around, facts, out)
            }
            hir::Edit::External(name, span) => {
                Err(Refusal::new(*span, format!("`{name}` is checked, and no output carries it yet")))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one statement, and what stands around it")]
    fn for_each(
        &mut self,
        binder: Binder,
        source: &hir::Expr,
        filter: Option<&hir::Expr>,
        edits: &[hir::Edit],
        around: &Around,
        facts: &Facts,
        out: &mut Vec<Edit>,
    ) -> Lowered<()> {
        let mut body = |ctx: &mut Ctx, each: Vec<EachElement>| {
            let mut inner = around.clone();
            inner.each.extend(each);
            if let Some(filter) = filter {
                inner.guard.push(ctx.condition(filter, true)?);
            }
            ctx.edits(edits, &inner, facts, out)
        };
        match source.as_place() {
            // A list: its elements are places. The number of an element is no place, so it needs the list as a value.
            Some(place) if binder.key.is_none() && !matches!(source.ty, hir::Ty::Json) => {
                let is_list = matches!(source.ty, hir::Ty::List(_));
                let opened = if is_list { place.then(hir::Step::Each) } else { place.clone() };
                self.each_branch(&opened, binder.element, source.span, &mut body)
            }
            Some(place) if !place.is_many() => {
                let list = self.value(source)?;
                body(self, vec![EachElement { binder, list }])
            }
            _ => {
                let list = self.list(source)?;
                self.computed.insert(binder.element);
                body(self, vec![EachElement { binder, list }])
            }
        }
    }

    /// The place that an edit changes.
    fn edited(&mut self, target: &hir::Expr, around: &Around) -> Lowered<Value> {
        let place = self.value(target)?;
        let computed = |local: &Local| self.computed.contains(local);
        let root = place.as_path().map(|path| path.root);
        let in_place = match &root {
            Some(Root::Local(local)) => {
                !computed(local) && around.each.iter().any(|each| each.binder.element == *local)
            }
            Some(_) => true,
            None => false,
        };
        let by_number = place
            .as_path()
            .is_some_and(|path| path.steps.iter().any(|step| matches!(step, Step::Element(_))));
        match in_place && !by_number {
            true => Ok(place),
            false => {
                let reason = match by_number {
                    true => "an edit speaks of elements, never of their numbers: use `for`",
                    false => "this is a copy of values, and an edit changes a place of the object",
                };
                Err(Refusal::coded(Code::NeedsPath, target.span, reason))
            }
        }
    }

    /// `append` and `prepend`.
    fn grow(
        &mut self,
        assign: &Assign<'_>,
        identity: &Identity,
        end: End,
        out: &mut Vec<Edit>,
    ) -> Lowered<()> {
        let span = assign.span;
        let keys = match identity {
            Identity::Keys(keys) => keys,
            Identity::Value => {
                let element = self.element(&assign.value.ty, span);
                let equal = equals(element.1, assign.value.clone(), span);
                assign.insert(end, any_in(&assign.place, element.0, equal, span).negate(), out);
                return Ok(());
            }
        };
        let Some(entries) = written(&assign.value) else {
            let reason = "the elements of this list have keys, so one that is added is written out";
            return Err(Refusal::coded(Code::UnwrittenElement, assign.value.origin, reason));
        };
        let same = |ctx: &mut Ctx| {
            let (element, path) = ctx.element(&Type::Object, span);
            let conds =
                keys.iter().map(|(key, default)| same_key(&path, key, default, &entries, span)).collect();
            (element, path, all(conds, span))
        };
        let (element, path, is_same) = same(self);
        let is_key = |key: &String| keys.iter().any(|(name, _)| name == key);
        let mut around = assign.around.clone();
        around.each.push(EachElement { binder: Binder { key: None, element }, list: assign.place.clone() });
        around.guard.push(is_same);
        for (key, value) in entries.iter().filter(|(key, _)| !is_key(key)) {
            merge(&path, key, value, &around, assign, out);
        }
        let (element, _, is_same) = same(self);
        assign.insert(end, any_in(&assign.place, element, is_same, span).negate(), out);
        Ok(())
    }

    /// A name for an element of a list, and the element.
    fn element(&mut self, ty: &Type, span: Span) -> (Local, Value) {
        let element = self.fresh();
        let path = Path { root: Root::Local(element), steps: Vec::new() };
        (element, Value::new(ValueKind::Path(path), ty.clone(), span))
    }
}

/// The parts of an assignment.
struct Assign<'a> {
    place: Value,
    value: Value,
    facts: Facts,
    around: &'a Around,
    span: Span,
}

impl Assign<'_> {
    fn guard(&self, more: Vec<Cond>) -> Cond {
        let mut guard = self.around.guard.clone();
        guard.extend(keys_present(&self.place, &self.facts));
        guard.extend(more);
        if !certain(&self.value, &self.facts) {
            guard.push(has(&self.value, self.span));
        }
        all(guard, self.span)
    }

    fn put(&self, more: Vec<Cond>, out: &mut Vec<Edit>) {
        out.push(Edit {
            each: self.around.each.clone(),
            guard: self.guard(more),
            change: Change::Put { place: self.place.clone(), value: self.value.clone() },
            origin: self.span,
        });
    }

    fn insert(&self, end: End, absent: Cond, out: &mut Vec<Edit>) {
        out.push(Edit {
            each: self.around.each.clone(),
            guard: self.guard(vec![absent]),
            change: Change::Insert { list: self.place.clone(), end, value: self.value.clone() },
            origin: self.span,
        });
    }
}

/// A field of an element that is there gets its value; objects field by field.
fn merge(base: &Value, key: &str, value: &Value, around: &Around, assign: &Assign<'_>, out: &mut Vec<Edit>) {
    let place = field(base, key, &value.ty, assign.span);
    match &value.kind {
        ValueKind::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                merge(&place, key, value, around, assign, out);
            }
        }
        kind => {
            // An empty object only has to be there.
            let is_empty = matches!(kind, ValueKind::Object(_));
            let more = if is_empty { vec![has(&place, assign.span).negate()] } else { Vec::new() };
            let facts = assign.facts.clone();
            let assign = Assign { place, value: value.clone(), facts, around, span: assign.span };
            assign.put(more, out);
        }
    }
}

/// The entries of an object that is written out, also as `merge` of two such.
fn written(value: &Value) -> Option<Vec<(String, Value)>> {
    match &value.kind {
        ValueKind::Object(entries) => Some(entries.clone()),
        ValueKind::Call(Operation::Merge, parts) => {
            let mut all: Vec<(String, Value)> = Vec::new();
            for part in parts {
                for (key, value) in written(part)? {
                    match all.iter_mut().find(|(known, _)| *known == key) {
                        Some(entry) => entry.1 = value,
                        None => all.push((key, value)),
                    }
                }
            }
            Some(all)
        }
        _ => None,
    }
}

/// Whether an element has the key that an element to be added has.
fn same_key(
    element: &Value,
    key: &str,
    default: &Option<String>,
    entries: &[(String, Value)],
    span: Span,
) -> Cond {
    let given = entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let here = field(element, key, given.map_or(&Type::Text, |value| &value.ty), span);
    let missing = has(&here, span).negate();
    match (given, default) {
        (Some(value), None) => equals(here, value.clone(), span),
        (None, None) => missing,
        (given, Some(default)) => {
            let default = Value::new(ValueKind::Literal(Literal::Text(default.clone())), Type::Text, span);
            let value = given.cloned().unwrap_or_else(|| default.clone());
            let is_default = equals(value.clone(), default, span);
            let absent = all(vec![missing, is_default], span);
            Cond::new(CondKind::Or(vec![equals(here, value, span), absent]), span)
        }
    }
}

fn field(base: &Value, key: &str, ty: &Type, span: Span) -> Value {
    let (root, mut steps) = match base.as_path() {
        Some(path) => (path.root, path.steps.clone()),
        // INVARIANT: only elements and fields below them come here.
        None => (Root::Object, Vec::new()),
    };
    let shape = match ty {
        Type::List(_) => Shape::List,
        Type::Map(_) => Shape::Map,
        Type::Object => Shape::Object,
        Type::Json => Shape::Any,
        _ => Shape::Scalar,
    };
    steps.push(Step::Field(Field { name: key.to_owned(), required: false, shape }));
    Value::new(ValueKind::Path(Path { root, steps }), ty.clone(), span)
}

fn has(value: &Value, span: Span) -> Cond {
    Cond::new(CondKind::Has(value.clone()), span)
}

fn equals(left: Value, right: Value, span: Span) -> Cond {
    let domain = match right.ty {
        Type::Text | Type::Image => Domain::Text,
        Type::Int | Type::Float => Domain::Number,
        Type::Bool => Domain::Bool,
        _ => Domain::Json,
    };
    Cond::new(CondKind::Compare { comparison: Comparison::Equal, domain, left, right }, span)
}

fn any_in(list: &Value, element: Local, body: Cond, span: Span) -> Cond {
    let quantified = Quantified { binder: Binder { key: None, element }, source: list.clone(), body };
    Cond::new(CondKind::Any(Box::new(quantified)), span)
}

/// That the computed keys on the way to a place are there.
fn keys_present(place: &Value, facts: &Facts) -> Vec<Cond> {
    let steps = place.as_path().map_or(&[][..], |path| path.steps.as_slice());
    let keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key),
        Step::Field(_) | Step::Element(_) => None,
    });
    keys.filter(|key| !certain(key, facts)).map(|key| has(key, key.origin)).collect()
}

/// All of the conditions.
fn all(mut conds: Vec<Cond>, span: Span) -> Cond {
    match conds.len() {
        0 => Cond::constant(true, span),
        1 => conds.remove(0),
        _ => Cond::new(CondKind::And(conds), span),
    }
}

pub(super) fn may_be_missing(part: &Value) -> Refusal {
    let reason = "this may be missing, and the text with it";
    Refusal::coded(Code::MayBeMissing, part.origin, reason)
}
