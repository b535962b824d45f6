//! What is said about a text: a code, a sentence, places, help, and fixes as data.
//!
//! The phases make diagnostics in their own `errors.rs`; `render` draws them, the editor converts them.
//! Every code is a row of [`catalog`] and has a page under `explain/`.

pub mod catalog;
pub mod explain;
pub mod render;

use crate::source::Span;
pub use catalog::Code;

/// How bad it is. The order is by weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// One finding about a source text.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// One sentence, no capital, no period; user text in backticks.
    pub message: String,
    /// The first is the primary one.
    pub labels: Vec<Label>,
    pub help: Vec<String>,
    pub fixes: Vec<Fix>,
}

/// A place and what is to be said there.
#[derive(Clone, PartialEq, Debug)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A change of the source that repairs a finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<Edit>,
    /// Whether a machine may apply it without asking: it says what the author surely meant.
    pub safe: bool,
}

/// One replacement of text; an empty span inserts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let label = Label { span, text: String::new() };
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            labels: vec![label],
            help: vec![],
            fixes: vec![],
        }
    }

    /// Words at the primary place.
    pub fn at(mut self, text: impl Into<String>) -> Diagnostic {
        self.labels[0].text = text.into();
        self
    }

    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// A fix that replaces `span` by `text`.
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Diagnostic {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit { span, text: text.into() }],
            safe: false,
        });
        self
    }

    /// As [`Diagnostic::fix`], and a machine may apply it unasked.
    pub fn safe_fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Diagnostic {
        self = self.fix(title, span, text);
        if let Some(fix) = self.fixes.last_mut() {
            fix.safe = true;
        }
        self
    }

    pub fn primary(&self) -> Span {
        self.labels[0].span
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Whether any of them forbids to go on to outputs.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
