//! The checks, one row each: its level, and its forms by the minor version of Kubernetes from which they hold.

use std::collections::BTreeSet;

use crate::json::{Json, View};

use super::{FieldError, Pod};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckLevel {
    Baseline,
    Restricted,
}

/// What a check objects to.
pub struct Outcome {
    pub reason: String,
    pub errors: Option<Vec<FieldError>>,
}

type Run = fn(&Pod<'_>) -> Option<Outcome>;

/// One check.
pub struct Check {
    pub id: &'static str,
    pub level: CheckLevel,
    pub versions: &'static [(u32, Run)],
}

const fn baseline(id: &'static str, versions: &'static [(u32, Run)]) -> Check {
    Check { id, level: CheckLevel::Baseline, versions }
}

const fn restricted(id: &'static str, versions: &'static [(u32, Run)]) -> Check {
    Check { id, level: CheckLevel::Restricted, versions }
}

/// All checks, in the order in which they are reported.
pub const CHECKS: &[Check] = &[
    restricted(
        "allowPrivilegeEscalation",
        &[(8, allow_privilege_escalation), (25, |pod| unless_windows(pod, allow_privilege_escalation))],
    ),
    baseline("appArmorProfile", &[(0, app_armor)]),
    baseline("capabilities_baseline", &[(0, capabilities_baseline)]),
    restricted(
        "capabilities_restricted",
        &[(22, capabilities_restricted), (25, |pod| unless_windows(pod, capabilities_restricted))],
    ),
    baseline("hostNamespaces", &[(0, host_namespaces)]),
    baseline("hostPathVolumes", &[(0, host_path_volumes)]),
    baseline("hostPorts", &[(0, host_ports)]),
    baseline("hostProbesAndHostLifecycle", &[(34, host_probes)]),
    baseline("privileged", &[(0, privileged)]),
    baseline("procMount", &[(0, proc_mount)]),
    restricted("restrictedVolumes", &[(0, restricted_volumes)]),
    restricted("runAsNonRoot", &[(0, run_as_non_root)]),
    restricted("runAsUser", &[(23, run_as_user)]),
    baseline(
        "seLinuxOptions",
        &[(0, |pod| selinux(pod, &SELINUX_TYPES[..4])), (31, |pod| selinux(pod, SELINUX_TYPES))],
    ),
    baseline("seccompProfile_baseline", &[(0, seccomp_annotations), (19, seccomp_baseline)]),
    restricted(
        "seccompProfile_restricted",
        &[(19, seccomp_restricted), (25, |pod| unless_windows(pod, seccomp_restricted))],
    ),
    baseline(
        "sysctls",
        &[
            (0, |pod| sysctls(pod, &SYSCTLS[..5])),
            (27, |pod| sysctls(pod, &SYSCTLS[..6])),
            (29, |pod| sysctls(pod, &SYSCTLS[..10])),
            (32, |pod| sysctls(pod, SYSCTLS)),
        ],
    ),
    baseline("windowsHostProcess", &[(0, windows_host_process)]),
];

/// The last one from 1.31 on.
const SELINUX_TYPES: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// Five from the beginning, one from 1.27 on, four from 1.29 on, two from 1.32 on.
const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sources of volumes that the restricted level allows.
const ALLOWED_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The others, in the order in which they are looked for.
const OTHER_VOLUMES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// The value at a path; null is none.
fn at<'a>(value: &Json<'a>, path: &[&str]) -> Option<Json<'a>> {
    let found = path.iter().try_fold(value.clone(), |value, key| value.get(key))?;
    (!found.is_null()).then_some(found)
}

fn text_at(value: &Json<'_>, path: &[&str]) -> Option<String> {
    at(value, path)?.as_text().map(str::to_owned)
}

fn bool_at(value: &Json<'_>, path: &[&str]) -> Option<bool> {
    at(value, path)?.as_bool()
}

/// The path of a field below the security context of a container.
fn context_field(list: &str, index: usize, path: &[&str]) -> String {
    format!("spec.{list}[{index}].securityContext.{}", path.join("."))
}

fn objection(reason: &str, errors: Vec<FieldError>) -> Option<Outcome> {
    (!errors.is_empty()).then(|| Outcome { reason: reason.to_owned(), errors: Some(errors) })
}

fn unless_windows(pod: &Pod<'_>, run: Run) -> Option<Outcome> {
    if text_at(&pod.spec, &["os", "name"]).as_deref() == Some("windows") { None } else { run(pod) }
}

/// The errors of all containers for a path below their security context.
fn of_containers(
    pod: &Pod<'_>,
    path: &[&str],
    check: impl Fn(&Json<'_>, String) -> Option<FieldError>,
) -> Vec<FieldError> {
    let containers = pod.containers.iter();
    containers.filter_map(|(list, index, it)| check(it, context_field(list, *index, path))).collect()
}

fn allow_privilege_escalation(pod: &Pod<'_>) -> Option<Outcome> {
    let path = ["allowPrivilegeEscalation"];
    let errors = of_containers(pod, &path, |container, field| {
        if at(container, &["securityContext"]).is_none() {
            return Some(FieldError::required(field));
        }
        match bool_at(container, &["securityContext", "allowPrivilegeEscalation"]) {
            None => Some(FieldError::forbidden(field, "nil")),
            Some(true) => Some(FieldError::forbidden(field, "true")),
            Some(false) => None,
        }
    });
    objection("allowPrivilegeEscalation != false", errors)
}

fn app_armor(pod: &Pod<'_>) -> Option<Outcome> {
    let path = ["appArmorProfile", "type"];
    let is_allowed = |profile: &str| ["RuntimeDefault", "Localhost"].contains(&profile);
    let forbidden = |holder: &Json<'_>, field: String| {
        at(holder, &["securityContext", "appArmorProfile"])?;
        let profile = text_at(holder, &["securityContext", "appArmorProfile", "type"]).unwrap_or_default();
        (!is_allowed(&profile)).then(|| FieldError::forbidden(field, &profile))
    };
    let mut errors: Vec<FieldError> =
        forbidden(&pod.spec, "spec.securityContext.appArmorProfile.type".to_owned()).into_iter().collect();
    errors.extend(of_containers(pod, &path, forbidden));
    for (key, value) in pod.annotations.entries() {
        let value = value.as_text().unwrap_or_default();
        let is_allowed = value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !is_allowed {
            errors.push(FieldError::forbidden(format!("metadata.annotations[{}]", &*key), value));
        }
    }
    let reason = if errors.len() == 1 { "forbidden AppArmor profile" } else { "forbidden AppArmor profiles" };
    objection(reason, errors)
}

/// The texts of a list below the capabilities of a container.
fn capabilities(container: &Json<'_>, list: &str) -> Vec<String> {
    let found = at(container, &["securityContext", "capabilities", list]).unwrap_or(Json::Null);
    found.elements().map(|it| it.as_text().unwrap_or_default().to_owned()).collect()
}

/// The texts that are not allowed, sorted, each once.
fn others(texts: Vec<String>, allowed: &[&str]) -> Vec<String> {
    let others: BTreeSet<String> =
        texts.into_iter().filter(|text| !allowed.contains(&text.as_str())).collect();
    others.into_iter().collect()
}

fn capabilities_baseline(pod: &Pod<'_>) -> Option<Outcome> {
    let errors = of_containers(pod, &["capabilities", "add"], |container, field| {
        let forbidden = others(capabilities(container, "add"), DEFAULT_CAPABILITIES);
        (!forbidden.is_empty()).then(|| FieldError::forbidden_all(field, forbidden))
    });
    objection("non-default capabilities", errors)
}

fn capabilities_restricted(pod: &Pod<'_>) -> Option<Outcome> {
    let mut errors = of_containers(pod, &["capabilities", "drop"], |container, field| {
        let dropped = capabilities(container, "drop");
        if dropped.iter().any(|text| text == "ALL") {
            return None;
        }
        Some(match dropped.is_empty() {
            true => FieldError::required(field),
            false => FieldError::forbidden_all(field, others(dropped, &[])),
        })
    });
    errors.extend(of_containers(pod, &["capabilities", "add"], |container, field| {
        let forbidden = others(capabilities(container, "add"), &["NET_BIND_SERVICE"]);
        (!forbidden.is_empty()).then(|| FieldError::forbidden_all(field, forbidden))
    }));
    objection("unrestricted capabilities", errors)
}

fn host_namespaces(pod: &Pod<'_>) -> Option<Outcome> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"];
    let set = fields.iter().filter(|field| bool_at(&pod.spec, &[field]) == Some(true));
    objection(
        "host namespaces",
        set.map(|field| FieldError::forbidden(format!("spec.{field}"), "true")).collect(),
    )
}

/// The volumes of a Pod.
fn volumes<'a>(pod: &Pod<'a>) -> Vec<Json<'a>> {
    let list = at(&pod.spec, &["volumes"]).unwrap_or(Json::Null);
    list.elements().collect()
}

fn host_path_volumes(pod: &Pod<'_>) -> Option<Outcome> {
    let mut errors = Vec::new();
    for (index, volume) in volumes(pod).iter().enumerate() {
        if at(volume, &["hostPath"]).is_some() {
            let path = text_at(volume, &["hostPath", "path"]).unwrap_or_default();
            errors.push(FieldError::forbidden(format!("spec.volumes[{index}].hostPath"), &path));
        }
    }
    objection("hostPath volumes", errors)
}

fn host_ports(pod: &Pod<'_>) -> Option<Outcome> {
    let mut errors = Vec::new();
    for (list, index, container) in &pod.containers {
        let ports = at(container, &["ports"]).unwrap_or(Json::Null);
        for (at_port, port) in ports.elements().enumerate() {
            let number = match at(&port, &["hostPort"]).as_ref().map(Json::view) {
                Some(View::Int(number)) => number,
                Some(View::Float(number)) => number as i64,
                _ => 0,
            };
            if number != 0 {
                let field = format!("spec.{list}[{index}].ports[{at_port}].hostPort");
                errors.push(FieldError::forbidden(field, &number.to_string()));
            }
        }
    }
    objection("hostPort", errors)
}

fn host_probes(pod: &Pod<'_>) -> Option<Outcome> {
    let handlers: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    let names_host = |container: &Json<'_>| {
        handlers.iter().filter_map(|path| at(container, path)).any(|handler| {
            ["httpGet", "tcpSocket"]
                .iter()
                .any(|way| text_at(&handler, &[way, "host"]).is_some_and(|it| !it.is_empty()))
        })
    };
    let is_bad = pod.containers.iter().any(|(_, _, container)| names_host(container));
    is_bad.then(|| Outcome { reason: "probe or lifecycle host".to_owned(), errors: None })
}

fn privileged(pod: &Pod<'_>) -> Option<Outcome> {
    let errors = of_containers(pod, &["privileged"], |container, field| {
        let is_set = bool_at(container, &["securityContext", "privileged"]) == Some(true);
        is_set.then(|| FieldError::forbidden(field, "true"))
    });
    objection("privileged", errors)
}

fn proc_mount(pod: &Pod<'_>) -> Option<Outcome> {
    let errors = of_containers(pod, &["procMount"], |container, field| {
        let mount = text_at(container, &["securityContext", "procMount"])?;
        (mount != "Default").then(|| FieldError::forbidden(field, &mount))
    });
    objection("procMount", errors)
}

fn restricted_volumes(pod: &Pod<'_>) -> Option<Outcome> {
    let mut errors = Vec::new();
    for (index, volume) in volumes(pod).iter().enumerate() {
        let has = |source: &&&str| at(volume, &[source]).is_some();
        if ALLOWED_VOLUMES.iter().any(|source| has(&source)) {
            continue;
        }
        let source = OTHER_VOLUMES.iter().find(has).unwrap_or(&"unknown");
        errors.push(FieldError::forbidden(format!("spec.volumes[{index}].{source}"), ""));
    }
    objection("restricted volume types", errors)
}

fn run_as_non_root(pod: &Pod<'_>) -> Option<Outcome> {
    let of_pod = bool_at(&pod.spec, &["securityContext", "runAsNonRoot"]);
    let path = ["runAsNonRoot"];
    let of_container = |container: &Json<'_>| bool_at(container, &["securityContext", "runAsNonRoot"]);
    let mut errors = Vec::new();
    if of_pod == Some(false) {
        errors.push(FieldError::forbidden("spec.securityContext.runAsNonRoot".to_owned(), "false"));
    }
    errors.extend(of_containers(pod, &path, |container, field| {
        (of_container(container) == Some(false)).then(|| FieldError::forbidden(field, "false"))
    }));
    errors.extend(of_containers(pod, &path, |container, field| {
        let is_open = of_container(container).is_none() && of_pod != Some(true);
        is_open.then(|| FieldError::required(field))
    }));
    objection("runAsNonRoot != true", errors)
}

fn run_as_user(pod: &Pod<'_>) -> Option<Outcome> {
    let is_root =
        |holder: &Json<'_>| match at(holder, &["securityContext", "runAsUser"]).as_ref().map(Json::view) {
            Some(View::Int(number)) => number == 0,
            Some(View::Float(number)) => number == 0.0,
            _ => false,
        };
    let mut errors = Vec::new();
    if is_root(&pod.spec) {
        errors.push(FieldError::forbidden("spec.securityContext.runAsUser".to_owned(), "0"));
    }
    errors.extend(of_containers(pod, &["runAsUser"], |container, field| {
        is_root(container).then(|| FieldError::forbidden(field, "0"))
    }));
    objection("runAsUser=0", errors)
}

fn selinux(pod: &Pod<'_>, types: &[&str]) -> Option<Outcome> {
    let of_holder = |holder: &Json<'_>, place: &str| {
        let text =
            |key: &str| text_at(holder, &["securityContext", "seLinuxOptions", key]).unwrap_or_default();
        let mut errors = Vec::new();
        let kind = text("type");
        if !types.contains(&kind.as_str()) {
            errors.push(FieldError::forbidden(format!("{place}.type"), &kind));
        }
        for key in ["user", "role"] {
            let value = text(key);
            if !value.is_empty() {
                errors.push(FieldError::forbidden(format!("{place}.{key}"), &value));
            }
        }
        errors
    };
    let mut errors = of_holder(&pod.spec, "spec.securityContext.seLinuxOptions");
    for (list, index, container) in &pod.containers {
        errors.extend(of_holder(container, &context_field(list, *index, &["seLinuxOptions"])));
    }
    objection("seLinuxOptions", errors)
}

fn is_profile(profile: &str) -> bool {
    ["Localhost", "RuntimeDefault"].contains(&profile)
}

/// The type of a seccomp profile, empty where the profile says none; `None` without a profile.
fn seccomp_type(holder: &Json<'_>) -> Option<String> {
    at(holder, &["securityContext", "seccompProfile"])?;
    Some(text_at(holder, &["securityContext", "seccompProfile", "type"]).unwrap_or_default())
}

fn seccomp_annotations(pod: &Pod<'_>) -> Option<Outcome> {
    let mut keys = vec!["seccomp.security.alpha.kubernetes.io/pod".to_owned()];
    for (_, _, container) in &pod.containers {
        let name = text_at(container, &["name"]).unwrap_or_default();
        keys.push(format!("container.seccomp.security.alpha.kubernetes.io/{name}"));
    }
    let mut errors = Vec::new();
    for key in keys {
        let Some(value) = text_at(&pod.annotations, &[&key]) else { continue };
        let is_allowed = ["runtime/default", "docker/default"].contains(&value.as_str());
        if !is_allowed && !value.starts_with("localhost/") {
            errors.push(FieldError::forbidden(format!("metadata.annotations[{key}]"), &value));
        }
    }
    objection("seccompProfile", errors)
}

/// Profiles that are set and not allowed, of the Pod and of containers.
fn bad_profiles(pod: &Pod<'_>) -> Vec<FieldError> {
    let bad = |holder: &Json<'_>, field: String| {
        let profile = seccomp_type(holder)?;
        (!is_profile(&profile)).then(|| FieldError::forbidden(field, &profile))
    };
    let of_pod = bad(&pod.spec, "spec.securityContext.seccompProfile.type".to_owned());
    of_pod.into_iter().chain(of_containers(pod, &["seccompProfile", "type"], bad)).collect()
}

fn seccomp_baseline(pod: &Pod<'_>) -> Option<Outcome> {
    objection("seccompProfile", bad_profiles(pod))
}

fn seccomp_restricted(pod: &Pod<'_>) -> Option<Outcome> {
    let bad = bad_profiles(pod);
    if !bad.is_empty() {
        return objection("seccompProfile", bad);
    }
    if seccomp_type(&pod.spec).is_some_and(|profile| is_profile(&profile)) {
        return None;
    }
    let errors = of_containers(pod, &["seccompProfile", "type"], |container, field| {
        seccomp_type(container).is_none().then(|| FieldError::required(field))
    });
    objection("seccompProfile", errors)
}

fn sysctls(pod: &Pod<'_>, allowed: &[&str]) -> Option<Outcome> {
    let list = at(&pod.spec, &["securityContext", "sysctls"]).unwrap_or(Json::Null);
    let mut errors = Vec::new();
    for (index, sysctl) in list.elements().enumerate() {
        let name = text_at(&sysctl, &["name"]).unwrap_or_default();
        if !allowed.contains(&name.as_str()) {
            errors.push(FieldError::forbidden(format!("spec.securityContext.sysctls[{index}].name"), &name));
        }
    }
    objection("forbidden sysctls", errors)
}

fn windows_host_process(pod: &Pod<'_>) -> Option<Outcome> {
    let is_set = |holder: &Json<'_>| {
        bool_at(holder, &["securityContext", "windowsOptions", "hostProcess"]) == Some(true)
    };
    let mut errors = Vec::new();
    if is_set(&pod.spec) {
        errors.push(FieldError::forbidden(
            "spec.securityContext.windowsOptions.hostProcess".to_owned(),
            "true",
        ));
    }
    errors.extend(of_containers(pod, &["windowsOptions", "hostProcess"], |container, field| {
        is_set(container).then(|| FieldError::forbidden(field, "true"))
    }));
    objection("hostProcess", errors)
}
