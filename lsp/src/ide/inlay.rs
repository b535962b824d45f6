//! Words between the words: types, the kinds that a view stands for, the quantifier that a condition implies.

use std::ops::Range;

use aipc_compiler::hir::pairing::{self, Mode};
use aipc_compiler::hir::{Body, Definition, Expr, ExprKind, Subject, Ty};

use super::names::{self, DeclarationKind};
use crate::workspace::PolicyFile;

/// Which hints are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub types: bool,
    pub kinds: bool,
    pub quantifiers: bool,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { types: true, kinds: true, quantifiers: true }
    }
}

/// Words at a byte of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    pub offset: usize,
    pub label: String,
    pub tooltip: String,
    /// A type, rather than a word that could be written.
    pub is_type: bool,
}

/// So many kinds a hint names.
const KINDS_MAX: usize = 3;

/// The hints of a part of the file, in order.
pub fn hints(file: &PolicyFile, part: &Range<usize>, wanted: Wanted) -> Vec<Hint> {
    let mut hints = Vec::new();
    if wanted.types {
        types(file, &mut hints);
    }
    for rule in file.analysis.module.policies.iter().flat_map(|it| &it.rules) {
        if !file.is_own(rule.span) {
            continue;
        }
        if wanted.kinds {
            kinds(file, &rule.subject, &mut hints);
        }
        if wanted.quantifiers {
            match &rule.body {
                Body::Deny(condition) => quantifiers(file, condition, Mode::Enough, &mut hints),
                Body::Require(condition) => quantifiers(file, condition, Mode::All, &mut hints),
                Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) | Body::Delete(_) => {}
            }
        }
    }
    hints.retain(|it| part.start <= it.offset && it.offset <= part.end);
    hints.sort_by(|a, b| (a.offset, &a.label).cmp(&(b.offset, &b.label)));
    hints.dedup();
    hints
}

/// Behind the names that `let`, `with`, `for` and quantifiers give.
fn types(file: &PolicyFile, hints: &mut Vec<Hint>) {
    let options = file.project.options.borrow();
    let module = &file.analysis.module;
    let mut add = |end: u32, ty: &Ty| {
        if *ty != Ty::Error {
            let label = format!(": {}", ty.display(&options.cluster));
            hints.push(Hint { offset: end as usize, label, tooltip: String::new(), is_type: true });
        }
    };
    for it in module.occurrences.iter().filter(|it| file.is_own(it.span)) {
        if it.definition == Definition::Source(it.span)
            && let Some(ty) = &it.ty
        {
            add(it.span.end, ty);
        }
    }
    // The type of a `let` shows where it is used.
    for it in names::declarations(file.analysis.ast()).iter().filter(|it| it.kind == DeclarationKind::Let) {
        let mut uses = module.occurrences.iter().filter(|of| of.definition == Definition::Source(it.span));
        if let Some(ty) = uses.find_map(|of| of.ty.as_ref()) {
            add(it.span.end, ty);
        }
    }
}

/// Behind a view: the kinds in which it is.
fn kinds(file: &PolicyFile, subject: &Subject, hints: &mut Vec<Hint>) {
    let written = file.sources.text(subject.span);
    let is_view = written.starts_with(|ch: char| ch.is_ascii_lowercase());
    let is_everything = subject.targets.iter().any(|it| it.kind.is_any());
    if !is_view || is_everything || !file.is_own(subject.span) {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for target in subject.targets.iter() {
        if !names.contains(&target.kind.kind.as_str()) {
            names.push(&target.kind.kind);
        }
    }
    let mut label = format!("→ {}", names[..names.len().min(KINDS_MAX)].join(", "));
    if names.len() > KINDS_MAX {
        label.push_str(&format!(" +{}", names.len() - KINDS_MAX));
    }
    let tooltip = names.join(", ");
    hints.push(Hint { offset: subject.span.end as usize, label, tooltip, is_type: false });
}

/// Before each path that stands for many values: how many of them the condition asks.
fn quantifiers(file: &PolicyFile, condition: &Expr, mode: Mode, hints: &mut Vec<Hint>) {
    match &condition.kind {
        ExprKind::And(a, b) | ExprKind::Or(a, b) => {
            quantifiers(file, a, mode, hints);
            quantifiers(file, b, mode, hints);
        }
        ExprKind::Not(inner) => quantifiers(file, inner, mode.dual(), hints),
        ExprKind::Atom(_) | ExprKind::Has(_) | ExprKind::Empty(_) | ExprKind::Place(_) => {
            let (label, tooltip) = match mode {
                Mode::Enough => ("any", "one of these values is enough"),
                Mode::All => ("every", "all of these values must meet it"),
            };
            for many in pairing::many(condition).into_iter().filter(|it| file.is_own(it.span)) {
                hints.push(Hint {
                    offset: many.span.start as usize,
                    label: label.to_string(),
                    tooltip: tooltip.to_string(),
                    is_type: false,
                });
            }
        }
        _ => {}
    }
}
