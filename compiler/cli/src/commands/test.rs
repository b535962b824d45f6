//! `aipc test`: the `test` blocks of policies. Each file is tested by its own policies alone.

use std::path::PathBuf;

use aipc_compiler::source::Span;

use crate::arguments::Test;
use crate::console::Console;
use aipc_project::compile::Compilation;
use aipc_project::files::read;
use aipc_project::kyverno_test;
use aipc_project::outcome::Outcome;
use aipc_project::report::count;
use aipc_project::report::escape::visible;
use aipc_project::test::{Failure, failures, program_of};

pub fn test(arguments: &Test, console: &Console) -> Outcome {
    let mut compilation = Compilation::default();
    let of_kyverno = kyverno_test::discover(&arguments.inputs);
    // A folder may have tests of Kyverno's policies alone.
    let found = match of_kyverno.is_empty() {
        true => compilation.discover(&arguments.inputs),
        false => aipc_project::files::discover::discover(&policy_inputs(&arguments.inputs), &["aip"]),
    };
    compilation.add_all(&found.files);
    let policies = compilation.lower();
    compilation.program(&policies);
    super::show_problems(&compilation, console);
    let mut outcome = if compilation.has_errors() { Outcome::Incomplete } else { Outcome::Clean };

    let wanted = |title: &str| arguments.filter.as_ref().is_none_or(|it| title.contains(it.as_str()));
    let (mut passed, mut failed) = (0, 0);
    for file in &compilation.files {
        if !file.analysis.module.tests.iter().any(|it| wanted(&it.title)) {
            continue;
        }
        let Some(program) = program_of(&file.analysis, &compilation.sources) else {
            outcome = outcome.and(Outcome::Incomplete);
            continue;
        };
        for test in file.analysis.module.tests.iter().filter(|it| wanted(&it.title)) {
            let failures = failures(test, &program);
            let place = place(test.span, &compilation);
            let style = console.out_style;
            if failures.is_empty() {
                passed += 1;
                if console.verbose {
                    console.out(&format!("{} {}  {place}\n", style.good("ok    "), visible(&test.title)));
                }
            } else {
                failed += 1;
                console.out(&format!("{} {}  {place}\n", style.error("FAILED"), visible(&test.title)));
                for failure in &failures {
                    console.out(&shown(failure, &compilation, console));
                }
            }
        }
    }

    for path in &of_kyverno {
        let ran = match kyverno_test::read(path) {
            Ok(test) if !wanted(&test.title) => continue,
            Ok(test) => kyverno_test::run(&test, arguments.kyverno_compatible),
            Err(findings) => kyverno_test::Ran { findings, ..Default::default() },
        };
        for finding in &ran.findings {
            console.finding(finding);
            outcome = outcome.and(Outcome::Incomplete);
        }
        for row in &ran.rows {
            let place = format!("{}:{}:{}", read::name(path), row.position.line, row.position.column);
            let style = console.out_style;
            match &row.failure {
                None => {
                    passed += 1;
                    if console.verbose {
                        console.out(&format!(
                            "{} {}  {}\n",
                            style.good("ok    "),
                            visible(&row.what),
                            visible(&place)
                        ));
                    }
                }
                Some(actual) => {
                    failed += 1;
                    console.out(&format!("{} {}\n", style.error("FAILED"), visible(&row.what)));
                    console.out(&format!("  {}\n", style.gutter(&visible(&place))));
                    console.out(&format!("    expected: {}\n", row.expected));
                    console.out(&format!("    actual:   {}\n", visible(actual)));
                }
            }
        }
    }

    if failed > 0 {
        outcome = outcome.and(Outcome::Denied);
    }
    if passed + failed == 0 && outcome == Outcome::Clean {
        console.error(match &arguments.filter {
            Some(_) => "no test has a title with this text",
            None => "there is nothing to test: the policies have no `test` blocks",
        });
        return Outcome::Incomplete;
    }
    let word = match outcome {
        Outcome::Clean => console.out_style.good("clean"),
        Outcome::Denied => console.out_style.error("failed"),
        Outcome::Incomplete | Outcome::Usage | Outcome::Fault => console.out_style.error("incomplete"),
    };
    console.out(&format!("{word}: {}, {failed} failed\n", count(passed, "test passed", "tests passed")));
    outcome
}

/// The inputs without the files of Kyverno's tests.
fn policy_inputs(inputs: &[PathBuf]) -> Vec<PathBuf> {
    let is_other = |path: &&PathBuf| path.file_name().is_none_or(|name| name != kyverno_test::FILE_NAME);
    inputs.iter().filter(is_other).cloned().collect()
}

fn shown(failure: &Failure, compilation: &Compilation, console: &Console) -> String {
    let style = console.out_style;
    let mut out = format!("  {}\n", style.gutter(&place(failure.span, compilation)));
    let source = compilation.sources.get(failure.span.file);
    let (line, _) = source.line_column(failure.span.start);
    let start = source.line_starts()[line as usize - 1] as usize;
    let text = source.text.get(start..).unwrap_or("").lines().next().unwrap_or("");
    out.push_str(&format!("  {} {} {}\n", style.gutter(&line.to_string()), style.gutter("|"), visible(text)));
    out.push_str(&format!("    expected: {}\n", visible(&failure.expected)));
    for (index, actual) in failure.actual.iter().enumerate() {
        let word = if index == 0 { "actual:  " } else { "         " };
        out.push_str(&format!("    {word} {}\n", visible(actual)));
    }
    out
}

fn place(span: Span, compilation: &Compilation) -> String {
    let source = compilation.sources.get(span.file);
    let (line, column) = source.line_column(span.start);
    format!("{}:{line}:{column}", visible(&source.name))
}
