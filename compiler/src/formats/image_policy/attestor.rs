//! Those who sign, by name, and what is asked of them for one image.

use super::Result;
use crate::formats::cel::ast::{Expr, Key, Step, Ty};
use crate::formats::cel::print::print;
use crate::formats::cel::translate::{NamespaceRoot, Namespaced, Roots};
use crate::formats::cel::{Base, Translator};
use crate::formats::yaml_write::{Map, Node};
use crate::formats::{Unsupported, images};
use crate::ir::*;
use crate::source::Span;

/// The attestors and attestations of one policy.
#[derive(Default)]
pub(super) struct Attestors {
    known: Vec<Attestor>,
    pub(super) named: Vec<Node>,
    pub(super) attestations: Vec<Node>,
    attested: Vec<(&'static str, String)>,
}

impl Attestors {
    /// The condition of CEL about `image`.
    pub(super) fn test(&mut self, check: &SignatureCheck) -> Result<String> {
        match check {
            SignatureCheck::Signed { by, origin } => self.counted(by, &mut |attestors, list| {
                let names = attestors.names(list, *origin)?;
                Ok(format!("verifyImageSignatures(image, [{names}])"))
            }),
            SignatureCheck::Attested { predicate, by, condition, origin } => {
                self.attested(predicate, by, condition.as_ref(), *origin)
            }
        }
    }

    fn attested(
        &mut self,
        predicate: &str,
        by: &Signers,
        condition: Option<&Cond>,
        span: Span,
    ) -> Result<String> {
        let notary = is_notary(by).ok_or(Unsupported {
            span,
            reason: "an attestation of Notary is another one than those of others, so they do not stand in one list",
        })?;
        if !notary && !predicate.contains(':') {
            let reason = "Kyverno has short names for some types of attestations; a type is a URI here";
            return Err(Unsupported { span, reason });
        }
        if notary && condition.is_some() {
            let reason = "what an attestation of Notary says is not known here";
            return Err(Unsupported { span, reason });
        }
        if by.any(&|it| matches!(log_of(it), Some(Log::None))) {
            let reason = "Kyverno looks for attestations in a transparency log whatever is written";
            return Err(Unsupported { span, reason });
        }
        let name = self.attestation(if notary { "referrer" } else { "intoto" }, predicate);
        match condition {
            None => self.counted(by, &mut |attestors, list| {
                let names = attestors.names(list, span)?;
                Ok(format!("verifyAttestationSignatures(image, attestations.{name}, [{names}])"))
            }),
            Some(condition) => {
                let condition = condition_of(condition, &name)?;
                self.counted_one_by_one(by, &mut |attestors, list| {
                    let names = attestors.names(list, span)?;
                    let verified =
                        format!("verifyAttestationSignatures(image, attestations.{name}, [{names}]) > 0");
                    Ok(format!("{verified} && ({condition})"))
                })
            }
        }
    }

    /// That so many of the signers count, where `count` gives how many of a list do.
    fn counted(
        &mut self,
        signers: &Signers,
        count: &mut dyn FnMut(&mut Attestors, &[&Attestor]) -> Result<String>,
    ) -> Result<String> {
        if !signers.of.iter().any(|it| matches!(it, Attestor::Group(_))) {
            let all: Vec<&Attestor> = signers.of.iter().collect();
            return Ok(format!("{} >= {}", count(self, &all)?, signers.count));
        }
        self.counted_one_by_one(signers, &mut |attestors, one| Ok(format!("{} > 0", count(attestors, one)?)))
    }

    /// That so many of the signers meet a test of one of them.
    fn counted_one_by_one(
        &mut self,
        signers: &Signers,
        test: &mut dyn FnMut(&mut Attestors, &[&Attestor]) -> Result<String>,
    ) -> Result<String> {
        let mut tests = Vec::new();
        for attestor in &signers.of {
            tests.push(match attestor {
                Attestor::Group(inner) => self.counted_one_by_one(inner, test)?,
                one => test(self, &[one])?,
            });
        }
        let join = |word: &str| tests.iter().map(|test| format!("({test})")).collect::<Vec<_>>().join(word);
        Ok(match (signers.count as usize, tests.len()) {
            (_, 1) => tests.remove(0),
            (count, all) if count == all => format!("({})", join(" && ")),
            (1, _) => format!("({})", join(" || ")),
            (count, _) => {
                let counts: Vec<String> = tests.iter().map(|test| format!("(({test}) ? 1 : 0)")).collect();
                format!("{} >= {count}", counts.join(" + "))
            }
        })
    }

    /// `attestors.a, attestors.b`; each is declared once.
    fn names(&mut self, list: &[&Attestor], span: Span) -> Result<String> {
        let mut names = Vec::new();
        for attestor in list {
            let number = match self.known.iter().position(|known| known == *attestor) {
                Some(number) => number,
                None => {
                    let (key, value) = of(attestor, span)?;
                    let name = format!("signer{}", self.known.len() + 1);
                    self.named.push(Node::Map(Map::new().with("name", name).with(key, value)));
                    self.known.push((*attestor).clone());
                    self.known.len() - 1
                }
            };
            names.push(format!("attestors.signer{}", number + 1));
        }
        Ok(names.join(", "))
    }

    fn attestation(&mut self, kind: &'static str, predicate: &str) -> String {
        let same = |(other, text): &(&'static str, String)| *other == kind && text == predicate;
        let number = match self.attested.iter().position(same) {
            Some(number) => number,
            None => {
                let name = format!("attestation{}", self.attested.len() + 1);
                let ty = Map::new().with("type", predicate);
                self.attestations.push(Node::Map(Map::new().with("name", name).with(kind, ty)));
                self.attested.push((kind, predicate.to_owned()));
                self.attested.len() - 1
            }
        };
        format!("attestation{}", number + 1)
    }
}

fn log_of(attestor: &Attestor) -> Option<&Log> {
    match attestor {
        Attestor::Key { options, .. } | Attestor::Kms { options, .. } | Attestor::Secret { options, .. } => {
            Some(&options.log)
        }
        Attestor::Certificate { log, .. } => Some(log),
        Attestor::Keyless(keyless) => Some(&keyless.log),
        Attestor::Bundle(inner) => log_of(inner),
        Attestor::Notary { .. } | Attestor::Group(_) => None,
    }
}

/// Whether all of them are of Notary; `None` if only some are.
fn is_notary(signers: &Signers) -> Option<bool> {
    let mut kinds = signers.of.iter().map(|it| match it {
        Attestor::Group(inner) => is_notary(inner),
        other => Some(matches!(other, Attestor::Notary { .. })),
    });
    let first = kinds.next()??;
    kinds.all(|it| it == Some(first)).then_some(first)
}

/// `cosign` or `notary`, and what stands under it.
fn of(attestor: &Attestor, span: Span) -> Result<(&'static str, Map)> {
    let refused = |reason| Err(Unsupported { span, reason });
    let key = |word: &str, text: &str, options: &KeyOptions| {
        let key = Map::new().with(word, text).with_some("hashAlgorithm", options.algorithm.clone());
        ("cosign", with_log(Map::new().with("key", key), &options.log))
    };
    let value = |text: &str| Map::new().with("value", text);
    Ok(match attestor {
        Attestor::Key { key: pem, options } => key("data", pem, options),
        Attestor::Kms { uri, options } => key("kms", uri, options),
        Attestor::Secret { .. } => return refused("ImageValidatingPolicy reads no keys out of Secrets"),
        Attestor::Certificate { chain: Some(_), log, .. } if *log != Log::None => {
            return refused(
                "ImageValidatingPolicy trusts the public roots in place of a chain, unless signatures stand in no log (`log: \"none\"`)",
            );
        }
        Attestor::Certificate { certificate, chain, log } => {
            let map = Map::new()
                .with("cert", value(certificate))
                .with_some("certChain", chain.as_deref().map(value));
            ("cosign", with_log(Map::new().with("certificate", map), log))
        }
        Attestor::Notary { certificate } => ("notary", Map::new().with("certs", value(certificate))),
        Attestor::Keyless(Keyless { roots: Some(_), .. }) => {
            return refused("ImageValidatingPolicy trusts the public roots beside those that are written");
        }
        Attestor::Keyless(keyless) => {
            let mut identity = Map::new();
            // Texts are compared as they are there.
            for (name, glob, pattern) in [
                ("issuer", &keyless.issuer, &keyless.issuer_pattern),
                ("subject", &keyless.subject, &keyless.subject_pattern),
            ] {
                match (glob, pattern) {
                    (Some(glob), _) if glob.contains(['*', '?']) => {
                        identity.set(format!("{name}RegExp"), images::anchored(glob));
                    }
                    (Some(text), _) => {
                        identity.set(name, text.as_str());
                    }
                    (None, Some(pattern)) => {
                        identity.set(format!("{name}RegExp"), pattern.as_str());
                    }
                    (None, None) => {}
                }
            }
            let map = Map::new().with("identities", vec![identity]);
            ("cosign", with_log(Map::new().with("keyless", map), &keyless.log))
        }
        Attestor::Bundle(_) => {
            return refused(
                "ImageValidatingPolicy takes a signature in a bundle or beside one, whichever it finds",
            );
        }
        Attestor::Group(_) => return refused("a group is no attestor"),
    })
}

fn with_log(map: Map, log: &Log) -> Map {
    match log {
        Log::Public => map,
        Log::At(address) => map.with("ctlog", Map::new().with("url", address.as_str())),
        Log::None => {
            let none = Map::new().with("insecureIgnoreTlog", true).with("insecureIgnoreSCT", true);
            map.with("ctlog", none)
        }
    }
}

/// The condition about what an attestation says: what was verified last, which is why it is asked right behind.
fn condition_of(condition: &Cond, attestation: &str) -> Result<String> {
    let speaks_of_others = measure::any_root(condition, &mut |root| {
        !matches!(root, Root::Predicate | Root::Local(_) | Root::Now)
    });
    if speaks_of_others {
        let reason =
            "the condition of an attestation speaks of what the attestation says, and of nothing else";
        return Err(Unsupported { span: condition.origin, reason });
    }
    let payload = Expr::Name(format!("extractPayload(image, attestations.{attestation})"));
    let predicate = Step { key: Key::Field("predicate".to_owned()), certain: false };
    let said = Base { expr: payload, certain: true, ty: Ty::Dyn, steps: vec![predicate] };
    let none = Base::maybe(Expr::Null);
    // What is said stands in place of the object.
    let roots = Roots {
        object: said,
        old_object: none.clone(),
        subject: none.clone(),
        old_subject: none,
        subject_is_scoped: false,
        namespace: NamespaceRoot::Field,
        namespaced: Namespaced::Some,
    };
    Ok(print(&Translator::new(roots).condition(condition)))
}
