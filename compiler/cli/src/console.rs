//! The two streams of the command: results to stdout, everything said about the work to stderr.
//!
//! A reader that closes the pipe ends our writing quietly; any other failure to write makes the run
//! incomplete, since its results did not arrive.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::AutoStream;
use clap::ValueEnum;

use aipc_project::outcome::Outcome;
use aipc_project::report::{Finding, Level};

use crate::report::text;

/// `--color`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

pub struct Console {
    stdout: RefCell<AutoStream<io::Stdout>>,
    stderr: RefCell<AutoStream<io::Stderr>>,
    /// Whether text for stdout carries colour.
    pub out_style: Style,
    /// Whether text for stderr carries colour.
    pub err_style: Style,
    pub verbose: bool,
    quiet: bool,
    /// The pipe behind stdout was closed: nobody reads on.
    closed: Cell<bool>,
    failed: Cell<bool>,
}

impl Console {
    pub fn new(color: ColorChoice, verbose: bool, quiet: bool) -> Console {
        let out_style = Style { color: is_colored(color, io::stdout().is_terminal()) };
        let err_style = Style { color: is_colored(color, io::stderr().is_terminal()) };
        Console {
            stdout: RefCell::new(AutoStream::new(io::stdout(), out_style.for_stream())),
            stderr: RefCell::new(AutoStream::new(io::stderr(), err_style.for_stream())),
            out_style,
            err_style,
            verbose,
            quiet,
            closed: Cell::new(false),
            failed: Cell::new(false),
        }
    }

    /// Writes results.
    pub fn out(&self, text: &str) {
        self.out_bytes(text.as_bytes());
    }

    /// Writes results that are not text.
    pub fn out_bytes(&self, bytes: &[u8]) {
        if self.closed.get() {
            return;
        }
        let written = self.stdout.borrow_mut().write_all(bytes);
        self.note(written);
    }

    /// Writes a diagnostic or an error.
    pub fn err(&self, text: &str) {
        // Where stderr cannot be written to, nothing remains to say so on.
        let _ = self.stderr.borrow_mut().write_all(text.as_bytes());
    }

    /// A finding of a run; warnings and notes are silent with `--quiet`.
    pub fn finding(&self, finding: &Finding) {
        if finding.level == Level::Error || !self.quiet {
            self.err(&text::finding(finding, self.err_style));
        }
    }

    /// `error: …` on a line.
    pub fn error(&self, text: &str) {
        self.err(&format!("{}: {text}\n", self.err_style.error("error")));
    }

    fn note(&self, written: io::Result<()>) {
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed.set(true),
            Err(error) => {
                self.closed.set(true);
                self.failed.set(true);
                self.error(&format!("results could not be written: {error}"));
            }
        }
    }

    /// A line that a person wants to know and a machine does not; silent with `--quiet`.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.err(&format!("{text}\n"));
        }
    }

    /// Flushes; incomplete if results got lost.
    pub fn finish(&self) -> Outcome {
        let flushed = self.stdout.borrow_mut().flush();
        self.note(flushed);
        if self.failed.get() { Outcome::Incomplete } else { Outcome::Clean }
    }
}

fn is_colored(choice: ColorChoice, is_terminal: bool) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal && !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
        }
    }
}

/// Paints words, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub color: bool,
}

impl Style {
    /// Without colour: for files.
    pub const PLAIN: Style = Style { color: false };

    pub fn error(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub fn warning(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    pub fn good(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn gutter(self, text: &str) -> String {
        self.paint("1;34", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// Colour goes through a translation where a console needs one; plain text passes as it is.
    fn for_stream(self) -> anstream::ColorChoice {
        if self.color { anstream::ColorChoice::Always } else { anstream::ColorChoice::AlwaysAnsi }
    }
}
