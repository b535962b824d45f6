//! Which images a rule speaks of, as Kyverno says it: globs over whole references, with registry and tag.

use super::cel::text::escape_regex;
use crate::ir::*;

/// Globs of references; an image is meant if one of the first fits it, and none of the second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct References {
    pub(super) any_of: Vec<String>,
    pub(super) none_of: Vec<String>,
}

impl References {
    /// The globs, where they fit the text of an image as they fit its reference, and hold no sign but `*` that some
    /// reader of globs takes for one.
    pub(super) fn plain_globs(&self) -> Option<&[String]> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@-*".contains(c);
        let fits = |glob: &String| glob.chars().all(is_plain) && is_of_references(glob);
        (self.none_of.is_empty() && self.any_of.iter().all(fits)).then_some(self.any_of.as_slice())
    }
}

/// The filter of a rule's elements as globs of references; `None` where they would not mean the same.
pub(super) fn references(elements: &Elements, image: &Value) -> Option<References> {
    let parts = match &elements.filter.kind {
        CondKind::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&elements.filter),
    };
    let mut found = References { any_of: Vec::new(), none_of: Vec::new() };
    for part in parts.iter().filter(|part| !part.is_const(true)) {
        match &part.kind {
            CondKind::Not(inner) => found.none_of.extend(globs(inner, image)?),
            _ if found.any_of.is_empty() => found.any_of = globs(part, image)?,
            _ => return None,
        }
    }
    if found.any_of.is_empty() {
        found.any_of.push("*".to_owned());
    }
    Some(found)
}

/// Globs of references of which one fits where the condition holds.
fn globs(cond: &Cond, image: &Value) -> Option<Vec<String>> {
    match &cond.kind {
        CondKind::Or(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(|part| globs(part, image)).collect();
            Some(parts?.concat())
        }
        CondKind::Glob { value, globs } => {
            let patterns: Option<Vec<String>> = globs.iter().map(Glob::to_pattern).collect();
            let patterns = patterns?;
            match part_of(value, image)? {
                ImagePart::Reference => Some(patterns),
                ImagePart::Written => patterns.iter().all(|it| is_of_references(it)).then_some(patterns),
                ImagePart::Registry | ImagePart::Name => None,
            }
        }
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right } => {
            let Some(Literal::Text(text)) = right.as_literal() else { return None };
            if text.contains(['*', '?']) {
                return None;
            }
            match part_of(left, image)? {
                ImagePart::Reference => Some(vec![text.clone()]),
                ImagePart::Registry if !text.contains('/') => Some(vec![format!("{text}/*")]),
                // A name has no tag, and behind it comes one, or a digest.
                ImagePart::Name if text.contains('/') => Some(vec![format!("{text}:*"), format!("{text}@*")]),
                ImagePart::Registry | ImagePart::Name | ImagePart::Written => None,
            }
        }
        _ => None,
    }
}

enum ImagePart {
    /// The text in the object.
    Written,
    Reference,
    Registry,
    Name,
}

fn part_of(value: &Value, image: &Value) -> Option<ImagePart> {
    let is_image = |value: &Value| value.as_path().is_some() && value.as_path() == image.as_path();
    match &value.kind {
        ValueKind::Call(operation, arguments) if arguments.first().is_some_and(is_image) => match operation {
            Operation::ImageReference => Some(ImagePart::Reference),
            Operation::ImageRegistry => Some(ImagePart::Registry),
            Operation::ImageName => Some(ImagePart::Name),
            _ => None,
        },
        _ => is_image(value).then_some(ImagePart::Written),
    }
}

/// Whether a glob fits the text of an image exactly where it fits its whole reference: `ghcr.io/acme/*` does. What
/// ends before a tag does not, since a reference always has one; neither does what begins without a registry.
fn is_of_references(pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let Some(start) = pattern.strip_suffix('*') else { return false };
    let Some((registry, path)) = start.split_once('/') else { return false };
    let is_registry = registry.contains(['.', ':']) || registry == "localhost";
    // Images without a registry are those of docker.io.
    is_registry
        && !registry.ends_with("docker.io")
        && !start.contains(['*', '?'])
        && !path.contains([':', '@'])
}

/// Whether the lists of a rule are all lists of containers of a Pod, in any order, below `root`.
pub(super) fn is_all_containers(elements: &Elements) -> bool {
    let ValueKind::Concat(lists) = &elements.source.kind else { return false };
    let mut names: Vec<&str> = lists.iter().filter_map(list_name).collect();
    names.sort_unstable();
    names == ["containers", "ephemeralContainers", "initContainers"]
}

pub(super) fn list_name(list: &Value) -> Option<&str> {
    match list.as_path()?.steps.last()? {
        Step::Field(field) => Some(&field.name),
        Step::Key(_) | Step::Element(_) => None,
    }
}

/// Whether Kyverno knows where the images of the kind are.
pub(super) fn holds_pods(target: &Target) -> bool {
    const KINDS: [&str; 8] = [
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
        "CronJob",
    ];
    KINDS.contains(&target.kind.kind.as_str()) && ["", "apps", "batch"].contains(&target.kind.group.as_str())
}

/// A glob as a regular expression of the whole text.
pub(super) fn anchored(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    for part in Glob::parse(glob).0 {
        match part {
            GlobPart::Many => pattern.push_str(".*"),
            GlobPart::One => pattern.push('.'),
            GlobPart::Text(text) => pattern.push_str(&escape_regex(&text)),
            // INVARIANT: a glob that is parsed holds no values.
            GlobPart::Value(_) => {}
        }
    }
    pattern.push('$');
    pattern
}
