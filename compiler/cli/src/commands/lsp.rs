//! `aipc lsp`: an editor at the other end of stdin and stdout.

use aipc_project::outcome::Outcome;

use crate::console::Console;

pub fn lsp(console: &Console) -> Outcome {
    match aipc_lsp::serve() {
        Ok(true) => Outcome::Clean,
        // The protocol: exit without goodbye is code 1.
        Ok(false) => Outcome::Denied,
        Err(why) => {
            console.error(&format!("the language server cannot start: {why}"));
            Outcome::Incomplete
        }
    }
}
