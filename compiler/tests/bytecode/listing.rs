//! Listings of the IR and of bytecode.

use aipc_compiler::ir;

use crate::{ir_of, program};

const POLICY: &str = r#"/// Only models that we scanned may run.
policy trusted "Trusted images" {
  severity high
  control nist-ai-rmf "MANAGE 3.1"
  action audit where namespace ~ "dev-*"
  action enforce

  rule images: deny pod if image !~ ["good.io/*", "{namespace}.io/*"]
    message "Images of {metadata.name ?? "nobody"} are not trusted."
  rule limits: require container where name != "proxy" with limit = resources.limits.memory ?? 1Gi
    that limit <= 2Gi and resources.limits.cpu in 1..4
  rule moment: deny Pod where user.name matches r"^dev-\d+$" if now - metadata.creationTimestamp > 7d
}
"#;

#[test]
fn ir_is_listed() {
    insta::assert_snapshot!(ir::print::print(&ir_of(POLICY).0));
}

#[test]
fn bytecode_is_listed() {
    insta::assert_snapshot!(program(POLICY).disassemble());
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    assert_eq!(program(POLICY).encode(), program(POLICY).encode());
}
