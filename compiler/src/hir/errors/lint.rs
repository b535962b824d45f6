//! The wording of lints: what is right, and probably not meant.

use crate::diagnostic::{Code, Diagnostic};
use crate::hir::Expr;
use crate::source::Span;
use crate::syntax::ast;

pub fn always_present(inner: &Expr, span: Span, text: &str) -> Diagnostic {
    let _ = inner;
    Diagnostic::new(Code::AlwaysTrue, span, format!("`{text}` is always there: the API server requires it"))
        .help("ask for its value instead")
}

pub fn compared_with_empty(left: &Expr, right: &Expr, text: &str, negated: bool) -> Diagnostic {
    let span = left.span.to(right.span);
    let word = if negated { format!("not empty {text}") } else { format!("empty {text}") };
    Diagnostic::new(
        Code::ComparedWithEmpty,
        span,
        format!("`{text}` may also be absent, which is not the empty text"),
    )
    .help(format!("`{word}` covers both"))
    .fix(format!("write `{word}`"), span, word)
}

/// `count(…) > 5m`
pub fn part_of_whole_number(span: Span, text: &str, in_seconds: bool) -> Diagnostic {
    let number = text.trim_end_matches(['n', 'u', 'm']);
    let diagnostic = Diagnostic::new(
        Code::UnlikelyUnit,
        span,
        format!("`{text}` is a part of one, and a whole number is compared with it"),
    )
    .at("`m` means a thousandth, `u` a millionth, `n` a billionth");
    match (in_seconds, number.parse::<i64>()) {
        (true, Ok(minutes)) if text.ends_with('m') => {
            let seconds = minutes.saturating_mul(60);
            diagnostic.help(format!("the field counts seconds: {minutes} minutes are `{seconds}`")).fix(
                format!("write `{seconds}`"),
                span,
                seconds.to_string(),
            )
        }
        _ => diagnostic.fix(format!("write `{number}`"), span, number),
    }
}

/// `resources.limits.memory > 30`
pub fn few_bytes(span: Span, text: &str) -> Diagnostic {
    let number = text.trim_end_matches(['n', 'u', 'm']);
    let diagnostic = Diagnostic::new(
        Code::UnlikelyUnit,
        span,
        format!("`{text}` of memory or storage is next to nothing"),
    );
    let diagnostic = match number == text {
        true => diagnostic.at("bytes: a number without a unit"),
        false => diagnostic.at("a part of a byte"),
    };
    diagnostic.fix(format!("write `{number}Mi`"), span, format!("{number}Mi")).fix(
        format!("write `{number}Gi`"),
        span,
        format!("{number}Gi"),
    )
}

/// `image == "nginx:*"`
pub fn compared_glob(span: Span, op: Span, glob: &str, meant: ast::BinaryOp) -> Diagnostic {
    let sign = meant.as_str();
    Diagnostic::new(Code::ComparedGlob, span, format!("`{glob}` is compared as it is written, with its `*`"))
        .also(op, "only `~` and `!~` read globs")
        .help(format!("write `{sign}` if `*` stands for any text"))
        .fix(format!("write `{sign}`"), op, sign)
}

/// `spec.containers[0]`
pub fn one_element(span: Span, text: &str, list: &str, index: Span) -> Diagnostic {
    Diagnostic::new(Code::OneElement, span, format!("`{text}` is one container, and a Pod may have several"))
        .at("the others are not looked at")
        .help("make the container the subject: `deny container if …`, `mutate container { … }`")
        .fix(format!("speak of each: write `{list}`"), index, "")
}

/// `metadata.namespace` in a rule about `pod`
pub fn template_identity(span: Span, text: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(
        Code::TemplateIdentity,
        span,
        format!("`{text}` is missing in the Pods of Deployments and other workloads"),
    )
    .at("templates have no name and no namespace")
    .help(format!("`{meant}` is that of the object"))
    .fix(format!("write `{meant}`"), span, meant)
}

pub fn changed_is_meant(span: Span, op: Span, text: &str) -> Diagnostic {
    Diagnostic::new(Code::ChangedIsMeant, span, "this is also true where both are absent")
        .also(op, "missing differs from missing")
        .help(format!("`changed {text}` compares value and presence"))
        .fix(format!("write `changed {text}`"), span, format!("changed {text}"))
}

pub fn well_known_key(key: &str, span: Span, suggestion: &str) -> Diagnostic {
    Diagnostic::new(Code::MisspeltKey, span, format!("`{key}` looks like the well-known key `{suggestion}`"))
        .help(format!("did you mean `{suggestion}`?"))
        .fix(format!("write `{suggestion}`"), span, format!("\"{suggestion}\""))
}
