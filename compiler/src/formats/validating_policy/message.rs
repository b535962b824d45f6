//! What a policy says about a violation.

use crate::formats::cel::Translator;
use crate::formats::cel::ast::Expr;
use crate::ir::{self, Rule, TextPart};

pub(in crate::formats) enum Text {
    Plain(String),
    /// An expression of type string that never errs.
    Computed(Expr),
}

/// A variable with the violating elements, and what one of them is called.
pub(in crate::formats) struct Offending {
    pub(super) list: String,
    pub(super) element: String,
}

/// Whether the message speaks of one of the elements.
pub(super) fn names(message: &ir::Message, elements: &ir::Elements) -> bool {
    message.parts.iter().any(|part| match part {
        TextPart::Value(value) => elements.are_read_by(value),
        TextPart::Text(_) => false,
    })
}

/// The message. Missing values read as empty text; of elements, all that violate are named.
pub(in crate::formats) fn of(
    rule: &Rule,
    translator: &mut Translator,
    offending: Option<&Offending>,
) -> Text {
    if let Some(text) = rule.message.as_text() {
        return Text::Plain(text);
    }
    let pieces = rule
        .message
        .parts
        .iter()
        .map(|part| match part {
            TextPart::Text(text) => Expr::str(text.as_str()),
            TextPart::Value(value) => {
                match (rule.check().and_then(|check| check.elements.as_ref()), offending) {
                    (Some(elements), Some(offending)) if elements.are_read_by(value) => {
                        let (there, text) = translator.message_text(value);
                        let bodies = match there {
                            Expr::Bool(true) => vec![text],
                            there => vec![there, text],
                        };
                        let list = Expr::Name(format!("variables.{}", offending.list));
                        let element = std::slice::from_ref(&offending.element);
                        Expr::macro_of(list, "map", element, bodies)
                            .method("distinct", vec![])
                            .method("join", vec![Expr::str(", ")])
                    }
                    _ => translator.text_or_empty(value),
                }
            }
        })
        .collect();
    let text = translator.concatenation(pieces);
    Text::Computed(if is_dynamic(&text) { Expr::call("string", text) } else { text })
}

/// Whether only the run tells the type: the API server takes nothing but what is text by its form.
fn is_dynamic(text: &Expr) -> bool {
    match text {
        Expr::Direct(_) | Expr::Or(..) | Expr::Name(_) | Expr::Index(..) => true,
        Expr::If(_, then, otherwise) => is_dynamic(then) || is_dynamic(otherwise),
        _ => false,
    }
}
