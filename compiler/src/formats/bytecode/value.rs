//! Values: code that leaves one value on the stack.

use aipc_runtime::operation::Operation;
use aipc_runtime::program::{
    BindingId, Constant, Count, Expect, Instruction, Label, OptionalSlot, Path, PathId, PathRoot, PathStep,
};
use aipc_runtime::regular_expression::regex_is_portable;
use aipc_runtime::value::{Cidr, Quantity, Semver, Time};

use super::rule::Ctx;
use super::{Emitted, Refusal};
use crate::ir::{self, Literal, Root, Step, TextPart, Type, Value, ValueKind};
use crate::source::Span;

/// What an IntOrString is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Number,
    Percent,
}

impl Ctx<'_, '_> {
    pub(super) fn value(&mut self, value: &Value) -> Emitted<()> {
        self.value_as(value, Wanted::Whole)
    }

    pub(super) fn value_as(&mut self, value: &Value, wanted: Wanted) -> Emitted<()> {
        match &value.kind {
            ValueKind::Literal(literal) => {
                let constant = constant(literal, value.origin)?;
                self.constant(constant);
                Ok(())
            }
            ValueKind::Path(path) => self.path(path, expect(&value.ty, wanted)),
            ValueKind::Call(operation, arguments) => self.call(*operation, arguments),
            ValueKind::Coalesce(first, second) => {
                let present = self.assembler.label();
                self.value_as(first, wanted)?;
                self.assembler.emit(Instruction::OrElse { present });
                self.value_as(second, wanted)?;
                self.assembler.put(present);
                Ok(())
            }
            ValueKind::If(test, yes, no) => {
                self.either(test, |ctx| ctx.value_as(yes, wanted), |ctx| ctx.value_as(no, wanted))
            }
            ValueKind::Bool(cond) => {
                let truth = |truth| {
                    move |ctx: &mut Self| {
                        ctx.constant(Constant::Bool(truth));
                        Ok(())
                    }
                };
                self.either(cond, truth(true), truth(false))
            }
            ValueKind::List(values) => self.list(values),
            ValueKind::Object(entries) => {
                for (key, value) in entries {
                    self.constant(Constant::Text(key.clone()));
                    self.value(value)?;
                }
                self.assembler.emit(Instruction::Map { count: Count(entries.len() as u32) });
                Ok(())
            }
            ValueKind::Concat(lists) => {
                for list in lists {
                    self.value(list)?;
                }
                self.assembler.emit(Instruction::Concat { count: Count(lists.len() as u32) });
                Ok(())
            }
            ValueKind::Collect(collect) => self.collect(collect),
            ValueKind::Text(parts) => {
                for part in parts {
                    match part {
                        TextPart::Text(text) => self.constant(Constant::Text(text.clone())),
                        TextPart::Value(value) => self.value(value)?,
                    }
                }
                self.assembler.emit(Instruction::Text { count: Count(parts.len() as u32) });
                Ok(())
            }
            ValueKind::Lookup(lookup) => {
                self.lookup(lookup, value.origin)?;
                self.steps(Vec::new(), expect(&value.ty, wanted));
                Ok(())
            }
            ValueKind::Must(inner) => {
                self.value_as(inner, wanted)?;
                self.assembler.emit_for(Instruction::Must {}, value.origin);
                Ok(())
            }
        }
    }

    pub(super) fn constant(&mut self, constant: Constant) {
        let constant = self.assembler.constant(constant);
        self.assembler.emit(Instruction::Constant { constant });
    }

    /// One value where the condition holds, another where it does not.
    pub(super) fn either(
        &mut self,
        test: &ir::Cond,
        yes: impl FnOnce(&mut Self) -> Emitted<()>,
        no: impl FnOnce(&mut Self) -> Emitted<()>,
    ) -> Emitted<()> {
        let (otherwise, done) = (self.assembler.label(), self.assembler.label());
        self.branch(test, false, otherwise)?;
        yes(self)?;
        self.assembler.emit(Instruction::Jump { to: done });
        self.assembler.put(otherwise);
        no(self)?;
        self.assembler.put(done);
        Ok(())
    }

    fn list(&mut self, values: &[Value]) -> Emitted<()> {
        let literals: Option<Vec<&Literal>> = values.iter().map(Value::as_literal).collect();
        if let Some(literals) = literals {
            let mut rows = Vec::new();
            for (literal, value) in literals.into_iter().zip(values) {
                let constant = constant(literal, value.origin)?;
                rows.push(self.assembler.constant(constant));
            }
            self.constant(Constant::List(rows));
            return Ok(());
        }
        for value in values {
            self.value(value)?;
        }
        self.assembler.emit(Instruction::List { count: Count(values.len() as u32) });
        Ok(())
    }

    /// The row of a path without computed keys that begins at a root; `None` for other paths.
    pub(super) fn static_path(&mut self, path: &ir::Path, expect: Expect) -> Option<PathId> {
        let Start::Root(root) = self.start(path.root) else { return None };
        let steps: Option<Vec<PathStep>> = path.steps.iter().map(static_step).collect();
        Some(self.assembler.path(Path { root, steps: steps?, expect }))
    }

    fn start(&mut self, root: Root) -> Start {
        Start::Root(match root {
            Root::Object => PathRoot::Object,
            Root::OldObject => PathRoot::OldObject,
            Root::Subject => PathRoot::Subject,
            Root::OldSubject => PathRoot::OldSubject,
            Root::Local(local) => match self.bindings.get(&local) {
                Some(binding) => return Start::Binding(*binding),
                None => PathRoot::Slot(self.slot(local)),
            },
            // INVARIANT: only rules that have no bytecode speak of these.
            Root::Existing | Root::ExistingSubject | Root::Predicate => PathRoot::Object,
            Root::Namespace => PathRoot::Namespace,
            Root::NamespaceObject => PathRoot::NamespaceObject,
            Root::User => PathRoot::User,
            Root::Request => PathRoot::Request,
            Root::Now => PathRoot::Now,
        })
    }

    fn path(&mut self, path: &ir::Path, expect: Expect) -> Emitted<()> {
        if let Some(path) = self.static_path(path, expect) {
            self.assembler.emit(Instruction::Path { path });
            return Ok(());
        }
        // The steps between computed keys are walked in one go.
        let mut runs: Vec<Vec<PathStep>> = vec![Vec::new()];
        let mut keys: Vec<&Value> = Vec::new();
        for step in &path.steps {
            match (step, static_step(step)) {
                (_, Some(step)) => runs[keys.len()].push(step),
                (Step::Key(key), None) => {
                    keys.push(key);
                    runs.push(Vec::new());
                }
                (Step::Field(_) | Step::Element(_), None) => {}
            }
        }
        let last = keys.len();
        let expect_at = |run: usize| if run == last { expect } else { Expect::Any };
        let mut runs = runs.into_iter().enumerate();
        if let Some((run, steps)) = runs.next() {
            match self.start(path.root) {
                Start::Root(root) => {
                    let path = self.assembler.path(Path { root, steps, expect: expect_at(run) });
                    self.assembler.emit(Instruction::Path { path });
                }
                Start::Binding(binding) => {
                    self.assembler.emit(Instruction::Binding { binding });
                    self.steps(steps, expect_at(run));
                }
            }
        }
        for ((run, steps), key) in runs.zip(keys) {
            self.value(key)?;
            self.assembler.emit(Instruction::Entry {});
            self.steps(steps, expect_at(run));
        }
        Ok(())
    }

    fn steps(&mut self, steps: Vec<PathStep>, expect: Expect) {
        if !steps.is_empty() {
            let path = self.assembler.path(Path { root: PathRoot::Stack, steps, expect });
            self.assembler.emit(Instruction::Steps { path });
        } else if expect != Expect::Any {
            self.assembler.emit(Instruction::Expect { expect });
        }
    }

    fn call(&mut self, operation: Operation, arguments: &[Value]) -> Emitted<()> {
        let typed = is_about_types(operation);
        if operation == Operation::MatchGroup
            && let [text, pattern, group] = arguments
            && let Some(Literal::Text(written)) = pattern.as_literal()
        {
            regex_is_portable(written).map_err(|reason| Refusal::new(pattern.origin, reason))?;
            self.value(text)?;
            self.value(group)?;
            let regexes = self.assembler.regexes(vec![written.clone()]);
            self.assembler.emit(Instruction::MatchGroup { regexes });
            return Ok(());
        }
        for argument in arguments {
            self.value_as(argument, if typed { Wanted::Number } else { Wanted::Whole })?;
            if typed && argument.as_literal().is_none() {
                self.convert(&argument.ty);
            }
        }
        self.assembler.emit(Instruction::Operation { operation });
        Ok(())
    }

    /// Manifests hold quantities, durations and times as text; arithmetic wants to know them.
    fn convert(&mut self, ty: &Type) {
        if let Some(operation) = conversion(ty) {
            self.assembler.emit(Instruction::Operation { operation });
        } else if let Type::List(element) = ty
            && let Some(operation) = conversion(element)
        {
            self.assembler.emit(Instruction::Convert { operation });
        }
    }

    fn collect(&mut self, collect: &ir::Collect) -> Emitted<()> {
        let count = self.sources(&collect.source)?;
        self.assembler.emit(Instruction::Collect {});
        let next = self.iterate(count, collect.binder);
        let end = self.assembler.label();
        self.assembler.put(next);
        self.assembler.emit(Instruction::Next { end });
        self.branch(&collect.filter, false, next)?;
        self.value(&collect.body)?;
        let add = if collect.flatten { Instruction::Extend {} } else { Instruction::Add {} };
        self.assembler.emit(add);
        self.assembler.emit(Instruction::Jump { to: next });
        self.assembler.put(end);
        self.assembler.emit(Instruction::Collected {});
        Ok(())
    }

    /// Leaves the lists that a loop goes through, one after the other; how many they are.
    pub(super) fn sources(&mut self, source: &Value) -> Emitted<u32> {
        let ValueKind::Concat(lists) = &source.kind else {
            self.value(source)?;
            return Ok(1);
        };
        if lists.is_empty() {
            self.assembler.emit(Instruction::Missing {});
            return Ok(1);
        }
        let mut count = 0;
        for list in lists {
            count += self.sources(list)?;
        }
        Ok(count)
    }

    /// Opens a loop; the label is for its `next`, which has to follow at once.
    pub(super) fn iterate(&mut self, count: u32, binder: ir::Binder) -> Label {
        let key = OptionalSlot(binder.key.map(|local| self.slot(local)));
        let element = self.slot(binder.element);
        self.assembler.emit(Instruction::Iterate { count: Count(count), key, element });
        self.assembler.label()
    }
}

/// Where a path begins: at a root, or at the value of a binding.
enum Start {
    Root(PathRoot),
    Binding(BindingId),
}

fn static_step(step: &Step) -> Option<PathStep> {
    match step {
        Step::Field(field) => Some(PathStep::Field { name: field.name.clone(), required: field.required }),
        Step::Element(number) => Some(PathStep::Element(*number)),
        Step::Key(_) => None,
    }
}

/// What a value of a type has to be in a manifest.
pub(super) fn expect(ty: &Type, wanted: Wanted) -> Expect {
    match ty {
        Type::Bool => Expect::Bool,
        Type::Int => Expect::Int,
        Type::Float => Expect::Float,
        Type::Quantity => Expect::Quantity,
        Type::IntOrPercent => match wanted {
            Wanted::Whole => Expect::IntOrText,
            Wanted::Number => Expect::IntOfIntOrText,
            Wanted::Percent => Expect::PercentOfIntOrText,
        },
        Type::Percent => Expect::PercentOfIntOrText,
        Type::Text | Type::Image => Expect::Text,
        Type::Duration => Expect::Duration,
        Type::Time => Expect::Time,
        Type::Semver => Expect::Semver,
        Type::Ip => Expect::Ip,
        Type::Cidr => Expect::Cidr,
        Type::List(_) => Expect::List,
        Type::Map(_) | Type::Object => Expect::Map,
        Type::Json => Expect::Any,
    }
}

/// Operations whose meaning depends on the types of their arguments.
fn is_about_types(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Add
            | Operation::Subtract
            | Operation::Multiply
            | Operation::Divide
            | Operation::Negate
            | Operation::Round
            | Operation::Sum
            | Operation::Min
            | Operation::Max
            | Operation::Sort
    )
}

fn conversion(ty: &Type) -> Option<Operation> {
    match ty {
        Type::Quantity => Some(Operation::ToQuantity),
        Type::Duration => Some(Operation::ToDuration),
        Type::Time => Some(Operation::ToTime),
        Type::Semver => Some(Operation::ToSemver),
        Type::Bool
        | Type::Int
        | Type::Float
        | Type::IntOrPercent
        | Type::Percent
        | Type::Text
        | Type::Image => None,
        Type::Ip | Type::Cidr | Type::List(_) | Type::Map(_) | Type::Object | Type::Json => None,
    }
}

fn constant(literal: &Literal, span: Span) -> Emitted<Constant> {
    let readable = |readable: bool, constant: Constant| {
        if readable { Ok(constant) } else { Err(Refusal::new(span, "the literal cannot be read")) }
    };
    match literal {
        Literal::Bool(value) => Ok(Constant::Bool(*value)),
        Literal::Int(number) => Ok(Constant::Int(*number)),
        Literal::Float(number) => readable(number.is_finite(), Constant::Float(*number)),
        Literal::Text(text) => Ok(Constant::Text(text.clone())),
        Literal::Quantity(text) => readable(Quantity::is_quantity(text), Constant::Quantity(text.clone())),
        Literal::Duration(nanoseconds) => Ok(Constant::Duration(*nanoseconds)),
        Literal::Time(text) => {
            // A date is its first moment.
            let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.clone() };
            readable(Time::parse(&text).is_some(), Constant::Time(text))
        }
        Literal::Percent(number) => Ok(Constant::Percent(*number)),
        Literal::Semver(text) => readable(Semver::parse(text).is_some(), Constant::Semver(text.clone())),
        Literal::Ip(text) => readable(text.parse::<std::net::IpAddr>().is_ok(), Constant::Ip(text.clone())),
        Literal::Cidr(text) => readable(Cidr::parse(text).is_some(), Constant::Cidr(text.clone())),
    }
}
