//! `aipc`, the command line: arguments, files and exit codes around the compiler and the runtime.
//!
//! ```text
//!   arguments ─▶ commands/<name> ─▶ files, project ─▶ compiler, runtime ─▶ report ─▶ console
//!                                                                            └─▶ Outcome ─▶ exit code
//! ```
//! Nothing here decides what a policy means. Every command gives back one [`Outcome`]; only `main` turns it
//! into the code of the process, so that no command can leave with half of its output written.

mod arguments;
mod commands;
mod console;
mod fault;
mod report;

use std::process::ExitCode;

use aipc_project::outcome::Outcome;
use arguments::Arguments;
use clap::Parser;
use console::Console;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(it) => it,
        Err(error) => {
            // clap says what is wrong and how to call; `--help` and `--version` come this way too.
            let outcome = if error.use_stderr() { Outcome::Usage } else { Outcome::Clean };
            return match error.print() {
                Ok(()) => outcome.into(),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => outcome.into(),
                Err(_) => outcome.and(Outcome::Incomplete).into(),
            };
        }
    };
    let console = Console::new(arguments.global.color, arguments.global.verbose, arguments.global.quiet);
    fault::report_panics();
    fault::contain(move || {
        let outcome = commands::dispatch(&arguments.command, &console);
        outcome.and(console.finish())
    })
    .into()
}
