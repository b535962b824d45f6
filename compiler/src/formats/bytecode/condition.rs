//! Conditions: code that jumps where a condition is true, or where it is false, and goes on otherwise.

use aipc_runtime::glob::{Glob, GlobPart};
use aipc_runtime::machine::Unknown;
use aipc_runtime::operation::Domain;
use aipc_runtime::program::{Expect, Instruction, Label, PathId};
use aipc_runtime::regular_expression::regex_is_portable;

use super::rule::Ctx;
use super::value::{Wanted, expect};
use super::{Emitted, Refusal};
use crate::ir::{self, Cond, CondKind, Quantified, Test, Value};

impl Ctx<'_, '_> {
    /// Leaves the answer whether all conditions hold.
    pub(super) fn answer(&mut self, conds: &[Cond]) -> Emitted<()> {
        let no = self.assembler.label();
        for cond in conds {
            self.branch(cond, false, no)?;
        }
        self.assembler.emit(Instruction::Flag { value: true });
        self.assembler.emit(Instruction::Return {});
        self.assembler.put(no);
        self.assembler.emit(Instruction::Flag { value: false });
        Ok(())
    }

    /// Jumps to the label where the answer of the condition is `on`.
    pub(super) fn branch(&mut self, cond: &Cond, on: bool, to: Label) -> Emitted<()> {
        match &cond.kind {
            CondKind::Const(value) => {
                if *value == on {
                    self.assembler.emit(Instruction::Jump { to });
                }
                Ok(())
            }
            CondKind::Not(inner) => self.branch(inner, !on, to),
            CondKind::And(parts) => self.junction(parts, false, on, to),
            CondKind::Or(parts) => self.junction(parts, true, on, to),
            CondKind::Any(quantified) => self.quantified(cond, quantified, true, on, to),
            CondKind::All(quantified) => self.quantified(cond, quantified, false, on, to),
            CondKind::Known { about, cond, otherwise } => {
                let about = match about {
                    ir::Unknown::User => Unknown::User,
                    ir::Unknown::NamespaceLabels => Unknown::NamespaceLabels,
                };
                let done = self.assembler.label();
                let unknown = if *otherwise == on { to } else { done };
                self.assembler.emit(Instruction::Known { about, unknown });
                self.branch(cond, on, to)?;
                self.assembler.put(done);
                Ok(())
            }
            _ => {
                self.atom(cond)?;
                let jump = if on { Instruction::JumpIf { to } } else { Instruction::JumpUnless { to } };
                self.assembler.emit(jump);
                Ok(())
            }
        }
    }

    /// An `or` (`decisive` is true) or `and`: one part with the decisive answer settles it.
    fn junction(&mut self, parts: &[Cond], decisive: bool, on: bool, to: Label) -> Emitted<()> {
        if on == decisive {
            return parts.iter().try_for_each(|part| self.branch(part, on, to));
        }
        let Some((last, others)) = parts.split_last() else {
            // No part settles it.
            self.assembler.emit(Instruction::Jump { to });
            return Ok(());
        };
        let settled = self.assembler.label();
        for part in others {
            self.branch(part, decisive, settled)?;
        }
        self.branch(last, on, to)?;
        self.assembler.put(settled);
        Ok(())
    }

    /// `any` (`decisive` is true) or `every`: one element with the decisive answer settles it.
    fn quantified(
        &mut self,
        cond: &Cond,
        quantified: &Quantified,
        decisive: bool,
        on: bool,
        to: Label,
    ) -> Emitted<()> {
        let count = self.sources(&quantified.source)?;
        let next = self.iterate(count, quantified.binder);
        let (end, done) = (self.assembler.label(), self.assembler.label());
        self.assembler.put(next);
        self.assembler.emit_for(Instruction::Next { end }, cond.origin);
        self.branch(&quantified.body, !decisive, next)?;
        self.assembler.emit(Instruction::Leave {});
        let settled = if decisive == on { to } else { done };
        self.assembler.emit(Instruction::Jump { to: settled });
        self.assembler.put(end);
        if decisive != on {
            self.assembler.emit(Instruction::Jump { to });
        }
        self.assembler.put(done);
        Ok(())
    }

    /// Sets the flag by a condition that has no smaller ones.
    fn atom(&mut self, cond: &Cond) -> Emitted<()> {
        let instruction = match &cond.kind {
            CondKind::Is(value) => match self.whole_path(value, Wanted::Whole) {
                Some(path) => Instruction::IsPath { path },
                None => self.after(value, Instruction::Is {})?,
            },
            CondKind::Has(value) => match self.whole_path(value, Wanted::Whole) {
                Some(path) => Instruction::HasPath { path },
                None => self.after(value, Instruction::Has {})?,
            },
            CondKind::Empty(value) => match self.whole_path(value, Wanted::Whole) {
                Some(path) => Instruction::EmptyPath { path },
                None => self.after(value, Instruction::Empty {})?,
            },
            CondKind::Compare { comparison, domain, left, right } => {
                let (comparison, domain) = (*comparison, *domain);
                let wanted = wanted(domain);
                let path = if right.as_literal().is_some() { self.whole_path(left, wanted) } else { None };
                match path {
                    Some(path) => {
                        let constant = self.literal_row(right)?;
                        Instruction::ComparePath { path, comparison, domain, constant }
                    }
                    None => {
                        self.value_as(left, wanted)?;
                        self.value_as(right, wanted)?;
                        Instruction::Compare { comparison, domain }
                    }
                }
            }
            CondKind::Glob { value, globs } => self.globs(value, globs)?,
            CondKind::Regex { value, patterns } => {
                for pattern in patterns {
                    regex_is_portable(pattern).map_err(|reason| Refusal::new(cond.origin, reason))?;
                }
                let path = self.whole_path(value, Wanted::Whole);
                let regexes = self.assembler.regexes(patterns.clone());
                match path {
                    Some(path) => Instruction::RegexPath { path, regexes },
                    None => self.after(value, Instruction::Regex { regexes })?,
                }
            }
            CondKind::Test(test, values) => {
                let wanted = match test {
                    Test::InRange | Test::InListNumber => Wanted::Number,
                    Test::InList | Test::InMap | Test::InText | Test::InCidr | Test::CidrInCidr => {
                        Wanted::Whole
                    }
                };
                for value in values {
                    self.value_as(value, wanted)?;
                }
                Instruction::Test { test: *test }
            }
            CondKind::Changed { now, before } => {
                self.value(now)?;
                self.value(before)?;
                Instruction::Changed {}
            }
            // `branch` takes these apart.
            CondKind::Const(_)
            | CondKind::Not(_)
            | CondKind::And(_)
            | CondKind::Or(_)
            | CondKind::Any(_)
            | CondKind::All(_)
            | CondKind::Known { .. } => return Err(Refusal::new(cond.origin, "a condition within an atom")),
        };
        self.assembler.emit_for(instruction, cond.origin);
        Ok(())
    }

    fn after(&mut self, value: &Value, instruction: Instruction) -> Emitted<Instruction> {
        self.value(value)?;
        Ok(instruction)
    }

    /// The row of a value that is nothing but a path.
    fn whole_path(&mut self, value: &Value, wanted: Wanted) -> Option<PathId> {
        let path = value.as_path()?.clone();
        let expect: Expect = expect(&value.ty, wanted);
        self.static_path(&path, expect)
    }

    fn literal_row(&mut self, value: &Value) -> Emitted<aipc_runtime::program::ConstantId> {
        self.value(value)?;
        // The instruction that the literal became says its row.
        match self.assembler.parts.code.pop() {
            Some(Instruction::Constant { constant }) => Ok(constant),
            _ => Err(Refusal::new(value.origin, "a literal that is not constant")),
        }
    }

    fn globs(&mut self, value: &Value, globs: &[ir::Glob]) -> Emitted<Instruction> {
        let mut values = Vec::new();
        let mut rows = Vec::new();
        for glob in globs {
            let mut parts: Vec<GlobPart> = Vec::new();
            for part in &glob.0 {
                match (part, parts.last_mut()) {
                    (ir::GlobPart::Text(text), Some(GlobPart::Text(before))) => before.push_str(text),
                    (ir::GlobPart::Text(text), _) => parts.push(GlobPart::Text(text.clone())),
                    (ir::GlobPart::Many, _) => parts.push(GlobPart::Many),
                    (ir::GlobPart::One, _) => parts.push(GlobPart::One),
                    (ir::GlobPart::Value(value), _) => {
                        values.push(value);
                        parts.push(GlobPart::Value);
                    }
                }
            }
            rows.push(Glob(parts));
        }
        let path = if values.is_empty() { self.whole_path(value, Wanted::Whole) } else { None };
        let globs = self.assembler.globs(rows);
        if let Some(path) = path {
            return Ok(Instruction::GlobPath { path, globs });
        }
        self.value(value)?;
        if values.is_empty() {
            return Ok(Instruction::Glob { globs });
        }
        for value in values {
            self.value(value)?;
        }
        Ok(Instruction::GlobOf { globs })
    }
}

fn wanted(domain: Domain) -> Wanted {
    match domain {
        Domain::Number => Wanted::Number,
        Domain::Percent => Wanted::Percent,
        Domain::Bool
        | Domain::Text
        | Domain::Duration
        | Domain::Time
        | Domain::Semver
        | Domain::Ip
        | Domain::Json => Wanted::Whole,
    }
}
