//! The commands, one file each. A command takes its arguments and the console, and gives back how it ended.

mod build;
mod check;
mod completions;
mod dump;
mod explain;
mod fmt;
mod init;
mod lsp;
mod run;
mod test;

use aipc_compiler::diagnostic::render::{RenderOptions, render};

use crate::arguments::Command;
use crate::console::Console;
use aipc_project::compile::Compilation;
use aipc_project::outcome::Outcome;

/// Runs a command.
pub fn dispatch(command: &Command, console: &Console) -> Outcome {
    match command {
        Command::Init(it) => init::init(it, console),
        Command::Check(it) => check::check(it, console),
        Command::Build(it) => build::build(it, console),
        Command::Run(it) => run::run(it, console),
        Command::Test(it) => test::test(it, console),
        Command::Fmt(it) => fmt::fmt(it, console),
        Command::Explain(it) => explain::explain(it, console),
        Command::Dump(it) => dump::dump(it, console),
        Command::Lsp => lsp::lsp(console),
        Command::Completions(it) => completions::completions(it, console),
    }
}

/// Draws all diagnostics, and says what is wrong with files.
fn show_problems(compilation: &Compilation, console: &Console) {
    show_diagnostics(compilation, console);
    for finding in &compilation.findings {
        console.finding(finding);
    }
}

fn show_diagnostics(compilation: &Compilation, console: &Console) {
    if !compilation.diagnostics.is_empty() {
        let options = RenderOptions { color: console.err_style.color };
        console.err(&render(&compilation.diagnostics, &compilation.sources, options));
    }
}
