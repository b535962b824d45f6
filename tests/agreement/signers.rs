//! `verify` by every kind of signer, live: keys and identities whose signatures stand in the transparency log,
//! certificates, Notary, bundles, several of them together, and what they attest.
//!
//! Of manifests, their signatures by keys.
//!
//! The oracle has images of `localhost:5000/app`, whose tags say who signed them and what they say of them.

use super::verify::pod;
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::{Oracle, Request};
use crate::support::verdict::Verdict;
use serde_json::{Value, json};

/// Those who sign, as the oracle knows them.
const SIGNERS: &str = r#"
let pem-a = """
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jEGd5E91xOw17dkSX9ZALOjyhAR
  geKgujVf8/2g0JBOfH18QPfIW2SWKrJF/UI6xq1e+hCkBEgGoPr86xl9qg==
  -----END PUBLIC KEY-----
  """
let pem-b = """
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGPrz8dO6xuJeDZG5f05Iu9Jh1VWS
  Nbsp5DDZubcB8Wube/0m05LMIFyOkOVxBa3r7oI4U0lrICv17L5+F0XKtw==
  -----END PUBLIC KEY-----
  """
let pem-release = """
  -----BEGIN CERTIFICATE-----
  MIIBoDCCAUagAwIBAgIIPhlVQas4v6MwCgYIKoZIzj0EAwIwMDELMAkGA1UEBhMC
  REUxDzANBgNVBAoTBm9yYWNsZTEQMA4GA1UEAxMHcHJpdmF0ZTAgFw0yMDAxMDEw
  MDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowMDELMAkGA1UEBhMCREUxDzANBgNVBAoT
  Bm9yYWNsZTEQMA4GA1UEAxMHcmVsZWFzZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
  A0IABKX3oLeP9HkX1O11knwoy9TitBJ/qzEzBz3AfnPM2nyMvi+k4IWI5m9Wl9ey
  TUswr4yTNQfSTkRDUWp1CPgSttOjSDBGMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUE
  DDAKBggrBgEFBQcDAzAfBgNVHSMEGDAWgBT4UAtzlLSH9fp8bwV8SDR5QYUmqTAK
  BggqhkjOPQQDAgNIADBFAiEAr18YtYRz9y5vkidvK2Cctt96Spep2r5OrAmZSPYJ
  ubUCICYNawntwSlMNOvVzrR/4UQJY4wf0A5OhjVhu313+wYN
  -----END CERTIFICATE-----
  """
let pem-authority = """
  -----BEGIN CERTIFICATE-----
  MIIBmzCCAUCgAwIBAgIIcV3ISTw2V5owCgYIKoZIzj0EAwIwMDELMAkGA1UEBhMC
  REUxDzANBgNVBAoTBm9yYWNsZTEQMA4GA1UEAxMHcHJpdmF0ZTAgFw0yMDAxMDEw
  MDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowMDELMAkGA1UEBhMCREUxDzANBgNVBAoT
  Bm9yYWNsZTEQMA4GA1UEAxMHcHJpdmF0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
  A0IABGLtIMlSof3WTeyq3gq1/Bb08sgY514Kc3xsS5bzlkiCs723N/c2wVQTeT9U
  zy58OWTP0cQPxBJ8f13OD2PJJG2jQjBAMA4GA1UdDwEB/wQEAwICBDAPBgNVHRMB
  Af8EBTADAQH/MB0GA1UdDgQWBBT4UAtzlLSH9fp8bwV8SDR5QYUmqTAKBggqhkjO
  PQQDAgNJADBGAiEAryDuMwZbstSvRL/ntd73ETg3crkhz6SE95duei8FKzQCIQDl
  PRl7//x714jFojP2fh+cjEPzHHQ+jHQCt803mr9TlQ==
  -----END CERTIFICATE-----
  """
let pem-notary = """
  -----BEGIN CERTIFICATE-----
  MIIBsDCCAVagAwIBAgIICkwBx+w/9RgwCgYIKoZIzj0EAwIwOzELMAkGA1UEBhMC
  REUxDzANBgNVBAoTBm9yYWNsZTEbMBkGA1UEAxMSbm90YXJ5J3MgYXV0aG9yaXR5
  MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjA7MQswCQYDVQQGEwJE
  RTEPMA0GA1UEChMGb3JhY2xlMRswGQYDVQQDExJub3RhcnkncyBhdXRob3JpdHkw
  WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQgO83dGXidL0gRqdigjF1tTZs/f46+
  zLPAh+NNHvChSwzzo8JfKO73cuQkUdUwaSQQWB55obMPpkoTPbKWnb4uo0IwQDAO
  BgNVHQ8BAf8EBAMCAgQwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUQFi5/DOW
  gYM11UW0B5aJq1lz4+YwCgYIKoZIzj0EAwIDSAAwRQIhAIfL2hNe03cvqW5H7jGp
  4Kl5GhXwwWnUyqAdHtmx1uT+AiAJgkT4aH29QJ76ls+H4xRt0cZPsonQmOiD4hFq
  9rRPMA==
  -----END CERTIFICATE-----
  """
let a = key(pem-a)
let b = key(pem-b)
let unlogged-a = key(pem-a, log: "none")
let unlogged-b = key(pem-b, log: "none")
let github = "https://token.actions.githubusercontent.com"
let web = keyless(issuer: github, subject: "https://github.com/acme/web/.github/workflows/release.yml@refs/heads/main")
let mail = keyless(issuer: "https://accounts.acme.io", subject: "ann@acme.io")
let private-mail = keyless(issuer: "https://accounts.acme.io", subject: "ann@acme.io", roots: pem-authority)
let release = certificate(pem-release)
let unlogged-release = certificate(pem-release, log: "none")
let notarized = notary(pem-notary)
"#;

/// Which targets carry a rule.
#[derive(Clone, Copy, PartialEq)]
enum Carried {
    Both,
    ClusterPolicyOnly,
    ImageValidatingPolicyOnly,
    Neither,
}
use Carried::*;

/// A rule, the images that pass it, and the targets that carry it.
type SignedRule = (&'static str, &'static [&'static str], Carried);

/// Images that somebody signed.
const SIGNED_IMAGES: [&str; 19] = [
    "unsigned",
    "a",
    "logged-a",
    "logged-b",
    "logged-ab",
    "web",
    "mail",
    "web-mail",
    "unlogged-web",
    "unlisted-web",
    "private-mail",
    "release",
    "logged-release",
    "notary",
    "stranger",
    "bundle-a",
    "logged-a-web",
    "a-release",
    "a-notary",
];

/// What a rule asks, and the images that meet it.
const SIGNED: &[SignedRule] = &[
    ("signed by a", &["logged-a", "logged-ab", "logged-a-web"], Both),
    ("signed by web", &["web", "web-mail", "logged-a-web"], Both),
    ("signed by mail", &["mail", "web-mail"], Both),
    (
        r#"signed by keyless(issuer: github, subject: "https://github.com/acme/*")"#,
        &["web", "web-mail", "logged-a-web"],
        Both,
    ),
    (
        r#"signed by keyless(issuer: github, subject: "https://github.com/acme/?eb/*")"#,
        &["web", "web-mail", "logged-a-web"],
        Both,
    ),
    (r#"signed by keyless(issuer: github, subject: "https://github.com/acme/web")"#, &[], Both),
    (r#"signed by keyless(issuer: "*", subject: "*@acme.io")"#, &["mail", "web-mail"], Both),
    (
        r#"signed by keyless(issuerPattern: r"^https://.*githubusercontent\.com$", subjectPattern: r"/release\.yml@")"#,
        &["web", "web-mail", "logged-a-web"],
        Both,
    ),
    (
        r#"signed by keyless(issuerPattern: r"^https://.*githubusercontent\.com$", subject: "*@acme.io")"#,
        &[],
        Both,
    ),
    (r#"signed by keyless(issuer: github)"#, &["web", "web-mail", "logged-a-web"], Both),
    (r#"signed by keyless(subject: "*@acme.io")"#, &["mail", "web-mail"], Both),
    (
        r#"signed by keyless(issuer: github, subject: "https://github.com/acme/*", log: "none")"#,
        &["web", "web-mail", "unlogged-web", "unlisted-web", "logged-a-web"],
        Both,
    ),
    (
        r#"signed by keyless(issuer: github, subject: "https://github.com/acme/*", log: "https://rekor.acme.io")"#,
        &["web", "web-mail", "logged-a-web"],
        Both,
    ),
    ("signed by private-mail", &["private-mail"], ClusterPolicyOnly),
    ("signed by release", &["logged-release"], Both),
    ("signed by unlogged-release", &["release", "logged-release", "a-release"], Both),
    ("signed by certificate(pem-release, chain: pem-authority)", &[], Neither),
    (
        r#"signed by certificate(pem-release, chain: pem-authority, log: "none")"#,
        &["release", "logged-release", "a-release"],
        ImageValidatingPolicyOnly,
    ),
    (r#"signed by certificate(pem-release, chain: pem-notary, log: "none")"#, &[], ImageValidatingPolicyOnly),
    ("signed by notarized", &["notary", "a-notary"], Both),
    ("signed by notary(pem-authority)", &[], Both),
    ("signed by bundle(unlogged-a)", &["bundle-a"], ClusterPolicyOnly),
    ("signed by 1 of [a, web]", &["logged-a", "logged-ab", "logged-a-web", "web", "web-mail"], Both),
    ("signed by 2 of [a, web, mail]", &["web-mail", "logged-a-web"], Both),
    ("signed by [a, web]", &["logged-a-web"], Both),
    ("signed by 2 of [unlogged-a, b, unlogged-release]", &["logged-ab", "a-release"], Both),
    ("signed by 1 of [all([a, web]), mail]", &["logged-a-web", "mail", "web-mail"], Both),
    ("signed by unlogged-a signed by notarized", &["a-notary"], Both),
    (
        "signed by 1 of [unlogged-a, notarized]",
        &["a", "logged-a", "logged-ab", "logged-a-web", "a-release", "notary", "a-notary", "bundle-a"],
        ImageValidatingPolicyOnly,
    ),
];

/// Images of which somebody says something, once.
const ATTESTED_IMAGES: [&str; 12] = [
    "unsigned",
    "good",
    "logged-a",
    "logged-good",
    "logged-bad",
    "logged-good-of-b",
    "logged-good-of-ab",
    "logged-good-and-bad",
    "good-of-web",
    "bad-of-web",
    "approved",
    "approved-by-stranger",
];

/// What a rule asks, and the images that meet it; `check` is the type of the attestations there are.
const ATTESTED: &[SignedRule] = &[
    ("attested CHECK by a", &["logged-good", "logged-bad", "logged-good-of-ab", "logged-good-and-bad"], Both),
    (r#"attested "https://example.com/other/v1" by a"#, &[], Both),
    (
        r#"attested CHECK by a that predicate.result == "good""#,
        &["logged-good", "logged-good-of-ab", "logged-good-and-bad"],
        Both,
    ),
    (r#"attested CHECK by a that predicate.result != "good""#, &["logged-bad"], Both),
    (
        r#"attested CHECK by unlogged-a that predicate.result == "good""#,
        &["good", "logged-good", "logged-good-of-ab", "logged-good-and-bad"],
        ClusterPolicyOnly,
    ),
    ("attested CHECK by 2 of [a, b]", &["logged-good-of-ab", "logged-good-and-bad"], Both),
    (r#"attested CHECK by 2 of [a, b] that predicate.result == "good""#, &["logged-good-of-ab"], Both),
    (
        r#"attested CHECK by 1 of [a, b] that predicate.result == "good""#,
        &["logged-good", "logged-good-of-b", "logged-good-of-ab", "logged-good-and-bad"],
        Both,
    ),
    (
        "attested CHECK by a that any s in predicate.scores: s == 2",
        &["logged-good", "logged-bad", "logged-good-of-ab", "logged-good-and-bad"],
        Both,
    ),
    ("attested CHECK by a that any s in predicate.scores: s > 2", &[], Both),
    (
        "attested CHECK by a that not has predicate.nothing",
        &["logged-good", "logged-bad", "logged-good-of-ab", "logged-good-and-bad"],
        Both,
    ),
    ("attested CHECK by a that predicate.nothing == 3", &[], Both),
    ("attested CHECK by web", &["good-of-web", "bad-of-web"], Both),
    (r#"attested CHECK by web that predicate.result == "good""#, &["good-of-web"], Both),
    (
        r#"attested CHECK by 1 of [a, web] that predicate.result == "bad""#,
        &["logged-bad", "bad-of-web"],
        Both,
    ),
    (r#"attested CHECK by mail"#, &[], Both),
    (r#"attested "application/vnd.example.check" by notarized"#, &["approved"], Both),
    (
        r#"attested "application/vnd.example.check" by notarized that predicate.result == "good""#,
        &["approved"],
        ClusterPolicyOnly,
    ),
    (
        r#"attested "application/vnd.example.check" by notarized that predicate.result == "bad""#,
        &[],
        ClusterPolicyOnly,
    ),
    ("signed by a attested CHECK by a", &[], Both),
];

/// Images where the kinds differ, as the pages say: the verdicts of ClusterPolicy and ImageValidatingPolicy, if they carry
/// the rule.
const DIFFERENT: &[(&str, &str, Option<Verdict>, Option<Verdict>)] = &[
    ("signed by unlogged-a", "bundle-a", Some(Verdict::Fail), Some(Verdict::Pass)),
    ("signed by unlogged-a", "check-in-bundle", Some(Verdict::Fail), Some(Verdict::Pass)),
    ("signed by unlogged-a", "b-bundled-a-beside", Some(Verdict::Pass), Some(Verdict::Fail)),
    ("signed by bundle(unlogged-a)", "bundle-a", Some(Verdict::Pass), None),
    ("signed by bundle(unlogged-a)", "check-in-bundle", Some(Verdict::Pass), None),
    ("signed by bundle(unlogged-a)", "b-bundled-a-beside", Some(Verdict::Fail), None),
    (
        r#"attested CHECK by a that predicate.result == "good""#,
        "logged-bad-then-good",
        Some(Verdict::Fail),
        Some(Verdict::Pass),
    ),
    ("attested CHECK by web", "good-of-web-bad-of-mail", Some(Verdict::Fail), Some(Verdict::Pass)),
    (
        r#"attested CHECK by web that predicate.result == "good""#,
        "good-of-web-bad-of-mail",
        Some(Verdict::Fail),
        Some(Verdict::Pass),
    ),
];

fn source(asked: &str) -> String {
    let asked = asked.replace("CHECK", "\"https://example.com/check/v1\"");
    format!(
        "{SIGNERS}\nverify container where image.registry == \"localhost:5000\" {asked} \
         settings {{ mutateDigest: false, verifyDigest: false, required: false }}\n"
    )
}

fn compiled(asked: &str, source: &str) -> Compiled {
    compile(source).unwrap_or_else(|words| panic!("{asked}: {words:?}"))
}

fn image(tag: &str) -> (String, Value) {
    (tag.to_owned(), pod(&format!("localhost:5000/app:{tag}")))
}

/// Asks Kyverno, under both kinds, which of the named objects meet rules; of the others it says one of some verdicts.
fn compare(
    suite: &'static str,
    objects: &[(String, Value)],
    (rules, source): (&[SignedRule], fn(&str) -> String),
    others: &[Verdict],
) {
    let judge = Judge::open(suite);
    let resources: Vec<Value> = objects.iter().map(|it| it.1.clone()).collect();
    let mut wrong = Vec::new();
    for (asked, met, carried) in rules {
        for name in *met {
            assert!(objects.iter().any(|it| it.0 == *name), "{asked}: there is no {name}");
        }
        let compiled = compiled(asked, &source(asked));
        let kinds = [
            ("ClusterPolicy", &compiled.legacy, ClusterPolicyOnly),
            ("ImageValidatingPolicy", &compiled.successor, ImageValidatingPolicyOnly),
        ];
        for (kind, yaml, alone) in kinds {
            let is_carried = *carried == Both || *carried == alone;
            let verdicts = match (yaml, is_carried) {
                (Ok(yaml), true) => judge.verdicts(yaml, &resources, &Request::default()),
                (Err(_), false) => continue,
                (Ok(_), false) => Err("it is written".to_owned()),
                (Err(words), true) => Err(format!("{words:?}")),
            };
            let is_as_expected =
                |(object, verdict): (&(String, Value), &Verdict)| match met.contains(&object.0.as_str()) {
                    true => *verdict == Verdict::Pass,
                    false => others.contains(verdict),
                };
            match verdicts {
                Ok(verdicts) if objects.iter().zip(&verdicts).all(is_as_expected) => {}
                Ok(verdicts) => {
                    let found: Vec<String> =
                        objects.iter().zip(&verdicts).map(|it| format!("{} {:?}", it.0.0, it.1)).collect();
                    wrong.push(format!("{asked} as {kind}: expected {met:?}, found {found:?}"));
                }
                Err(problem) => wrong.push(format!("{asked} as {kind}: {problem}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    judge.close();
}

#[test]
fn every_kind_of_signer_is_asked_for() {
    let images = SIGNED_IMAGES.map(image);
    compare("verify_signers", &images, (SIGNED, source), &[Verdict::Fail]);
}

#[test]
fn attestations_are_asked_for() {
    let images = ATTESTED_IMAGES.map(image);
    compare("verify_attestations", &images, (ATTESTED, source), &[Verdict::Fail]);
}

#[test]
fn the_kinds_differ_where_the_pages_say_so() {
    let judge = Judge::open("verify_differences");
    for (asked, tag, legacy, successor) in DIFFERENT {
        let compiled = compiled(asked, &source(asked));
        for (yaml, expected) in [(&compiled.legacy, legacy), (&compiled.successor, successor)] {
            let Some(expected) = expected else {
                assert!(yaml.is_err(), "{asked} is written");
                continue;
            };
            let yaml = yaml.as_ref().unwrap_or_else(|words| panic!("{asked}: {words:?}"));
            judge.agree(yaml, &[image(tag).1], |_| *expected).assert_agrees(&format!("{asked} of {tag}"));
        }
    }
    judge.close();
}

/// A ConfigMap with its text in an annotation, as the oracle's `sign` makes it, and signatures of that.
fn manifest(name: &str, signatures: &[&str], change: impl Fn(&mut Value)) -> (String, Value) {
    let mut object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "signed", "namespace": "default", "labels": {"signed": "yes"}},
        "data": {"a": "1"},
    });
    if !signatures.is_empty() {
        let mut annotations = json!({"cosign.sigstore.dev/message": MESSAGE});
        for (number, signature) in signatures.iter().enumerate() {
            let suffix = if number == 0 { String::new() } else { format!("_{number}") };
            annotations[format!("cosign.sigstore.dev/signature{suffix}")] = json!(signature);
        }
        object["metadata"]["annotations"] = annotations;
    }
    change(&mut object);
    (name.to_owned(), object)
}

const MESSAGE: &str = "H4sIAAAAAAAA/zSKsQ7CMAwFd3/FU/6gq1dmVvYHcSuL1I1wQOLvEVK63Z2O3W/2Sj9C8VmkclAFoKIsRZ4eVXE5YvXtyi67DZ5L491a/glI38KqonwtiwDB3XTWqdn5MEW1le825BcAAP//E5UNmngAAAA=";
const BY_A: &str =
    "MEQCIFUblIZrGzW/LjhsMfFNrI3Vtrcbl+U5kF7DAyoB9ElFAiA7a5ySjwr3S+PTNJ4cuxMvWRi2F+KR/4EMhrS76lpBHw==";
const BY_B: &str =
    "MEYCIQDh6/nz2IJcDSVQs9eDaSAotAemrHLwfs8PsPX6dTFPgAIhANRJX3wn8sgjzsP1FoyuR+NrZDLzZJD2eHfDduNtK+S+";

/// What is asked of ConfigMaps, and those that meet it.
const OF_MANIFESTS: &[SignedRule] = &[
    ("signed by unlogged-a", &["a", "ab"], ClusterPolicyOnly),
    ("signed by 1 of [unlogged-a, unlogged-b]", &["a", "b", "ab"], ClusterPolicyOnly),
    ("signed by [unlogged-a, unlogged-b]", &["ab"], ClusterPolicyOnly),
    ("signed by unlogged-a signed by unlogged-b", &["ab"], ClusterPolicyOnly),
    ("signed by 1 of [all([unlogged-a, unlogged-b]), unlogged-b]", &["b", "ab"], ClusterPolicyOnly),
    ("signed by unlogged-a ignoring data", &["a", "ab", "changed", "added"], ClusterPolicyOnly),
    ("signed by unlogged-a ignoring metadata.annotations", &["a", "ab", "annotated"], ClusterPolicyOnly),
    ("signed by unlogged-a ignoring metadata", &["a", "ab", "annotated", "labelled"], ClusterPolicyOnly),
    (
        "signed by unlogged-a ignoring metadata.labels, data",
        &["a", "ab", "changed", "added", "labelled"],
        ClusterPolicyOnly,
    ),
    // Kyverno does not look for them in a log.
    ("signed by a", &[], Neither),
    ("signed by web", &[], Neither),
];

#[test]
fn manifests_are_compared_with_what_was_signed() {
    let nothing = |_: &mut Value| {};
    let objects = [
        manifest("unsigned", &[], nothing),
        manifest("a", &[BY_A], nothing),
        manifest("b", &[BY_B], nothing),
        manifest("ab", &[BY_A, BY_B], nothing),
        manifest("changed", &[BY_A], |it| it["data"]["a"] = json!("2")),
        manifest("added", &[BY_A], |it| it["data"]["metadata"] = json!("2")),
        manifest("annotated", &[BY_A], |it| it["metadata"]["annotations"]["data"] = json!("2")),
        manifest("labelled", &[BY_A], |it| it["metadata"]["labels"]["data"] = json!("2")),
    ];
    let source = |asked: &str| format!("{SIGNERS}\nverify ConfigMap where label.signed == \"yes\" {asked}\n");
    // A signature by somebody else is an error to Kyverno, which lets as little pass as a failure.
    compare("verify_manifests", &objects, (OF_MANIFESTS, source), &[Verdict::Fail, Verdict::Error]);
}

/// What people get to read, which Kyverno takes.
#[test]
fn verifications_are_shown() {
    let signers =
        SIGNERS.lines().take_while(|line| !line.starts_with("let pem-b")).collect::<Vec<_>>().join("\n");
    let signed = format!(
        "{signers}
let a = key(pem-a)
let web = keyless(issuer: \"https://token.actions.githubusercontent.com\", subject: \"https://github.com/acme/*\")
policy signed \"What runs is signed\" {{
  rule release: verify container
    where image.reference ~ \"ghcr.io/acme/*\" and image.reference !~ \"ghcr.io/acme/scratch/*\"
    signed by 1 of [a, kms(\"awskms:///alias/release\")]
    attested \"https://cyclonedx.org/bom\" by web that predicate.bomFormat == \"CycloneDX\"
  rule sidecars: verify initContainer
    where image.registry == \"quay.io\" and namespace ~ \"prod-*\"
    signed by web
    action audit
}}
policy of-team {{
  settings {{ namespace: \"team\", mutateDigest: false }}
  rule signed: verify container where image.registry == \"ghcr.io\" signed by a
}}
"
    );
    let manifests = format!(
        "{signers}
verify ConfigMap where label.signed == \"yes\"
  signed by key(pem-a, log: \"none\") ignoring data, metadata.annotations
"
    );
    let of_images = compiled("images", &signed);
    let of_manifests = compiled("manifests", &manifests);
    let yaml = |name: &str, yaml: &Result<String, Vec<String>>| {
        let yaml = yaml.as_ref().unwrap_or_else(|words| panic!("{name}: {words:?}"));
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, yaml);
        });
        if let Some(oracle) = Oracle::shared() {
            let set = oracle.load(&[yaml]);
            assert!(set.refused.is_empty(), "{name}: {:?}", set.refused);
        }
    };
    yaml("verify_images_legacy", &of_images.legacy);
    yaml("verify_images", &of_images.successor);
    yaml("verify_manifests_legacy", &of_manifests.legacy);
}
