//! What the pointer rests on, in Markdown.

use std::fmt::Write;
use std::ops::Range;

use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::formats::{self, Emitted};
use aipc_compiler::hir::{Definition, Ty};
use aipc_compiler::ir::PolicySet;
use aipc_compiler::kubernetes::{Cluster, DefaultValue, Field, FieldLookup, ObjectId, Version};
use aipc_compiler::syntax::ast::Item;
use aipc_compiler::syntax::token::{Keyword, Tok};
use aipc_compiler::vocabulary::{functions, names::PREDEFINED, operators::OPERATORS};

use super::names::{self, DeclarationKind};
use super::{range, tokens};
use crate::workspace::PolicyFile;

/// Words about a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hover {
    pub range: Range<usize>,
    pub markdown: String,
}

/// What stands at a byte. `target` is the one whose output is shown for a rule.
pub fn hover(file: &PolicyFile, offset: usize, files: &[&PolicyFile], target: Target) -> Option<Hover> {
    let options = file.project.options.borrow();
    let cluster = &options.cluster;
    if let Some(found) = names::at(file, offset) {
        let markdown = match &found.meaning {
            Definition::Field { object, field } => field_words(cluster, *object, field, found.ty.as_ref()),
            Definition::Kind(name) => kind_words(cluster, name),
            Definition::Function(name) => function_words(name),
            Definition::Predefined(name) => predefined_words(name, found.ty.as_ref(), cluster),
            Definition::Source(_) | Definition::Rule { .. } => {
                declared_words(file, offset, files, found.ty.as_ref(), cluster)
            }
        };
        return markdown.map(|markdown| Hover { range: range(found.span), markdown });
    }
    let token = tokens::token_at(file, offset)?;
    let here = token.start as usize..token.end as usize;
    if let Tok::Keyword(word) = token.tok
        && is_verb(word)
        && let Some(markdown) = compiled(file, offset, target)
    {
        return Some(Hover { range: here, markdown });
    }
    let sign = token.tok.describe();
    let operator = OPERATORS.iter().find(|it| it.sign.split(' ').next() == Some(sign) || it.sign == sign)?;
    let mut markdown = code(&format!("{}    {}", operator.sign, operator.types));
    let _ = write!(markdown, "\n{}", operator.summary);
    example(&mut markdown, operator.example);
    Some(Hover { range: here, markdown })
}

fn is_verb(word: Keyword) -> bool {
    use Keyword::*;
    matches!(word, Deny | Require | Mutate | Generate | Verify | Delete | Exempt | Policy | Rule)
}

fn code(text: &str) -> String {
    format!("```aip\n{text}\n```\n")
}

fn example(out: &mut String, (expression, value): (&str, &str)) {
    if !expression.is_empty() {
        let _ = write!(out, "\n\n`{expression}` is `{value}`");
    }
}

/// A field: its type, what the API server makes of its absence, since when it is there, and Kubernetes' own words.
pub fn field_words(cluster: &Cluster, object: ObjectId, field: &str, ty: Option<&Ty>) -> Option<String> {
    let FieldLookup::Found(found) = cluster.field(object, field) else { return None };
    let own = Ty::of(cluster, found.ty);
    let ty = ty.unwrap_or(&own).display(cluster);
    let mut out = code(&format!("{field}: {ty}"));
    let facts = facts(found);
    if !facts.is_empty() {
        let _ = write!(out, "\n{}\n", facts.join(" · "));
    }
    if let Some(doc) = cluster.field_doc(object, field) {
        let _ = write!(out, "\n{doc}");
    }
    Some(out)
}

/// What is to be known of a field besides its type.
pub fn facts(field: &Field) -> Vec<String> {
    let mut facts = Vec::new();
    if field.effectively_required {
        facts.push("required".to_string());
    }
    match &field.default {
        Some(DefaultValue::Bool(value)) => facts.push(format!("default `{value}`")),
        Some(DefaultValue::Int(value)) => facts.push(format!("default `{value}`")),
        Some(DefaultValue::String(value)) => facts.push(format!("default `\"{value}\"`")),
        Some(DefaultValue::Conditional(words)) => facts.push(format!("default: {words}")),
        None => {}
    }
    facts.extend(releases(field.since, field.removed));
    facts
}

fn releases(since: Version, removed: Option<Version>) -> Vec<String> {
    let mut facts = Vec::new();
    if since != Version::OLDEST {
        facts.push(format!("since Kubernetes {since}"));
    }
    if let Some(removed) = removed {
        facts.push(format!("gone in Kubernetes {removed}"));
    }
    facts
}

fn kind_words(cluster: &Cluster, name: &str) -> Option<String> {
    let id = cluster.find_kind(name)?;
    let kind = cluster.kind_of(id);
    let mut out = code(&format!("kind {} = \"{}\"", kind.kind, kind.full_name()));
    let mut facts = vec![if kind.namespaced { "namespaced" } else { "cluster-wide" }.to_string()];
    facts.extend(releases(kind.since, kind.removed));
    let _ = write!(out, "\n{}\n", facts.join(" · "));
    if let Some(doc) = cluster.kind_doc(id) {
        let _ = write!(out, "\n{doc}");
    }
    Some(out)
}

fn function_words(name: &str) -> Option<String> {
    let function = functions::find(name)?;
    let mut out = code(&format!("{} → {}", function.signature(), function.gives()));
    let _ = write!(out, "\n{}", function.summary);
    example(&mut out, function.example);
    Some(out)
}

fn predefined_words(name: &str, ty: Option<&Ty>, cluster: &Cluster) -> Option<String> {
    let row = PREDEFINED.iter().find(|it| it.name == name)?;
    let ty = ty.filter(|it| **it != Ty::Error).map(|it| format!(": {}", it.display(cluster)));
    Some(format!("{}\n{}", code(&format!("{name}{}", ty.unwrap_or_default())), row.summary))
}

/// The declaration, with its doc comment.
fn declared_words(
    file: &PolicyFile,
    offset: usize,
    files: &[&PolicyFile],
    ty: Option<&Ty>,
    cluster: &Cluster,
) -> Option<String> {
    let place = names::definition(file, offset, files)?;
    let parsed = aipc_compiler::syntax::parse(file.file(), &place.text);
    let start = place.range.start as u32;
    let declared = names::declarations(&parsed.module);
    let Some(found) = declared.iter().find(|it| it.span.start == start) else {
        // A name of a quantifier, of `with`, of `for`; or a file.
        let name = place.text.get(place.range.clone()).filter(|it| !it.is_empty())?;
        let ty = ty.map_or(String::new(), |it| format!(": {}", it.display(cluster)));
        return Some(code(&format!("{name}{ty}")));
    };
    let mut first = place.text.get(range(found.whole))?.lines();
    let mut line = first.find(|it| !it.trim_start().starts_with("//"))?.trim().to_string();
    if found.kind == DeclarationKind::Let
        && let Some(ty) = ty
    {
        let _ = write!(line, "    // {}", ty.display(cluster));
    }
    let mut out = code(&line);
    if let Some(doc) = found.doc {
        let _ = write!(out, "\n{doc}");
    }
    Some(out)
}

/// So many lines of YAML a hover shows.
const YAML_LINES_MAX: usize = 40;

/// What the policy around a byte compiles to.
fn compiled(file: &PolicyFile, offset: usize, target: Target) -> Option<String> {
    let policy = policy_at(file, offset)?;
    let set = PolicySet { policies: vec![policy.clone()], ..PolicySet::default() };
    let mut out = String::new();
    let refused: Vec<_> = legalize(&set, target).into_iter().filter(|it| it.is_error()).collect();
    if let Some(first) = refused.first() {
        let _ = write!(out, "Not in {}: {}", target.title(), first.message);
        return Some(out);
    }
    let emitted = formats::emit_yaml(&set, target, &file.sources_as_built()).ok()?;
    let _ = writeln!(out, "Compiles to {}", summary(&emitted));
    let yaml = emitted.iter().map(|it| it.yaml.as_str()).collect::<Vec<_>>().join("---\n");
    let shown: Vec<&str> = yaml.lines().take(YAML_LINES_MAX).collect();
    let _ = write!(out, "\n```yaml\n{}\n```", shown.join("\n"));
    if yaml.lines().count() > YAML_LINES_MAX {
        out.push_str("\n…");
    }
    Some(out)
}

fn summary(emitted: &[Emitted]) -> String {
    let one = |it: &Emitted| format!("{} `{}`", it.kind, it.name);
    emitted.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The policy, as it is lowered, in whose source a byte is.
fn policy_at(file: &PolicyFile, offset: usize) -> Option<&aipc_compiler::ir::Policy> {
    let offset = offset as u32;
    let item = file.analysis.ast().items.iter().find(|it| it.span().contains(offset))?;
    let policies = &file.analysis.policies.policies;
    match item {
        Item::Policy(it) => policies.iter().find(|policy| policy.name == it.name.text),
        Item::PolicyInstance(it) => policies.iter().find(|policy| policy.name == it.name.text),
        // Bare rules of a file are one policy.
        Item::Rule(it) => {
            policies.iter().find(|policy| policy.rules.iter().any(|rule| rule.origin == it.span))
        }
        _ => None,
    }
}
