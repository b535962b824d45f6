//! The fields that random rules ask about: paths of Kubernetes' own kinds, with what stands there and values
//! near those that the generator of resources gives.

use super::super::resources::{KINDS, WORKLOADS};
use Form::{Bool, Enum, Image, Int, IntOrName, List, Object, Quantity, QuantityMap, Text, TextList, TextMap};

/// A field of an object. Its path has only object steps: what lies in a list is in [`Form::List`].
pub struct Field {
    pub path: &'static str,
    pub form: Form,
    /// Texts to compare with; of the closed set for enums. Empty: texts that mean something to somebody.
    pub values: &'static [&'static str],
}

/// What stands at a field.
#[derive(Clone, Copy)]
pub enum Form {
    Text,
    /// A closed set of texts.
    Enum,
    Int,
    Bool,
    Quantity,
    Image,
    /// A number or the name of a port.
    IntOrName,
    TextMap,
    QuantityMap,
    TextList,
    Object,
    /// A list of objects with these fields.
    List(&'static [Field]),
}

const fn field(path: &'static str, form: Form, values: &'static [&'static str]) -> Field {
    Field { path, form, values }
}

/// A subject of rules.
pub struct Subject {
    /// As written after the verb.
    pub name: &'static str,
    pub fields: &'static [Field],
    /// What the subject's paths hang below in a resource or in a Pod, for hints; several for views.
    pub places: &'static [&'static str],
    /// Whether its elements lie in a pod, which `pod` then names.
    pub element: bool,
    /// The kinds of resource that it is found in.
    pub kinds: &'static [&'static str],
    /// How many of all rules have it.
    pub share: usize,
}

impl Subject {
    /// Whether the subject is a Pod or part of one.
    pub fn in_pods(&self) -> bool {
        self.kinds.len() == WORKLOADS.len()
    }
}

const CAPABILITIES: &[&str] =
    &["ALL", "NET_RAW", "NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE", "CHOWN", "all", "net_raw", ""];
const NAMES: &[&str] = &["a", "b", "main", "sidecar", "init-1", "web", "default", "x1-y2", "prod-eu", "c0"];
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const PATHS: &[&str] = &["/", "/data", "/var/run/docker.sock", "/etc/../x", "", "/app", "/exports"];

const PORT: &[Field] = &[
    field("containerPort", Int, &[]),
    field("hostPort", Int, &[]),
    field("protocol", Enum, PROTOCOLS),
    field("name", Text, &["http", "https", "metrics"]),
    field("hostIP", Text, &["", "127.0.0.1", "::"]),
];

const VARIABLE: &[Field] = &[
    field("name", Text, &["A0", "A1", "PASSWORD0", "AWS_SECRET_ACCESS_KEY1", "path.to0"]),
    field("value", Text, &[]),
    field("valueFrom", Object, &[]),
    field("valueFrom.secretKeyRef.name", Text, &["s"]),
    field("valueFrom.fieldRef.fieldPath", Text, &["metadata.name"]),
];

const MOUNT: &[Field] = &[
    field("name", Text, &["v0", "v1", "v2"]),
    field("mountPath", Text, PATHS),
    field("readOnly", Bool, &[]),
];

const PROBE_PORTS: &[&str] = &["http", "8080", "https"];

pub const CONTAINER: &[Field] = &[
    field("name", Text, &["c0", "c1", "i0", "e0"]),
    field("image", Image, &[]),
    field("image", Image, &[]),
    field("imagePullPolicy", Enum, &["Always", "IfNotPresent", "Never"]),
    field("command", TextList, &[]),
    field("args", TextList, &[]),
    field("workingDir", Text, PATHS),
    field("tty", Bool, &[]),
    field("securityContext", Object, &[]),
    field("securityContext.runAsNonRoot", Bool, &[]),
    field("securityContext.privileged", Bool, &[]),
    field("securityContext.allowPrivilegeEscalation", Bool, &[]),
    field("securityContext.readOnlyRootFilesystem", Bool, &[]),
    field("securityContext.runAsUser", Int, &[]),
    field("securityContext.runAsGroup", Int, &[]),
    field("securityContext.procMount", Enum, &["Default", "Unmasked"]),
    field("securityContext.seccompProfile.type", Enum, &["Localhost", "RuntimeDefault", "Unconfined"]),
    field("securityContext.seLinuxOptions.type", Text, &["", "container_t", "spc_t"]),
    field("securityContext.capabilities.add", TextList, CAPABILITIES),
    field("securityContext.capabilities.drop", TextList, CAPABILITIES),
    field("resources.limits", QuantityMap, &[]),
    field("resources.requests", QuantityMap, &[]),
    field("resources.limits.memory", Quantity, &[]),
    field("resources.limits.cpu", Quantity, &[]),
    field("resources.requests.memory", Quantity, &[]),
    field("resources.requests.cpu", Quantity, &[]),
    field("ports", List(PORT), &[]),
    field("env", List(VARIABLE), &[]),
    field("volumeMounts", List(MOUNT), &[]),
    field("livenessProbe", Object, &[]),
    field("livenessProbe.httpGet.port", IntOrName, PROBE_PORTS),
    field("readinessProbe.periodSeconds", Int, &[]),
    field("readinessProbe.httpGet.scheme", Enum, &["HTTP", "HTTPS"]),
    field("startupProbe.exec.command", TextList, &[]),
];

pub const VOLUME: &[Field] = &[
    field("name", Text, &["v0", "v1", "v2", "v3"]),
    field("hostPath", Object, &[]),
    field("hostPath.path", Text, PATHS),
    field("hostPath.type", Enum, &["Directory", "Socket", ""]),
    field("emptyDir", Object, &[]),
    field("emptyDir.medium", Text, &["", "Memory"]),
    field("emptyDir.sizeLimit", Quantity, &[]),
    field("configMap.defaultMode", Int, &[]),
    field("secret.secretName", Text, NAMES),
    field("secret.optional", Bool, &[]),
    field("persistentVolumeClaim.claimName", Text, NAMES),
    field("persistentVolumeClaim.readOnly", Bool, &[]),
    field("csi.driver", Text, &["secrets-store.csi.k8s.io", "x"]),
    field("nfs.server", Text, &["10.0.0.1"]),
    field("projected.sources", List(&[field("serviceAccountToken.expirationSeconds", Int, &[])]), &[]),
];

const TOLERATION: &[Field] = &[
    field("key", Text, &["", "nvidia.com/gpu", "node-role.kubernetes.io/control-plane"]),
    field("operator", Enum, &["Exists", "Equal"]),
    field("value", Text, &[]),
    field("effect", Enum, &["NoSchedule", "NoExecute"]),
    field("tolerationSeconds", Int, &[]),
];

pub const POD: &[Field] = &[
    field("metadata.labels", TextMap, &[]),
    field("metadata.labels", TextMap, &[]),
    field("metadata.annotations", TextMap, &[]),
    field("spec.hostNetwork", Bool, &[]),
    field("spec.hostPID", Bool, &[]),
    field("spec.hostUsers", Bool, &[]),
    field("spec.automountServiceAccountToken", Bool, &[]),
    field(
        "spec.serviceAccountName",
        Text,
        &["", "default", "gpu-training", "gpu-training-2", "GPU-Training"],
    ),
    field("spec.nodeSelector", TextMap, &[]),
    field("spec.restartPolicy", Enum, &["Always", "OnFailure", "Never"]),
    field("spec.dnsPolicy", Enum, &["ClusterFirst", "Default", "None"]),
    field("spec.priorityClassName", Text, &["", "high", "system-node-critical"]),
    field("spec.runtimeClassName", Text, &["gvisor", "nvidia"]),
    field("spec.priority", Int, &[]),
    field("spec.terminationGracePeriodSeconds", Int, &[]),
    field("spec.activeDeadlineSeconds", Int, &[]),
    field("spec.securityContext", Object, &[]),
    field("spec.securityContext.runAsNonRoot", Bool, &[]),
    field("spec.securityContext.runAsUser", Int, &[]),
    field("spec.securityContext.fsGroup", Int, &[]),
    field("spec.securityContext.seccompProfile.type", Enum, &["Localhost", "RuntimeDefault", "Unconfined"]),
    field(
        "spec.securityContext.sysctls",
        List(&[
            field("name", Text, &["kernel.shm_rmid_forced", "net.core.somaxconn"]),
            field("value", Text, &[]),
        ]),
        &[],
    ),
    field("spec.containers", List(CONTAINER), &[]),
    field("spec.containers", List(CONTAINER), &[]),
    field("spec.initContainers", List(CONTAINER), &[]),
    field("spec.ephemeralContainers", List(CONTAINER), &[]),
    field("spec.volumes", List(VOLUME), &[]),
    field("spec.tolerations", List(TOLERATION), &[]),
    field("spec.imagePullSecrets", List(&[field("name", Text, NAMES)]), &[]),
    field(
        "spec.hostAliases",
        List(&[field("ip", Text, &["10.0.0.1", "::1"]), field("hostnames", TextList, &["a.example.com"])]),
        &[],
    ),
];

const METADATA: &[Field] = &[
    field("metadata.name", Text, NAMES),
    field("metadata.namespace", Text, &["default", "prod", "kube-system", "prod-eu"]),
    field("metadata.labels", TextMap, &[]),
    field("metadata.labels", TextMap, &[]),
    field("metadata.annotations", TextMap, &[]),
    field("metadata.finalizers", TextList, &["example.com/hold"]),
    field(
        "metadata.ownerReferences",
        List(&[field("kind", Text, &["Pod"]), field("name", Text, NAMES)]),
        &[],
    ),
];

const NAMESPACE: &[Field] = &[
    field("metadata.name", Text, NAMES),
    field("metadata.labels", TextMap, &[]),
    field("metadata.annotations", TextMap, &[]),
    field("spec.finalizers", TextList, &["kubernetes"]),
];

const DEPLOYMENT: &[Field] = &[
    field("metadata.name", Text, NAMES),
    field("metadata.labels", TextMap, &[]),
    field("spec.replicas", Int, &[]),
    field("spec.replicas", Int, &[]),
    field("spec.minReadySeconds", Int, &[]),
    field("spec.selector.matchLabels", TextMap, &[]),
    field("spec.template.metadata.labels", TextMap, &[]),
    field("spec.template.spec.hostNetwork", Bool, &[]),
    field("spec.template.spec.serviceAccountName", Text, &["", "default", "gpu-training"]),
    field("spec.template.spec.containers", List(CONTAINER), &[]),
    field("spec.template.spec.volumes", List(VOLUME), &[]),
];

const JOBS: &[Field] = &[field("metadata.labels", TextMap, &[]), field("spec.suspend", Bool, &[])];

const CRONJOB: &[Field] = &[
    field("spec.schedule", Text, &["* * * * *", "0 3 * * 1", "@daily"]),
    field("spec.suspend", Bool, &[]),
    field("spec.concurrencyPolicy", Enum, &["Allow", "Forbid", "Replace"]),
    field("spec.successfulJobsHistoryLimit", Int, &[]),
    field("spec.jobTemplate.spec.backoffLimit", Int, &[]),
    field("spec.jobTemplate.spec.template.spec.containers", List(CONTAINER), &[]),
    field("spec.jobTemplate.metadata.labels", TextMap, &[]),
];

const SERVICE: &[Field] = &[
    field("metadata.annotations", TextMap, &[]),
    field("spec.type", Enum, &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    field("spec.selector", TextMap, &[]),
    field(
        "spec.ports",
        List(&[
            field("port", Int, &[]),
            field("name", Text, &["p0", "p1"]),
            field("targetPort", IntOrName, PROBE_PORTS),
            field("nodePort", Int, &[]),
            field("protocol", Enum, PROTOCOLS),
        ]),
        &[],
    ),
    field("spec.externalIPs", TextList, &["10.0.0.1", "192.168.1.1", "::1"]),
    field("spec.externalName", Text, &["example.com", ""]),
    field("spec.loadBalancerSourceRanges", TextList, &["0.0.0.0/0", "10.0.0.0/8"]),
];

const INGRESS: &[Field] = &[
    field("metadata.annotations", TextMap, &[]),
    field("spec.ingressClassName", Text, &["nginx", ""]),
    field(
        "spec.tls",
        List(&[
            field("hosts", TextList, &["a.example.com", "*.example.com"]),
            field("secretName", Text, NAMES),
        ]),
        &[],
    ),
    field(
        "spec.rules",
        List(&[
            field("host", Text, &["a.example.com", "*.example.com", "*", ""]),
            field(
                "http.paths",
                List(&[
                    field("path", Text, &["/", "/a", ""]),
                    field("pathType", Enum, &["Prefix", "Exact", "ImplementationSpecific"]),
                    field("backend.service.port.number", Int, &[]),
                ]),
                &[],
            ),
        ]),
        &[],
    ),
    field("spec.defaultBackend", Object, &[]),
    field("spec.defaultBackend.service.name", Text, &["web"]),
];

const POLICY_RULE: &[Field] = &[field(
    "ports",
    List(&[field("port", IntOrName, PROBE_PORTS), field("protocol", Enum, PROTOCOLS)]),
    &[],
)];

const NETWORK_POLICY: &[Field] = &[
    field("spec.podSelector.matchLabels", TextMap, &[]),
    field("spec.policyTypes", TextList, &["Ingress", "Egress"]),
    field("spec.ingress", List(POLICY_RULE), &[]),
    field("spec.egress", List(POLICY_RULE), &[]),
];

const CONFIG_MAP: &[Field] =
    &[field("data", TextMap, &[]), field("immutable", Bool, &[]), field("metadata.labels", TextMap, &[])];

const SECRET: &[Field] = &[
    field("type", Text, &["Opaque", "kubernetes.io/tls", ""]),
    field("stringData", TextMap, &[]),
    field("immutable", Bool, &[]),
    field("metadata.annotations", TextMap, &[]),
];

const CLAIM: &[Field] = &[
    field("spec.accessModes", TextList, &["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"]),
    field("spec.storageClassName", Text, &["", "standard", "fast-ssd"]),
    field("spec.resources.requests.storage", Quantity, &[]),
    field("spec.resources.requests", QuantityMap, &[]),
    field("spec.volumeMode", Enum, &["Filesystem", "Block"]),
];

const ACCOUNT: &[Field] = &[
    field("automountServiceAccountToken", Bool, &[]),
    field("imagePullSecrets", List(&[field("name", Text, NAMES)]), &[]),
    field("metadata.labels", TextMap, &[]),
];

const QUOTA: &[Field] = &[field("spec.hard", QuantityMap, &[]), field("spec.hard.cpu", Quantity, &[])];

pub const SUBJECTS: &[Subject] = &[
    pods("pod", POD, &[""], false, 20),
    pods(
        "container",
        CONTAINER,
        &["spec.containers[].", "spec.initContainers[].", "spec.ephemeralContainers[]."],
        true,
        20,
    ),
    pods("mainContainer", CONTAINER, &["spec.containers[]."], true, 8),
    pods("initContainer", CONTAINER, &["spec.initContainers[]."], true, 4),
    pods("ephemeralContainer", CONTAINER, &["spec.ephemeralContainers[]."], true, 2),
    pods("volume", VOLUME, &["spec.volumes[]."], true, 6),
    kind("Pod only", POD, &["Pod", "Pod", "Pod", "Deployment"], 5),
    kind("Deployment", DEPLOYMENT, &["Deployment", "Deployment", "Deployment", "Pod"], 5),
    kind("Deployment, StatefulSet", DEPLOYMENT, &["Deployment", "StatefulSet", "DaemonSet"], 4),
    kind("Job, CronJob", JOBS, &["Job", "CronJob", "Job", "CronJob", "Pod"], 1),
    kind("CronJob", CRONJOB, &["CronJob", "CronJob", "Job"], 3),
    kind("Service", SERVICE, &["Service", "Service", "Service", "Ingress"], 5),
    kind("Ingress", INGRESS, &["Ingress", "Ingress", "Ingress", "Service"], 4),
    kind("NetworkPolicy", NETWORK_POLICY, &["NetworkPolicy", "NetworkPolicy", "Pod"], 3),
    kind("Namespace", NAMESPACE, &["Namespace", "Namespace", "ConfigMap"], 3),
    kind("ConfigMap", CONFIG_MAP, &["ConfigMap", "ConfigMap", "Secret"], 3),
    kind("Secret", SECRET, &["Secret", "Secret", "ConfigMap"], 2),
    kind("PersistentVolumeClaim", CLAIM, &["PersistentVolumeClaim", "PersistentVolumeClaim", "Pod"], 2),
    kind("ServiceAccount", ACCOUNT, &["ServiceAccount", "ServiceAccount", "Pod"], 1),
    kind("ResourceQuota", QUOTA, &["ResourceQuota", "ResourceQuota", "Pod"], 1),
    kind("resource", METADATA, &KINDS, 4),
];

const fn pods(
    name: &'static str,
    fields: &'static [Field],
    places: &'static [&'static str],
    element: bool,
    share: usize,
) -> Subject {
    Subject { name, fields, places, element, kinds: &WORKLOADS, share }
}

const fn kind(
    name: &'static str,
    fields: &'static [Field],
    kinds: &'static [&'static str],
    share: usize,
) -> Subject {
    Subject { name, fields, places: &[""], element: false, kinds, share }
}
