//! Questions to the cluster, to services and to registries.

use super::place::Ctx;
use super::{Lowered, Refusal};
use crate::hir::{self, LookupKind};
use crate::ir::{self, Comparison, Cond, CondKind, Domain, KindRef, Literal, Lookup, Type, Value, ValueKind};
use crate::source::Span;

impl Ctx {
    /// A question as a value. One about a kind whose name is computed asks for the one kind that the name is, and
    /// for nothing where it is none of them.
    pub(super) fn lookup(&mut self, lookup: &hir::Lookup, ty: Type, span: Span) -> Lowered<Value> {
        let arguments: Lowered<Vec<Option<Value>>> = lookup
            .arguments
            .iter()
            .map(|argument| argument.as_ref().map(|it| self.value(it)).transpose())
            .collect();
        let arguments = arguments?;
        let ask = |kind: Option<&KindRef>, arguments: Vec<Option<Value>>| {
            let lookup = question(lookup.name, kind, arguments, span)?;
            Ok(Value::new(ValueKind::Lookup(Box::new(lookup)), ty.clone(), span))
        };
        match &lookup.kind {
            LookupKind::None => ask(None, arguments),
            LookupKind::Known(kind) => ask(Some(kind), arguments),
            LookupKind::OneOf(kinds, text) => {
                let text = self.value(text)?;
                let mut value = Value { ty: ty.clone(), ..missing(span) };
                for kind in kinds.iter().rev() {
                    let left = self.copy_value(&text)?;
                    let name = format!("{}/{}", kind.api_version(), kind.kind);
                    let right = Value::new(ValueKind::Literal(Literal::Text(name)), Type::Text, span);
                    let (comparison, domain) = (Comparison::Equal, Domain::Text);
                    let is = Cond::new(CondKind::Compare { comparison, domain, left, right }, span);
                    let copies: Lowered<Vec<Option<Value>>> = arguments
                        .iter()
                        .map(|it| it.as_ref().map(|it| self.copy_value(it)).transpose())
                        .collect();
                    let asked = ask(Some(kind), copies?)?;
                    let either = ValueKind::If(Box::new(is), Box::new(asked), Box::new(value));
                    value = Value::new(either, ty.clone(), span);
                }
                Ok(value)
            }
        }
    }
}

/// What is never there: an element of an empty list.
fn missing(span: Span) -> Value {
    let list = Value::new(ValueKind::List(Vec::new()), Type::List(Box::new(Type::Json)), span);
    let first = Value::new(ValueKind::Literal(Literal::Int(0)), Type::Int, span);
    Value::new(ValueKind::Call(ir::Operation::Index, vec![list, first]), Type::Json, span)
}

fn question(
    name: &str,
    kind: Option<&KindRef>,
    arguments: Vec<Option<Value>>,
    span: Span,
) -> Lowered<Lookup> {
    let unknown = || Refusal::new(span, format!("`{name}` is checked, and no output carries it yet"));
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().flatten();
    let lookup = match (name, kind.cloned(), next()) {
        ("cluster.get", Some(kind), Some(name)) => Lookup::Get { kind, name, namespace: next() },
        ("cluster.list", Some(kind), namespace) => Lookup::List { kind, namespace, labels: next() },
        ("cluster.post", Some(kind), Some(object)) => Lookup::Post { kind, object },
        ("http.get", None, Some(url)) => Lookup::HttpGet { url, headers: next() },
        ("http.post", None, Some(url)) => {
            let body = next().ok_or_else(unknown)?;
            Lookup::HttpPost { url, body, headers: next() }
        }
        ("cache", None, Some(name)) => Lookup::Cache { name },
        ("image.remote", None, Some(image)) => Lookup::ImageRemote { image },
        ("random", None, Some(pattern)) => match pattern.as_literal() {
            Some(Literal::Text(pattern)) => Lookup::Random { pattern: pattern.clone() },
            _ => return Err(unknown()),
        },
        _ => return Err(unknown()),
    };
    Ok(lookup)
}
