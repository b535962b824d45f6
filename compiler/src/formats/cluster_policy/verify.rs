//! `verifyImages`: which images, and who has to have signed them; `manifests`: of whole objects.
//!
//! Kyverno matches globs with whole references, looks at all images of an object, and takes the signatures of one
//! entry to be of one type. It looks at an attestation's attestors one after the other and knows no groups there.

use super::Unsupported;
use super::conditions::all_of;
use super::scope::{Context, Scope};
use crate::formats::cel::text::escape_regex;
use crate::formats::images::{self, References};
use crate::formats::yaml_write::{Map, Node};
use crate::ir::*;
use crate::source::Span;

type Result<T> = std::result::Result<T, Unsupported>;

/// What a verification writes into its rule.
pub(super) struct Written {
    pub(super) verify_images: Node,
    /// Where images are, if not in the containers of a Pod alone.
    pub(super) extractors: Option<Map>,
}

pub(super) fn verify_images(
    context: &Context,
    rule: &Rule,
    verification: &Verification,
    (targets, effect, settings): (&[Target], Effect, &Settings),
) -> Result<Written> {
    let span = rule.origin;
    let refused = |reason| Unsupported { span, reason };
    let Verified::Images { elements, image } = &verification.of else {
        return Err(refused("a manifest is no image"));
    };
    let references = images::references(elements, image).ok_or(Unsupported {
        span: elements.filter.origin,
        reason: "Kyverno chooses images by their whole reference, with registry and tag: ask for `image.reference`, `image.name` or `image.registry`",
    })?;
    for glob in references.any_of.iter().chain(&references.none_of) {
        plain(glob, elements.filter.origin)?;
    }
    let extractors = match images::is_all_containers(elements) && targets.iter().all(images::holds_pods) {
        true => None,
        false => Some(extractors(elements, image, targets)?),
    };
    let settings = rule.settings.over(settings);
    let enforced = effect == Effect::Enforce;
    let mutate = settings.mutate_digest.unwrap_or(enforced);
    if mutate && !enforced {
        return Err(refused("Kyverno writes digests under `action enforce` only"));
    }
    let mut entries: Vec<(&'static str, Map)> = Vec::new();
    for check in &verification.checks {
        let (by, origin) = match check {
            SignatureCheck::Signed { by, origin } | SignatureCheck::Attested { by, origin, .. } => {
                (by, *origin)
            }
        };
        let kind = kind_of(by).ok_or(Unsupported {
            span: origin,
            reason: "Kyverno looks for one type of signature at a time: `notary`, `bundle` and others do not stand in one list",
        })?;
        let at = match entries.iter().position(|(other, _)| *other == kind) {
            Some(at) => at,
            None => {
                let map = entry(kind, &references, name_of(effect), (mutate, enforced), &settings);
                entries.push((kind, map));
                entries.len() - 1
            }
        };
        let map = &mut entries[at].1;
        match check {
            SignatureCheck::Signed { by, .. } => push(map, "attestors", set(by, origin)?),
            SignatureCheck::Attested { predicate, by, condition, .. } => {
                plain(predicate, origin)?;
                let attestors = flat_sets(by, origin)?;
                let mut attestation = Map::new().with("type", predicate.clone()).with("attestors", attestors);
                if let Some(condition) = condition {
                    let condition = predicate_condition(context, condition)?;
                    attestation.set("conditions", vec![condition]);
                }
                push(map, "attestations", attestation);
            }
        }
    }
    let verify_images = Node::List(entries.into_iter().map(|(_, map)| Node::Map(map)).collect());
    Ok(Written { verify_images, extractors })
}

fn name_of(effect: Effect) -> &'static str {
    match effect {
        Effect::Enforce => "Enforce",
        Effect::Audit => "Audit",
    }
}

fn entry(
    kind: &'static str,
    references: &References,
    failure_action: &str,
    (mutate, enforced): (bool, bool),
    settings: &Settings,
) -> Map {
    let globs = |globs: &[String]| globs.iter().map(|it| Node::Text(it.clone())).collect::<Vec<Node>>();
    let mut map = Map::new().with("type", kind).with("failureAction", failure_action);
    map.set("imageReferences", Node::List(globs(&references.any_of)));
    if !references.none_of.is_empty() {
        map.set("skipImageReferences", Node::List(globs(&references.none_of)));
    }
    map.set("mutateDigest", mutate);
    map.set("verifyDigest", settings.verify_digest.unwrap_or(enforced));
    map.set("required", settings.required.unwrap_or(true));
    map.set("useCache", settings.cache.unwrap_or(true));
    map
}

fn push(map: &mut Map, key: &str, item: Map) {
    let found = map.0.iter_mut().find(|entry| entry.key == key);
    match found.map(|entry| &mut entry.value) {
        Some(Node::List(items)) => items.push(Node::Map(item)),
        _ => {
            map.set(key, vec![item]);
        }
    }
}

/// Kyverno's type of the signatures; `None` where they are of several.
fn kind_of(signers: &Signers) -> Option<&'static str> {
    let mut kinds = signers.of.iter().map(|attestor| match attestor {
        Attestor::Notary { .. } => Some("Notary"),
        Attestor::Bundle(_) => Some("SigstoreBundle"),
        Attestor::Group(signers) => kind_of(signers),
        Attestor::Key { .. }
        | Attestor::Kms { .. }
        | Attestor::Secret { .. }
        | Attestor::Certificate { .. }
        | Attestor::Keyless(_) => Some("Cosign"),
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// A set of attestors, with groups in it.
fn set(signers: &Signers, span: Span) -> Result<Map> {
    let mut entries = Vec::new();
    for attestor in &signers.of {
        entries.push(match attestor {
            Attestor::Group(inner) => Map::new().with("attestor", set(inner, span)?),
            _ => self::attestor(attestor, span)?,
        });
    }
    Ok(counted(signers.count, entries))
}

fn counted(count: u32, entries: Vec<Map>) -> Map {
    let mut set = Map::new();
    if count as usize != entries.len() {
        set.set("count", i64::from(count));
    }
    set.with("entries", entries)
}

/// Sets without groups: all of which are asked for.
fn flat_sets(signers: &Signers, span: Span) -> Result<Vec<Map>> {
    let is_group = |it: &Attestor| matches!(it, Attestor::Group(_));
    if !signers.of.iter().any(is_group) {
        return Ok(vec![set(signers, span)?]);
    }
    if signers.count as usize != signers.of.len() {
        let reason = "Kyverno knows no groups among the signers of an attestation";
        return Err(Unsupported { span, reason });
    }
    let mut sets = Vec::new();
    for attestor in &signers.of {
        match attestor {
            Attestor::Group(inner) => sets.extend(flat_sets(inner, span)?),
            _ => sets.push(counted(1, vec![self::attestor(attestor, span)?])),
        }
    }
    Ok(sets)
}

const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

fn attestor(attestor: &Attestor, span: Span) -> Result<Map> {
    let refused = |reason| Err(Unsupported { span, reason });
    let keys = |key: &str, value: Node, options: &KeyOptions| {
        let keys = Map::new().with(key, value).with_some("signatureAlgorithm", options.algorithm.clone());
        Map::new().with("keys", with_log(keys, &options.log, false))
    };
    Ok(match attestor {
        Attestor::Key { key, options } => keys("publicKeys", key.clone().into(), options),
        Attestor::Kms { uri, options } => keys("kms", uri.clone().into(), options),
        Attestor::Secret { name, namespace, options } => {
            let secret = Map::new().with("name", name.clone()).with("namespace", namespace.clone());
            keys("secret", secret.into(), options)
        }
        Attestor::Certificate { chain: Some(_), .. } => {
            return refused(
                "ClusterPolicy looks for a certificate with a chain in a log of certificates that it has not learned of yet, so it takes no signature for good",
            );
        }
        Attestor::Certificate { certificate, chain: None, log } => {
            let map = Map::new().with("cert", certificate.clone());
            Map::new().with("certificates", with_log(map, log, false))
        }
        Attestor::Notary { certificate } => {
            Map::new().with("certificates", Map::new().with("cert", certificate.clone()))
        }
        Attestor::Keyless(keyless) => {
            for text in [&keyless.issuer, &keyless.subject, &keyless.issuer_pattern, &keyless.subject_pattern]
            {
                text.iter().try_for_each(|text| plain(text, span))?;
            }
            let map = Map::new()
                .with_some("issuer", keyless.issuer.clone())
                .with_some("issuerRegExp", keyless.issuer_pattern.clone())
                .with_some("subject", keyless.subject.clone())
                .with_some("subjectRegExp", keyless.subject_pattern.clone())
                .with_some("roots", keyless.roots.clone());
            Map::new().with("keyless", with_log(map, &keyless.log, true))
        }
        Attestor::Bundle(inner) => match &**inner {
            Attestor::Keyless(keyless) => {
                let issuer = keyless.issuer.is_some() || keyless.issuer_pattern.is_some();
                let subject = keyless.subject.is_some() || keyless.subject_pattern.is_some();
                if !issuer || !subject {
                    return refused(
                        "Kyverno checks the identity of a bundle only with both issuer and subject",
                    );
                }
                if keyless.roots.is_some() {
                    return refused("Kyverno takes the roots of bundles from its own configuration");
                }
                // There it compares texts as they are.
                let as_pattern = |glob: &Option<String>, pattern: &Option<String>| match glob {
                    Some(glob) if glob.contains(['*', '?']) => (None, Some(images::anchored(glob))),
                    _ => (glob.clone(), pattern.clone()),
                };
                let (issuer, issuer_pattern) = as_pattern(&keyless.issuer, &keyless.issuer_pattern);
                let (subject, subject_pattern) = as_pattern(&keyless.subject, &keyless.subject_pattern);
                let exact = Keyless { issuer, subject, issuer_pattern, subject_pattern, ..keyless.clone() };
                self::attestor(&Attestor::Keyless(exact), span)?
            }
            inner => self::attestor(inner, span)?,
        },
        Attestor::Group(_) => return refused("Kyverno knows no groups here"),
    })
}

fn with_log(map: Map, log: &Log, named: bool) -> Map {
    match log {
        Log::Public if named => map.with("rekor", Map::new().with("url", PUBLIC_LOG)),
        Log::Public => map,
        Log::At(address) => map.with("rekor", Map::new().with("url", address.clone())),
        Log::None => map
            .with("rekor", Map::new().with("url", PUBLIC_LOG).with("ignoreTlog", true))
            .with("ctlog", Map::new().with("ignoreSCT", true)),
    }
}

/// A text in which Kyverno sees no variable.
fn plain(text: &str, span: Span) -> Result<()> {
    match text.contains("{{") || text.contains("$(") {
        true => Err(Unsupported { span, reason: "Kyverno would read a part of this text as a variable" }),
        false => Ok(()),
    }
}

/// The condition about what an attestation says, which Kyverno puts beside its own variables.
fn predicate_condition(context: &Context, condition: &Cond) -> Result<Map> {
    let mut fault = None;
    measure::any_root(condition, &mut |root| {
        if !matches!(root, Root::Predicate | Root::Local(_) | Root::Now) {
            fault = Some(
                "the condition of an attestation speaks of what the attestation says, and of nothing else",
            );
        }
        false
    });
    measure::any_value(condition, &mut |value| {
        if let Some(path) = value.as_path()
            && path.root == Root::Predicate
        {
            match path.steps.first() {
                Some(Step::Field(field)) if !OWN_VARIABLES.contains(&field.name.as_str()) => {}
                Some(Step::Field(_)) => {
                    fault = Some("Kyverno has a variable of its own of this name, which hides the field");
                }
                _ => fault = Some("Kyverno sees the fields of an attestation, and not the whole of it"),
            }
        }
        false
    });
    match fault {
        Some(reason) => Err(Unsupported { span: condition.origin, reason }),
        None => all_of(context, &Scope::top(), std::slice::from_ref(condition)),
    }
}

/// Names that Kyverno's context may have.
const OWN_VARIABLES: [&str; 9] = [
    "request",
    "images",
    "image",
    "element",
    "elementIndex",
    "target",
    "serviceAccountName",
    "serviceAccountNamespace",
    "globalContext",
];

/// Where the images of each kind are.
fn extractors(elements: &Elements, image: &Value, targets: &[Target]) -> Result<Map> {
    let refused = || Unsupported {
        span: elements.source.origin,
        reason: "Kyverno finds images by a path of fields, and these are found otherwise",
    };
    let names = |path: &Path| -> Option<Vec<String>> {
        let name = |step: &Step| match step {
            Step::Field(field) if !field.name.is_empty() && !field.name.contains(['/', '*', ' ']) => {
                Some(field.name.clone())
            }
            Step::Field(_) | Step::Key(_) | Step::Element(_) => None,
        };
        path.steps.iter().map(name).collect()
    };
    let lists = match &elements.source.kind {
        ValueKind::Concat(lists) => lists.as_slice(),
        _ => std::slice::from_ref(&elements.source),
    };
    let mut below = image.as_path().and_then(names).ok_or_else(refused)?;
    let value = below.pop().ok_or_else(refused)?;
    let mut rows = Vec::new();
    for (number, list) in lists.iter().enumerate() {
        let path = list.as_path().filter(|path| matches!(path.root, Root::Object | Root::Subject));
        let mut fields = path.and_then(names).ok_or_else(refused)?;
        fields.push("*".to_owned());
        fields.extend(below.iter().cloned());
        let row = Map::new()
            .with("name", format!("images{number}"))
            .with("path", format!("/{}", fields.join("/")))
            .with("value", value.clone());
        rows.push(Node::Map(row));
    }
    let mut map = Map::new();
    for target in targets {
        if target.kind.is_any() {
            return Err(refused());
        }
        map.set(target.kind.kind.clone(), Node::List(rows.clone()));
    }
    Ok(map)
}

/// What stands under `manifests`.
pub(super) fn manifests(
    rule: &Rule,
    ignoring: &[Value],
    checks: &[SignatureCheck],
    targets: &[Target],
) -> Result<Map> {
    let mut sets = Vec::new();
    for check in checks {
        let SignatureCheck::Signed { by, origin } = check else {
            return Err(Unsupported {
                span: rule.origin,
                reason: "manifests have signatures, and no attestations",
            });
        };
        sets.push(Node::Map(keys_of(by, *origin)?));
    }
    let mut map = Map::new().with("attestors", Node::List(sets));
    if !ignoring.is_empty() {
        let mut fields = Vec::new();
        for value in ignoring {
            let path = value.as_path().filter(|path| matches!(path.root, Root::Object | Root::Subject));
            let name = |step: &Step| match step {
                Step::Field(field) if !field.name.contains(['.', '*', '?', '{', '$']) => {
                    Some(field.name.clone())
                }
                Step::Field(_) | Step::Key(_) | Step::Element(_) => None,
            };
            let names: Option<Vec<String>> = path.and_then(|path| path.steps.iter().map(name).collect());
            let names = names.filter(|names| !names.is_empty()).ok_or(Unsupported {
                span: value.origin,
                reason: "Kyverno ignores fields that a path of plain names leads to",
            })?;
            fields.push(Node::Text(field_at(&names)));
        }
        let objects: Vec<Node> =
            targets.iter().map(|it| Node::Map(Map::new().with("kind", it.kind.kind.clone()))).collect();
        let row = Map::new().with("objects", Node::List(objects)).with("fields", Node::List(fields));
        map.set("ignoreFields", vec![row]);
    }
    Ok(map)
}

/// Kyverno reads the field as a regular expression and looks for it anywhere in paths, so that it says here where it
/// begins and ends.
fn field_at(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| escape_regex(name)).collect();
    format!(r"^{}(\.|$)", names.join(r"\."))
}

/// Keys only: Kyverno carries what it read of one signer over to the next, so others do not stand beside them, and it
/// reads no algorithms and looks into no log.
fn keys_of(signers: &Signers, span: Span) -> Result<Map> {
    let reason = "the signers of a manifest are keys here, with the usual algorithm and `log: \"none\"`: Kyverno looks for no log";
    let refused = || Unsupported { span, reason };
    let expected = KeyOptions { algorithm: None, log: Log::None };
    let mut entries = Vec::new();
    for attestor in &signers.of {
        let (key, options) = match attestor {
            Attestor::Key { key, options } => (key.clone(), options),
            Attestor::Kms { uri, options } => (uri.clone(), options),
            Attestor::Secret { name, namespace, options } => (format!("k8s://{namespace}/{name}"), options),
            Attestor::Group(inner) => {
                entries.push(Map::new().with("attestor", keys_of(inner, span)?));
                continue;
            }
            Attestor::Certificate { .. }
            | Attestor::Keyless(_)
            | Attestor::Notary { .. }
            | Attestor::Bundle(_) => return Err(refused()),
        };
        if *options != expected {
            return Err(refused());
        }
        entries.push(Map::new().with("keys", Map::new().with("publicKeys", key)));
    }
    Ok(counted(signers.count, entries))
}
