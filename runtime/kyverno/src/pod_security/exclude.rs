//! Controls that a rule excludes, for a Pod or for containers with some images.

use crate::json::Json;
use crate::wildcard;

use super::{Exclusion, FieldError, Pod, PodSecurity, Violation, evaluate};

/// The names of controls and the checks that each stands for.
pub const CONTROLS: &[(&str, &[&str])] = &[
    ("Capabilities", &["capabilities_baseline", "capabilities_restricted"]),
    ("Seccomp", &["seccompProfile_baseline", "seccompProfile_restricted"]),
    ("Privileged Containers", &["privileged"]),
    ("Host Ports", &["hostPorts"]),
    ("/proc Mount Type", &["procMount"]),
    ("HostProcess", &["windowsHostProcess"]),
    ("SELinux", &["seLinuxOptions"]),
    ("Host Namespaces", &["hostNamespaces"]),
    ("HostPath Volumes", &["hostPathVolumes"]),
    ("Sysctls", &["sysctls"]),
    ("AppArmor", &["appArmorProfile"]),
    ("Privilege Escalation", &["allowPrivilegeEscalation"]),
    ("Running as Non-root", &["runAsNonRoot"]),
    ("Running as Non-root user", &["runAsUser"]),
    ("Volume Types", &["restrictedVolumes"]),
];

/// Takes from the violations of a Pod what an exclusion covers: it is found by checking what the exclusion speaks of alone.
pub fn apply(security: &PodSecurity, exclusion: &Exclusion, pod: &Pod<'_>, violations: &mut Vec<Violation>) {
    let is_of_containers = !exclusion.images.is_empty();
    let part = if is_of_containers { matching(pod, &exclusion.images) } else { without_containers(pod) };
    let ids = CONTROLS.iter().find(|(name, _)| *name == exclusion.control).map_or(&[][..], |(_, ids)| ids);
    for found in evaluate(security, &part).iter().filter(|found| ids.contains(&found.id)) {
        for error in found.errors.iter().flatten().filter(|error| is_excluded(exclusion, error)) {
            let Some(at) = violations.iter().position(|violation| violation.id == found.id) else { continue };
            let Some(errors) = &mut violations[at].errors else { continue };
            let is_same = |other: &FieldError| {
                general(&other.field) == general(&error.field)
                    && (!is_of_containers
                        || container_of(pod, &other.field) == container_of(&part, &error.field))
            };
            if let Some(index) = errors.iter().position(is_same) {
                errors.swap_remove(index);
            }
            if errors.is_empty() {
                violations.remove(at);
            }
        }
    }
}

fn is_excluded(exclusion: &Exclusion, error: &FieldError) -> bool {
    let is_field = exclusion.restricted_field.as_ref().is_none_or(|field| *field == general(&error.field));
    let is_value = |value: &String| exclusion.values.iter().any(|pattern| wildcard::matches(pattern, value));
    is_field && (exclusion.values.is_empty() || error.values.iter().all(is_value))
}

/// The field with `*` in the place of every number.
fn general(field: &str) -> String {
    let mut out = String::new();
    let mut in_number = false;
    for c in field.chars() {
        if c.is_ascii_digit() {
            if !in_number {
                out.push('*');
            }
            in_number = true;
        } else {
            out.push(c);
            in_number = false;
        }
    }
    out
}

/// The name of the container that a field is in; `None` for a field of the Pod.
fn container_of(pod: &Pod<'_>, field: &str) -> Option<String> {
    let rest = field.strip_prefix("spec.")?;
    let (list, rest) = rest.split_once('[')?;
    let index: usize = rest.split_once(']')?.0.parse().ok()?;
    let (_, _, container) = pod.containers.iter().find(|(known, at, _)| *known == list && *at == index)?;
    let name = container.get("name");
    Some(name.as_ref().and_then(Json::as_text).unwrap_or_default().to_owned())
}

/// The containers with one of the images, and nothing else of the Pod.
fn matching<'a>(pod: &Pod<'a>, images: &[String]) -> Pod<'a> {
    let mut containers: Vec<(&'static str, usize, Json<'a>)> = Vec::new();
    for (list, _, container) in &pod.containers {
        let image = container.get("image");
        let image = image.as_ref().and_then(Json::as_text).unwrap_or_default();
        if images.iter().any(|pattern| wildcard::matches(pattern, image)) {
            let index = containers.iter().filter(|(known, _, _)| known == list).count();
            containers.push((list, index, container.clone()));
        }
    }
    Pod { annotations: Json::Null, spec: Json::map(Vec::new()), containers }
}

/// The Pod with one container that says nothing.
fn without_containers<'a>(pod: &Pod<'a>) -> Pod<'a> {
    let name = (aipc_runtime::value::Shared::Borrowed("name"), Json::text("fake"));
    Pod { containers: vec![("containers", 0, Json::map(vec![name]))], ..pod.clone() }
}
