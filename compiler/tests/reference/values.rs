//! The examples of functions and operators: each expression has the value that stands beside it.

use aipc_compiler::formats::bytecode;
use aipc_compiler::source::{NoFiles, Sources};
use aipc_compiler::vocabulary::{functions::FUNCTIONS, operators::OPERATORS};
use aipc_runtime::document::{ReadOptions, read};
use aipc_runtime::machine::{Environment, Evaluator, Limits, Resource, Verdict};
use aipc_runtime::value::Time;

#[test]
fn examples_of_functions_have_their_values() {
    holds(FUNCTIONS.iter().map(|it| it.example).filter(|it| !it.0.is_empty()));
}

#[test]
fn examples_of_operators_have_their_values() {
    holds(OPERATORS.iter().map(|it| it.example).filter(|it| !it.0.is_empty()));
}

/// A rule that denies whatever fails to have the value, and then one that denies whatever has it: neither a
/// missing value nor an error can look like a right one.
fn holds(examples: impl Iterator<Item = (&'static str, &'static str)>) {
    let wrong: Vec<String> = examples
        .filter_map(|(expression, value)| {
            let equal = format!("deny ConfigMap if ({expression}) == ({value})");
            match verdict(&equal) {
                Ok(Verdict::Fail) => None,
                Ok(other) => Some(format!("{equal}: {other:?}")),
                Err(problem) => Some(format!("{equal}: {problem}")),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verdict(policy: &str) -> Result<Verdict, String> {
    let mut sources = Sources::default();
    let file = sources.add("example.aip", policy);
    let analysis = aipc_compiler::analysis::analyze(&mut sources, file, &NoFiles, &mut Default::default());
    if analysis.has_errors() {
        let said: Vec<&str> = analysis.diagnostics.iter().map(|it| it.message.as_str()).collect();
        return Err(said.join("; "));
    }
    let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
    if let Some(refused) = refused.first() {
        return Err(refused.message.clone());
    }
    let program = bytecode::emit(&set, &sources).map_err(|it| format!("{it:?}"))?;
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n}\n";
    let read = read("c.yaml", yaml.as_bytes(), &ReadOptions::default());
    let now = Time::parse("2026-01-31T12:00:00Z").ok_or("no time")?;
    let decision = Evaluator::new(&program).evaluate(
        Resource::of(&read.documents[0]),
        &Environment::new(now),
        Limits::default(),
    );
    let verdict = decision.verdicts.into_iter().next().ok_or("no verdict")?;
    Ok(verdict.verdict)
}
