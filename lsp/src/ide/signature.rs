//! The parameters of the call that the cursor is in.

use std::ops::Range;

use aipc_compiler::syntax::ast::{self, ExprKind, Item};
use aipc_compiler::syntax::walk::{Node, walk};
use aipc_compiler::vocabulary::functions::{self, Parameter};

use crate::workspace::PolicyFile;

/// A call's signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    pub label: String,
    /// The parameters, as bytes of the label.
    pub parameters: Vec<Range<usize>>,
    /// The parameter that the cursor is at.
    pub active: usize,
    pub summary: String,
}

/// The signature of the innermost call around a byte.
pub fn signature(file: &PolicyFile, offset: usize) -> Option<Signature> {
    let mut found: Option<(&str, Span, &[ast::Arg])> = None;
    let text = file.text();
    let name_of = |callee: &ast::Expr| text.get(callee.span.start as usize..callee.span.end as usize);
    walk(file.analysis.ast(), &mut |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Call { callee, args } = &expr.kind
            && (callee.span.end as usize) < offset
            && is_inside(text, expr.span.end as usize, offset)
            && let Some(name) = name_of(callee)
        {
            found = Some((name, (callee.span.end as usize, expr.span.end as usize), args));
        }
    });
    let (name, (open, _), args) = found?;
    let written = args.iter().filter(|it| (it.value.span.end as usize) < offset).count();
    // A comma after the last argument begins the next one.
    let commas = text.get(open..offset)?.matches(',').count();
    let position = written.min(commas);
    let named = args.iter().find(|it| {
        it.name
            .as_ref()
            .is_some_and(|name| (name.span.start as usize) <= offset && offset <= it.value.span.end as usize)
    });
    let named = named.and_then(|it| it.name.as_ref()).map(|it| it.text.as_str());
    if let Some(function) = functions::find(name) {
        let names: Vec<String> = function.parameters.iter().map(Parameter::words).collect();
        let by_name = named.and_then(|it| function.parameters.iter().position(|known| known.name == it));
        let active = by_name.unwrap_or(position);
        return Some(built(name, &names, &function.gives(), active, function.summary));
    }
    let (params, result, doc) = declared(file, name)?;
    let names: Vec<String> = params.iter().map(|it| file.sources.text(it.span).to_string()).collect();
    let by_name = named.and_then(|it| params.iter().position(|known| known.name.text == it));
    Some(built(name, &names, result, by_name.unwrap_or(position), doc))
}

/// Whether a byte is before the end of a call. One that is not closed yet reaches over the white space behind it.
fn is_inside(text: &str, end: usize, offset: usize) -> bool {
    if text.get(..end).is_some_and(|it| it.ends_with(')')) {
        return offset < end;
    }
    text.get(end..offset).is_none_or(|it| it.trim().is_empty())
}

type Span = (usize, usize);

/// The parameters of a function or policy of the file.
fn declared<'f>(file: &'f PolicyFile, name: &str) -> Option<(&'f [ast::Param], &'static str, &'f str)> {
    let doc = |it: &'f Option<ast::Doc>| it.as_ref().map_or("", |it| it.text.as_str());
    file.analysis.ast().items.iter().find_map(|item| match item {
        Item::Fn(it) if it.name.text == name => Some((it.params.as_slice(), "", doc(&it.doc))),
        Item::Policy(it) if it.name.text == name => {
            Some((it.params.as_deref().unwrap_or_default(), "", doc(&it.doc)))
        }
        _ => None,
    })
}

fn built(name: &str, parameters: &[String], result: &str, active: usize, summary: &str) -> Signature {
    let mut label = format!("{name}(");
    let mut ranges = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        if index > 0 {
            label.push_str(", ");
        }
        ranges.push(label.len()..label.len() + parameter.len());
        label.push_str(parameter);
    }
    label.push(')');
    if !result.is_empty() {
        label.push_str(" → ");
        label.push_str(result);
    }
    Signature { label, parameters: ranges, active, summary: summary.to_string() }
}
