//! Objects that `generate` makes and `cluster.post` sends, before they are written for a target.

use super::Unsupported;
use crate::ir::present::{Facts, certain};
use crate::ir::*;

/// The fields of an object that is made, those of its metadata by themselves. Its own `apiVersion`, `kind`, name and
/// namespace are said elsewhere.
pub struct Fields {
    pub metadata: Vec<(String, Value)>,
    pub others: Vec<(String, Value)>,
}

/// Takes the fields apart.
///
/// # Errors
/// They, or the metadata, are computed as a whole.
pub fn fields(value: &Value) -> Result<Fields, Unsupported> {
    let entries = |value: &Value| match &value.kind {
        ValueKind::Object(entries) => Ok(entries.clone()),
        _ => Err(Unsupported { span: value.origin, reason: "write the fields one by one" }),
    };
    let mut fields = Fields { metadata: Vec::new(), others: Vec::new() };
    for (key, value) in entries(value)? {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let own = |(key, _): &(String, Value)| key != "name" && key != "namespace";
                fields.metadata = entries(&value)?.into_iter().filter(own).collect();
            }
            _ => fields.others.push((key, value)),
        }
    }
    Ok(fields)
}

/// An object that is sent to the API server.
pub struct Posted {
    /// Its fields, with what it is.
    pub entries: Vec<(String, Value)>,
    /// Where it is sent, if its kind lives in namespaces.
    pub namespace: Option<Value>,
}

/// The object, if it is written out, and so is the namespace that it goes to, or that is the admitted object's: nothing
/// else decides what is sent where.
pub fn posted(kind: &KindRef, object: &Value) -> Option<Posted> {
    let ValueKind::Object(fields) = &object.kind else { return None };
    let field = |fields: &[(String, Value)], name: &str| {
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let namespace = match kind.namespaced {
        true => {
            let ValueKind::Object(metadata) = field(fields, "metadata")?.kind else { return None };
            let namespace = field(&metadata, "namespace")?;
            let is_own =
                namespace.as_path().is_some_and(|it| it.root == Root::Namespace && it.steps.is_empty());
            let is_name = matches!(namespace.as_literal(), Some(Literal::Text(_)));
            Some(namespace).filter(|_| is_own || is_name)?.into()
        }
        false => None,
    };
    let text = |text: String| Value::new(ValueKind::Literal(Literal::Text(text)), Type::Text, object.origin);
    let mut entries = vec![
        ("apiVersion".to_owned(), text(kind.api_version())),
        ("kind".to_owned(), text(kind.kind.clone())),
    ];
    entries.extend(fields.iter().filter(|(key, _)| key != "apiVersion" && key != "kind").cloned());
    Some(Posted { entries, namespace })
}

/// What must hold for names to be there, and not empty, besides what is asked anyway.
pub fn named<'v>(names: impl IntoIterator<Item = &'v Value>, facts: &Facts, asked: &[Cond]) -> Vec<Cond> {
    let parts = |cond: &Cond| match rewrite::normalize(cond) {
        Cond { kind: CondKind::And(parts), .. } => parts,
        cond => vec![cond],
    };
    let mut known: Vec<String> = asked.iter().flat_map(parts).map(|cond| print::print_cond(&cond)).collect();
    let mut open = Vec::new();
    for name in names {
        let cond = Cond::new(CondKind::Empty(name.clone()), name.origin).negate();
        let text = print::print_cond(&cond);
        if !is_certain_name(name, facts) && !known.contains(&text) {
            known.push(text);
            open.push(cond);
        }
    }
    open
}

/// Whether a name is there and not empty in each admissible object of which the facts hold.
fn is_certain_name(name: &Value, facts: &Facts) -> bool {
    let is_text = |text: &String| !text.is_empty();
    let is_own_name = |path: &Path| match path.steps.as_slice() {
        [Step::Field(metadata), Step::Field(name)] => metadata.name == "metadata" && name.name == "name",
        steps => path.root == Root::Namespace && steps.is_empty(),
    };
    match &name.kind {
        ValueKind::Literal(Literal::Text(text)) => is_text(text),
        // The language lets no part of a text be missing.
        ValueKind::Text(parts) => parts.iter().any(|part| match part {
            TextPart::Text(text) => is_text(text),
            TextPart::Value(value) => is_certain_name(value, facts),
        }),
        ValueKind::Path(path) => is_own_name(path) && certain(name, facts),
        _ => false,
    }
}
