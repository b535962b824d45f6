//! Rules: scope, check, message, actions.

use super::element::{Reach, speaks_of};
use super::place::Ctx;
use super::{Lowered, Refusal};
use crate::hir::{self, Body, Narrow};
use crate::ir::{self, Action, Binding, Check, Cond, CondKind, Elements, Rule};
use crate::source::Sources;

/// Locals of the checker are numbered from 0; those made here begin above any of them.
pub(super) const FIRST_LOCAL: u32 = 1 << 20;

pub(super) fn lower_rule(rule: &hir::Rule, sources: &Sources) -> Lowered<Rule> {
    let mut ctx = Ctx::new(FIRST_LOCAL);
    let lowered = match &rule.body {
        Body::Deny(condition) => lower_check(&mut ctx, rule, condition, true, sources)?,
        Body::Require(condition) => lower_check(&mut ctx, rule, condition, false, sources)?,
        Body::Mutate(mutation) => {
            let (scope, mutation) = super::mutate::lower_mutation(&mut ctx, rule, mutation)?;
            with_body(rule, scope, ir::Body::Mutate(mutation), sources)
        }
        Body::Generate(generation) => {
            let (scope, generation) = super::generate::lower_generation(&mut ctx, rule, generation)?;
            with_body(rule, scope, ir::Body::Generate(generation), sources)
        }
        Body::Delete(deletion) => {
            ctx.asks_all = true;
            let scope = lower_scope(&mut ctx, &rule.narrows, None)?;
            let condition = match &deletion.condition {
                Some(condition) => ctx.condition(condition, true)?,
                None => Cond::constant(true, rule.span),
            };
            let deletion = ir::Deletion { condition, schedule: deletion.schedule.clone() };
            with_body(rule, scope, ir::Body::Delete(deletion), sources)
        }
        Body::Verify(verification) => {
            let (scope, verification, message) =
                super::verify::lower_verification(&mut ctx, rule, verification, sources)?;
            let actions = lower_actions(&mut ctx, &rule.actions)?;
            let lowered = with_body(rule, scope, ir::Body::Verify(verification), sources);
            Rule { message, actions, ..lowered }
        }
    };
    match ir::measure::is_shallow(&lowered) {
        true => Ok(lowered),
        false => Err(super::place::too_large(lowered.origin)),
    }
}

/// A rule that says nothing on its own: no message, no action.
fn with_body(rule: &hir::Rule, scope: Scope, body: ir::Body, sources: &Sources) -> Rule {
    Rule {
        name: rule.name.clone(),
        description: rule.description.clone(),
        targets: rule.subject.targets.to_vec(),
        operations: rule.operations,
        applies: scope.applies,
        bindings: scope.bindings,
        body,
        message: ir::Message { parts: Vec::new(), written: false },
        actions: Vec::new(),
        settings: rule.settings.clone(),
        named: rule.named,
        origin: rule.span,
        source_text: one_line(sources.text(rule.span)),
    }
}

fn lower_check(
    ctx: &mut Ctx,
    rule: &hir::Rule,
    condition: &hir::Expr,
    is_deny: bool,
    sources: &Sources,
) -> Lowered<Rule> {
    let elements = rule.subject.elements.as_ref();
    let reach = match elements {
        Some(elements) => Some(ctx.reach(elements, &rule.subject.ty, rule.subject.span)?),
        None => None,
    };
    if let (Some(Reach::Elements { deeper, .. }), Some(elements)) = (&reach, elements)
        && !deeper.is_empty()
    {
        ctx.self_steps = Some((elements.local, deeper.clone()));
    }
    let scope = lower_scope(ctx, &rule.narrows, elements.map(|it| it.local))?;
    let mixed = match (&reach, elements) {
        (Some(Reach::Mixed(place)), Some(elements)) => Some((place.clone(), elements.local)),
        _ => None,
    };
    let check = match (reach, elements) {
        (Some(Reach::Mixed(place)), Some(elements)) => {
            // Of each of the places: it is in scope and violates.
            let ty = rule.subject.ty.clone();
            let narrows = &rule.narrows;
            let violation = ctx.quantify(&place, &ty, true, condition.span, &mut |ctx, value| {
                ctx.element_is(elements.local, value)?;
                let violation = violation(ctx, condition, is_deny)?;
                let filter = element_filter(ctx, narrows, elements.local)?;
                Ok(match filter {
                    Some(filter) => Cond::new(CondKind::And(vec![filter, violation]), condition.span),
                    None => violation,
                })
            })?;
            Check { elements: None, violation }
        }
        (Some(Reach::Elements { source, binder, .. }), Some(elements)) => {
            let filter = scope.filter.unwrap_or_else(|| Cond::constant(true, rule.subject.span));
            let violation = violation(ctx, condition, is_deny)?;
            let elements = Elements { view: elements.view.clone(), binder, source, filter };
            Check { elements: Some(elements), violation }
        }
        _ => Check { elements: None, violation: violation(ctx, condition, is_deny)? },
    };
    let message = match &mixed {
        // No element has a name then: the message speaks of all the places.
        Some((place, element)) => {
            let mut opened = rule.clone();
            for part in opened.message.iter_mut().flatten() {
                if let hir::TextPart::Value(value) = part {
                    open_element(value, *element, place);
                }
            }
            let mut condition = condition.clone();
            open_element(&mut condition, *element, place);
            ctx.message(&opened, &condition, is_deny, sources)?
        }
        None => ctx.message(rule, condition, is_deny, sources)?,
    };
    let actions = lower_actions(ctx, &rule.actions)?;
    let lowered = Rule {
        name: rule.name.clone(),
        description: rule.description.clone(),
        targets: rule.subject.targets.to_vec(),
        operations: rule.operations,
        applies: scope.applies,
        bindings: scope.bindings,
        body: ir::Body::Check(check),
        message,
        actions,
        settings: rule.settings.clone(),
        named: rule.named,
        origin: rule.span,
        source_text: one_line(sources.text(rule.span)),
    };
    if mixed.is_some_and(|(_, element)| asks_once_for_each(&lowered, element)) {
        let reason =
            "a `with` or `action` about each of several places is checked, and no output carries it yet";
        return Err(Refusal::new(rule.subject.span, reason));
    }
    Ok(lowered)
}

fn lower_actions(ctx: &mut Ctx, actions: &[hir::Action]) -> Lowered<Vec<Action>> {
    let mut lowered = Vec::new();
    for action in actions {
        ctx.assume = true;
        let condition = action.condition.as_ref().map(|it| ctx.condition(it, true)).transpose()?;
        ctx.assume = false;
        lowered.push(Action { effect: action.effect, warn: action.warn, condition, origin: action.span });
    }
    Ok(lowered)
}

/// Paths that begin at the element of a rule begin at the places of all its elements.
fn open_element(expr: &mut hir::Expr, element: ir::Local, elements: &hir::Place) {
    expr.change_places(&mut |place| {
        let mut branches = Vec::new();
        for branch in std::mem::take(&mut place.branches) {
            match branch.root == ir::Root::Local(element) {
                true => branches.extend(elements.branches.iter().map(|start| {
                    let mut opened = start.clone();
                    opened.steps.extend(branch.steps.iter().cloned());
                    opened
                })),
                false => branches.push(branch),
            }
        }
        place.branches = branches;
    });
}

/// Whether what is asked once for the whole object speaks of one of its elements, which have no name there.
fn asks_once_for_each(rule: &Rule, element: ir::Local) -> bool {
    let speaks =
        |value: &ir::Value| value.as_path().is_some_and(|path| path.root == ir::Root::Local(element));
    rule.bindings.iter().any(|it| ir::measure::any_value_within(&it.value, &mut |value| speaks(value)))
        || rule.actions.iter().filter_map(|it| it.condition.as_ref()).any(|it| speaks_of(it, element))
}

/// When one subject violates: C holds of it (`deny`), or C does not (`require`).
fn violation(ctx: &mut Ctx, condition: &hir::Expr, is_deny: bool) -> Lowered<Cond> {
    match is_deny {
        true => ctx.condition(condition, true),
        false => Ok(ctx.condition(condition, false)?.negate()),
    }
}

#[derive(Default)]
pub(super) struct Scope {
    pub(super) applies: Vec<Cond>,
    pub(super) bindings: Vec<Binding>,
    /// What the `where`s say of one element.
    pub(super) filter: Option<Cond>,
}

pub(super) fn lower_scope(ctx: &mut Ctx, narrows: &[Narrow], element: Option<ir::Local>) -> Lowered<Scope> {
    let mut scope = Scope::default();
    let mut filters = Vec::new();
    for narrow in narrows {
        match narrow {
            Narrow::Where(condition) => {
                ctx.assume = !ctx.asks_all;
                let cond = ctx.condition(condition, true);
                ctx.assume = false;
                let cond = cond?;
                match element {
                    Some(local) if speaks_of(&cond, local) => filters.push(cond),
                    _ => scope.applies.push(cond),
                }
            }
            Narrow::With { local, name, value } => {
                let value = ctx.value(value)?;
                if let Some(about) = ctx.unknown_in(&value) {
                    ctx.unknown_locals.insert(*local, about);
                }
                scope.bindings.push(Binding { local: *local, name: name.clone(), value });
            }
        }
    }
    scope.filter = join(filters);
    Ok(scope)
}

/// The `where`s that speak of the element, for the value that it stands for now.
pub(super) fn element_filter(ctx: &mut Ctx, narrows: &[Narrow], element: ir::Local) -> Lowered<Option<Cond>> {
    let mut filters = Vec::new();
    for narrow in narrows {
        let Narrow::Where(condition) = narrow else { continue };
        let mentions = {
            let value = ctx.restore(element);
            let cond = ctx.condition(condition, true);
            if let Some(value) = value {
                ctx.replace(element, value)?;
            }
            speaks_of(&cond?, element)
        };
        if mentions {
            ctx.assume = true;
            let cond = ctx.condition(condition, true);
            ctx.assume = false;
            filters.push(cond?);
        }
    }
    Ok(join(filters))
}

fn join(mut conds: Vec<Cond>) -> Option<Cond> {
    match conds.len() {
        0 => None,
        1 => Some(conds.remove(0)),
        _ => {
            let origin = conds[0].origin;
            Some(Cond::new(CondKind::And(conds), origin))
        }
    }
}

/// Source text on one line, without comments at line ends.
pub(super) fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| match comment_start(line) {
        Some(at) => &line[..at],
        None => line,
    });
    let mut joined = String::new();
    for word in lines.flat_map(str::split_whitespace) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

/// Where a `//` outside strings begins.
fn comment_start(line: &str) -> Option<usize> {
    // Most lines have none, and this is quicker than to look at each sign.
    if !line.contains("//") {
        return None;
    }
    let bytes = line.as_bytes();
    let mut in_string = false;
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' if in_string => index += 1,
            b'"' => in_string = !in_string,
            b'/' if !in_string && bytes.get(index + 1) == Some(&b'/') => return Some(index),
            _ => {}
        }
        index += 1;
    }
    None
}
