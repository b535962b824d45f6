//! Keys of labels and annotations that have a meaning for many.
//!
//! Labels and annotations take any key, so a misspelt one is no error. It is nearly always a slip where it differs from one
//! of these by a letter or two.

use crate::suggest;

/// The well-known key that was probably meant by `key`; nothing where `key` is well known itself, or near none.
///
/// Only keys with a prefix (`app.kubernetes.io/…`) are considered: short ones such as `app` and `env` are each project's own.
pub fn well_known_key_suggestion(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.split_once('/')?;
    if is_well_known(key) {
        return None;
    }
    // The same key under a prefix with a slip, or the same prefix with a slip in the name. Both parts may not be wrong at
    // once, so that other keys of a known prefix are left alone.
    let same_prefix = KEYS.iter().filter(|it| it.split_once('/').is_some_and(|(it, _)| it == prefix));
    let names = same_prefix.filter_map(|it| it.split_once('/')).map(|(_, name)| name);
    if let Some(meant) = closest_part(name, names) {
        return KEYS.iter().find(|it| **it == format!("{prefix}/{meant}")).copied();
    }
    let same_name = KEYS.iter().filter(|it| it.split_once('/').is_some_and(|(_, it)| it == name));
    let prefixes = same_name.filter_map(|it| it.split_once('/')).map(|(prefix, _)| prefix);
    let meant = closest_part(prefix, prefixes)?;
    KEYS.iter().find(|it| **it == format!("{meant}/{name}")).copied()
}

/// Whether the key is one of the known ones, or one that a known scheme builds.
fn is_well_known(key: &str) -> bool {
    KEYS.contains(&key) || OPEN_PREFIXES.iter().any(|it| key.starts_with(it))
}

/// At most two edits, fewer in short words.
fn closest_part<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = suggest::closest(word, candidates)?;
    (suggest::distance(word, near) <= 2).then_some(near)
}

/// The well-known keys, for completion.
pub fn well_known_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().copied()
}

/// Schemes in which the part after the prefix is anybody's: roles of nodes, containers of a pod.
const OPEN_PREFIXES: &[&str] = &[
    "node-role.kubernetes.io/",
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
    "node-restriction.kubernetes.io/",
];

const KEYS: &[&str] = &[
    // What a workload is.
    "app.kubernetes.io/component",
    "app.kubernetes.io/created-by",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
    "helm.sh/hook",
    "helm.sh/resource-policy",
    // Pod security admission.
    "pod-security.kubernetes.io/audit",
    "pod-security.kubernetes.io/audit-version",
    "pod-security.kubernetes.io/enforce",
    "pod-security.kubernetes.io/enforce-version",
    "pod-security.kubernetes.io/warn",
    "pod-security.kubernetes.io/warn-version",
    // Where a node or volume is, and what it runs.
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "node.kubernetes.io/windows-build",
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    // Taints.
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/out-of-service",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "nvidia.com/gpu",
    // Namespaces, workloads and their history.
    "kubernetes.io/metadata.name",
    "kubernetes.io/change-cause",
    "kubernetes.io/description",
    "kubernetes.io/enforce-mountable-secrets",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "deployment.kubernetes.io/revision",
    "controller.kubernetes.io/pod-deletion-cost",
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "scheduler.alpha.kubernetes.io/node-selector",
    "scheduling.k8s.io/group-name",
    // Services, storage, certificates, tokens.
    "endpointslice.kubernetes.io/managed-by",
    "service.kubernetes.io/headless",
    "service.kubernetes.io/topology-mode",
    "kubernetes.io/service-name",
    "kubernetes.io/service-account.name",
    "kubernetes.io/service-account.uid",
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
    "cert-manager.io/cluster-issuer",
    "cert-manager.io/issuer",
    // Roles.
    "rbac.authorization.kubernetes.io/autoupdate",
    "rbac.authorization.k8s.io/aggregate-to-admin",
    "rbac.authorization.k8s.io/aggregate-to-edit",
    "rbac.authorization.k8s.io/aggregate-to-view",
    // Policies and meshes.
    "policies.kyverno.io/category",
    "policies.kyverno.io/description",
    "policies.kyverno.io/minversion",
    "policies.kyverno.io/severity",
    "policies.kyverno.io/subject",
    "policies.kyverno.io/title",
    "seccomp.security.alpha.kubernetes.io/pod",
    "sidecar.istio.io/inject",
    "prometheus.io/path",
    "prometheus.io/port",
    "prometheus.io/scrape",
    "argocd.argoproj.io/instance",
    "argocd.argoproj.io/sync-wave",
    "kueue.x-k8s.io/queue-name",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_known_keys_are_found() {
        let cases = [
            ("app.kubernets.io/name", Some("app.kubernetes.io/name")),
            ("app.kubernetes.io/nmae", Some("app.kubernetes.io/name")),
            ("app.kubernetes.io/managedby", Some("app.kubernetes.io/managed-by")),
            ("pod-security.kubernetes.io/enforced", Some("pod-security.kubernetes.io/enforce")),
            ("topology.kubernetes.io/zones", Some("topology.kubernetes.io/zone")),
            ("apps.kubernetes.io/name", Some("app.kubernetes.io/name")),
            ("helm.sh/charts", Some("helm.sh/chart")),
        ];
        for (key, expected) in cases {
            assert_eq!(well_known_key_suggestion(key), expected, "{key}");
        }
    }

    #[test]
    fn other_keys_are_left_alone() {
        for key in [
            "app",
            "env",
            "",
            "/",
            "acme.io/name",
            "app.kubernetes.io/name",
            "app.kubernetes.io/tier",
            "topology.kubernetes.io/rack",
            "node-role.kubernetes.io/masters",
            "container.apparmor.security.beta.kubernetes.io/web",
        ] {
            assert_eq!(well_known_key_suggestion(key), None, "{key}");
        }
    }

    #[test]
    fn no_known_key_is_taken_for_another() {
        for key in well_known_keys() {
            assert_eq!(well_known_key_suggestion(key), None, "{key}");
        }
        assert!(KEYS.iter().enumerate().all(|(index, it)| !KEYS[..index].contains(it)), "each once");
    }
}
