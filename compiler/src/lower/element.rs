//! The elements of an element rule.

use super::Lowered;
use super::place::{Ctx, groups};
use crate::hir;
use crate::ir::{self, Binder, Root, Value};
use crate::source::Span;

/// How the elements of a subject are reached.
pub(super) enum Reach {
    /// One list, or several after each other; what is spoken of may lie deeper than the element.
    Elements { source: Value, binder: Binder, deeper: Vec<ir::Step> },
    /// Places of different shape: the pod's own `securityContext` and those of its containers.
    Mixed(hir::Place),
}

impl Ctx {
    pub(super) fn reach(&mut self, elements: &hir::Elements, ty: &hir::Ty, span: Span) -> Lowered<Reach> {
        let groups = groups(&elements.place);
        let [group] = groups.as_slice() else { return Ok(Reach::Mixed(elements.place.clone())) };
        let Some(rest) = &group.rest else { return Ok(Reach::Mixed(elements.place.clone())) };
        let binder = Binder { key: None, element: elements.local };
        // What follows the last list is where the element lies within what is looped over.
        let split = rest.iter().rposition(|step| *step == hir::Step::Each).map_or(0, |index| index + 1);
        let tail: Option<Vec<ir::Step>> = rest[split..]
            .iter()
            .map(|step| match step {
                hir::Step::Field(field) => Some(ir::Step::Field(field.clone())),
                hir::Step::Element(index) => Some(ir::Step::Element(*index)),
                hir::Step::Key(_) | hir::Step::Each => None,
            })
            .collect();
        let Some(deeper) = tail else { return Ok(Reach::Mixed(elements.place.clone())) };
        let mut place = elements.place.clone();
        for branch in &mut place.branches {
            branch.steps.truncate(branch.steps.len() - (rest.len() - split));
        }
        let element_ty = if deeper.is_empty() { ty.clone() } else { hir::Ty::Json };
        let mut source = self.collected(&place, &element_ty, span)?;
        if !deeper.is_empty() {
            source.ty = ir::Type::List(Box::new(ir::Type::Object));
        }
        Ok(Reach::Elements { source, binder, deeper })
    }

    /// Makes `self` of an element rule stand for a value.
    pub(super) fn element_is(&mut self, local: ir::Local, value: Value) -> Lowered<()> {
        self.replace(local, value)
    }
}

/// Whether a condition speaks of the element of a rule.
pub(super) fn speaks_of(cond: &ir::Cond, local: ir::Local) -> bool {
    ir::measure::any_value(cond, &mut |value| {
        value.as_path().is_some_and(|path| path.root == Root::Local(local))
    })
}
