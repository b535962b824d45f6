//! Policies as bytecode: verdicts, causes, listings, damaged files, and the machine against a reference
//! evaluator.

mod causes;
mod damage;
mod listing;
mod random;
mod reference;
mod verdicts;

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::formats::bytecode;
use aipc_compiler::ir;
use aipc_compiler::source::{NoFiles, Sources};
use aipc_runtime::document::{Document, ReadOptions, read};
use aipc_runtime::machine::{Decision, Environment, Evaluator, Limits, Resource};
use aipc_runtime::program::Program;
use aipc_runtime::value::Time;
use std::sync::Arc;

/// The IR of a source without errors.
fn ir_of(source: &str) -> (ir::PolicySet, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    assert!(!analysis.has_errors(), "{source}: {:#?}", analysis.diagnostics);
    let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
    assert!(refused.is_empty(), "{source}: {refused:#?}");
    assert_eq!(ir::verify::verify(&set), Vec::<String>::new(), "{source}");
    (set, sources)
}

/// The program of a source, after a trip through the file format.
fn program(source: &str) -> Program {
    let (set, sources) = ir_of(source);
    let program = bytecode::emit(&set, &sources).unwrap_or_else(|refused| panic!("{source}: {refused:#?}"));
    let read = Program::decode(&program.encode()).unwrap();
    assert_eq!(read.parts(), program.parts());
    read
}

fn document(yaml: &str) -> Arc<Document> {
    let file = read("manifest.yaml", yaml.as_bytes(), &ReadOptions::default());
    assert!(!file.has_errors(), "{:#?}", file.findings);
    file.documents[0].clone()
}

fn noon() -> Time {
    Time::parse("2026-01-31T12:00:00Z").unwrap()
}

/// The decision on a creation of which nothing is known.
fn decide(program: &Program, yaml: &str) -> Decision {
    let document = document(yaml);
    Evaluator::new(program).evaluate(Resource::of(&document), &Environment::new(noon()), Limits::default())
}
