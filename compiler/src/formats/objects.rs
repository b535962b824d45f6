//! Objects that `generate` makes, before they are written for a target.

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
