//! `verify`: Kyverno takes what is written for both of its kinds, lets pass what is signed as the source asks, and looks at
//! the images that bytecode says it has not evaluated.
//!
//! The oracle has a registry with images of `localhost:5000/app`, whose tags say who signed them.

use super::admissible;
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{Hint, Profile};
use crate::support::verdict::Verdict;
use serde_json::{Value, json};

/// The keys of the oracle, and those who have them.
const SIGNERS: &str = r#"
let a = key("""
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jEGd5E91xOw17dkSX9ZALOjyhAR
  geKgujVf8/2g0JBOfH18QPfIW2SWKrJF/UI6xq1e+hCkBEgGoPr86xl9qg==
  -----END PUBLIC KEY-----
  """, log: "none")
let b = key("""
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGPrz8dO6xuJeDZG5f05Iu9Jh1VWS
  Nbsp5DDZubcB8Wube/0m05LMIFyOkOVxBa3r7oI4U0lrICv17L5+F0XKtw==
  -----END PUBLIC KEY-----
  """, log: "none")
let c = key("""
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC91iySXGExEY18bb1sSr6dJ6Ezf6
  NogPfFNv0ZPRTO6MyuZhHJEkYVv9KA8jUEyY205TV0a/CVPsEb2d4NGKxQ==
  -----END PUBLIC KEY-----
  """, log: "none")
let d = key("""
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFMPiFkXMCTseX1BEMNGsV9vdrPNL
  AoU7Iz4ADDaQJhob9wtaYZyA0JwRftmVf6nhqU9xsI8PXKL/bPJ/Qupynw==
  -----END PUBLIC KEY-----
  """, log: "none")
let issuer = "https://token.actions.githubusercontent.com"
let pem = """
  -----BEGIN CERTIFICATE-----
  MIIBdzCCAR2gAwIBAgIUQ0VSVElGSUNBVEUwCgYIKoZIzj0EAwIwETEPMA0GA1UE
  -----END CERTIFICATE-----
  """
"#;

/// Tags, in the order of the letters below.
const TAGS: [&str; 10] =
    ["unsigned", "a", "b", "ab", "abc", "good", "bad", "good-of-b", "good-of-ab", "good-and-bad"];

/// What a rule asks, and a letter for each tag: `p` where it is met. A second text where only ClusterPolicy says it.
const SIGNED: &[(&str, &str, bool)] = &[
    ("signed by a", "fpfppppppp", true),
    ("signed by d", "ffffffffff", true),
    ("signed by 1 of [a, b]", "fppppppppp", true),
    ("signed by 2 of [a, b, c]", "fffppfffff", true),
    ("signed by 3 of [a, b, c]", "ffffpfffff", true),
    ("signed by [a, b]", "fffppfffff", true),
    ("signed by a signed by b", "fffppfffff", true),
    ("signed by 1 of [all([a, b]), d]", "fffppfffff", true),
    ("signed by 2 of [a, d, all([b, c])]", "ffffpfffff", true),
    (r#"attested "https://example.com/check/v1" by a"#, "fffffppfpp", false),
    (r#"attested "https://example.com/other/v1" by a"#, "ffffffffff", false),
    (r#"attested "https://example.com/check/v1" by a that predicate.result == "good""#, "fffffpffpp", false),
    (r#"attested "https://example.com/check/v1" by a that predicate.result != "good""#, "ffffffpfff", false),
    (r#"attested "https://example.com/check/v1" by 2 of [a, b]"#, "ffffffffpp", false),
    (
        r#"attested "https://example.com/check/v1" by 2 of [a, b] that predicate.result == "good""#,
        "ffffffffpf",
        false,
    ),
    (
        r#"attested "https://example.com/check/v1" by 1 of [a, b] that predicate.result == "good""#,
        "fffffpfppp",
        false,
    ),
    (
        r#"attested "https://example.com/check/v1" by a that any s in predicate.scores: s == 2"#,
        "fffffppfpp",
        false,
    ),
    (r#"attested "https://example.com/check/v1" by a that not has predicate.nothing"#, "fffffppfpp", false),
    (
        r#"signed by a attested "https://example.com/check/v1" by b that predicate.result == "good""#,
        "fffffffppf",
        false,
    ),
];

/// Rules whose signers only a network knows: Kyverno has to take them. The last two say whether each kind carries it.
const ACCEPTED: &[(&str, bool, bool)] = &[
    (
        r#"verify container signed by keyless(issuer: issuer, subject: "https://github.com/acme/web")"#,
        true,
        true,
    ),
    (
        r#"verify container signed by keyless(issuer: issuer, subject: "https://github.com/acme/*")"#,
        true,
        true,
    ),
    (
        r#"verify container signed by keyless(issuerPattern: r"^https://.*\.acme\.io$", subjectPattern: r"@acme\.io$")"#,
        true,
        true,
    ),
    (r#"verify container signed by keyless(issuer: issuer, log: "https://rekor.acme.io")"#, true, true),
    (r#"verify container signed by keyless(subject: "*@acme.io", roots: pem)"#, true, false),
    (r#"verify container signed by kms("awskms:///alias/acme", algorithm: "sha512")"#, true, true),
    (r#"verify container signed by secret("keys", in: "ci")"#, true, false),
    ("verify container signed by certificate(pem)", true, true),
    ("verify container signed by certificate(pem, chain: pem)", false, false),
    (r#"verify container signed by certificate(pem, chain: pem, log: "none")"#, false, true),
    ("verify container signed by notary(pem)", true, true),
    (
        r#"verify container signed by bundle(keyless(issuer: issuer, subject: "https://github.com/acme/*"))"#,
        true,
        false,
    ),
    (r#"verify container signed by bundle(kms("awskms:///alias/acme"))"#, true, false),
    (r#"verify container signed by notary(pem) signed by kms("awskms:///alias/acme")"#, true, true),
    (
        r#"verify container signed by kms("awskms:///alias/acme") attested "https://a/b" by kms("gcpkms://a") that predicate.n > 3"#,
        true,
        true,
    ),
    (
        r#"verify container where image.reference ~ "ghcr.io/*" and image.reference !~ "ghcr.io/x/*" signed by kms("awskms:///a")"#,
        true,
        true,
    ),
    (
        r#"verify container where image.name == "ghcr.io/acme/web" and namespace ~ "prod-*" signed by kms("awskms:///a")"#,
        true,
        true,
    ),
    (
        r#"verify container where name != "sidecar" signed by kms("awskms:///a") settings { mutateDigest: false }"#,
        false,
        true,
    ),
    (
        r#"verify initContainer where image.registry == "ghcr.io" signed by kms("awskms:///a") settings { mutateDigest: false }"#,
        true,
        true,
    ),
    (r#"verify container signed by kms("awskms:///a") action audit"#, true, true),
    (
        r#"verify container signed by kms("awskms:///a") settings { required: false, verifyDigest: false }"#,
        true,
        true,
    ),
    (
        r#"verify ConfigMap where label.signed == "yes" signed by [kms("awskms:///a", log: "none"), secret("k", in: "ci", log: "none")] ignoring data"#,
        true,
        false,
    ),
    // Texts that a reader could take for something else
    (r#"verify container signed by keyless(issuer: "a'\"b: # & * ! |", subject: "null")"#, true, true),
    (r#"verify container signed by keyless(issuer: "true", subject: "0644")"#, true, true),
    (
        r#"verify container signed by kms("awskms:///a") attested "https://x/\{a}: # ! & *" by kms("awskms:///a")"#,
        true,
        true,
    ),
    (
        r#"verify container where image.reference ~ "ghcr.io/\{x,y}/*" signed by kms("awskms:///a")"#,
        true,
        true,
    ),
    (r#"verify container where image.reference ~ ["'", "\""] signed by kms("awskms:///a")"#, true, true),
    (r#"verify container signed by keyless(issuer: "\{\{ request.object }}")"#, false, true),
    (r#"verify container signed by keyless(issuer: "$(request.object)")"#, false, true),
    (r#"verify container where image.reference ~ "\{\{ x }}/*" signed by kms("awskms:///a")"#, false, true),
];

fn source(rule: &str) -> String {
    format!("{SIGNERS}\n{rule}\n")
}

fn compiled(rule: &str) -> Compiled {
    compile(&source(rule)).unwrap_or_else(|words| panic!("{rule}: {words:?}"))
}

pub(super) fn pod(image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": image}]},
    })
}

#[test]
fn signatures_are_asked_for_as_the_source_says() {
    let judge = Judge::open("verify");
    let pods: Vec<Value> = TAGS.iter().map(|tag| pod(&format!("localhost:5000/app:{tag}"))).collect();
    for (asked, letters, in_both) in SIGNED {
        let compiled = compiled(&format!(
            "verify container where image.registry == \"localhost:5000\" {asked} \
             settings {{ mutateDigest: false, verifyDigest: false, required: false }}"
        ));
        let expected = |resource: &Value| {
            let at = pods.iter().position(|it| it == resource).expect("one of the pods");
            let letter = letters.chars().nth(at).expect("a letter for each tag");
            Verdict::from_letter(letter).expect("a letter of a verdict")
        };
        let legacy = compiled.legacy.as_ref().unwrap_or_else(|words| panic!("{asked}: {words:?}"));
        judge.agree(legacy, &pods, expected).assert_agrees(&format!("{asked} as ClusterPolicy"));
        match (&compiled.successor, in_both) {
            (Ok(yaml), true) => {
                judge
                    .agree(yaml, &pods, expected)
                    .assert_agrees(&format!("{asked} as ImageValidatingPolicy"));
            }
            (Err(_), false) => {}
            (Ok(_), false) => panic!("{asked} is written as ImageValidatingPolicy"),
            (Err(words), true) => panic!("{asked}: {words:?}"),
        }
    }
    judge.close();
}

#[test]
fn kyverno_takes_each_kind_of_signer() {
    let judge = Judge::open("verify_accepted");
    // No image that a rule could ask a network about.
    let none =
        [json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}})];
    for (rule, legacy, successor) in ACCEPTED {
        let compiled = compiled(rule);
        for (yaml, carried, kind) in [
            (&compiled.legacy, legacy, "ClusterPolicy"),
            (&compiled.successor, successor, "ImageValidatingPolicy"),
        ] {
            match (yaml, carried) {
                (Ok(yaml), true) => {
                    judge.agree(yaml, &none, |_| Verdict::Pass).assert_agrees(&format!("{rule} as {kind}"));
                }
                (Err(_), false) => {}
                (Ok(_), false) => panic!("{rule} is written as {kind}"),
                (Err(words), true) => panic!("{rule} as {kind}: {words:?}"),
            }
        }
    }
    judge.close();
}

/// Where bytecode has not evaluated, Kyverno asked a registry and got no answer; where it says that the rule does not
/// apply, Kyverno asked for nothing.
#[test]
fn the_same_images_are_asked_for() {
    let rules = [
        r#"verify container signed by d"#,
        r#"verify container where image ~ "ghcr.io/acme/*" signed by d"#,
        r#"verify container where image.reference ~ "docker.io/*" signed by d"#,
        r#"verify container where image.registry == "ghcr.io" or image.name == "docker.io/nginx" signed by d"#,
        r#"verify container where image.reference ~ "*:latest" and image.reference !~ "docker.io/*" signed by d"#,
        r#"verify initContainer where image.registry == "docker.io" signed by d"#,
        r#"verify container where namespace ~ "*a*" signed by d"#,
    ];
    let judge = Judge::open("verify_images");
    let images = [
        "nginx",
        "ghcr.io/acme/web:1",
        "ghcr.io/acme/web",
        "acme/web:latest",
        "docker.io/nginx:1",
        "quay.io/a/b",
    ];
    let hints = ["containers", "initContainers"]
        .map(|list| Hint::new(&format!("spec.{list}[].image"), images.map(Value::from)));
    let profile = Profile { hints: hints.into(), ..Profile::workloads() };
    let mut resources = admissible(0, 100, &profile);
    // ClusterPolicy finds no image at all in an object in which one image cannot be read.
    resources.iter_mut().for_each(|resource| readable(resource, &mut images.iter().cycle()));
    for rule in rules {
        let rule = format!("{rule} settings {{ mutateDigest: false, verifyDigest: false, required: false }}");
        let compiled = compiled(&rule);
        let ours = |asked: Verdict| {
            let compiled = &compiled;
            move |resource: &Value| match compiled.judge(resource, 0, &Request::default()).verdict {
                Verdict::Error => asked,
                other => other,
            }
        };
        let legacy = compiled.legacy.as_ref().unwrap_or_else(|words| panic!("{rule}: {words:?}"));
        judge
            .agree(legacy, &resources, ours(Verdict::Fail))
            .assert_agrees(&format!("{rule} as ClusterPolicy"));
        let successor = compiled.successor.as_ref().unwrap_or_else(|words| panic!("{rule}: {words:?}"));
        judge
            .agree(successor, &resources, ours(Verdict::Error))
            .assert_agrees(&format!("{rule} as ImageValidatingPolicy"));
    }
    judge.close();
}

/// Each container has a name, and an image that can be read.
pub(super) fn readable<'a>(value: &mut Value, images: &mut impl Iterator<Item = &'a &'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields {
                if key.to_ascii_lowercase().ends_with("containers") {
                    for (number, container) in child.as_array_mut().into_iter().flatten().enumerate() {
                        container["name"] = json!(format!("{}-{number}", key.to_ascii_lowercase()));
                        container["image"] = json!(images.next());
                    }
                }
                readable(child, images);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| readable(item, images)),
        _ => {}
    }
}
