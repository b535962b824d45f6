//! What every program that may run fulfils.
//!
//! - Each number of a row points at a row that is there; blocks lie in the code and jumps in their block.
//! - Constants, regular expressions and tables hold what they say.
//! - On every way through a block, each instruction finds the values it takes, the same number on each way, the
//!   same loops and lists open; a block leaves what it is for.
//! - A local name is bound before it is read. A binding uses earlier bindings only, so none waits for itself.
//! - A rule makes a bounded number of lists and maps, so values are not nested deeply.
//! - Backward jumps lead only to the `next` of the innermost open loop, and lists end: every block ends.

use super::instruction::{Block, Instruction, OptionalSlot, Slot};
use super::meta::{
    Body, Change, EachElement, Edit, Exemption, Existing, Generation, Make, PlaceRoot, PlaceStep, Rule,
    RuleId, SubjectStep, Target,
};
use super::{Binding, BindingId, Constant, Parts, PathId, PathRoot};
use crate::regular_expression;
use crate::value::{Cidr, Quantity, Semver, Time};

type Verified = Result<(), String>;

/// A rule may use so many local names, bindings, and values at once.
const SLOTS_MAX: u32 = 1024;
const BINDINGS_MAX: u32 = 100;
const STACK_MAX: usize = 65_536;
const STEPS_MAX: usize = 256;
const SUBJECT_LISTS_MAX: usize = 4;
const EDITS_MAX: usize = 4096;
/// A rule may make so many lists and maps; values cannot be nested more deeply then, and are freed level by level.
const MAKERS_MAX: usize = 2000;

pub(super) fn verify(parts: &Parts) -> Verified {
    constants(parts)?;
    tables(parts)?;
    policies(parts)?;
    blocks(parts)?;
    let mut owned = vec![false; parts.bindings.len()];
    for (index, rule) in parts.rules.iter().enumerate() {
        own(rule.bindings, &mut owned)
            .and_then(|()| verify_rule(parts, rule))
            .map_err(|what| format!("rule {index}: {what}"))?;
    }
    for (index, exemption) in parts.exemptions.iter().enumerate() {
        own(exemption.bindings, &mut owned)
            .and_then(|()| verify_exemption(parts, exemption))
            .map_err(|what| format!("exemption {index}: {what}"))?;
    }
    Ok(())
}

/// Bindings that are there, not too many, and nobody else's.
fn own((first, last): (BindingId, BindingId), owned: &mut [bool]) -> Verified {
    let (first, last) = (first.0, last.0);
    let there = first <= last && last as usize <= owned.len() && last - first <= BINDINGS_MAX;
    ensure(there, "it has bindings that are not there, or too many")?;
    let free = owned[first as usize..last as usize].iter_mut().all(|owned| !std::mem::replace(owned, true));
    ensure(free, "it has a binding of another rule")
}

fn ensure(holds: bool, what: &str) -> Verified {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn constants(parts: &Parts) -> Verified {
    for (index, constant) in parts.constants.iter().enumerate() {
        let valid = match constant {
            Constant::Bool(_) | Constant::Int(_) | Constant::Text(_) => true,
            Constant::Percent(_) | Constant::Duration(_) => true,
            Constant::Float(number) => number.is_finite(),
            Constant::Quantity(text) => Quantity::parse(text).is_some(),
            Constant::Time(text) => Time::parse(text).is_some(),
            Constant::Semver(text) => Semver::parse(text).is_some(),
            Constant::Ip(text) => text.parse::<std::net::IpAddr>().is_ok(),
            Constant::Cidr(text) => Cidr::parse(text).is_some(),
            // Lists of lists are refused, which keeps values shallow.
            Constant::List(elements) => elements.iter().all(|element| {
                (element.0 as usize) < index
                    && !matches!(parts.constants[element.0 as usize], Constant::List(_))
            }),
        };
        ensure(valid, &format!("constant {index} is not what it says"))?;
    }
    Ok(())
}

fn tables(parts: &Parts) -> Verified {
    for (index, path) in parts.paths.iter().enumerate() {
        ensure(path.steps.len() <= STEPS_MAX, &format!("path {index} is too long"))?;
    }
    for (index, patterns) in parts.regexes.iter().enumerate() {
        for pattern in patterns {
            regular_expression::check_syntax(pattern)
                .map_err(|what| format!("regular expression {index} is not portable: {what}"))?;
        }
    }
    let place = |file: u32| file == 0 || (file as usize) < parts.files.len();
    let origins = parts.origins.iter().all(|origin| place(origin.place.file));
    ensure(origins, "an origin is in a file that is not there")?;
    let rising = parts.origin_table.windows(2).all(|pair| pair[0].0 < pair[1].0);
    ensure(rising, "the table of origins is not in order")?;
    let there = parts.origin_table.iter().all(|(_, origin)| (origin.0 as usize) < parts.origins.len());
    ensure(there, "the table of origins points at none")
}

fn policies(parts: &Parts) -> Verified {
    let mut next = RuleId(0);
    for (index, policy) in parts.policies.iter().enumerate() {
        let (first, last) = policy.rules;
        let in_order = first == next && first <= last && last.0 as usize <= parts.rules.len();
        ensure(in_order, &format!("policy {index} has rules that are not its own"))?;
        let own =
            parts.rules[first.0 as usize..last.0 as usize].iter().all(|rule| rule.policy.0 as usize == index);
        ensure(own, &format!("policy {index} has a rule of another policy"))?;
        next = last;
    }
    ensure(next.0 as usize == parts.rules.len(), "a rule belongs to no policy")
}

/// Blocks lie apart, so that verification looks at each instruction once.
fn blocks(parts: &Parts) -> Verified {
    let mut blocks: Vec<Block> = parts.bindings.iter().map(|binding| binding.block).collect();
    for rule in &parts.rules {
        blocks.push(rule.message);
        blocks.extend(rule.applies);
        blocks.extend(blocks_of(&rule.body));
        blocks.extend(rule.actions.iter().filter_map(|action| action.condition));
    }
    blocks.extend(parts.exemptions.iter().filter_map(|exemption| exemption.applies));
    blocks.sort_by_key(|block| block.start);
    let apart = blocks.windows(2).all(|pair| pair[0].end <= pair[1].start);
    ensure(apart, "two blocks share code")
}

fn blocks_of(body: &Body) -> Vec<Block> {
    match body {
        Body::Check(check) => {
            check.elements.iter().map(|elements| elements.sources).chain([check.violation]).collect()
        }
        Body::Edit(edits) => blocks_of_edits(edits).collect(),
        Body::EditExisting(groups) => groups
            .iter()
            .flat_map(|group| {
                let objects = [group.objects.sources].into_iter().chain(group.filter);
                objects.chain(blocks_of_edits(&group.edits))
            })
            .collect(),
        Body::Delete(condition) => vec![*condition],
        Body::Generate(generation) => {
            let sources = generation.each.iter().map(|each| each.sources);
            sources.chain(generation.filter).chain(made_by(&generation.make)).collect()
        }
        Body::Verify(images) => images
            .iter()
            .flat_map(|images| {
                [images.elements.sources].into_iter().chain(images.filter).chain([images.image])
            })
            .collect(),
    }
}

fn blocks_of_edits(edits: &[Edit]) -> impl Iterator<Item = Block> + '_ {
    edits.iter().flat_map(|edit| {
        let keys = edit.place.steps.iter().filter_map(|step| match step {
            PlaceStep::Key(key) => Some(*key),
            PlaceStep::Field(_) => None,
        });
        let value = match &edit.change {
            Change::Put(value) | Change::Insert { value, .. } => Some(*value),
            Change::Remove => None,
        };
        edit.each.iter().map(|each| each.sources).chain(edit.guard).chain(keys).chain(value)
    })
}

/// The blocks of what one round makes, each of which leaves one value.
fn made_by(make: &Make) -> Vec<Block> {
    let blocks = match make {
        Make::Object(object) => [Some(object.name), object.namespace, Some(object.fields)],
        Make::Copies(copies) => [Some(copies.objects), Some(copies.into), copies.rename],
    };
    blocks.into_iter().flatten().collect()
}

/// The names that the code of a rule or exemption may use.
#[derive(Clone, Copy)]
struct Names {
    slots: u32,
    bindings: (BindingId, BindingId),
}

/// The code of one rule or exemption, block by block.
struct Code<'a> {
    parts: &'a Parts,
    names: Names,
    /// How many instructions that make lists or maps there were.
    makers: std::cell::Cell<usize>,
}

impl Code<'_> {
    fn new(parts: &Parts, names: Names) -> Code<'_> {
        Code { parts, names, makers: std::cell::Cell::new(0) }
    }

    /// A block that uses bindings before a certain one, and leaves so many values.
    fn block(&self, block: Block, bound: &[Slot], bindings_end: BindingId, leaves: usize) -> Verified {
        let code = self.parts.code.get(block.start as usize..block.end as usize).unwrap_or_default();
        let makes = |it: &&Instruction| {
            matches!(it, Instruction::List { .. } | Instruction::Map { .. } | Instruction::Collected { .. })
        };
        self.makers.set(self.makers.get() + code.iter().filter(makes).count());
        ensure(self.makers.get() <= MAKERS_MAX, "it makes too many lists and objects")?;
        let (parts, names) = (self.parts, self.names);
        Check { parts, names, block, bindings_end, element_bound: !bound.is_empty() }.run(bound, leaves)
    }

    /// The bindings and the `where` conditions; `of_elements` are the names of the element, where there is one.
    fn scope(&self, applies: Option<Block>, of_elements: &[Slot]) -> Verified {
        let (first, all) = self.names.bindings;
        for index in first.0..all.0 {
            let Binding { block, per_element, .. } = &self.parts.bindings[index as usize];
            let there = !per_element || !of_elements.is_empty();
            ensure(there, "a binding speaks of elements that are not there")?;
            let bound = if *per_element { of_elements } else { &[] };
            self.block(*block, bound, BindingId(index), 1)
                .map_err(|what| format!("binding {index}: {what}"))?;
        }
        match applies {
            Some(applies) => self.block(applies, &[], all, 0).map_err(|what| format!("where: {what}")),
            None => Ok(()),
        }
    }
}

fn verify_exemption(parts: &Parts, exemption: &Exemption) -> Verified {
    ensure(exemption.slots <= SLOTS_MAX, "it has too many local names")?;
    let in_order = exemption.rules.windows(2).all(|pair| pair[0] < pair[1]);
    let there = exemption.rules.last().is_none_or(|last| (last.0 as usize) < parts.rules.len());
    ensure(in_order && there, "its rules are not in order, or not there")?;
    let until = exemption.until.as_ref().is_none_or(|until| Time::parse(until).is_some());
    ensure(until, "its end is no time")?;
    subjects(&exemption.targets)?;
    let names = Names { slots: exemption.slots, bindings: exemption.bindings };
    Code::new(parts, names).scope(exemption.applies, &[])
}

fn subjects(targets: &[Target]) -> Verified {
    for subject in targets.iter().flat_map(|target| &target.subjects) {
        let lists = subject.iter().filter(|step| **step == SubjectStep::Each).count();
        ensure(lists <= SUBJECT_LISTS_MAX && subject.len() <= STEPS_MAX, "a subject lies too deep")?;
    }
    Ok(())
}

fn verify_rule(parts: &Parts, rule: &Rule) -> Verified {
    ensure(rule.slots <= SLOTS_MAX, "it has too many local names")?;
    let elements = match &rule.body {
        Body::Check(check) => {
            ensure((check.violation_origin.0 as usize) < parts.origins.len(), "its origin is not there")?;
            check.elements.as_ref()
        }
        Body::Edit(edits) => {
            ensure(edits.len() <= EDITS_MAX, "it has too many edits")?;
            None
        }
        Body::EditExisting(groups) => {
            let edits: usize = groups.iter().map(|group| group.edits.len()).sum();
            ensure(groups.len() <= EDITS_MAX && edits <= EDITS_MAX, "it has too many edits")?;
            None
        }
        Body::Delete(_) | Body::Generate(_) => None,
        Body::Verify(images) => images.as_ref().map(|images| &images.elements),
    };
    subjects(&rule.targets)?;
    let no_locals: &[Slot] = &[];
    let mut of_elements = Vec::new();
    if let Some(elements) = elements {
        of_elements.extend(elements.key);
        of_elements.push(elements.element);
        ensure(of_elements.iter().all(|slot| slot.0 < rule.slots), "its elements have no place")?;
    }
    let code = Code::new(parts, Names { slots: rule.slots, bindings: rule.bindings });
    let all = rule.bindings.1;
    let check = |block: Block, bound: &[Slot], leaves: usize| code.block(block, bound, all, leaves);
    code.scope(rule.applies, &of_elements)?;
    if let Some(elements) = elements {
        check(elements.sources, no_locals, elements.source_count as usize)
            .map_err(|what| format!("elements: {what}"))?;
    }
    match &rule.body {
        Body::Check(it) => {
            check(it.violation, &of_elements, 0).map_err(|what| format!("violation: {what}"))?;
        }
        Body::Edit(edits) => {
            for (index, edit) in edits.iter().enumerate() {
                verify_edit(rule, edit, &[], &check).map_err(|what| format!("edit {index}: {what}"))?;
            }
        }
        Body::EditExisting(groups) => {
            for (index, group) in groups.iter().enumerate() {
                verify_existing(rule, group, &check).map_err(|what| format!("existing {index}: {what}"))?;
            }
        }
        Body::Delete(condition) => {
            check(*condition, no_locals, 0).map_err(|what| format!("condition: {what}"))?;
        }
        Body::Generate(generation) => {
            verify_generation(rule, generation, &check).map_err(|what| format!("generate: {what}"))?;
        }
        Body::Verify(None) => {}
        Body::Verify(Some(images)) => {
            if let Some(filter) = images.filter {
                check(filter, &of_elements, 0).map_err(|what| format!("filter: {what}"))?;
            }
            check(images.image, &of_elements, 1).map_err(|what| format!("image: {what}"))?;
        }
    }
    check(rule.message, &of_elements, 1).map_err(|what| format!("message: {what}"))?;
    for action in &rule.actions {
        if let Some(condition) = action.condition {
            check(condition, &of_elements, 0).map_err(|what| format!("action: {what}"))?;
        }
    }
    Ok(())
}

/// What checks a block: the names that it may use besides bindings, and how many values it leaves.
type CheckBlock<'c> = dyn Fn(Block, &[Slot], usize) -> Verified + 'c;

/// The names of the elements of lists, each of which is opened before its elements are spoken of, after the names that
/// are bound already.
fn verify_each(
    rule: &Rule,
    bound: &[Slot],
    lists: &[EachElement],
    check: &CheckBlock<'_>,
) -> Result<Vec<Slot>, String> {
    let mut bound = bound.to_vec();
    ensure(lists.len() <= SUBJECT_LISTS_MAX, "its elements lie too deep")?;
    for each in lists {
        check(each.sources, &bound, each.source_count as usize)?;
        bound.extend(each.key);
        bound.push(each.element);
        ensure(bound.iter().all(|slot| slot.0 < rule.slots), "its elements have no place")?;
    }
    Ok(bound)
}

fn verify_generation(rule: &Rule, generation: &Generation, check: &CheckBlock<'_>) -> Verified {
    let bound = verify_each(rule, &[], generation.each.as_slice(), check)?;
    if let Some(filter) = generation.filter {
        check(filter, &bound, 0)?;
    }
    made_by(&generation.make).into_iter().try_for_each(|block| check(block, &bound, 1))
}

fn verify_existing(rule: &Rule, group: &Existing, check: &CheckBlock<'_>) -> Verified {
    let bound = verify_each(rule, &[], std::slice::from_ref(&group.objects), check)?;
    if let Some(filter) = group.filter {
        check(filter, &bound, 0)?;
    }
    for edit in &group.edits {
        let of_object = !matches!(edit.place.root, PlaceRoot::Object | PlaceRoot::Subject);
        ensure(of_object, "it changes the admitted object")?;
        verify_edit(rule, edit, &bound, check)?;
    }
    Ok(())
}

/// What is changed is a place: in the object, in an element, or in what `existing` names.
fn verify_edit(rule: &Rule, edit: &Edit, existing: &[Slot], check: &CheckBlock<'_>) -> Verified {
    let bound = verify_each(rule, existing, &edit.each, check)?;
    let own = edit.each.iter().map(|each| each.element);
    let elements: Vec<Slot> = existing.iter().copied().chain(own).collect();
    if let Some(guard) = edit.guard {
        check(guard, &bound, 0)?;
    }
    if let PlaceRoot::Slot(slot) = edit.place.root {
        ensure(elements.contains(&slot), "it changes what is no element")?;
    }
    ensure(edit.place.steps.len() <= STEPS_MAX, "its place lies too deep")?;
    for step in &edit.place.steps {
        if let PlaceStep::Key(key) = step {
            check(*key, &bound, 1)?;
        }
    }
    match &edit.change {
        Change::Put(value) | Change::Insert { value, .. } => check(*value, &bound, 1),
        Change::Remove => Ok(()),
    }
}

/// What holds in front of an instruction, on each way there.
#[derive(Clone, PartialEq)]
struct State {
    stack: usize,
    /// For each open loop where its `next` stands, once it is known, and how many values lie below it.
    loops: Vec<(u32, usize)>,
    lists: usize,
    /// Slots that are bound; bit by bit.
    bound: Vec<u64>,
}

struct Check<'a> {
    parts: &'a Parts,
    names: Names,
    block: Block,
    /// Bindings before this one may be used.
    bindings_end: BindingId,
    element_bound: bool,
}

impl Check<'_> {
    fn run(&self, bound: &[Slot], leaves: usize) -> Verified {
        let Block { start, end } = self.block;
        let len = self.parts.code.len();
        ensure(start < end && end as usize <= len, "a block is not in the code")?;
        let mut entry = State {
            stack: 0,
            loops: Vec::new(),
            lists: 0,
            bound: vec![0; self.names.slots.div_ceil(64) as usize],
        };
        for slot in bound {
            set(&mut entry.bound, *slot);
        }
        let mut states: Vec<Option<State>> = vec![None; (end - start) as usize];
        states[0] = Some(entry);
        // Forward jumps meet a place before it is visited. A jump back finds the state that was there, which
        // has to be the same but for bound names, of which the loop can only have bound more.
        for at in start..end {
            let place = &mut states[(at - start) as usize];
            let is_next = matches!(self.parts.code[at as usize], Instruction::Next { .. });
            // Only a `next` is jumped back to; the others' states are done with.
            let Some(state) = (if is_next { place.clone() } else { place.take() }) else { continue };
            self.step(at, state, &mut states, leaves).map_err(|what| format!("instruction {at}: {what}"))?;
        }
        Ok(())
    }

    /// Hands a state on to an instruction.
    fn flow(&self, from: u32, to: u32, state: State, states: &mut [Option<State>]) -> Verified {
        let Block { start, end } = self.block;
        ensure(start <= to && to < end, "a jump leaves its block")?;
        let known = &mut states[(to - start) as usize];
        if to <= from {
            let is_loop = state.loops.last().is_some_and(|(next, _)| *next == to);
            ensure(is_loop, "a jump back that is not to its loop")?;
            let before = known.as_ref().ok_or("a jump back to where nothing was")?;
            let same =
                before.stack == state.stack && before.loops == state.loops && before.lists == state.lists;
            let binds = before.bound.iter().zip(&state.bound).all(|(before, now)| before & !now == 0);
            return ensure(same && binds, "a loop that changes what is open");
        }
        match known {
            None => *known = Some(state),
            Some(before) => {
                let same =
                    before.stack == state.stack && before.loops == state.loops && before.lists == state.lists;
                ensure(same, "two ways meet with different values")?;
                for (bits, other) in before.bound.iter_mut().zip(&state.bound) {
                    *bits &= other;
                }
            }
        }
        Ok(())
    }

    fn step(&self, at: u32, mut state: State, states: &mut [Option<State>], leaves: usize) -> Verified {
        let instruction = self.parts.code[at as usize];
        let (takes, puts) = self.effect(&instruction, &state)?;
        let floor = state.loops.last().map_or(0, |(_, floor)| *floor);
        ensure(state.stack >= floor + takes, "too few values")?;
        let jump_state = |state: &State| State { stack: state.stack - takes, ..state.clone() };
        match instruction {
            Instruction::Return {} => {
                let clean = state.loops.is_empty() && state.lists == 0 && state.stack == leaves;
                return ensure(clean, "the block leaves something else than it is for");
            }
            Instruction::Jump { to } => return self.flow(at, to.0, state, states),
            Instruction::JumpIf { to }
            | Instruction::JumpUnless { to }
            | Instruction::Known { unknown: to, .. } => {
                self.flow(at, to.0, jump_state(&state), states)?;
            }
            Instruction::OrElse { present } => {
                // The value stays where it is present.
                self.flow(at, present.0, state.clone(), states)?;
            }
            Instruction::Iterate { count, key, element } => {
                ensure(count.0 > 0, "a loop over nothing")?;
                let is_next = matches!(self.parts.code.get(at as usize + 1), Some(Instruction::Next { .. }));
                ensure(is_next, "a loop that does not begin")?;
                self.slot(element)?;
                if let OptionalSlot(Some(key)) = key {
                    self.slot(key)?;
                }
                // The lists stay on the stack below what the loop does.
                state.loops.push((at + 1, state.stack));
                return self.flow(at, at + 1, state, states);
            }
            Instruction::Next { end } => {
                let (next, floor) = *state.loops.last().ok_or("no loop is open")?;
                ensure(next == at && state.stack == floor, "the loop is not at its beginning")?;
                let Some(Instruction::Iterate { count, key, element }) =
                    self.parts.code.get(at as usize - 1).copied()
                else {
                    return Err("a loop that does not begin".to_owned());
                };
                let mut after = state.clone();
                after.loops.pop();
                after.stack -= count.0 as usize;
                self.flow(at, end.0, after, states)?;
                set(&mut state.bound, element);
                if let OptionalSlot(Some(key)) = key {
                    set(&mut state.bound, key);
                }
                return self.flow(at, at + 1, state, states);
            }
            Instruction::Leave {} => {
                let (next, floor) = state.loops.pop().ok_or("no loop is open")?;
                ensure(state.stack == floor, "the loop has values left")?;
                let Some(Instruction::Iterate { count, .. }) = self.parts.code.get(next as usize - 1) else {
                    return Err("a loop that does not begin".to_owned());
                };
                state.stack -= count.0 as usize;
                return self.flow(at, at + 1, state, states);
            }
            Instruction::Collect {} => state.lists += 1,
            Instruction::Collected {} => {
                state.lists = state.lists.checked_sub(1).ok_or("no list is under construction")?;
            }
            Instruction::Add {} | Instruction::Extend {} => {
                ensure(state.lists > 0, "no list is under construction")?;
            }
            _ => {}
        }
        state.stack = state.stack - takes + puts;
        ensure(state.stack <= STACK_MAX, "too many values")?;
        self.flow(at, at + 1, state, states)
    }

    /// How many values an instruction takes and puts; its rows are checked on the way.
    fn effect(&self, instruction: &Instruction, state: &State) -> Result<(usize, usize), String> {
        let globs = |row: u32| -> Result<usize, String> {
            let globs = self.parts.globs.get(row as usize).ok_or("globs that are not there")?;
            Ok(globs.iter().map(crate::glob::Glob::value_count).sum())
        };
        let regexes =
            |row: u32| ensure((row as usize) < self.parts.regexes.len(), "expressions that are not there");
        let constant =
            |row: u32| ensure((row as usize) < self.parts.constants.len(), "a constant that is not there");
        Ok(match instruction {
            Instruction::Constant { constant: id } => {
                constant(id.0)?;
                (0, 1)
            }
            Instruction::Missing {} => (0, 1),
            Instruction::Path { path } => {
                self.path(*path, false, state)?;
                (0, 1)
            }
            Instruction::Steps { path } => {
                self.path(*path, true, state)?;
                (1, 1)
            }
            Instruction::Binding { binding } => {
                let usable = self.names.bindings.0 <= *binding && *binding < self.bindings_end;
                ensure(usable, "a binding that is not there yet")?;
                let per_element = self.parts.bindings[binding.0 as usize].per_element;
                ensure(!per_element || self.element_bound, "a binding of elements outside of them")?;
                (0, 1)
            }
            Instruction::Entry {} => (2, 1),
            Instruction::Expect { .. } | Instruction::Must {} | Instruction::UrlPart {} => (1, 1),
            Instruction::Operation { operation } => (operation.arity(), 1),
            Instruction::Ask { question } => (question.arity(), 1),
            Instruction::Convert { operation } => {
                ensure(operation.arity() == 1, "a conversion of several values")?;
                (1, 1)
            }
            Instruction::MatchGroup { regexes: row } => {
                regexes(row.0)?;
                ensure(self.parts.regexes[row.0 as usize].len() == 1, "groups of several expressions")?;
                (2, 1)
            }
            Instruction::OrElse { .. } => (1, 0),
            Instruction::List { count }
            | Instruction::Concat { count }
            | Instruction::Text { count }
            | Instruction::Message { count } => (count.0 as usize, 1),
            Instruction::Map { count } => (count.0 as usize * 2, 1),
            Instruction::Collect {} => (0, 0),
            Instruction::Add {} | Instruction::Extend {} => (1, 0),
            Instruction::Collected {} => (0, 1),
            Instruction::Flag { .. } => (0, 0),
            Instruction::Is {} | Instruction::Has {} | Instruction::Empty {} => (1, 0),
            Instruction::Compare { comparison, domain } => {
                ensure(
                    domain.is_ordered() || *comparison == crate::operation::Comparison::Equal,
                    "an order that there is not",
                )?;
                (2, 0)
            }
            Instruction::Glob { globs: row } => {
                ensure(globs(row.0)? == 0, "globs that want values")?;
                (1, 0)
            }
            Instruction::GlobOf { globs: row } => (1 + globs(row.0)?, 0),
            Instruction::Regex { regexes: row } => {
                regexes(row.0)?;
                (1, 0)
            }
            Instruction::Test { test } => (test.arity(), 0),
            Instruction::Changed {} => (2, 0),
            Instruction::IsPath { path }
            | Instruction::HasPath { path }
            | Instruction::EmptyPath { path } => {
                self.path(*path, false, state)?;
                (0, 0)
            }
            Instruction::ComparePath { path, comparison, domain, constant: id } => {
                self.path(*path, false, state)?;
                constant(id.0)?;
                ensure(
                    domain.is_ordered() || *comparison == crate::operation::Comparison::Equal,
                    "an order that there is not",
                )?;
                (0, 0)
            }
            Instruction::GlobPath { path, globs: row } => {
                self.path(*path, false, state)?;
                ensure(globs(row.0)? == 0, "globs that want values")?;
                (0, 0)
            }
            Instruction::RegexPath { path, regexes: row } => {
                self.path(*path, false, state)?;
                regexes(row.0)?;
                (0, 0)
            }
            Instruction::Jump { .. }
            | Instruction::JumpIf { .. }
            | Instruction::JumpUnless { .. }
            | Instruction::Known { .. }
            | Instruction::Next { .. }
            | Instruction::Leave {}
            | Instruction::Return {} => (0, 0),
            Instruction::Iterate { count, .. } => (count.0 as usize, 0),
        })
    }

    fn path(&self, path: PathId, from_stack: bool, state: &State) -> Verified {
        let path = self.parts.paths.get(path.0 as usize).ok_or("a path that is not there")?;
        match path.root {
            PathRoot::Stack => ensure(from_stack, "a path from a value that is not there"),
            _ if from_stack => Err("a path that does not begin at the value".to_owned()),
            PathRoot::Slot(slot) => {
                self.slot(slot)?;
                ensure(is_set(&state.bound, slot), "a local name that is not bound")
            }
            PathRoot::Object
            | PathRoot::OldObject
            | PathRoot::Subject
            | PathRoot::OldSubject
            | PathRoot::Namespace
            | PathRoot::NamespaceObject
            | PathRoot::User
            | PathRoot::Request
            | PathRoot::Now => Ok(()),
        }
    }

    fn slot(&self, slot: Slot) -> Verified {
        ensure(slot.0 < self.names.slots, "a local name without a place")
    }
}

fn set(bits: &mut [u64], slot: Slot) {
    bits[slot.0 as usize / 64] |= 1 << (slot.0 % 64);
}

fn is_set(bits: &[u64], slot: Slot) -> bool {
    bits[slot.0 as usize / 64] & (1 << (slot.0 % 64)) != 0
}
