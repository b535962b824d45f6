//! `verify`: signatures of images and manifests.

use super::check::Checker;
use super::verbs::{Head, Objects};
use super::{Action, ExprKind, SignatureCheck, Signers, TextPart, Ty, Verification, errors};
use crate::syntax::ast;

/// A verification with what is said and done where it fails.
pub(super) struct Verified {
    pub(super) verification: Verification,
    pub(super) message: Option<Vec<TextPart>>,
    pub(super) actions: Vec<Action>,
}

impl Checker<'_> {
    /// Also the message and actions, which speak of the subject.
    pub(super) fn verify(
        &mut self,
        it: &ast::Verify,
        frame: Option<&ast::Scope>,
    ) -> Option<(Head, Verified)> {
        let (head, found) =
            self.with_head(&it.subject, &it.scope, frame, Objects::Admitted, |checker, _| {
                let mut verification = Verification { checks: Vec::new(), ignoring: Vec::new() };
                let mut fine = true;
                for check in &it.checks {
                    match check {
                        ast::Check::Signed { signers, span } => match checker.signers(signers) {
                            Some(signers) => {
                                verification.checks.push(SignatureCheck::Signed { signers, span: *span });
                            }
                            None => fine = false,
                        },
                        ast::Check::Attested { predicate, signers, condition, span } => {
                            let signers = checker.signers(signers);
                            checker.in_attestation = true;
                            let condition = condition.as_ref().map(|it| checker.condition(it));
                            checker.in_attestation = false;
                            fine &= !condition.as_ref().is_some_and(|it| it.is_error());
                            match signers {
                                Some(signers) => verification.checks.push(SignatureCheck::Attested {
                                    predicate: predicate.value.clone(),
                                    signers,
                                    condition,
                                    span: *span,
                                }),
                                None => fine = false,
                            }
                        }
                        ast::Check::Ignoring { paths, .. } => {
                            for path in paths {
                                let path = checker.expr(path);
                                fine &= !path.is_error();
                                verification.ignoring.push(path);
                            }
                        }
                    }
                }
                let message = it.tail.message.as_ref().map(|message| checker.text_parts(message));
                let actions = it.tail.actions.iter().filter_map(|action| checker.action(action)).collect();
                fine.then_some(Verified { verification, message, actions })
            })?;
        Some((head, found?))
    }

    /// `None` if something was wrong, which has been said.
    fn signers(&mut self, signers: &ast::Signers) -> Option<Signers> {
        let value = self.expr(&signers.of);
        let one = matches!(value.ty, Ty::Attestor | Ty::Error | Ty::Json);
        let several =
            matches!(&value.ty, Ty::List(item) if matches!(**item, Ty::Attestor | Ty::Error | Ty::Json));
        if !(one && signers.count.is_none() || several) {
            let diagnostic = errors::not_signers(self.cluster, &value);
            self.report(diagnostic);
            return None;
        }
        if let (Some((count, span)), ExprKind::List(items)) = (signers.count, &value.kind)
            && (count < 1 || count as usize > items.len())
        {
            self.report(errors::impossible_count(count, items.len(), span));
            return None;
        }
        let count = signers.count.and_then(|(count, _)| u32::try_from(count).ok());
        (!value.is_error()).then_some(Signers { count, of: value })
    }
}
