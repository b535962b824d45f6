//! `aipc completions`: a script that completes commands and flags in a shell.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::console::Console;
use aipc_project::outcome::Outcome;

pub fn completions(arguments: &Completions, console: &Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "aipc", &mut script);
    console.out_bytes(&script);
    Outcome::Clean
}
