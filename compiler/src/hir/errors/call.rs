//! The wording of what is wrong with calls: functions, their arguments, signers.

use super::did_you_mean;
use crate::diagnostic::{Code, Diagnostic};
use crate::hir::{Expr, Ty};
use crate::kubernetes::Cluster;
use crate::source::Span;
use crate::syntax::ast;
use crate::vocabulary::functions::Kind;

pub fn unknown_function(name: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    did_you_mean(
        Diagnostic::new(Code::UnknownFunction, span, format!("there is no function `{name}`")),
        span,
        suggestion,
    )
}

pub fn not_a_function(span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownFunction, span, "only functions can be called, by their name")
}

/// A call as other languages have it.
pub fn foreign_call(callee: Span, call: Span, name: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(Code::UnknownFunction, callee, format!("there is no function `{name}`"))
        .at(format!("write `{meant}`"))
        .safe_fix(format!("write `{meant}`"), call, meant)
}

pub fn unknown_parameter(of: &str, word: &ast::Name, suggestion: Option<&str>) -> Diagnostic {
    let message = format!("`{of}` has no parameter `{}`", word.text);
    did_you_mean(Diagnostic::new(Code::WrongArguments, word.span, message), word.span, suggestion)
}

pub fn too_many_arguments(of: &str, parameters: &[&str], span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, format!("`{of}` takes {}", list_of(parameters)))
}

pub fn missing_argument(of: &str, parameter: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, format!("`{of}` needs a value for `{parameter}`"))
}

pub fn kind_without_namespace(kind: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, format!("a {kind} is in no namespace")).help("leave `in` out")
}

pub fn computed_url(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, "the policy has to say itself whom it asks")
        .help("begin the URL with scheme, host and a slash: `\"https://host/…{…}\"`")
}

pub fn computed_kind(of: &str, span: Span) -> Diagnostic {
    let message = format!("`{of}` cannot know which kinds this text may name");
    Diagnostic::new(Code::WrongArguments, span, message)
        .help("name the kind, or its group and version at least: `\"apps/v1/{…}\"`")
}

fn list_of(parameters: &[&str]) -> String {
    match parameters {
        [] => "no arguments".into(),
        [one] => format!("one argument: {one}"),
        many => format!("at most {} arguments: {}", many.len(), many.join(", ")),
    }
}

pub fn wrong_argument(cluster: &Cluster, of: &str, kind: Kind, value: &Expr) -> Diagnostic {
    let wanted = match kind {
        Kind::Text => "text",
        Kind::Number => "a number",
        Kind::Int => "a whole number",
        Kind::Scalar => "one value",
        Kind::List => "a list",
        Kind::Countable => "a list, a map or text",
        Kind::Map => "a map",
        Kind::Regex => "a constant regular expression",
        Kind::Any => "a value",
    };
    let message = format!("`{of}` takes {wanted} here, and this is {}", value.ty.display(cluster));
    Diagnostic::new(Code::WrongArguments, value.span, message)
}

pub fn wrong_parameter(
    cluster: &Cluster,
    of: &str,
    param: &ast::Param,
    declared: &Ty,
    value: &Expr,
) -> Diagnostic {
    let message = format!(
        "`{}` of `{of}` is {}, and this is {}",
        param.name.text,
        declared.display(cluster),
        value.ty.display(cluster)
    );
    Diagnostic::new(Code::WrongArguments, value.span, message).also(param.span, "declared here")
}

pub fn body_does_not_fit(name: &str, span: Span, declaration: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, format!("`{name}` does not work with these arguments"))
        .also(declaration, "its body asks for what they do not have")
}

pub fn parameter_not_constant(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsConstant, span, "a parameter of a policy is a constant")
}

pub fn not_constant(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsConstant, span, "a constant is wanted here")
}

pub fn not_signers(cluster: &Cluster, value: &Expr) -> Diagnostic {
    let message = format!("signers are wanted here, and this is {}", value.ty.display(cluster));
    Diagnostic::new(Code::WrongArguments, value.span, message)
        .help("write `key(…)`, `keyless(…)`, `2 of [a, b, c]`, …")
}

pub fn no_attestor(fault: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, fault)
}

pub fn neither_images_nor_manifest(subject: &str, span: Span) -> Diagnostic {
    let message = format!("images or whole objects are verified, and `{subject}` is neither");
    Diagnostic::new(Code::VerbClause, span, message)
        .help("name the elements that have an image, such as `container`, or the kind of the objects")
}

pub fn ignoring_of_images(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VerbClause,
        span,
        "`ignoring` is about the fields of a whole object, and this is about images",
    )
    .help("leave it out")
}

pub fn attested_manifest(span: Span) -> Diagnostic {
    Diagnostic::new(Code::VerbClause, span, "attestations are about images, and this is about whole objects")
        .help("write `signed by …`, or name elements that have an image")
}

pub fn nothing_verified(span: Span) -> Diagnostic {
    Diagnostic::new(Code::VerbClause, span, "nothing says who has to have signed")
        .help("add `signed by …`, or `attested … by …`")
}

pub fn impossible_count(count: i64, of: usize, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongArguments, span, format!("{count} of {of} signers cannot be asked for"))
}
