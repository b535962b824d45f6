//! `verify`: signatures of images and manifests.

use super::check::Checker;
use super::verbs::{Head, Objects};
use super::{
    Action, Branch, Expr, ExprKind, Place, SignatureCheck, Signers, TextPart, Ty, Verification, Verified,
    errors,
};
use crate::ir::Root;
use crate::source::Span;
use crate::syntax::ast;

/// A verification with what is said and done where it fails.
pub(super) struct Verify {
    pub(super) verification: Verification,
    pub(super) message: Option<Vec<TextPart>>,
    pub(super) actions: Vec<Action>,
}

impl Checker<'_> {
    /// Also the message and actions, which speak of the subject.
    pub(super) fn verify(&mut self, it: &ast::Verify, frame: Option<&ast::Scope>) -> Option<(Head, Verify)> {
        let (head, found) =
            self.with_head(&it.subject, &it.scope, frame, Objects::Admitted, |checker, head| {
                let of = checker.verified(head, it)?;
                let mut verification = Verification { of, checks: Vec::new() };
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
                        ast::Check::Ignoring { paths, span } => {
                            for path in paths {
                                let path = checker.expr(path);
                                fine &= !path.is_error();
                                match &mut verification.of {
                                    Verified::Manifest(ignoring) => ignoring.push(path),
                                    Verified::Images(_) => {
                                        checker.report(errors::ignoring_of_images(*span));
                                        fine = false;
                                    }
                                }
                            }
                        }
                    }
                }
                let of_manifest = matches!(verification.of, Verified::Manifest(_));
                for check in &verification.checks {
                    if let (true, SignatureCheck::Attested { span, .. }) = (of_manifest, check) {
                        checker.report(errors::attested_manifest(*span));
                        fine = false;
                    }
                }
                if fine && verification.checks.is_empty() {
                    checker.report(errors::nothing_verified(it.subject.span));
                    fine = false;
                }
                let message = it.tail.message.as_ref().map(|message| checker.text_parts(message));
                let actions = it.tail.actions.iter().filter_map(|action| checker.action(action)).collect();
                fine.then_some(Verify { verification, message, actions })
            })?;
        Some((head, found?))
    }

    /// What of the subject is signed: an image of each element, or a whole object. `None` if it is neither, which has
    /// been said.
    fn verified(&mut self, head: &Head, it: &ast::Verify) -> Option<Verified> {
        let span = it.subject.span;
        let Some(elements) = &head.subject.elements else {
            let is_whole = |it: &crate::ir::Target| it.subjects.iter().all(|path| path.0.is_empty());
            return match head.subject.targets.iter().all(is_whole) {
                true => Some(Verified::Manifest(Vec::new())),
                false => {
                    self.report(errors::neither_images_nor_manifest(&head.subject.text, span));
                    None
                }
            };
        };
        let branch = Branch { root: Root::Local(elements.local), steps: Vec::new() };
        let element = Place { branches: vec![branch] };
        let element = Expr::new(ExprKind::Place(element), head.subject.ty.clone(), span);
        if head.subject.ty == Ty::Image {
            return Some(Verified::Images(element));
        }
        let image = self.field(element, &ast::Name { text: "image".to_owned(), span });
        match image.ty {
            Ty::Error => None,
            Ty::Image | Ty::Json | Ty::Text => Some(Verified::Images(image)),
            _ => {
                self.report(errors::neither_images_nor_manifest(&head.subject.text, span));
                None
            }
        }
    }

    /// Whether the arguments say who signs; what is wrong with them is reported.
    pub(super) fn is_attestor(
        &mut self,
        name: &'static str,
        args: &[(&'static str, Expr)],
        span: Span,
    ) -> bool {
        let mut found = Vec::new();
        let given = |wanted: &str| args.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        for (parameter, value) in args {
            let Some(text) = value.as_text() else {
                if value.ty.is_textual() || value.ty == Ty::Json {
                    found.push(errors::not_constant(value.span));
                }
                continue;
            };
            if let Some(fault) = fault_of(name, parameter, text) {
                found.push(errors::no_attestor(fault, value.span));
            }
        }
        match name {
            "keyless" => {
                for (one, other) in [("issuer", "issuerPattern"), ("subject", "subjectPattern")] {
                    if let (Some(_), Some(other)) = (given(one), given(other)) {
                        found.push(errors::no_attestor(
                            "an identity is a text or an expression, not both",
                            other.span,
                        ));
                    }
                }
                let named = ["issuer", "subject", "issuerPattern", "subjectPattern", "roots"];
                if !named.iter().any(|it| given(it).is_some()) {
                    found.push(errors::no_attestor("this is anybody at all", span));
                }
            }
            "bundle" => {
                let inner = given("attestor").map(|it| &it.kind);
                let is_known =
                    matches!(inner, Some(ExprKind::Attestor("key" | "kms" | "secret" | "keyless", _)));
                if !is_known {
                    found.push(errors::no_attestor("a bundle is signed by a key or an identity", span));
                }
            }
            "all" => {
                let is_list = |it: &Expr| {
                    matches!(&it.kind, ExprKind::List(items)
                    if !items.is_empty() && items.iter().all(|it| it.ty == Ty::Attestor))
                };
                if !given("attestors").is_some_and(is_list) {
                    found.push(errors::no_attestor("a list of those who sign is wanted here", span));
                }
            }
            _ => {}
        }
        let fine = found.is_empty();
        found.into_iter().for_each(|diagnostic| self.report(diagnostic));
        fine
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

/// What is wrong with a text that says who signs.
///
/// Texts that a verifier could read as the name of a file, of a variable or of another kind of key are refused here, so
/// that a key is a key.
fn fault_of(function: &str, parameter: &str, text: &str) -> Option<&'static str> {
    let fine = match (function, parameter) {
        ("key", "key") => pem_blocks(text, "PUBLIC KEY") == Some(1),
        ("kms", "uri") => KMS
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && is_plain(rest))),
        ("secret", "name" | "in") => is_name(text),
        ("certificate" | "notary", "certificate" | "chain") | (_, "roots") => {
            pem_blocks(text, "CERTIFICATE").is_some()
        }
        (_, "algorithm") => ALGORITHMS.contains(&text),
        (_, "log") => text == NO_LOG || text.strip_prefix("https://").is_some_and(is_plain),
        (_, "issuer" | "subject" | "issuerPattern" | "subjectPattern") => !text.is_empty(),
        _ => true,
    };
    let fault = match parameter {
        "key" => "one public key is wanted here: `-----BEGIN PUBLIC KEY-----` …",
        "uri" => "a key management service is `awskms://`, `azurekms://`, `gcpkms://` or `hashivault://` …",
        "name" | "in" => "this is no name of Kubernetes",
        "certificate" | "chain" | "roots" => "certificates are wanted here: `-----BEGIN CERTIFICATE-----` …",
        "algorithm" => "an algorithm is `sha224`, `sha256`, `sha384` or `sha512`",
        "log" => "a log is `none`, or the `https://` address of one",
        _ => "this is empty",
    };
    (!fine).then_some(fault)
}

/// The `log` of signers whose signatures stand in no transparency log.
pub(crate) const NO_LOG: &str = "none";
const ALGORITHMS: [&str; 4] = ["sha224", "sha256", "sha384", "sha512"];
const KMS: [&str; 4] = ["awskms://", "azurekms://", "gcpkms://", "hashivault://"];

/// An address without blanks, quotes and whatever a template could read.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/:@!&=+,;%".contains(c))
}

fn is_name(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let is_outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.chars().all(is_inner) && text.starts_with(is_outer) && text.ends_with(is_outer) && text.len() <= 253
}

/// How many PEM blocks of a kind a text consists of; `None` if there is anything else in it.
fn pem_blocks(text: &str, kind: &str) -> Option<usize> {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=\n\r".contains(c);
    let mut rest = text.trim();
    let mut count = 0;
    while !rest.is_empty() {
        let (content, after) = rest.strip_prefix(begin.as_str())?.split_once(end.as_str())?;
        let holds_something = content.starts_with(['\n', '\r']) && !content.trim().is_empty();
        if !holds_something || !content.chars().all(is_base64) {
            return None;
        }
        count += 1;
        rest = after.trim_start();
    }
    (count > 0).then_some(count)
}
