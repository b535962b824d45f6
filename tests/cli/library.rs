//! The library from outside: its own tests, as its users run them.

use super::sandbox::Sandbox;
use aipc_compiler::stdlib;

#[test]
fn tests_of_the_library_pass() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stdlib");
    let ended = Sandbox::new().run_with(&["test", library], "");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let texts = stdlib::names().filter_map(stdlib::find);
    let blocks = texts.flat_map(str::lines).filter(|line| line.starts_with("test \"")).count();
    assert!(blocks > 0 && ended.stdout.contains(&format!("{blocks} tests passed")), "{}", ended.stdout);
}
