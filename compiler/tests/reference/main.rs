//! The reference and the pages of diagnostics: their examples are checked, and what is made from tables is up to date.

mod differences;
mod examples;
mod generated;
mod library;
mod operators;
mod pages;
mod values;

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::diagnostic::{Diagnostic, has_errors};
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::kubernetes::Cluster;
use aipc_compiler::source::{NoFiles, Sources};

/// Two groups define a kind `Robot`: what the page of an ambiguous kind needs.
const DEFINITIONS: &str = include_str!("definitions.yaml");

fn options() -> Options {
    let mut cluster = Cluster::newest();
    cluster.add_crd(DEFINITIONS, "definitions.yaml").expect("the definitions are right");
    Options { cluster, ..Options::default() }
}

/// What is said of a text up to the IR, and of building it for a target.
fn check(text: &str, target: Option<Target>) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("example.aip", text);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut options());
    let mut found = analysis.diagnostics.clone();
    if !has_errors(&found) {
        let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
        found.extend(refused);
        if let Some(target) = target {
            found.extend(legalize(&set, target));
        }
    }
    (found, sources)
}
