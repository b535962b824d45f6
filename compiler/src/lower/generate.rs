//! `generate`: what is made, for which elements.

use super::mutate::may_be_missing;
use super::place::Ctx;
use super::rule::{Scope, lower_scope};
use super::{Lowered, Refusal};
use crate::diagnostic::Code;
use crate::hir;
use crate::ir::present::{Facts, missing_in_text};
use crate::ir::{self, Cond, Value};

pub(super) fn lower_generation(
    ctx: &mut Ctx,
    rule: &hir::Rule,
    generation: &hir::Generation,
) -> Lowered<(Scope, ir::Generation)> {
    if let Some(elements) = &rule.subject.elements {
        let reason = format!("whole objects are admitted, and `{}` is a part of one", elements.view);
        return Err(Refusal::coded(Code::VerbClause, rule.subject.span, reason));
    }
    let scope = lower_scope(ctx, &rule.narrows, None)?;
    let mut facts = Facts::of(&scope.applies).about(&rule.subject.targets);
    let each = match &generation.each {
        None => None,
        Some(each) => {
            let source = ctx.list(&each.source)?;
            let filter = condition(ctx, each.filter.as_ref(), each.source.span)?;
            facts = facts.and(std::slice::from_ref(&filter));
            Some(ir::Each { binder: each.binder, source, filter })
        }
    };
    let make = match &generation.make {
        hir::Make::Object { kind, name, namespace, fields } => ir::Make::Object {
            kind: kind.clone(),
            name: written(ctx, name, &facts)?,
            namespace: optional(ctx, namespace, &facts)?,
            fields: written(ctx, fields, &facts)?,
        },
        hir::Make::Copy { kinds, name, namespace, filter, into, rename } => ir::Make::Copy {
            kinds: kinds.clone(),
            name: optional(ctx, name, &facts)?,
            namespace: optional(ctx, namespace, &facts)?,
            filter: condition(ctx, filter.as_ref(), into.span)?,
            into: written(ctx, into, &facts)?,
            rename: optional(ctx, rename, &facts)?,
        },
    };
    Ok((scope, ir::Generation { each, make }))
}

fn condition(ctx: &mut Ctx, condition: Option<&hir::Expr>, span: crate::source::Span) -> Lowered<Cond> {
    match condition {
        Some(condition) => ctx.condition(condition, true),
        None => Ok(Cond::constant(true, span)),
    }
}

fn optional(ctx: &mut Ctx, value: &Option<hir::Expr>, facts: &Facts) -> Lowered<Option<Value>> {
    value.as_ref().map(|value| written(ctx, value, facts)).transpose()
}

/// A value that goes into an object.
fn written(ctx: &mut Ctx, value: &hir::Expr, facts: &Facts) -> Lowered<Value> {
    let value = ctx.value(value)?;
    match missing_in_text(&value, facts) {
        Some(part) => Err(may_be_missing(part)),
        None => Ok(value),
    }
}
