//! Rules: targets, bindings, and a block of code for each question that a rule asks.

use std::collections::{BTreeSet, HashMap};

use aipc_runtime::program::{
    Binding, BindingId, Block, Body, Change, Check, ConditionalAction, Copies, EachElement, Edit, Effect,
    Elements, Exemption, Existing, Generation, Images, Make, NewObject, Operations, Place, PlaceRoot,
    PlaceStep, PolicyId, Rule, RuleId, Slot, SubjectStep, Target,
};

use super::assembler::Assembler;
use super::{Emitted, Refusal};
use crate::formats::existing::apart;
use crate::ir::{self, Local, Root, TextPart};

/// What the names of one rule stand for.
pub(super) struct Ctx<'a, 's> {
    pub(super) assembler: &'a mut Assembler<'s>,
    slots: HashMap<Local, Slot>,
    pub(super) bindings: HashMap<Local, BindingId>,
}

impl<'a, 's> Ctx<'a, 's> {
    /// # Errors
    /// There are too many `with` values.
    fn new(
        assembler: &'a mut Assembler<'s>,
        bindings: &[ir::Binding],
        origin: crate::source::Span,
    ) -> Emitted<Ctx<'a, 's>> {
        if bindings.len() > BINDINGS_MAX {
            return Err(Refusal::new(origin, format!("more than {BINDINGS_MAX} `with` values")));
        }
        let first = assembler.parts.bindings.len() as u32;
        let bindings = (first..).zip(bindings).map(|(id, it)| (it.local, BindingId(id))).collect();
        Ok(Ctx { assembler, slots: HashMap::new(), bindings })
    }

    /// How many local names there were.
    ///
    /// # Errors
    /// They are too many.
    fn slot_count(&self, origin: crate::source::Span) -> Emitted<u32> {
        match self.slots.len() > SLOTS_MAX {
            true => Err(Refusal::new(origin, format!("more than {SLOTS_MAX} local names"))),
            false => Ok(self.slots.len() as u32),
        }
    }

    /// The place of a local name; each has its own, so that names never stand in each other's way.
    pub(super) fn slot(&mut self, local: Local) -> Slot {
        let next = Slot(self.slots.len() as u32);
        *self.slots.entry(local).or_insert(next)
    }

    fn block(&mut self, code: impl FnOnce(&mut Self) -> Emitted<()>) -> Emitted<Block> {
        self.assembler.open_block();
        let done = code(self);
        let block = self.assembler.close_block();
        done.map(|()| block)
    }
}

/// A rule may have so many `with` values, which the machine computes one within the other.
const BINDINGS_MAX: usize = 100;
const SLOTS_MAX: usize = 1024;

pub(super) fn emit_rule(assembler: &mut Assembler<'_>, rule: &ir::Rule, policy: PolicyId) -> Emitted<()> {
    let mut ctx = Ctx::new(assembler, &rule.bindings, rule.origin)?;
    let mut of_elements: BTreeSet<Local> = BTreeSet::new();
    if let Some(elements) = rule.elements() {
        of_elements.extend(elements.binder.key);
        of_elements.insert(elements.binder.element);
    }
    let bindings = emit_bindings(&mut ctx, &rule.bindings, &mut of_elements)?;
    let applies = emit_applies(&mut ctx, &rule.applies)?;
    let body = match &rule.body {
        ir::Body::Check(check) => Body::Check(emit_check(&mut ctx, check)?),
        ir::Body::Mutate(mutation) if mutation.existing.is_none() => {
            let edits: Emitted<Vec<Edit>> =
                mutation.edits.iter().map(|edit| emit_edit(&mut ctx, edit)).collect();
            Body::Edit(edits?)
        }
        ir::Body::Delete(deletion) => {
            Body::Delete(ctx.block(|ctx| ctx.answer(std::slice::from_ref(&deletion.condition)))?)
        }
        ir::Body::Generate(generation) => Body::Generate(emit_generation(&mut ctx, generation)?),
        ir::Body::Verify(verification) => Body::Verify(emit_images(&mut ctx, &verification.of)?),
        ir::Body::Mutate(_) => Body::EditExisting(emit_existing(&mut ctx, rule)?),
    };
    let message = ctx.block(|ctx| emit_message(ctx, &rule.message))?;
    let mut actions = Vec::new();
    for action in &rule.actions {
        let condition = match &action.condition {
            None => None,
            Some(cond) => Some(ctx.block(|ctx| ctx.answer(std::slice::from_ref(cond)))?),
        };
        let effect = match action.effect {
            ir::Effect::Enforce => Effect::Enforce,
            ir::Effect::Audit => Effect::Audit,
        };
        actions.push(ConditionalAction { effect, warn: action.warn, condition });
    }
    let slots = ctx.slot_count(rule.origin)?;
    let row = Rule {
        name: rule.name.clone(),
        description: rule.description.clone(),
        policy,
        place: ctx.assembler.place(rule.origin),
        source_text: rule.source_text.clone(),
        targets: rule.targets.iter().map(target).collect(),
        operations: operations(rule.operations),
        slots,
        bindings,
        applies,
        body,
        message,
        message_written: rule.message.written,
        actions,
    };
    assembler.parts.rules.push(row);
    Ok(())
}

/// An exemption from rules of the program.
pub(super) fn emit_exemption(
    assembler: &mut Assembler<'_>,
    exemption: &ir::Exemption,
    rules: Vec<RuleId>,
) -> Emitted<()> {
    let mut ctx = Ctx::new(assembler, &exemption.bindings, exemption.origin)?;
    let bindings = emit_bindings(&mut ctx, &exemption.bindings, &mut BTreeSet::new())?;
    let applies = emit_applies(&mut ctx, &exemption.applies)?;
    let row = Exemption {
        rules,
        targets: exemption.targets.iter().map(target).collect(),
        operations: operations(exemption.operations),
        slots: ctx.slot_count(exemption.origin)?,
        bindings,
        applies,
        until: exemption.until.clone(),
        because: exemption.because.clone(),
        place: ctx.assembler.place(exemption.origin),
    };
    assembler.parts.exemptions.push(row);
    Ok(())
}

/// The `with` values, in order. Those that speak of the element join the names that are the element's.
fn emit_bindings(
    ctx: &mut Ctx<'_, '_>,
    bindings: &[ir::Binding],
    of_elements: &mut BTreeSet<Local>,
) -> Emitted<(BindingId, BindingId)> {
    let first = BindingId(ctx.assembler.parts.bindings.len() as u32);
    for binding in bindings {
        let per_element = mentions_any(&binding.value, of_elements);
        if per_element {
            of_elements.insert(binding.local);
        }
        let block = ctx.block(|ctx| ctx.value(&binding.value))?;
        ctx.assembler.parts.bindings.push(Binding { name: binding.name.clone(), block, per_element });
    }
    Ok((first, BindingId(ctx.assembler.parts.bindings.len() as u32)))
}

fn emit_applies(ctx: &mut Ctx<'_, '_>, applies: &[ir::Cond]) -> Emitted<Option<Block>> {
    match applies {
        [] => Ok(None),
        conds => ctx.block(|ctx| ctx.answer(conds)).map(Some),
    }
}

fn mentions_any(value: &ir::Value, locals: &BTreeSet<Local>) -> bool {
    ir::measure::any_root_within(
        value,
        &mut |root| matches!(root, Root::Local(local) if locals.contains(&local)),
    )
}

fn emit_check(ctx: &mut Ctx<'_, '_>, check: &ir::Check) -> Emitted<Check> {
    let mut asked = Vec::new();
    let elements = match &check.elements {
        None => None,
        Some(elements) => {
            asked.push(elements.filter.clone());
            Some(emit_elements(ctx, elements)?)
        }
    };
    asked.push(check.violation.clone());
    let violation = ctx.block(|ctx| ctx.answer(&asked))?;
    Ok(Check { elements, violation, violation_origin: ctx.assembler.origin(check.violation.origin) })
}

fn emit_generation(ctx: &mut Ctx<'_, '_>, generation: &ir::Generation) -> Emitted<Generation> {
    let mut each = None;
    let mut filter = None;
    if let Some(it) = &generation.each {
        each = Some(emit_each(ctx, it.binder, &it.source)?);
        filter = emit_guard(ctx, &it.filter)?;
    }
    let make = match &generation.make {
        ir::Make::Object { kind, name, namespace, fields } => {
            let namespace =
                namespace.as_ref().map(|namespace| ctx.block(|ctx| ctx.value(namespace))).transpose()?;
            Make::Object(NewObject {
                api_version: kind.api_version(),
                kind: kind.kind.clone(),
                name: ctx.block(|ctx| ctx.value(name))?,
                namespace,
                fields: ctx.block(|ctx| ctx.value(fields))?,
            })
        }
        ir::Make::Copy { kinds, name, namespace, filter, into, rename } => {
            let source = (kinds.as_slice(), name.as_ref(), namespace.as_ref(), filter);
            let objects = copied(source, into.origin);
            let rename = rename.as_ref().map(|rename| ctx.block(|ctx| ctx.value(rename))).transpose()?;
            Make::Copies(Copies {
                objects: ctx.block(|ctx| ctx.value(&objects))?,
                // Whom a rule names has to be there; of those that it describes there may be none.
                required: if name.is_some() { kinds.len() as u32 } else { 0 },
                into: ctx.block(|ctx| ctx.value(into))?,
                rename,
            })
        }
    };
    Ok(Generation { each, filter, make })
}

/// A name that the IR does not use: the object that may be copied.
const COPIED: Local = Local(1 << 26);

/// The objects that are copied, as a list: of each kind the one of a name, or all, where the filter holds.
fn copied(
    (kinds, name, namespace, filter): (&[ir::KindRef], Option<&ir::Value>, Option<&ir::Value>, &ir::Cond),
    origin: crate::source::Span,
) -> ir::Value {
    use ir::{Lookup, Path, Type, Value, ValueKind};
    let objects = || Type::List(Box::new(Type::Object));
    let filter = ir::rewrite::map_paths(filter, &mut |path| match path.root {
        Root::Existing | Root::ExistingSubject => Path { root: Root::Local(COPIED), ..path.clone() },
        _ => path.clone(),
    });
    let of_kind = |kind: &ir::KindRef| {
        let (kind, namespace) = (kind.clone(), namespace.cloned());
        let lookup = |lookup, ty| Value::new(ValueKind::Lookup(Box::new(lookup)), ty, origin);
        let source = match name {
            Some(name) => {
                let found = lookup(Lookup::Get { kind, name: name.clone(), namespace }, Type::Object);
                Value::new(ValueKind::List(vec![found]), objects(), origin)
            }
            None => lookup(Lookup::List { kind, namespace, labels: None }, objects()),
        };
        if filter.is_const(true) {
            return source;
        }
        let element = Path { root: Root::Local(COPIED), steps: Vec::new() };
        let collect = ir::Collect {
            binder: ir::Binder { key: None, element: COPIED },
            source,
            filter: filter.clone(),
            body: Value::new(ValueKind::Path(element), Type::Object, origin),
            flatten: false,
        };
        Value::new(ValueKind::Collect(Box::new(collect)), objects(), origin)
    };
    Value::new(ValueKind::Concat(kinds.iter().map(of_kind).collect()), objects(), origin)
}

/// A name that the IR does not use: the existing object that is changed.
const EXISTING: Local = Local((1 << 26) + 1);

fn named_existing(value: &mut ir::Value) {
    if let ir::ValueKind::Path(path) = &mut value.kind
        && path.root == Root::Existing
    {
        path.root = Root::Local(EXISTING);
    }
}

/// The groups of existing objects, kind by kind.
fn emit_existing(ctx: &mut Ctx<'_, '_>, rule: &ir::Rule) -> Emitted<Vec<Existing>> {
    let mut groups = Vec::new();
    for mut rule in apart(rule) {
        let ir::Body::Mutate(ir::Mutation { existing: Some(existing), edits }) = &mut rule.body else {
            continue;
        };
        existing.applies.iter_mut().for_each(|cond| ir::rewrite::visit_values(cond, &mut named_existing));
        edits.iter_mut().for_each(|edit| ir::rewrite::visit_edit(edit, &mut named_existing));
        for target in &existing.targets {
            let lookup = ir::Lookup::List { kind: target.kind.clone(), namespace: None, labels: None };
            let objects = ir::Value::new(
                ir::ValueKind::Lookup(Box::new(lookup)),
                ir::Type::List(Box::new(ir::Type::Object)),
                rule.origin,
            );
            let binder = ir::Binder { key: None, element: EXISTING };
            let objects = emit_each(ctx, binder, &objects)?;
            let filter = emit_applies(ctx, &existing.applies)?;
            let edits: Emitted<Vec<Edit>> = edits.iter().map(|edit| emit_edit(ctx, edit)).collect();
            groups.push(Existing { objects, filter, edits: edits? });
        }
    }
    Ok(groups)
}

/// The elements of a list, and the names that they have.
fn emit_each(ctx: &mut Ctx<'_, '_>, binder: ir::Binder, list: &ir::Value) -> Emitted<EachElement> {
    let (sources, source_count) = emit_sources(ctx, list)?;
    let key = binder.key.map(|local| ctx.slot(local));
    Ok(EachElement { sources, source_count, key, element: ctx.slot(binder.element) })
}

/// `None` where the condition always holds.
fn emit_guard(ctx: &mut Ctx<'_, '_>, guard: &ir::Cond) -> Emitted<Option<Block>> {
    match guard.is_const(true) {
        true => Ok(None),
        false => ctx.block(|ctx| ctx.answer(std::slice::from_ref(guard))).map(Some),
    }
}

fn emit_edit(ctx: &mut Ctx<'_, '_>, edit: &ir::Edit) -> Emitted<Edit> {
    let each: Emitted<Vec<EachElement>> =
        edit.each.iter().map(|it| emit_each(ctx, it.binder, &it.list)).collect();
    let each = each?;
    let guard = emit_guard(ctx, &edit.guard)?;
    let place = emit_place(ctx, edit.change.place())?;
    let change = match &edit.change {
        ir::Change::Put { value, .. } => Change::Put(ctx.block(|ctx| ctx.value(value))?),
        ir::Change::Insert { end, value, .. } => {
            Change::Insert { first: *end == ir::End::First, value: ctx.block(|ctx| ctx.value(value))? }
        }
        ir::Change::Remove { .. } => Change::Remove,
    };
    Ok(Edit { each, guard, place, change })
}

fn emit_place(ctx: &mut Ctx<'_, '_>, place: &ir::Value) -> Emitted<Place> {
    let no_place = || Refusal::new(place.origin, "an edit of what is no place");
    let path = place.as_path().ok_or_else(no_place)?;
    let root = match path.root {
        Root::Object => PlaceRoot::Object,
        Root::Subject => PlaceRoot::Subject,
        Root::Local(local) => PlaceRoot::Slot(ctx.slot(local)),
        _ => return Err(no_place()),
    };
    let mut steps = Vec::new();
    for step in &path.steps {
        steps.push(match step {
            ir::Step::Field(field) => PlaceStep::Field(field.name.clone()),
            ir::Step::Key(key) => PlaceStep::Key(ctx.block(|ctx| ctx.value(key))?),
            ir::Step::Element(_) => return Err(no_place()),
        });
    }
    Ok(Place { root, steps })
}

fn emit_sources(ctx: &mut Ctx<'_, '_>, source: &ir::Value) -> Emitted<(Block, u32)> {
    let mut count = 0;
    let block = ctx.block(|ctx| {
        count = ctx.sources(source)?;
        Ok(())
    })?;
    Ok((block, count))
}

fn emit_elements(ctx: &mut Ctx<'_, '_>, elements: &ir::Elements) -> Emitted<Elements> {
    let (sources, source_count) = emit_sources(ctx, &elements.source)?;
    Ok(Elements {
        view: elements.view.clone(),
        sources,
        source_count,
        key: elements.binder.key.map(|local| ctx.slot(local)),
        element: ctx.slot(elements.binder.element),
    })
}

/// The images that have to be signed; `None` for a manifest.
fn emit_images(ctx: &mut Ctx<'_, '_>, of: &ir::Verified) -> Emitted<Option<Images>> {
    let ir::Verified::Images { elements, image } = of else { return Ok(None) };
    let filter = match elements.filter.is_const(true) {
        true => None,
        false => Some(ctx.block(|ctx| ctx.answer(std::slice::from_ref(&elements.filter)))?),
    };
    let image = ctx.block(|ctx| ctx.value(image))?;
    Ok(Some(Images { elements: emit_elements(ctx, elements)?, filter, image }))
}

fn emit_message(ctx: &mut Ctx<'_, '_>, message: &ir::Message) -> Emitted<()> {
    use aipc_runtime::program::{Constant, Count, Instruction};
    for part in &message.parts {
        match part {
            TextPart::Text(text) => ctx.constant(Constant::Text(text.clone())),
            TextPart::Value(value) => ctx.value(value)?,
        }
    }
    ctx.assembler.emit(Instruction::Message { count: Count(message.parts.len() as u32) });
    Ok(())
}

fn target(target: &ir::Target) -> Target {
    let kind = &target.kind;
    let or_any = |text: &str| if kind.is_any() && text.is_empty() { "*".to_owned() } else { text.to_owned() };
    let step = |step: &ir::SubjectStep| match step {
        ir::SubjectStep::Field(field) => {
            SubjectStep::Field { name: field.name.clone(), required: field.required }
        }
        ir::SubjectStep::Each => SubjectStep::Each,
    };
    Target {
        group: or_any(&kind.group),
        version: or_any(&kind.version),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
        namespaced: kind.namespaced,
        subresource: target.subresource.as_ref().map(|name| name.trim_start_matches('/').to_owned()),
        subjects: target.subjects.iter().map(|path| path.0.iter().map(step).collect()).collect(),
    }
}

fn operations(operations: ir::Operations) -> Operations {
    let ir::Operations { create, update, delete, connect } = operations;
    Operations { create, update, delete, connect }
}
