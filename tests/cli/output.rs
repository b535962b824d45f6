//! What output never does: disturb a terminal, tell secrets, leave half a file, die of a closed pipe.

use std::io::Read;
use std::process::Stdio;

use super::sandbox::Sandbox;

const POLICY: &str = "\
policy names {
  deny resource if metadata.name ~ \"bad*\"
    message \"{metadata.name} is a bad name\"
}
";

#[test]
fn text_of_manifests_forges_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("p.aip", POLICY);
    let name = r#""bad\n  PASS names/deny-resource\u001b[2J\u202e\r\u0007\u0085""#;
    sandbox.write("m.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"));
    for format in ["text", "json"] {
        let ended = sandbox.run(&format!("run -v -p p.aip m.yaml --format {format}"));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!all.lines().any(|it| it.trim_start().starts_with("PASS")), "{all}");
        let bad = |ch: char| ch.is_control() && ch != '\n' || ch == '\u{202e}';
        assert!(!all.contains(bad), "{all:?}");
        assert!(all.contains("bad\\n"), "{all}");
    }
}

/// Files from Windows: that all lines end otherwise is said once, and only what else changes is shown.
#[test]
fn a_diff_shows_no_line_that_only_ends_otherwise() {
    let sandbox = Sandbox::new();
    sandbox.write("a.aip", "deny pod if spec.hostNetwork\r\n");
    let ended = sandbox.run("fmt --diff a.aip");
    assert_eq!(ended.stdout, "a.aip: lines end in CRLF, and would end in LF\n");
    sandbox.write("a.aip", "// why\r\ndeny   pod if spec.hostNetwork\r\n");
    let shown = sandbox.run("fmt --diff a.aip").stdout;
    assert!(
        shown.contains("\n-deny   pod") && shown.contains("\n+deny pod") && !shown.contains("\n-// why"),
        "{shown}"
    );
}

#[test]
fn a_project_is_called_as_its_folder() {
    let sandbox = Sandbox::new();
    sandbox.run("init guard");
    assert!(sandbox.read("guard/aip.toml").contains("name = \"guard\""));
}

#[test]
fn values_of_secrets_are_not_told() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "p.aip",
        "deny Secret if stringData.password ~ \"hunter*\"\n  message \"the password is {stringData.password}\"\n",
    );
    sandbox.write(
        "m.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: hunter2222\n",
    );
    for format in ["text", "json"] {
        let hidden = sandbox.run(&format!("run -p p.aip m.yaml --format {format}"));
        assert_eq!(hidden.code, Some(1), "{}", hidden.stderr);
        assert!(!hidden.stdout.contains("hunter2222"), "{}", hidden.stdout);
        assert!(hidden.stdout.contains("***"), "{}", hidden.stdout);
        let shown = sandbox.run(&format!("run -p p.aip m.yaml --show-values --format {format}"));
        assert!(shown.stdout.contains("hunter2222"), "{}", shown.stdout);
    }
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    sandbox.write("p.aip", POLICY);
    sandbox.write("m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n");
    assert!(!sandbox.run("run -p p.aip m.yaml").stdout.contains('\x1b'));
    assert!(sandbox.run("run -p p.aip m.yaml --color always").stdout.contains('\x1b'));
    assert!(!sandbox.run("run -p p.aip m.yaml --color never").stdout.contains('\x1b'));
}

#[test]
fn building_leaves_nothing_beside_its_files() {
    let sandbox = Sandbox::new();
    sandbox.write("p.aip", POLICY);
    let built = sandbox.run("build --target all -o out p.aip");
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    let files = ["out/kyverno-legacy/names.yaml", "out/kyverno/names.yaml", "out/policies.aipb", "p.aip"];
    assert_eq!(sandbox.files(), files);
    let first: Vec<Vec<u8>> = files.iter().map(|it| std::fs::read(sandbox.root.join(it)).unwrap()).collect();
    assert_eq!(sandbox.run("build --target all -o out --check p.aip").code, Some(0));
    assert_eq!(sandbox.run("build --target all -o out p.aip").code, Some(0));
    let second: Vec<Vec<u8>> = files.iter().map(|it| std::fs::read(sandbox.root.join(it)).unwrap()).collect();
    assert!(first == second, "building twice gives the same bytes");
    sandbox.write("out/kyverno-legacy/names.yaml", "changed");
    assert_eq!(sandbox.run("build --target all -o out --check p.aip").code, Some(1));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::new();
    sandbox.write("p.aip", POLICY);
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n---\n";
    sandbox.write("m.yaml", object.repeat(5000));
    let mut child = sandbox
        .command()
        .args(["run", "-p", "p.aip", "m.yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "the verdict stays: {stderr}");
    assert_eq!(stderr, "");
}

#[test]
fn no_file_is_loaded_from_outside_the_project() {
    let sandbox = Sandbox::new();
    sandbox.write("secret.aip", "let x = 1\n");
    sandbox.write("project/aip.toml", "");
    sandbox.write("project/p.aip", "use \"../secret\" as s\ndeny pod if spec.hostNetwork\n");
    let ended = sandbox.run("check project");
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("outside the project"), "{}", ended.stderr);
}
