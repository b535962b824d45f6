//! `exempt`: whom it covers.

use super::Lowered;
use super::place::Ctx;
use super::rule::{FIRST_LOCAL, lower_scope};
use crate::{hir, ir};

pub(super) fn lower_exemption(exemption: &hir::Exemption) -> Lowered<ir::Exemption> {
    let mut ctx = Ctx::new(FIRST_LOCAL);
    ctx.exempts = true;
    let scope = lower_scope(&mut ctx, &exemption.narrows, None)?;
    Ok(ir::Exemption {
        rules: exemption.rules.clone(),
        targets: exemption.subject.as_ref().map(|it| it.targets.to_vec()).unwrap_or_default(),
        operations: exemption.operations,
        applies: scope.applies,
        bindings: scope.bindings,
        until: exemption.until.clone(),
        because: exemption.because.clone(),
        origin: exemption.span,
    })
}
