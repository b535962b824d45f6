//! Pod Security Standards as `validate.podSecurity` checks them: the checks of Kubernetes by level and version, with the
//! controls that a rule excludes.
//!
//! Source of the rules: `k8s.io/pod-security-admission`, in the form that Kyverno 1.19.1 has of it.

mod checks;
mod exclude;

use aipc_runtime::document::NodeId;

use crate::json::Json;
use crate::policy::fields::{FaultKind, Reader};
use checks::{CheckLevel, Outcome};

/// What a rule asks of Pods.
#[derive(Clone, Debug)]
pub struct PodSecurity {
    level: Level,
    /// As it is written; empty for the latest.
    version: String,
    /// The minor version of Kubernetes 1.
    minor: u32,
    exclude: Vec<Exclusion>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    /// Kyverno asks as much as of restricted.
    Privileged,
    Baseline,
    Restricted,
}

/// A control that does not count, or not everywhere.
#[derive(Clone, Debug)]
struct Exclusion {
    control: String,
    /// Of the containers with these images; of the Pod itself, if there are none.
    images: Vec<String>,
    restricted_field: Option<String>,
    values: Vec<String>,
}

const LEVELS: &[(&str, Level)] =
    &[("privileged", Level::Privileged), ("baseline", Level::Baseline), ("restricted", Level::Restricted)];

/// Controls that only containers have, and that only Pods have.
const OF_CONTAINERS: &[&str] =
    &["Capabilities", "Privileged Containers", "Host Ports", "/proc Mount Type", "Privilege Escalation"];
const OF_PODS: &[&str] = &["Host Namespaces", "HostPath Volumes", "Sysctls", "Volume Types"];

/// Reads `validate.podSecurity`.
pub fn read(reader: &mut Reader<'_>, node: NodeId) -> Option<PodSecurity> {
    let mut fields = reader.fields(node)?;
    let level = fields.word(reader, "level", LEVELS);
    let version_node = fields.get(reader, "version");
    let version = version_node.and_then(|node| reader.text(node)).unwrap_or_default().to_owned();
    let minor = match version.as_str() {
        "" | "latest" => Some(u32::MAX),
        text => text.strip_prefix("v1.").and_then(|minor| minor.parse().ok()),
    };
    if let (None, Some(node)) = (minor, version_node) {
        reader.fault(
            node,
            FaultKind::Shape,
            format!("`{version}` is neither `latest` nor a version such as `v1.29`"),
        );
    }
    let mut exclude = Vec::new();
    for node in fields.elements(reader, "exclude") {
        exclude.extend(read_exclusion(reader, node));
    }
    fields.finish(reader);
    Some(PodSecurity { level: level?, version, minor: minor?, exclude })
}

fn read_exclusion(reader: &mut Reader<'_>, node: NodeId) -> Option<Exclusion> {
    let mut fields = reader.fields(node)?;
    let controls: Vec<(&str, &str)> = exclude::CONTROLS.iter().map(|(name, _)| (*name, *name)).collect();
    let control = fields.word(reader, "controlName", &controls);
    let images = fields.texts(reader, "images");
    let restricted_field =
        fields.text(reader, "restrictedField").filter(|text| !text.is_empty()).map(str::to_owned);
    let values = fields.texts(reader, "values");
    fields.finish(reader);
    let Some(control) = control else {
        reader.fault(node, FaultKind::Shape, "an exclusion needs a `controlName`");
        return None;
    };
    if OF_CONTAINERS.contains(&control) && images.is_empty() {
        reader.fault(
            node,
            FaultKind::Refused,
            format!("`{control}` is of containers, so `images` has to say of which"),
        );
    }
    if OF_PODS.contains(&control) && !images.is_empty() {
        reader.fault(node, FaultKind::Refused, format!("`{control}` is of the Pod, so it has no `images`"));
    }
    if restricted_field.is_some() == values.is_empty() {
        reader.fault(node, FaultKind::Refused, "`restrictedField` and `values` stand together");
    }
    Some(Exclusion { control: control.to_owned(), images, restricted_field, values })
}

/// A field that a check objects to.
#[derive(Clone, Debug)]
struct FieldError {
    /// `spec.containers[0].securityContext.privileged`
    field: String,
    /// As Go prints it; empty where the field is missing or its value does not matter.
    value: String,
    /// The single values that an exclusion may name.
    values: Vec<String>,
    is_required: bool,
}

impl FieldError {
    fn forbidden(field: String, value: &str) -> FieldError {
        let values = if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
        FieldError { field, value: value.to_owned(), values, is_required: false }
    }

    fn forbidden_all(field: String, values: Vec<String>) -> FieldError {
        FieldError { field, value: format!("[{}]", values.join(" ")), values, is_required: false }
    }

    fn required(field: String) -> FieldError {
        FieldError { field, value: String::new(), values: Vec::new(), is_required: true }
    }
}

/// A check that a Pod does not pass.
#[derive(Clone, Debug)]
struct Violation {
    id: &'static str,
    reason: String,
    /// `None` for a check that names no fields, which cannot be excluded.
    errors: Option<Vec<FieldError>>,
}

/// The parts of an object that the checks look at.
#[derive(Clone, Debug)]
struct Pod<'a> {
    annotations: Json<'a>,
    spec: Json<'a>,
    /// With the list that each is in, and its place there.
    containers: Vec<(&'static str, usize, Json<'a>)>,
}

/// The lists of containers in the order in which they are visited.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

impl<'a> Pod<'a> {
    /// The Pod that an object is or makes.
    fn of(object: &Json<'a>) -> Option<Pod<'a>> {
        let kind = object.get("kind");
        let at = |path: &[&str]| {
            path.iter().try_fold(object.clone(), |value, key| value.get(key)).unwrap_or(Json::Null)
        };
        let (spec, metadata) = match kind.as_ref().and_then(Json::as_text)? {
            "Pod" => (at(&["spec"]), at(&["metadata"])),
            "DaemonSet" | "Deployment" | "Job" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
                (at(&["spec", "template", "spec"]), at(&["spec", "template", "metadata"]))
            }
            // Of the job, not of the Pod, as Kyverno has it.
            "CronJob" => (
                at(&["spec", "jobTemplate", "spec", "template", "spec"]),
                at(&["spec", "jobTemplate", "metadata"]),
            ),
            _ => return None,
        };
        let mut containers = Vec::new();
        for list in LISTS {
            let elements = spec.get(list).unwrap_or(Json::Null);
            containers.extend(elements.elements().enumerate().map(|(index, it)| (list, index, it)));
        }
        Some(Pod { annotations: metadata.get("annotations").unwrap_or(Json::Null), spec, containers })
    }
}

/// What a Pod does not pass, in words, or nothing.
///
/// # Errors
/// The object is no Pod and makes none.
pub fn check(security: &PodSecurity, object: &Json<'_>) -> Result<Option<String>, String> {
    let Some(pod) = Pod::of(object) else {
        return Err("Error while getting new resource: could not find correct resource type".to_owned());
    };
    let mut violations = evaluate(security, &pod);
    for exclusion in &security.exclude {
        exclude::apply(security, exclusion, &pod, &mut violations);
    }
    if violations.is_empty() {
        return Ok(None);
    }
    let level = LEVELS.iter().find(|(_, level)| *level == security.level).map_or("", |(name, _)| name);
    let kind = object.get("kind");
    let kind = kind.as_ref().and_then(Json::as_text).unwrap_or_default();
    let words: String = violations.iter().map(|violation| words(violation, kind)).collect();
    Ok(Some(format!("It violates PodSecurity \"{level}:{}\": {words}", security.version)))
}

/// All checks of a level that a Pod does not pass.
fn evaluate(security: &PodSecurity, pod: &Pod<'_>) -> Vec<Violation> {
    let asked = checks::CHECKS
        .iter()
        .filter(|check| security.level != Level::Baseline || check.level == CheckLevel::Baseline);
    asked
        .filter_map(|check| {
            // Of the versions of a check the newest that is not newer than asked, and the first in any case.
            let version = check.versions.iter().rev().find(|(minor, _)| *minor <= security.minor);
            let (_, run) = version.or(check.versions.first())?;
            let Outcome { reason, errors } = run(pod)?;
            Some(Violation { id: check.id, reason, errors })
        })
        .collect()
}

fn words(violation: &Violation, kind: &str) -> String {
    let template = match kind {
        "CronJob" => "spec.jobTemplate.spec.template.spec",
        "Pod" => "spec",
        _ => "spec.template.spec",
    };
    let place = |field: &str| field.replace("spec", template).replace("metadata", "spec.template.metadata");
    let errors = violation.errors.iter().flatten().map(|error| {
        let field = place(&error.field);
        match (error.is_required, error.value.as_str()) {
            (true, _) => format!("{field}: Required value"),
            (false, "") => format!("{field}: Forbidden"),
            (false, value) => format!("{field} is forbidden, forbidden values found: {value}"),
        }
    });
    let errors: Vec<String> = errors.collect();
    format!("(Forbidden reason: {}, field error list: [{}])", violation.reason, errors.join(", "))
}
