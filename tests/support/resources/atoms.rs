//! Scalars and label maps with the texts that evaluators get wrong.

use super::Maker;
use super::quantity;
use serde_json::{Map, Value, json};

/// Texts that look like something else to some reader or engine.
pub const TEXTS: [&str; 44] = [
    "",
    " ",
    "a",
    "A",
    "abc",
    "prod",
    "Prod",
    "production",
    "true",
    "false",
    "True",
    "yes",
    "no",
    "on",
    "null",
    "~",
    "0",
    "1",
    "01",
    "0644",
    "1.0",
    "1.10",
    "-1",
    "1e3",
    "0x1f",
    "1h",
    "60m",
    "500m",
    "1Gi",
    "*",
    "?",
    "a*",
    "a|b",
    "a&b",
    "!a",
    ">5",
    "<=5",
    "1-5",
    "{{ x }}",
    "{{ request.object.metadata.name }}",
    "$(a)",
    "a b\nc",
    "\"'\\",
    "naïve ☃",
];

const LABEL_KEYS: [&str; 10] = [
    "app",
    "owner",
    "team",
    "env",
    "app.kubernetes.io/name",
    "app.kubernetes.io/version",
    "example.com/a.b",
    "ai/version",
    "ai/dataset",
    "use-case",
];

const REGISTRIES: [&str; 10] = [
    "",
    "",
    "docker.io/",
    "index.docker.io/library/",
    "ghcr.io/",
    "registry.k8s.io/",
    "localhost:5000/",
    "Registry.Example.COM/",
    "trusted-registry.io/ai-models/",
    "10.0.0.1:443/a/b/c/",
];

const REPOSITORIES: [&str; 6] =
    ["nginx", "library/nginx", "team/llm", "a", "Model_Server", "org/sub/img.name"];

const TAGS: [&str; 12] = [
    "",
    "",
    ":latest",
    ":1.25",
    ":v1.2.3-rc.1",
    ":1.10",
    ":Latest",
    ":1",
    "@sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ":1.2@sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ":",
    "@sha256:short",
];

impl Maker<'_> {
    pub fn text(&mut self) -> String {
        self.pick(&TEXTS).to_owned()
    }

    pub fn boolean(&mut self) -> Value {
        json!(self.random.chance(50))
    }

    /// A DNS label.
    pub fn name(&mut self) -> String {
        self.pick(&[
            "a",
            "b",
            "main",
            "sidecar",
            "init-1",
            "web",
            "default",
            "x1-y2",
            "kube-system",
            "prod-eu",
        ])
        .to_owned()
    }

    pub fn image(&mut self) -> Value {
        let (registry, repository, tag) =
            (self.pick(&REGISTRIES), self.pick(&REPOSITORIES), self.pick(&TAGS));
        json!(if self.random.chance(3) { String::new() } else { format!("{registry}{repository}{tag}") })
    }

    pub fn integer(&mut self) -> i64 {
        self.pick(&[0, 1, 2, 3, 5, 10, 99, 100, 1000, 1024, 65535, 2_147_483_647, -1])
    }

    pub fn port(&mut self) -> i64 {
        self.pick(&[1, 22, 80, 443, 1023, 1024, 8080, 30000, 65535])
    }

    pub fn port_or_name(&mut self) -> Value {
        if self.random.chance(60) { json!(self.port()) } else { json!(self.pick(&["http", "8080", "https"])) }
    }

    pub fn user_id(&mut self) -> Value {
        json!(self.pick(&[0, 1, 999, 1000, 1001, 65534, 4_294_967_295i64]))
    }

    /// Labels or annotations: usually some, now and then none in an empty map.
    pub fn labels(&mut self) -> Value {
        let mut labels = Map::new();
        for _ in 0..self.random.below(5) {
            let key = self.pick(&LABEL_KEYS);
            labels.insert(key.to_owned(), json!(self.text()));
        }
        Value::Object(labels)
    }

    pub fn selector(&mut self) -> Value {
        let mut selector = Map::new();
        self.maybe(&mut selector, "matchLabels", Maker::labels);
        self.maybe(&mut selector, "matchExpressions", |maker| {
            maker.list(0, 2, |maker, _| match maker.random.below(3) {
                0 => json!({"key": maker.pick(&LABEL_KEYS), "operator": "Exists"}),
                1 => json!({"key": maker.pick(&LABEL_KEYS), "operator": "DoesNotExist"}),
                _ => json!({"key": maker.pick(&LABEL_KEYS), "operator": maker.pick(&["In", "NotIn"]), "values": [maker.text()]}),
            })
        });
        Value::Object(selector)
    }

    /// A quantity in any of its spellings, numbers included.
    pub fn quantity(&mut self, amounts: &[&str]) -> Value {
        let amount = self.pick(amounts);
        let spellings = quantity::parse(amount).map(quantity::spellings).unwrap_or_default();
        if spellings.is_empty() || self.random.chance(40) {
            json!(amount)
        } else {
            self.random.pick(&spellings).clone()
        }
    }

    /// Limits or requests.
    pub fn amounts(&mut self) -> Value {
        let mut amounts = Map::new();
        self.maybe(&mut amounts, "cpu", |maker| {
            maker.quantity(&["0", "1m", "100m", "500m", "999m", "1", "1001m", "2", "0.1", "64"])
        });
        self.maybe(&mut amounts, "memory", |maker| {
            maker.quantity(&["0", "128Mi", "1Gi", "1G", "1023Mi", "1025Mi", "64Gi", "2e9", "1", "0.5Gi"])
        });
        if self.random.chance(20) {
            let gpus = self.quantity(&["0", "1", "8"]);
            amounts.insert("nvidia.com/gpu".to_owned(), gpus);
        }
        if self.random.chance(10) {
            let storage = self.quantity(&["1Gi", "500M"]);
            amounts.insert("ephemeral-storage".to_owned(), storage);
        }
        Value::Object(amounts)
    }
}
