//! `verify`: whose images, or which objects, and who has to have signed.

use super::element::{Reach, speaks_of};
use super::place::Ctx;
use super::rule::{Scope, lower_scope, one_line};
use super::{Lowered, Refusal};
use crate::diagnostic::Code;
use crate::hir::{self, Expr, ExprKind};
use crate::ir::{self, Attestor, Cond, CondKind, KeyOptions, Keyless, Log, Signers, TextPart, Verified};
use crate::source::{Sources, Span};

pub(super) fn lower_verification(
    ctx: &mut Ctx,
    rule: &hir::Rule,
    verification: &hir::Verification,
    sources: &Sources,
) -> Lowered<(Scope, ir::Verification, ir::Message)> {
    let (mut scope, of) = match &verification.of {
        hir::Verified::Manifest(paths) => {
            let scope = lower_scope(ctx, &rule.narrows, None)?;
            let ignoring: Lowered<_> = paths.iter().map(|path| ctx.value(path)).collect();
            (scope, Verified::Manifest { ignoring: ignoring? })
        }
        hir::Verified::Images(image) => images(ctx, rule, image)?,
    };
    scope.filter = None;
    let mut checks = Vec::new();
    for check in &verification.checks {
        checks.push(match check {
            hir::SignatureCheck::Signed { signers, span } => {
                ir::SignatureCheck::Signed { by: signed_by(signers)?, origin: *span }
            }
            hir::SignatureCheck::Attested { predicate, signers, condition, span } => {
                let condition = condition.as_ref().map(|it| ctx.condition(it, true)).transpose()?;
                let predicate = predicate.clone();
                ir::SignatureCheck::Attested { predicate, by: signed_by(signers)?, condition, origin: *span }
            }
        });
    }
    let message = message(ctx, rule, verification, sources)?;
    Ok((scope, ir::Verification { of, checks }, message))
}

fn images(ctx: &mut Ctx, rule: &hir::Rule, image: &Expr) -> Lowered<(Scope, Verified)> {
    let span = rule.subject.span;
    let in_many_places = || {
        let reason = "the images of one list, or of several lists of the same elements, are verified";
        Refusal::coded(Code::VerbClause, span, reason)
    };
    let elements = rule.subject.elements.as_ref().ok_or_else(in_many_places)?;
    let Reach::Elements { source, binder, deeper } = ctx.reach(elements, &rule.subject.ty, span)? else {
        return Err(in_many_places());
    };
    if !deeper.is_empty() {
        ctx.self_steps = Some((elements.local, deeper));
    }
    let mut scope = lower_scope(ctx, &rule.narrows, Some(elements.local))?;
    // What a `where` says of the object, beside what it says of the image, is said of the object.
    let mut of_element = Vec::new();
    for cond in parts(scope.filter.take()) {
        match speaks_of(&cond, elements.local) {
            true => of_element.push(cond),
            false => scope.applies.push(cond),
        }
    }
    let filter = match of_element.len() {
        0 => Cond::constant(true, span),
        1 => of_element.remove(0),
        _ => Cond::new(CondKind::And(of_element), span),
    };
    let mut image = ctx.value(image)?;
    image.ty = ir::Type::Image;
    let elements = ir::Elements { view: elements.view.clone(), binder, source, filter };
    Ok((scope, Verified::Images { elements, image }))
}

/// The conditions that a conjunction consists of.
fn parts(cond: Option<Cond>) -> Vec<Cond> {
    match cond {
        None => Vec::new(),
        Some(Cond { kind: CondKind::And(inner), .. }) => {
            inner.into_iter().flat_map(|cond| parts(Some(cond))).collect()
        }
        Some(cond) => vec![cond],
    }
}

/// What is said where it fails.
fn message(
    ctx: &mut Ctx,
    rule: &hir::Rule,
    verification: &hir::Verification,
    sources: &Sources,
) -> Lowered<ir::Message> {
    let Some(parts) = &rule.message else {
        let asked = verification.checks.iter().map(|check| match check {
            hir::SignatureCheck::Signed { signers, .. } => format!("signed by {}", named(signers, sources)),
            hir::SignatureCheck::Attested { predicate, signers, .. } => {
                format!("attested {predicate} by {}", named(signers, sources))
            }
        });
        let asked = asked.collect::<Vec<_>>().join(", ");
        let text = format!("{} must be {asked}", rule.subject.text);
        return Ok(ir::Message { parts: vec![TextPart::Text(text)], written: false });
    };
    Ok(ir::Message { parts: ctx.text(parts)?, written: true })
}

/// Signers as the source writes them; without their keys, which nobody reads.
fn named(signers: &hir::Signers, sources: &Sources) -> String {
    let text = one_line(sources.text(signers.of.span));
    let text = if text.contains("-----") { "a key or certificate of the policy".to_owned() } else { text };
    match signers.count {
        Some(count) => format!("{count} of {text}"),
        None => text,
    }
}

fn signed_by(signers: &hir::Signers) -> Lowered<Signers> {
    match &signers.of.kind {
        ExprKind::List(items) => {
            let of: Lowered<Vec<Attestor>> = items.iter().map(attestor).collect();
            let of = of?;
            Ok(Signers { count: signers.count.unwrap_or(of.len() as u32), of })
        }
        // `signed by all([…])` is the list of them.
        ExprKind::Attestor("all", args) if signers.count.is_none() => match args.first() {
            Some((_, of)) => signed_by(&hir::Signers { count: None, of: of.clone() }),
            None => Err(unknown(signers.of.span)),
        },
        _ => Ok(Signers { count: 1, of: vec![attestor(&signers.of)?] }),
    }
}

fn attestor(expr: &Expr) -> Lowered<Attestor> {
    let ExprKind::Attestor(name, args) = &expr.kind else { return Err(unknown(expr.span)) };
    let given = |wanted: &str| args.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let text = |wanted: &str| given(wanted).and_then(Expr::as_text).map(str::to_owned);
    let needed = |wanted: &str| text(wanted).ok_or_else(|| unknown(expr.span));
    let log = || match text("log") {
        None => Log::Public,
        Some(none) if none == hir::NO_LOG => Log::None,
        Some(address) => Log::At(address),
    };
    let options = || KeyOptions { algorithm: text("algorithm"), log: log() };
    Ok(match *name {
        "key" => Attestor::Key { key: needed("key")?, options: options() },
        "kms" => Attestor::Kms { uri: needed("uri")?, options: options() },
        "secret" => Attestor::Secret { name: needed("name")?, namespace: needed("in")?, options: options() },
        "certificate" => {
            Attestor::Certificate { certificate: needed("certificate")?, chain: text("chain"), log: log() }
        }
        "keyless" => Attestor::Keyless(Keyless {
            issuer: text("issuer"),
            subject: text("subject"),
            issuer_pattern: text("issuerPattern"),
            subject_pattern: text("subjectPattern"),
            roots: text("roots"),
            log: log(),
        }),
        "notary" => Attestor::Notary { certificate: needed("certificate")? },
        "bundle" => {
            let inner = given("attestor").ok_or_else(|| unknown(expr.span))?;
            Attestor::Bundle(Box::new(attestor(inner)?))
        }
        _ => {
            let of = given("attestors").ok_or_else(|| unknown(expr.span))?.clone();
            Attestor::Group(signed_by(&hir::Signers { count: None, of })?)
        }
    })
}

/// For signers that are chosen or looked up while the policy runs.
fn unknown(span: Span) -> Refusal {
    Refusal::new(span, "signers that are not written out are checked, and no output carries them yet")
}
