//! The `test` blocks of a file, run as `aipc test` runs them, on the text that is open.

use std::ops::Range;

use aipc_project::test::{failures, program_of};

use super::range;
use crate::workspace::PolicyFile;

/// What came of the tests of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestRun {
    /// Why none could run, a sentence each: mistakes of the file.
    pub problems: Vec<String>,
    pub tests: Vec<TestResult>,
}

/// One test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestResult {
    pub title: String,
    /// Of the test.
    pub range: Range<usize>,
    /// The expectations that did not come true.
    pub failures: Vec<TestFailure>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestFailure {
    /// Of the expectation.
    pub range: Range<usize>,
    pub expected: String,
    pub actual: Vec<String>,
}

/// Runs the tests of a file: those with a title, or all.
pub fn run(file: &PolicyFile, title: Option<&str>) -> TestRun {
    let mut run = TestRun::default();
    let Some(program) = program_of(&file.analysis, &file.sources) else {
        let errors = file.analysis.diagnostics.iter().filter(|it| it.is_error());
        run.problems.extend(errors.map(|it| format!("{}: {}", it.code.as_str(), it.message)));
        return run;
    };
    for test in file.analysis.module.tests.iter().filter(|it| title.is_none_or(|title| it.title == title)) {
        let failed = failures(test, &program).into_iter();
        let failed =
            failed.map(|it| TestFailure { range: range(it.span), expected: it.expected, actual: it.actual });
        run.tests.push(TestResult {
            title: test.title.clone(),
            range: range(test.span),
            failures: failed.collect(),
        });
    }
    run
}
