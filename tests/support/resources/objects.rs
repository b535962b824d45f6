//! Whole objects of each kind.

use super::Maker;
use serde_json::{Map, Value, json};

/// An admissible object. Panics for a kind that is not in [`super::KINDS`]: tests choose kinds.
pub fn object(kind: &str, maker: &mut Maker<'_>) -> Value {
    let (version, body) = match kind {
        "Pod" => ("v1", field("spec", maker.pod_spec())),
        "Deployment" => (
            "apps/v1",
            field(
                "spec",
                controller(maker, true, &["replicas", "minReadySeconds", "progressDeadlineSeconds"]),
            ),
        ),
        "StatefulSet" => {
            let mut spec = controller(maker, true, &["replicas", "minReadySeconds"]);
            spec["serviceName"] = json!(maker.name());
            maker.maybe_in(&mut spec, "volumeClaimTemplates", |maker| {
                maker.list(0, 1, |maker, _| json!({"metadata": {"name": "data"}, "spec": claim(maker)}))
            });
            ("apps/v1", field("spec", spec))
        }
        "DaemonSet" => ("apps/v1", field("spec", controller(maker, true, &["minReadySeconds"]))),
        "ReplicaSet" => ("apps/v1", field("spec", controller(maker, true, &["replicas"]))),
        "ReplicationController" => {
            let mut spec = controller(maker, false, &["replicas"]);
            maker.maybe_in(&mut spec, "selector", Maker::labels);
            ("v1", field("spec", spec))
        }
        "Job" => ("batch/v1", field("spec", job(maker))),
        "CronJob" => {
            let mut spec = json!({"schedule": maker.pick(&["* * * * *", "0 3 * * 1", "@daily"]), "jobTemplate": {"spec": job(maker)}});
            maker.maybe_in(&mut spec, "suspend", Maker::boolean);
            maker.maybe_in(&mut spec, "concurrencyPolicy", |maker| {
                json!(maker.pick(&["Allow", "Forbid", "Replace"]))
            });
            maker.maybe_in(&mut spec, "successfulJobsHistoryLimit", |maker| json!(maker.integer()));
            if maker.random.chance(20) {
                spec["jobTemplate"]["metadata"] = json!({"labels": maker.labels()});
            }
            ("batch/v1", field("spec", spec))
        }
        "Service" => ("v1", sometimes("spec", maker, service)),
        "Ingress" => ("networking.k8s.io/v1", sometimes("spec", maker, ingress)),
        "ConfigMap" => ("v1", data(maker, |maker| json!(maker.text()))),
        "Secret" => {
            let mut secret = data(maker, |maker| json!(maker.pick(&["", "YQ==", "c2VjcmV0"])));
            maker.maybe_in(&mut secret, "stringData", Maker::labels);
            maker.maybe_in(&mut secret, "type", |maker| {
                json!(maker.pick(&["Opaque", "kubernetes.io/tls", ""]))
            });
            ("v1", secret)
        }
        "Namespace" => ("v1", sometimes("spec", maker, |_| json!({"finalizers": ["kubernetes"]}))),
        "NetworkPolicy" => ("networking.k8s.io/v1", field("spec", network_policy(maker))),
        "PersistentVolumeClaim" => ("v1", sometimes("spec", maker, claim)),
        "ServiceAccount" => {
            let mut account = json!({});
            maker.maybe_in(&mut account, "automountServiceAccountToken", Maker::boolean);
            maker.maybe_in(&mut account, "imagePullSecrets", |maker| {
                maker.list(0, 2, |maker, _| json!({"name": maker.name()}))
            });
            ("v1", account)
        }
        "ResourceQuota" => ("v1", sometimes("spec", maker, |maker| json!({"hard": maker.amounts()}))),
        _ => panic!("the generator does not know kind `{kind}`"),
    };
    let mut object =
        Map::from_iter([("apiVersion".to_owned(), json!(version)), ("kind".to_owned(), json!(kind))]);
    let mut metadata = maker.metadata();
    metadata["name"] = json!(maker.name());
    if kind != "Namespace" {
        maker.maybe_in(&mut metadata, "namespace", |maker| {
            json!(maker.pick(&["default", "prod", "kube-system", "prod-eu"]))
        });
    }
    object.insert("metadata".to_owned(), metadata);
    if let Value::Object(body) = body {
        object.extend(body);
    }
    Value::Object(object)
}

impl Maker<'_> {
    fn maybe_in(&mut self, object: &mut Value, key: &str, make: impl FnOnce(&mut Self) -> Value) {
        if let Value::Object(fields) = object {
            self.maybe(fields, key, make);
        }
    }

    /// Metadata without a name.
    fn metadata(&mut self) -> Value {
        let mut metadata = json!({});
        self.maybe_in(&mut metadata, "labels", Maker::labels);
        self.maybe_in(&mut metadata, "annotations", Maker::labels);
        if self.random.chance(10) {
            self.maybe_in(&mut metadata, "finalizers", |maker| {
                maker.list(0, 1, |_, _| json!("example.com/hold"))
            });
            self.maybe_in(&mut metadata, "ownerReferences", |maker| {
                maker.list(0, 1, |_, _| json!({"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "u"}))
            });
        }
        metadata
    }

    fn template(&mut self) -> Value {
        let mut template = json!({});
        // A template without metadata is common, and generated rules look into it.
        if self.random.chance(85) {
            template["metadata"] = self.metadata();
        }
        template["spec"] = self.pod_spec();
        template
    }
}

fn field(key: &str, value: Value) -> Value {
    json!({ key: value })
}

fn sometimes(key: &str, maker: &mut Maker<'_>, make: impl FnOnce(&mut Maker<'_>) -> Value) -> Value {
    if maker.random.chance(90) { field(key, make(maker)) } else { json!({}) }
}

/// The specification of a controller; `numbers` are its optional integers.
fn controller(maker: &mut Maker<'_>, selects: bool, numbers: &[&str]) -> Value {
    let mut spec = json!({});
    for number in numbers {
        maker.maybe_in(&mut spec, number, |maker| json!(maker.integer()));
    }
    if selects {
        spec["selector"] = maker.selector();
    }
    spec["template"] = maker.template();
    spec
}

fn job(maker: &mut Maker<'_>) -> Value {
    let mut spec =
        controller(maker, false, &["backoffLimit", "parallelism", "completions", "ttlSecondsAfterFinished"]);
    maker.maybe_in(&mut spec, "suspend", Maker::boolean);
    spec
}

fn service(maker: &mut Maker<'_>) -> Value {
    let mut spec = json!({});
    maker.maybe_in(&mut spec, "type", |maker| {
        json!(maker.pick(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]))
    });
    maker.maybe_in(&mut spec, "selector", Maker::labels);
    maker.maybe_in(&mut spec, "ports", |maker| {
        maker.list(0, 3, |maker, index| {
            let mut port = json!({"port": maker.port(), "name": format!("p{index}")});
            maker.maybe_in(&mut port, "targetPort", Maker::port_or_name);
            maker.maybe_in(&mut port, "nodePort", |maker| json!(maker.pick(&[30000, 32767])));
            maker.maybe_in(&mut port, "protocol", |maker| json!(maker.pick(&["TCP", "UDP"])));
            port
        })
    });
    maker.maybe_in(&mut spec, "externalIPs", |maker| {
        maker.list(0, 2, |maker, _| json!(maker.pick(&["10.0.0.1", "192.168.1.1", "::1"])))
    });
    maker.maybe_in(&mut spec, "externalName", |maker| json!(maker.pick(&["example.com", ""])));
    maker.maybe_in(&mut spec, "loadBalancerSourceRanges", |maker| {
        maker.list(0, 2, |maker, _| json!(maker.pick(&["0.0.0.0/0", "10.0.0.0/8"])))
    });
    spec
}

fn ingress(maker: &mut Maker<'_>) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let mut spec = json!({});
    maker.maybe_in(&mut spec, "ingressClassName", |maker| json!(maker.pick(&["nginx", ""])));
    maker.maybe_in(&mut spec, "tls", |maker| {
        maker.list(0, 2, |maker, _| json!({"hosts": [maker.pick(&["a.example.com", "*.example.com"])], "secretName": maker.name()}))
    });
    maker.maybe_in(&mut spec, "rules", |maker| {
        maker.list(0, 2, |maker, _| {
            let mut rule = json!({});
            maker.maybe_in(&mut rule, "host", |maker| json!(maker.pick(&["a.example.com", "*.example.com", "*", ""])));
            maker.maybe_in(&mut rule, "http", |maker| {
                let paths = maker.list(1, 2, |maker, _| {
                    json!({"path": maker.pick(&["/", "/a", ""]), "pathType": maker.pick(&["Prefix", "Exact", "ImplementationSpecific"]), "backend": backend})
                });
                json!({"paths": paths})
            });
            rule
        })
    });
    maker.maybe_in(&mut spec, "defaultBackend", |_| backend.clone());
    spec
}

fn network_policy(maker: &mut Maker<'_>) -> Value {
    let mut spec = json!({"podSelector": maker.selector()});
    maker.maybe_in(&mut spec, "policyTypes", |maker| {
        maker.list(0, 2, |maker, _| json!(maker.pick(&["Ingress", "Egress"])))
    });
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        maker.maybe_in(&mut spec, direction, |maker| {
            maker.list(0, 2, |maker, _| {
                let mut rule = json!({});
                maker.maybe_in(&mut rule, peers, |maker| {
                    maker.list(0, 2, |maker, _| match maker.random.below(3) {
                        0 => json!({"podSelector": maker.selector()}),
                        1 => json!({"namespaceSelector": maker.selector()}),
                        _ => json!({"ipBlock": {"cidr": maker.pick(&["0.0.0.0/0", "10.0.0.0/8", "::/0"])}}),
                    })
                });
                maker.maybe_in(&mut rule, "ports", |maker| {
                    maker.list(0, 2, |maker, _| json!({"port": maker.port_or_name(), "protocol": "TCP"}))
                });
                rule
            })
        });
    }
    spec
}

fn claim(maker: &mut Maker<'_>) -> Value {
    let mut spec = json!({});
    maker.maybe_in(&mut spec, "accessModes", |maker| {
        maker.list(0, 2, |maker, _| json!(maker.pick(&["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"])))
    });
    maker.maybe_in(&mut spec, "storageClassName", |maker| json!(maker.pick(&["", "standard", "fast-ssd"])));
    maker.maybe_in(
        &mut spec,
        "resources",
        |maker| json!({"requests": {"storage": maker.quantity(&["1Gi", "100Gi", "1G", "0", "1Ti"])}}),
    );
    maker.maybe_in(&mut spec, "volumeMode", |maker| json!(maker.pick(&["Filesystem", "Block"])));
    spec
}

fn data(maker: &mut Maker<'_>, mut value: impl FnMut(&mut Maker<'_>) -> Value) -> Value {
    let mut object = json!({});
    maker.maybe_in(&mut object, "data", |maker| {
        let mut data = Map::new();
        for _ in 0..maker.random.below(4) {
            let key = maker.pick(&["a", "config.yaml", "PASSWORD", "0"]);
            let value = value(maker);
            data.insert(key.to_owned(), value);
        }
        Value::Object(data)
    });
    maker.maybe_in(&mut object, "immutable", Maker::boolean);
    object
}
