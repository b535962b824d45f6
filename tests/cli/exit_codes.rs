//! The exit contract: the code of `run` for every state of the input, of the policy, and every format.
//!
//! 0: everything was read and evaluated, with at least one rule and one object, and nothing is denied. 1: something
//! is denied. 3: incomplete, which wins over 1. The format never changes the code.

use super::sandbox::Sandbox;

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: good}
spec: {containers: [{name: a, image: registry.example.com/a}]}
";
const DENIED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: denied}
spec: {hostNetwork: true, containers: [{name: a, image: registry.example.com/a}]}
";
const DUPLICATE: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: first, name: second}
spec: {containers: [{name: a, image: registry.example.com/a}]}
";
const INVALID: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: invalid}
spec: {hostNetwork: some, containers: [{name: a, image: registry.example.com/a}]}
";

const HOST_NETWORK: &str = "deny pod if spec.hostNetwork\n";
/// Denies every Pod, and reads `hostNetwork` first.
const EVERYTHING: &str = "deny pod if spec.hostNetwork or spec.containers.image ~ \"*\"\n";

/// The policies, as columns of the table.
const POLICIES: [&str; 8] =
    ["ok.aip", "denies.aip", "missing.aip", "empty.aip", "syntax.aip", "type.aip", "ok.aipb", "damaged.aipb"];

/// The input, and the exit code with each policy.
const TABLE: [(&str, [i32; 8]); 10] = [
    // input               ok denies missing empty syntax type aipb damaged
    ("good.yaml", [0, 1, 3, 3, 3, 3, 0, 3]),
    ("denied.yaml", [1, 1, 3, 3, 3, 3, 1, 3]),
    ("empty.yaml", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("missing.yaml", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("not-yaml.yaml", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("duplicate.yaml", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("invalid.yaml", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("folder-without", [3, 3, 3, 3, 3, 3, 3, 3]),
    ("folder-with", [1, 1, 3, 3, 3, 3, 1, 3]),
    ("folder-with-broken", [3, 3, 3, 3, 3, 3, 3, 3]),
];

const FORMATS: [&[&str]; 3] =
    [&["--format", "text"], &["--format", "json"], &["--format", "text", "--format", "json=report.json"]];

#[test]
fn the_exit_code_is_that_of_the_table_in_every_format() {
    let sandbox = states();
    let mut surprises = Vec::new();
    for (input, codes) in TABLE {
        for (policy, expected) in POLICIES.iter().zip(codes) {
            for format in FORMATS {
                let mut arguments = vec!["run", "-p", policy, input];
                arguments.extend(format);
                let ended = sandbox.run_with(&arguments, "");
                if ended.code != Some(expected) {
                    let call = arguments.join(" ");
                    surprises.push(format!(
                        "aipc {call}: {:?}, expected {expected}\n{}",
                        ended.code, ended.stderr
                    ));
                }
                let json = match format {
                    [_, "json"] => ended.stdout,
                    [_, "text"] => continue,
                    _ => sandbox.read("report.json"),
                };
                let report: serde_json::Value = serde_json::from_str(&json).unwrap_or_else(|error| {
                    panic!("the report of {policy} on {input} is JSON: {error}\n{json}")
                });
                assert_eq!(report["summary"]["exitCode"], expected, "{policy} on {input}");
                assert_eq!(report["version"], 1);
            }
        }
    }
    assert!(surprises.is_empty(), "{} surprises\n{}", surprises.len(), surprises.join("\n"));
}

/// Flags and forms of input beside the table.
const CALLS: [(&str, i32); 37] = [
    // A flag accepts what would be a finding.
    ("run -p ok.aip duplicate.yaml --duplicate-keys=last", 0),
    // Strictness: rules that matched nothing, kinds that nobody knows.
    ("run -p ok.aip namespace.yaml", 0),
    ("run -p ok.aip namespace.yaml --strict", 3),
    ("run -p ok.aip good.yaml unknown-kind.yaml", 0),
    ("run -p ok.aip good.yaml unknown-kind.yaml --strict", 3),
    // Fields that no schema knows.
    ("run -p ok.aip misspelt.yaml", 0),
    ("run -p ok.aip misspelt.yaml --strict", 3),
    ("run ok.aipb misspelt.yaml --strict", 3),
    // Rules that ask for what is not known: nothing was checked, unless another rule came to a verdict.
    ("run -p asks-user.aip good.yaml", 3),
    ("run -p asks-user.aip good.yaml --user ann", 0),
    ("run -p asks-user.aip namespace.yaml", 0),
    ("run -p asks-user.aip -p ok.aip good.yaml", 0),
    ("run -p asks-user.aip -p ok.aip denied.yaml", 1),
    ("run -p asks-user.aip -p ok.aip good.yaml --strict", 3),
    ("run -p asks-user.aip -p ok.aip namespace.yaml good.yaml", 0),
    ("run -p asks-user.aip -p elsewhere.aip good.yaml", 3),
    // Audit rules deny unless they are to warn.
    ("run -p audit.aip denied.yaml", 1),
    ("run -p audit.aip denied.yaml --audit-warn", 0),
    // Without -p, files are told apart by what they are.
    ("run ok.aip good.yaml", 0),
    ("run ok.aip denied.yaml", 1),
    ("run ok.aipb denied.yaml", 1),
    ("run kyverno.yaml good.yaml", 3),
    ("run -p kyverno.yaml good.yaml", 3),
    // With -p, a file of policies is a manifest like others, and an .aip is none.
    ("run -p ok.aip good.yaml kyverno.yaml", 0),
    ("run -p ok.aip ok.aip good.yaml", 3),
    // Nothing to check.
    ("run good.yaml", 3),
    ("run ok.aip", 3),
    // Usage.
    ("run", 2),
    ("run -p ok.aip good.yaml --format xml", 2),
    ("run -p ok.aip good.yaml --format json --format json", 2),
    ("run -p ok.aip good.yaml --now yesterday", 2),
    ("frobnicate", 2),
    ("check --frobnicate", 2),
    ("check ok.aip", 0),
    ("check ok.aip type.aip", 3),
    ("check missing.aip", 3),
    ("test ok.aip", 3),
];

#[test]
fn flags_change_the_code_as_documented() {
    let sandbox = states();
    for (call, expected) in CALLS {
        let ended = sandbox.run(call);
        assert_eq!(ended.code, Some(expected), "aipc {call}\n{}{}", ended.stdout, ended.stderr);
    }
}

/// Every state that the tables name.
fn states() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("ok.aip", HOST_NETWORK);
    sandbox.write("denies.aip", EVERYTHING);
    sandbox.write("audit.aip", "policy hosts {\n  action audit\n  deny pod if spec.hostNetwork\n}\n");
    sandbox.write("asks-user.aip", "deny Pod only if user.name == \"bob\"\n");
    sandbox.write("elsewhere.aip", "deny Pod only where metadata.name == \"other\" if spec.hostPID\n");
    sandbox.write("empty.aip", "");
    sandbox.write("syntax.aip", "deny pod fi spec.hostNetwork\n");
    sandbox.write("type.aip", "deny pod if spec.hostNetwrok\n");
    sandbox.write("good.yaml", GOOD);
    sandbox.write("denied.yaml", DENIED);
    sandbox.write("misspelt.yaml", GOOD.replace("spec: {", "spec: {securityContex: {}, "));
    sandbox.write("empty.yaml", "# nothing\n");
    sandbox.write("not-yaml.yaml", "a: [b\n");
    sandbox.write("duplicate.yaml", DUPLICATE);
    sandbox.write("invalid.yaml", INVALID);
    sandbox.write("folder-without/readme.md", "none");
    sandbox.write("folder-with/a/good.yaml", GOOD);
    sandbox.write("folder-with/b/denied.yaml", DENIED);
    sandbox.write("folder-with-broken/denied.yaml", DENIED);
    sandbox.write("folder-with-broken/not-yaml.yaml", "a: [b\n");
    sandbox.write("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n");
    sandbox.write("unknown-kind.yaml", "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\n");
    sandbox.write(
        "kyverno.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec: {}\n",
    );
    let built = sandbox.run("build --target bytecode -o ok.aipb ok.aip");
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    let mut bytes = std::fs::read(sandbox.root.join("ok.aipb")).expect("it was built");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    sandbox.write("damaged.aipb", bytes);
    sandbox
}
