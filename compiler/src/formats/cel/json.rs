//! Values that go into objects.

use super::Translator;
use super::ast::{Expr, Ty};
use crate::formats::Unsupported;
use crate::formats::literal::literal_json;
use crate::ir::{Literal, Value, ValueKind};

/// What must hold for the value to be there, and the value as JSON has it.
///
/// # Errors
/// CEL has no words for the value as text.
pub fn as_json(translator: &mut Translator, value: &Value) -> Result<(Expr, Expr), Unsupported> {
    let (there, typed) = translator.guarded(&as_written(value));
    match typed.ty {
        Ty::Quantity | Ty::Duration | Ty::Time | Ty::Semver | Ty::Ip | Ty::Cidr => {
            let reason = "CEL cannot write this value as text";
            Err(Unsupported { span: value.origin, reason })
        }
        Ty::Dyn | Ty::Bool | Ty::Int | Ty::Double | Ty::Str | Ty::List | Ty::Map => Ok((there, typed.expr)),
    }
}

/// The value with the literals as texts that JSON has no other spelling for, wherever they are not computed with.
pub(super) fn as_written(value: &Value) -> Value {
    let inner = |value: &Value| Box::new(as_written(value));
    let kind = match &value.kind {
        ValueKind::Literal(literal) => match (literal_json(literal), literal) {
            (serde_json::Value::String(text), _) => ValueKind::Literal(Literal::Text(text)),
            _ => value.kind.clone(),
        },
        ValueKind::List(items) => ValueKind::List(items.iter().map(as_written).collect()),
        ValueKind::Object(entries) => {
            ValueKind::Object(entries.iter().map(|(key, value)| (key.clone(), as_written(value))).collect())
        }
        ValueKind::If(test, then, otherwise) => ValueKind::If(test.clone(), inner(then), inner(otherwise)),
        ValueKind::Coalesce(first, second) => ValueKind::Coalesce(inner(first), inner(second)),
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}
