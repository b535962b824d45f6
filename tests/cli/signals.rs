//! What signals leave behind: the usual end, and no half of a file.

use super::sandbox::Sandbox;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

/// Sends a signal to a running process, by its name.
fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("there is a `kill`").success());
}

/// A shell calls the end by signal `n` the exit code 128 + n: 130 and 143.
#[test]
fn interrupted_and_terminated_runs_end_as_usual() {
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let sandbox = Sandbox::new();
        sandbox.write("p.aip", "deny pod if spec.hostNetwork\n");
        let mut child = sandbox
            .command()
            .args(["run", "-p", "p.aip", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built with the tests");
        // It waits for the end of stdin, which does not come.
        let stdin = child.stdin.take();
        send(signal, &child);
        let ended = child.wait_with_output().expect("it ends");
        drop(stdin);
        assert_eq!(ended.status.signal(), Some(number), "{signal}");
        assert_eq!(ended.status.code(), None, "{signal}");
        assert!(ended.stdout.is_empty(), "{signal}: no report of a run that did not end");
        assert_eq!(sandbox.files(), ["p.aip"], "{signal}");
    }
}

/// Whenever a signal comes while files are written, each file holds what it held before, or all of what is new.
#[test]
fn an_interrupted_build_leaves_whole_files() {
    let sandbox = Sandbox::new();
    let rules: String = (0..300).map(|n| format!("rule r{n}: deny pod if image ~ \"bad{n}/*\"\n")).collect();
    sandbox.write("p.aip", format!("policy p {{\n{rules}}}\n"));
    assert_eq!(sandbox.run("build p.aip -o out.yaml").code, Some(0));
    let before = sandbox.read("out.yaml");
    sandbox.write("p.aip", format!("policy p {{\n{}}}\n", rules.replace("bad", "worse")));
    let whole = [before.clone(), before.replace("bad", "worse")];
    let mut interrupted = 0;
    for step in 0..40 {
        sandbox.write("out.yaml", &before);
        let mut child = sandbox
            .command()
            .args(["build", "p.aip", "-o", "out.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built with the tests");
        std::thread::sleep(std::time::Duration::from_millis(step * 5));
        if child.try_wait().expect("its state is known").is_none() {
            send("KILL", &child);
            interrupted += 1;
        }
        let _ = child.wait();
        let text = sandbox.read("out.yaml");
        assert!(whole.contains(&text), "half a file of {} bytes", text.len());
    }
    assert!(interrupted > 0, "each build ended before it could be interrupted");
}
