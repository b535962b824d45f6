//! The wording of what is wrong with `test` blocks.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast;

pub fn empty_test(title: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::EmptyTest, span, format!("the test \"{title}\" expects nothing"))
}

pub fn test_needs_kind(span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, "a test is about objects of one kind")
        .help("write the kind of the object: `Pod { … }`, `Deployment { … }`")
}

pub fn given_namespace(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, "`given namespace` names it: `given namespace { name: \"ml\" }`")
        .help("for its labels write `given Namespace { metadata: { … } }`")
}

pub fn given_answer(why: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, format!("this answers no question: {why}"))
        .help("write `given http { get: \"https://…\", answer: { … } }`")
}

pub fn one_operation(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, "an expectation is about one operation")
        .help("one of create, update, delete, connect")
}

pub fn one_document(file: &str, count: usize, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, format!("`{file}` holds {count} objects, and one is wanted here"))
}

pub fn file_of_other_kind(file: &str, is: &str, wanted: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, format!("`{file}` holds a {is}, not a {wanted}"))
}

pub fn given_now(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, "`given now` takes a date or a time")
        .help("write `given now 2026-01-31` or `given now 2026-01-31T12:00:00Z`")
}

pub fn given_time_of(name: &ast::KindRef, time: &ast::Text) -> Diagnostic {
    let name = name.name.text();
    Diagnostic::new(Code::WrongValue, time.span, format!("`given {name}` takes an object, not a time"))
        .help(format!("the moment of a test is `given now {}`", time.value))
}

pub fn second_now(span: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, "a test runs at one moment, and this is a second one")
        .help("write another test for it")
}

/// For a clause of an expectation that a clean-up cannot answer.
pub fn not_of_clean_up(verdict: ast::Verdict, clause: &str, span: Span) -> Diagnostic {
    let word = verdict.as_str();
    let message = format!("`expect {word}` is about a clean-up, which has no `{clause}`");
    Diagnostic::new(Code::VerbClause, span, message)
        .help("a clean-up looks at the object as it is, at times and without a request")
}
