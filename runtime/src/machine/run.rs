//! Runs blocks of instructions.

use std::cell::OnceCell;
use std::rc::Rc;

use super::path::{Memo, Note, NoteKind, StepMemo};
use super::record::Recorder;
use super::{Environment, ErrorReason, EvaluationError, ObjectKind, Resource, Unknown};
use crate::budget::{Budget, OverBudget};
use crate::document::{Document, NodeId};
use crate::glob::{self, Matcher};
use crate::operation::{self, text};
use crate::program::{
    Binding, BindingId, Block, GlobsId, Instruction, PathId, Program, RegexesId, Slot, SourcePlace,
};
use crate::value::{Shared, Value};

/// Why a block did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    Error(EvaluationError),
    NoUser,
    NotEvaluated(Unknown),
}

impl From<OverBudget> for Stop {
    fn from(_: OverBudget) -> Stop {
        Stop::Error(EvaluationError { reason: ErrorReason::OverBudget, origin: None })
    }
}

/// Where the subject is.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// `None` where it is missing.
    pub(super) node: Option<NodeId>,
    pub(super) old_node: Option<NodeId>,
    /// The subject, or the nearest parent that exists.
    pub(super) nearest: NodeId,
    /// The fields from there to the subject where it is missing, as text of a path.
    pub(super) rest: String,
}

/// The state of an evaluation of one resource.
pub(super) struct Machine<'a> {
    pub(super) program: &'a Program,
    pub(super) environment: &'a Environment<'a>,
    pub(super) resource: Resource<'a>,
    pub(super) old: Option<Resource<'a>>,
    pub(super) kind: ObjectKind<'a>,
    pub(super) subject: Subject,
    /// Whether the object belongs in a namespace.
    pub(super) namespaced: bool,
    /// `metadata.namespace`, and of a Namespace its name, once it was asked for.
    pub(super) own_namespace: OnceCell<Option<&'a str>>,
    /// The places of subjects that were found, by the number of their paths.
    pub(super) subjects: Vec<Option<Rc<[Subject]>>>,
    /// Why the block cannot go on, from a path that asked for what is not known.
    pub(super) stop: Option<Stop>,
    /// The question that had no answer, as words.
    pub(super) unanswered: Option<String>,
    /// What is unknown reads as missing: in messages.
    pub(super) unknown_is_missing: bool,
    pub(super) budget: Budget,
    pub(super) memo: Vec<Memo>,
    pub(super) steps: Box<[StepMemo; StepMemo::COUNT]>,
    pub(super) notes: Vec<Note<'a>>,
    pub(super) notes_limit: usize,
    pub(super) assumed: Vec<Unknown>,
    pub(super) flag: bool,
    pub(super) slots: Vec<Value<'a>>,
    /// The values of the rule's bindings that were asked for.
    pub(super) bindings: Vec<Option<Value<'a>>>,
    pub(super) bindings_start: BindingId,
    stack: Vec<Value<'a>>,
    /// Room for the values that a block leaves.
    spare: Vec<Value<'a>>,
    loops: Vec<Loop>,
    lists: Vec<Vec<Value<'a>>>,
    pub(super) recorder: Option<Box<Recorder<'a>>>,
}

/// An open loop over values that lie on the stack.
struct Loop {
    /// Where the first of them lies.
    first: usize,
    /// The one it is at.
    at: usize,
    end: usize,
    /// The element it comes to next.
    index: usize,
    /// How many elements of all lists went before.
    number: i64,
    key: Option<Slot>,
    element: Slot,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        program: &'a Program,
        resource: Resource<'a>,
        environment: &'a Environment<'a>,
        kind: ObjectKind<'a>,
    ) -> Machine<'a> {
        Machine {
            program,
            environment,
            resource,
            old: super::path::old_object(resource, environment.operation, environment.old_object),
            kind,
            subject: Subject {
                node: Some(resource.object),
                old_node: None,
                nearest: resource.object,
                rest: String::new(),
            },
            namespaced: false,
            own_namespace: OnceCell::new(),
            subjects: vec![None; program.prepared().subject_count],
            stop: None,
            unanswered: None,
            unknown_is_missing: false,
            budget: Budget::new(0),
            memo: vec![Memo::EMPTY; program.prepared().beginning_count],
            steps: Box::new([StepMemo::EMPTY; StepMemo::COUNT]),
            notes: Vec::new(),
            notes_limit: 256,
            assumed: Vec::new(),
            flag: false,
            slots: Vec::new(),
            bindings: Vec::new(),
            bindings_start: BindingId(0),
            stack: Vec::with_capacity(16),
            spare: Vec::with_capacity(4),
            loops: Vec::new(),
            lists: Vec::new(),
            recorder: None,
        }
    }

    /// The answer of a block of conditions.
    pub(super) fn ask(&mut self, block: Block) -> Result<bool, Stop> {
        self.open_pass(block);
        self.start(block)?;
        Ok(self.flag)
    }

    /// The values that a block leaves.
    pub(super) fn values(&mut self, block: Block) -> Result<Vec<Value<'a>>, Stop> {
        self.start(block)?;
        let mut values = std::mem::take(&mut self.spare);
        values.clear();
        values.append(&mut self.stack);
        Ok(values)
    }

    /// Gives back the values that a block left, for their room.
    pub(super) fn done_with(&mut self, values: Vec<Value<'a>>) {
        self.spare = values;
    }

    fn start(&mut self, block: Block) -> Result<(), Stop> {
        self.stack.clear();
        self.loops.clear();
        self.lists.clear();
        if self.recorder.is_some() { self.run::<true>(block) } else { self.run::<false>(block) }
    }

    /// INVARIANT: verification has seen that the stack holds what an instruction takes.
    pub(super) fn pop(&mut self) -> Value<'a> {
        self.stack.pop().unwrap_or(Value::Missing)
    }

    fn run<const RECORD: bool>(&mut self, block: Block) -> Result<(), Stop> {
        let program = self.program;
        let code = &program.parts().code[..];
        let mut at = block.start as usize;
        loop {
            self.budget.spend(1)?;
            let here = at;
            at += 1;
            match code[here] {
                Instruction::Constant { constant } => {
                    self.stack.push(program.prepared().constants[constant.0 as usize].borrow());
                }
                Instruction::Missing {} => self.stack.push(Value::Missing),
                Instruction::Path { path } => {
                    let value = self.read::<RECORD>(path)?;
                    self.stack.push(value);
                }
                Instruction::Steps { path } => {
                    let base = self.pop();
                    let value = self.walk_value(base.clone(), path);
                    if RECORD {
                        self.record_steps(&base, &program.parts().paths[path.0 as usize], &value);
                    }
                    self.stack.push(value);
                }
                Instruction::Binding { binding } => {
                    let value = self.binding::<RECORD>(binding)?;
                    self.stack.push(value);
                }
                Instruction::Entry {} => {
                    let key = self.pop();
                    let map = self.pop();
                    self.budget.spend(map.map_len().unwrap_or(0) as u64 / 8)?;
                    let value = self.entry(&map, &key);
                    if RECORD {
                        self.record_entry(&map, &key, &value);
                    }
                    self.stack.push(value);
                }
                Instruction::Expect { expect } => {
                    let value = self.pop();
                    let value = self.expect(value, expect);
                    self.stack.push(value);
                }
                Instruction::Operation { operation } => {
                    let first = self.first_of(operation.arity());
                    let value = operation::apply(operation, &self.stack[first..], &mut self.budget)?;
                    self.replace(first, value);
                }
                Instruction::Ask { question } => {
                    let first = self.first_of(question.arity());
                    let parts: Vec<Value<'a>> = self.stack.drain(first..).collect();
                    let value = self.asked(question, &parts, here)?;
                    self.stack.push(value);
                }
                Instruction::UrlPart {} => {
                    let fits = |text: &str| super::world::is_url_part(text);
                    if self.stack.last().and_then(Value::as_text).is_some_and(|text| !fits(text)) {
                        return Err(self.error(ErrorReason::UrlPart, here));
                    }
                }
                Instruction::Convert { operation } => {
                    let list = self.pop();
                    let value = self.convert(operation, &list)?;
                    self.stack.push(value);
                }
                Instruction::MatchGroup { regexes } => {
                    let group = self.pop();
                    let value = self.pop();
                    let value = self.match_group(regexes, &value, &group, here)?;
                    self.stack.push(value);
                }
                Instruction::OrElse { present } => {
                    if self.stack.last().is_some_and(|value| !value.is_missing()) {
                        at = present.0 as usize;
                    } else {
                        self.pop();
                    }
                }
                Instruction::Must {} => {
                    if self.stack.last().is_none_or(Value::is_missing) {
                        return Err(self.error(ErrorReason::MustMissing, here));
                    }
                }
                Instruction::List { count } => {
                    let first = self.first_of(count.0 as usize);
                    let present = self.stack.drain(first..).filter(|value| !value.is_missing()).collect();
                    self.stack.push(Value::list(present));
                }
                Instruction::Map { count } => {
                    let first = self.first_of(count.0 as usize * 2);
                    let entries = map_entries(self.stack.drain(first..));
                    self.stack.push(Value::map(entries));
                }
                Instruction::Concat { count } => {
                    let first = self.first_of(count.0 as usize);
                    let value = text::concat(&self.stack[first..], &mut self.budget)?;
                    self.replace(first, value);
                }
                Instruction::Text { count } => {
                    let first = self.first_of(count.0 as usize);
                    let value = text::interpolate(&self.stack[first..], false, &mut self.budget)?;
                    self.replace(first, value);
                }
                Instruction::Message { count } => {
                    let first = self.first_of(count.0 as usize);
                    let value = text::interpolate(&self.stack[first..], true, &mut self.budget)?;
                    self.replace(first, value);
                }
                Instruction::Collect {} => {
                    self.lists.push(Vec::new());
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
                        recorder.open_value();
                    }
                }
                Instruction::Add {} => {
                    let value = self.pop();
                    if !value.is_missing() {
                        self.add_to_list([value])?;
                    }
                }
                Instruction::Extend {} => {
                    let list = self.pop();
                    self.add_to_list(list.elements().filter(|value| !value.is_missing()))?;
                }
                Instruction::Collected {} => {
                    let list = self.lists.pop().unwrap_or_default();
                    self.stack.push(Value::list(list));
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
                        recorder.close_value();
                    }
                }

                Instruction::Flag { value } => self.flag = value,
                Instruction::Is {} => {
                    let value = self.pop();
                    self.answer::<RECORD>(value.as_bool() == Some(true), here);
                }
                Instruction::Has {} => {
                    let value = self.pop();
                    self.answer::<RECORD>(!value.is_missing(), here);
                }
                Instruction::Empty {} => {
                    let value = self.pop();
                    self.answer::<RECORD>(value.is_empty(), here);
                }
                Instruction::Compare { comparison, domain } => {
                    let right = self.pop();
                    let left = self.pop();
                    let answer = operation::compare(comparison, domain, &left, &right, &mut self.budget)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::Glob { globs } => {
                    let value = self.pop();
                    let answer = self.glob(globs, &value)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::GlobOf { globs } => {
                    let answer = self.glob_of(globs)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::Regex { regexes } => {
                    let value = self.pop();
                    let answer = self.regex(regexes, &value, here)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::Test { test } => {
                    let first = self.first_of(test.arity());
                    let answer = operation::test(test, &self.stack[first..], &mut self.budget)?;
                    self.stack.truncate(first);
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::Changed {} => {
                    let before = self.pop();
                    let now = self.pop();
                    let answer = operation::changed(&now, &before, &mut self.budget)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::IsPath { path } => {
                    let value = self.read::<RECORD>(path)?;
                    self.answer::<RECORD>(value.as_bool() == Some(true), here);
                }
                Instruction::HasPath { path } => {
                    let value = self.read::<RECORD>(path)?;
                    self.answer::<RECORD>(!value.is_missing(), here);
                }
                Instruction::EmptyPath { path } => {
                    let value = self.read::<RECORD>(path)?;
                    self.answer::<RECORD>(value.is_empty(), here);
                }
                Instruction::ComparePath { path, comparison, domain, constant } => {
                    let left = self.read::<RECORD>(path)?;
                    let right = &program.prepared().constants[constant.0 as usize];
                    let answer = operation::compare(comparison, domain, &left, right, &mut self.budget)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::GlobPath { path, globs } => {
                    let value = self.read::<RECORD>(path)?;
                    let answer = self.glob(globs, &value)?;
                    self.answer::<RECORD>(answer, here);
                }
                Instruction::RegexPath { path, regexes } => {
                    let value = self.read::<RECORD>(path)?;
                    let answer = self.regex(regexes, &value, here)?;
                    self.answer::<RECORD>(answer, here);
                }

                Instruction::Jump { to } => at = to.0 as usize,
                Instruction::JumpIf { to } => {
                    if self.flag {
                        at = to.0 as usize;
                    }
                }
                Instruction::JumpUnless { to } => {
                    if !self.flag {
                        at = to.0 as usize;
                    }
                }
                Instruction::Known { about, unknown } => {
                    if !self.knows(about) {
                        if !self.assumed.contains(&about) {
                            self.assumed.push(about);
                        }
                        if RECORD {
                            self.record_assumed();
                        }
                        at = unknown.0 as usize;
                    }
                }
                Instruction::Iterate { count, key, element } => {
                    let end = self.stack.len();
                    let first = self.first_of(count.0 as usize);
                    self.loops.push(Loop { first, at: first, end, index: 0, number: 0, key: key.0, element });
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
                        recorder.open_loop();
                    }
                }
                Instruction::Next { end } => {
                    if !self.next_element() {
                        self.leave();
                        if RECORD {
                            self.record_exhausted(here);
                        }
                        at = end.0 as usize;
                    } else if RECORD && let Some(open) = self.loops.last() {
                        let element = self.slots[open.element.0 as usize].clone();
                        self.record_element(here, &element);
                    }
                }
                Instruction::Leave {} => {
                    self.leave();
                    if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
                        recorder.close_loop();
                    }
                }
                Instruction::Return {} => return Ok(()),
            }
        }
    }

    /// Sets the flag: a condition has its answer.
    #[inline]
    fn answer<const RECORD: bool>(&mut self, answer: bool, here: usize) {
        self.flag = answer;
        if RECORD {
            self.record_answer(here, answer);
        }
    }

    #[inline]
    fn read<const RECORD: bool>(&mut self, path: PathId) -> Result<Value<'a>, Stop> {
        let value = self.path(path);
        if self.stop.is_some()
            && let Some(stop) = self.stop.take()
        {
            return Err(stop);
        }
        if RECORD {
            self.record_path(path, &value);
        }
        Ok(value)
    }

    /// Where the last `count` values begin.
    fn first_of(&self, count: usize) -> usize {
        self.stack.len().saturating_sub(count)
    }

    fn replace(&mut self, first: usize, value: Value<'a>) {
        self.stack.truncate(first);
        self.stack.push(value);
    }

    fn add_to_list(&mut self, values: impl IntoIterator<Item = Value<'a>>) -> Result<(), Stop> {
        for value in values {
            self.budget.spend(1)?;
            if let Some(list) = self.lists.last_mut() {
                list.push(value);
            }
        }
        Ok(())
    }

    /// The value of a binding, computed when it is first asked for.
    fn binding<const RECORD: bool>(&mut self, id: BindingId) -> Result<Value<'a>, Stop> {
        let row = (id.0 - self.bindings_start.0) as usize;
        if let Some(value) = &self.bindings[row] {
            let value = value.clone();
            if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
                recorder.read_again(id);
            }
            return Ok(value);
        }
        let Binding { block, .. } = &self.program.parts().bindings[id.0 as usize];
        if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
            recorder.open_value();
        }
        // Bindings use earlier ones only, and a rule has few, so this is not deep.
        self.run::<RECORD>(*block)?;
        if let Some(recorder) = self.recorder.as_mut().filter(|_| RECORD) {
            recorder.close_binding(id);
        }
        let value = self.pop();
        self.bindings[row] = Some(value.clone());
        Ok(value)
    }

    fn convert(&mut self, operation: operation::Operation, list: &Value<'a>) -> Result<Value<'a>, Stop> {
        let Some(len) = list.list_len() else { return Ok(Value::Missing) };
        self.budget.spend(len as u64)?;
        let mut converted = Vec::with_capacity(len);
        for element in list.elements().filter(|element| !element.is_missing()) {
            let value = operation::apply(operation, &[element], &mut self.budget)?;
            // One element that is none of its type leaves the list without an answer.
            if value.is_missing() {
                return Ok(Value::Missing);
            }
            converted.push(value);
        }
        Ok(Value::list(converted))
    }

    fn match_group(
        &mut self,
        row: RegexesId,
        value: &Value<'a>,
        group: &Value<'a>,
        here: usize,
    ) -> Result<Value<'a>, Stop> {
        match self.program.prepared().regexes(row.0).next() {
            Some((Some(regex), cost)) => Ok(text::caught(value, regex, cost, group, &mut self.budget)?),
            Some((None, _)) | None => Err(self.error(ErrorReason::RegexTooLarge, here)),
        }
    }

    #[inline]
    fn glob(&mut self, row: GlobsId, value: &Value<'a>) -> Result<bool, Stop> {
        let Some(text) = value.as_text() else { return Ok(false) };
        for matcher in self.program.prepared().matchers[row.0 as usize].iter().flatten() {
            self.budget.spend(matcher.cost(text.len()))?;
            if matcher.matches(text) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Globs with texts of values in them. A missing one spoils only its own glob.
    fn glob_of(&mut self, row: GlobsId) -> Result<bool, Stop> {
        let globs = &self.program.parts().globs[row.0 as usize];
        let count: usize = globs.iter().map(glob::Glob::value_count).sum();
        let first = self.first_of(count);
        let values: Vec<Value<'a>> = self.stack.drain(first..).collect();
        let value = self.pop();
        let Some(text) = value.as_text() else { return Ok(false) };
        let mut rest = &values[..];
        for (glob, matcher) in globs.iter().zip(&self.program.prepared().matchers[row.0 as usize]) {
            let own;
            (own, rest) = rest.split_at(glob.value_count().min(rest.len()));
            let matches = match matcher {
                Some(matcher) => {
                    self.budget.spend(matcher.cost(text.len()))?;
                    matcher.matches(text)
                }
                None => {
                    let Some(texts) = own.iter().map(Value::as_text).collect::<Option<Vec<_>>>() else {
                        continue;
                    };
                    let tokens = glob::tokens(&glob.0, &texts);
                    self.budget.spend(tokens.len() as u64)?;
                    let matcher = Matcher::General(tokens);
                    self.budget.spend(matcher.cost(text.len()))?;
                    matcher.matches(text)
                }
            };
            if matches {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn regex(&mut self, row: RegexesId, value: &Value<'a>, here: usize) -> Result<bool, Stop> {
        let Some(text) = value.as_text() else { return Ok(false) };
        let program = self.program;
        for (regex, cost) in program.prepared().regexes(row.0) {
            self.budget.spend((text.len() as u64).saturating_mul(cost))?;
            match regex {
                Some(regex) if regex.is_match(text) => return Ok(true),
                Some(_) => {}
                None => return Err(self.error(ErrorReason::RegexTooLarge, here)),
            }
        }
        Ok(false)
    }

    /// Binds the next element of the innermost loop; `false` if there is none.
    fn next_element(&mut self) -> bool {
        let Some(open) = self.loops.last_mut() else { return false };
        while open.at < open.end {
            let list = &self.stack[open.at];
            let found = match *list {
                Value::Node(document, node) => node_element(document, node, open.index),
                Value::List(ref elements) => elements.get(open.index).map(|element| (None, element.clone())),
                Value::Map(ref entries) => entries
                    .get(open.index)
                    .map(|(key, value)| (Some(Value::Text(key.clone())), value.clone())),
                _ => None,
            };
            let Some((key, element)) = found else {
                open.at += 1;
                open.index = 0;
                continue;
            };
            let null = match (&key, &element) {
                (None, Value::Node(document, node)) if element.is_missing() => Some((*document, *node)),
                _ => None,
            };
            open.index += 1;
            if let Some(slot) = open.key {
                self.slots[slot.0 as usize] = key.unwrap_or(Value::Int(open.number));
            }
            open.number += 1;
            self.slots[open.element.0 as usize] = element;
            if let Some((document, node)) = null {
                self.note(document, node, NoteKind::Null("a value"));
            }
            return true;
        }
        false
    }

    fn leave(&mut self) {
        if let Some(open) = self.loops.pop() {
            self.stack.truncate(open.first);
        }
    }

    pub(super) fn error(&self, reason: ErrorReason, here: usize) -> Stop {
        Stop::Error(EvaluationError { reason, origin: self.place_of(here) })
    }

    /// The place of the source that an instruction belongs to.
    fn place_of(&self, here: usize) -> Option<SourcePlace> {
        self.origin_of(here).map(|origin| origin.place)
    }
}

/// Keys of the map and their values, from pairs on the stack; of equal keys the last value stays.
fn map_entries<'a>(mut pairs: impl Iterator<Item = Value<'a>>) -> Vec<(Shared<'a, str>, Value<'a>)> {
    let mut entries: Vec<(Shared<'a, str>, Value<'a>)> = Vec::new();
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        let Some(key) = key.to_shared_text().filter(|_| !value.is_missing()) else { continue };
        match entries.iter_mut().find(|(name, _)| *name == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
    entries
}

/// An element of a list with no key, or an entry of a map with its key.
#[inline]
fn node_element<'a>(
    document: &'a Document,
    node: NodeId,
    index: usize,
) -> Option<(Option<Value<'a>>, Value<'a>)> {
    if let Some(element) = document.element(node, index) {
        return Some((None, Value::Node(document, element)));
    }
    let (key, value) = document.entry(node, index)?;
    Some((Some(Value::Text(Shared::Borrowed(key))), Value::Node(document, value)))
}
