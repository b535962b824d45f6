//! Pod specifications: containers of the three sorts, security at both levels, volumes, scheduling, probes.

use super::Maker;
use serde_json::{Map, Value, json};

const CAPABILITIES: [&str; 8] =
    ["ALL", "NET_RAW", "NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE", "CHOWN", "all", "net_raw"];

impl Maker<'_> {
    pub fn pod_spec(&mut self) -> Value {
        let mut spec = Map::new();
        let containers = self.list(1, 3, |maker, index| maker.container(index, Sort::Main));
        spec.insert("containers".to_owned(), containers);
        self.maybe(&mut spec, "initContainers", |maker| {
            maker.list(0, 2, |maker, index| maker.container(index, Sort::Init))
        });
        self.maybe(&mut spec, "ephemeralContainers", |maker| {
            maker.list(0, 2, |maker, index| maker.container(index, Sort::Ephemeral))
        });
        for field in [
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "hostUsers",
            "automountServiceAccountToken",
            "shareProcessNamespace",
            "enableServiceLinks",
        ] {
            self.maybe(&mut spec, field, Maker::boolean);
        }
        self.maybe(&mut spec, "serviceAccountName", |maker| {
            json!(maker.pick(&["", "default", "gpu-training", "gpu-training-2", "GPU-Training"]))
        });
        self.maybe(&mut spec, "nodeSelector", |maker| {
            let mut selector = maker.labels();
            if maker.random.chance(60) {
                selector["accelerator"] =
                    json!(maker.pick(&["nvidia-gpu", "nvidia-gpu-2", "nvidia", "amd-gpu", ""]));
            }
            selector
        });
        self.maybe(&mut spec, "restartPolicy", |maker| json!(maker.pick(&["Always", "OnFailure", "Never"])));
        self.maybe(&mut spec, "dnsPolicy", |maker| json!(maker.pick(&["ClusterFirst", "Default", "None"])));
        self.maybe(&mut spec, "priorityClassName", |maker| {
            json!(maker.pick(&["", "high", "system-node-critical"]))
        });
        self.maybe(&mut spec, "runtimeClassName", |maker| json!(maker.pick(&["gvisor", "nvidia"])));
        self.maybe(&mut spec, "priority", |maker| json!(maker.integer()));
        self.maybe(&mut spec, "terminationGracePeriodSeconds", |maker| json!(maker.integer()));
        self.maybe(&mut spec, "activeDeadlineSeconds", |maker| json!(maker.integer()));
        self.maybe(&mut spec, "securityContext", Maker::pod_security);
        self.maybe(&mut spec, "tolerations", |maker| maker.list(0, 2, |maker, _| maker.toleration()));
        self.maybe(&mut spec, "volumes", |maker| maker.list(0, 4, |maker, index| maker.volume(index)));
        self.maybe(&mut spec, "imagePullSecrets", |maker| {
            maker.list(0, 2, |maker, _| json!({"name": maker.name()}))
        });
        self.maybe(&mut spec, "hostAliases", |maker| {
            maker.list(
                0,
                1,
                |maker, _| json!({"ip": maker.pick(&["10.0.0.1", "::1"]), "hostnames": ["a.example.com"]}),
            )
        });
        self.maybe(&mut spec, "topologySpreadConstraints", |maker| {
            maker.list(0, 1, |maker, _| {
                json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": maker.selector()})
            })
        });
        Value::Object(spec)
    }

    fn container(&mut self, index: usize, sort: Sort) -> Value {
        let prefix = match sort {
            Sort::Main => "c",
            Sort::Init => "i",
            Sort::Ephemeral => "e",
        };
        let mut container = Map::new();
        container.insert("name".to_owned(), json!(format!("{prefix}{index}")));
        if self.random.chance(95) {
            let image = self.image();
            container.insert("image".to_owned(), image);
        }
        self.maybe(&mut container, "imagePullPolicy", |maker| {
            json!(maker.pick(&["Always", "IfNotPresent", "Never"]))
        });
        self.maybe(&mut container, "command", |maker| maker.list(0, 3, |maker, _| json!(maker.text())));
        self.maybe(&mut container, "args", |maker| maker.list(0, 3, |maker, _| json!(maker.text())));
        self.maybe(&mut container, "workingDir", |maker| json!(maker.pick(&["/", "/app", ""])));
        self.maybe(&mut container, "tty", Maker::boolean);
        self.maybe(&mut container, "env", |maker| maker.list(0, 3, |maker, index| maker.variable(index)));
        self.maybe(&mut container, "envFrom", |maker| {
            maker.list(0, 1, |maker, _| {
                if maker.random.chance(50) {
                    json!({"secretRef": {"name": "s"}})
                } else {
                    json!({"configMapRef": {"name": "c", "optional": true}})
                }
            })
        });
        self.maybe(&mut container, "securityContext", Maker::container_security);
        self.maybe(&mut container, "volumeMounts", |maker| {
            maker.list(0, 2, |maker, index| {
                let mut mount = Map::from_iter([
                    ("name".to_owned(), json!(format!("v{index}"))),
                    (
                        "mountPath".to_owned(),
                        json!(maker.pick(&["/data", "/", "/var/run/docker.sock", "/etc/../x"])),
                    ),
                ]);
                maker.maybe(&mut mount, "readOnly", Maker::boolean);
                Value::Object(mount)
            })
        });
        self.maybe(&mut container, "resources", |maker| {
            let mut resources = Map::new();
            maker.maybe(&mut resources, "limits", Maker::amounts);
            maker.maybe(&mut resources, "requests", Maker::amounts);
            Value::Object(resources)
        });
        // Kubernetes has these in the type of ephemeral containers too, and forbids them only by validation.
        if matches!(sort, Sort::Main) || self.random.chance(10) {
            self.maybe(&mut container, "ports", |maker| maker.list(0, 3, |maker, _| maker.container_port()));
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                self.maybe(&mut container, probe, Maker::probe);
            }
            self.maybe(
                &mut container,
                "lifecycle",
                |_| json!({"preStop": {"exec": {"command": ["sh", "-c", "sleep 5"]}}}),
            );
        }
        match sort {
            Sort::Main => {}
            Sort::Init => self.maybe(&mut container, "restartPolicy", |_| json!("Always")),
            Sort::Ephemeral => self.maybe(&mut container, "targetContainerName", |_| json!("c0")),
        }
        Value::Object(container)
    }

    fn variable(&mut self, index: usize) -> Value {
        let name = self.pick(&["A", "PASSWORD", "AWS_SECRET_ACCESS_KEY", "path.to"]);
        let name = format!("{name}{index}");
        match self.random.below(4) {
            0 => json!({"name": name}),
            1 => json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}),
            2 => json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
            _ => json!({"name": name, "value": self.text()}),
        }
    }

    fn container_port(&mut self) -> Value {
        let mut port = Map::from_iter([("containerPort".to_owned(), json!(self.port()))]);
        self.maybe(&mut port, "hostPort", |maker| json!(maker.pick(&[0, 80, 5000, 5001, 65535])));
        self.maybe(&mut port, "protocol", |maker| json!(maker.pick(&["TCP", "UDP", "SCTP"])));
        self.maybe(&mut port, "name", |maker| json!(maker.pick(&["http", "https", "metrics"])));
        self.maybe(&mut port, "hostIP", |maker| json!(maker.pick(&["", "127.0.0.1", "::"])));
        Value::Object(port)
    }

    fn probe(&mut self) -> Value {
        let mut probe = Map::new();
        match self.random.below(4) {
            0 => probe.insert("httpGet".to_owned(), json!({"port": self.port_or_name(), "path": "/healthz", "scheme": self.pick(&["HTTP", "HTTPS"])})),
            1 => probe.insert("tcpSocket".to_owned(), json!({"port": self.port_or_name()})),
            2 => probe.insert("exec".to_owned(), json!({"command": [self.text()]})),
            _ => probe.insert("grpc".to_owned(), json!({"port": self.port()})),
        };
        for field in ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"] {
            self.maybe(&mut probe, field, |maker| json!(maker.integer()));
        }
        Value::Object(probe)
    }

    fn security(&mut self) -> Map<String, Value> {
        let mut security = Map::new();
        self.maybe(&mut security, "runAsNonRoot", Maker::boolean);
        self.maybe(&mut security, "runAsUser", Maker::user_id);
        self.maybe(&mut security, "runAsGroup", Maker::user_id);
        self.maybe(&mut security, "seccompProfile", |maker| match maker.random.below(3) {
            0 => json!({"type": "Localhost", "localhostProfile": maker.pick(&["p.json", ""])}),
            1 => json!({"type": "RuntimeDefault"}),
            _ => json!({"type": "Unconfined"}),
        });
        self.maybe(&mut security, "seLinuxOptions", |maker| {
            let mut options = Map::new();
            maker.maybe(&mut options, "type", |maker| json!(maker.pick(&["", "container_t", "spc_t"])));
            maker.maybe(&mut options, "user", |_| json!("u"));
            Value::Object(options)
        });
        security
    }

    fn pod_security(&mut self) -> Value {
        let mut security = self.security();
        self.maybe(&mut security, "fsGroup", Maker::user_id);
        self.maybe(&mut security, "supplementalGroups", |maker| maker.list(0, 3, |maker, _| maker.user_id()));
        self.maybe(&mut security, "sysctls", |maker| {
            maker.list(0, 2, |maker, _| {
                json!({"name": maker.pick(&["kernel.shm_rmid_forced", "net.core.somaxconn", "kernel.msgmax"]), "value": maker.text()})
            })
        });
        Value::Object(security)
    }

    fn container_security(&mut self) -> Value {
        let mut security = self.security();
        for field in ["privileged", "allowPrivilegeEscalation", "readOnlyRootFilesystem"] {
            self.maybe(&mut security, field, Maker::boolean);
        }
        self.maybe(&mut security, "procMount", |maker| json!(maker.pick(&["Default", "Unmasked"])));
        self.maybe(&mut security, "capabilities", |maker| {
            let mut capabilities = Map::new();
            for list in ["add", "drop"] {
                maker.maybe(&mut capabilities, list, |maker| {
                    maker.list(0, 3, |maker, _| json!(maker.pick(&CAPABILITIES)))
                });
            }
            Value::Object(capabilities)
        });
        Value::Object(security)
    }

    fn toleration(&mut self) -> Value {
        let mut toleration = Map::new();
        self.maybe(&mut toleration, "key", |maker| {
            json!(maker.pick(&["", "nvidia.com/gpu", "node-role.kubernetes.io/control-plane"]))
        });
        self.maybe(&mut toleration, "operator", |maker| json!(maker.pick(&["Exists", "Equal"])));
        self.maybe(&mut toleration, "value", |maker| json!(maker.text()));
        self.maybe(&mut toleration, "effect", |maker| json!(maker.pick(&["NoSchedule", "NoExecute", ""])));
        self.maybe(&mut toleration, "tolerationSeconds", |maker| json!(maker.integer()));
        Value::Object(toleration)
    }

    fn volume(&mut self, index: usize) -> Value {
        let mut volume = Map::from_iter([("name".to_owned(), json!(format!("v{index}")))]);
        let (sort, source) = match self.random.below(9) {
            0 => ("hostPath", json!({"path": self.pick(&["/", "/data", "/var/run/docker.sock", ""])})),
            1 => ("hostPath", json!({"path": "/data", "type": self.pick(&["", "Directory", "Socket"])})),
            2 => {
                let mut directory = Map::new();
                self.maybe(&mut directory, "medium", |maker| json!(maker.pick(&["", "Memory"])));
                self.maybe(&mut directory, "sizeLimit", |maker| maker.quantity(&["0", "1Gi", "1G", "500Mi"]));
                ("emptyDir", Value::Object(directory))
            }
            3 => ("configMap", json!({"name": self.name(), "defaultMode": 420})),
            4 => ("secret", json!({"secretName": self.name(), "optional": self.boolean()})),
            5 => ("persistentVolumeClaim", json!({"claimName": self.name(), "readOnly": self.boolean()})),
            6 => (
                "projected",
                json!({"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}]}),
            ),
            7 => ("csi", json!({"driver": self.pick(&["secrets-store.csi.k8s.io", "x"])})),
            _ => ("nfs", json!({"server": "10.0.0.1", "path": "/exports"})),
        };
        volume.insert(sort.to_owned(), source);
        Value::Object(volume)
    }
}

#[derive(Clone, Copy)]
enum Sort {
    Main,
    Init,
    Ephemeral,
}
