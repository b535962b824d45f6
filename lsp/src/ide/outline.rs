//! The symbols of a file, and those of a project.

use std::ops::Range;
use std::rc::Rc;

use aipc_compiler::syntax::ast::{Item, Member, RuleBody};

use super::names::{self, DeclarationKind};
use super::{Place, range};
use crate::workspace::PolicyFile;

/// A symbol, with those within it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    pub name: String,
    /// A few words beside the name.
    pub detail: String,
    pub kind: DeclarationKind,
    /// Of all of it.
    pub whole: Range<usize>,
    /// Of its name.
    pub selection: Range<usize>,
    pub children: Vec<Symbol>,
}

/// The symbols of a file in source order; rules stand within their policies.
pub fn outline(file: &PolicyFile) -> Vec<Symbol> {
    let module = file.analysis.ast();
    let symbol = |it: &names::Declaration<'_>| Symbol {
        name: it.name.to_string(),
        detail: it.kind.word().to_string(),
        kind: it.kind,
        whole: range(it.whole),
        selection: range(it.span),
        children: Vec::new(),
    };
    let mut declared: Vec<Symbol> = names::declarations(module)
        .iter()
        .filter(|it| !matches!(it.kind, DeclarationKind::Rule | DeclarationKind::Parameter))
        .map(symbol)
        .collect();
    for item in &module.items {
        match item {
            Item::Policy(policy) => {
                let whole = range(policy.span);
                let of = declared.iter().position(|it| it.whole == whole);
                let Some(of) = of else { continue };
                let inner = |it: &Symbol| {
                    it.whole != whole && whole.start <= it.whole.start && it.whole.end <= whole.end
                };
                let mut children: Vec<Symbol> = declared.iter().filter(|it| inner(it)).cloned().collect();
                for member in &policy.members {
                    if let Member::Rule(it) = member {
                        children.push(rule(file, it));
                    }
                }
                children.sort_by_key(|it| it.whole.start);
                declared[of].detail = policy.title.as_ref().map_or(String::new(), |it| it.value.clone());
                declared[of].children = children;
                declared.retain(|it| !inner(it));
            }
            Item::Rule(it) => declared.push(rule(file, it)),
            _ => {}
        }
    }
    declared.sort_by_key(|it| it.whole.start);
    declared
}

fn rule(file: &PolicyFile, it: &aipc_compiler::syntax::ast::Rule) -> Symbol {
    let verb = match &it.body {
        RuleBody::Deny(it) => it.verb,
        RuleBody::Require(it) => it.verb,
        RuleBody::Mutate(it) => it.verb,
        RuleBody::Generate(it) => it.verb,
        RuleBody::GenerateCopy(it) => it.verb,
        RuleBody::Verify(it) => it.verb,
        RuleBody::Delete(it) => it.verb,
        RuleBody::Error(span) => *span,
    };
    let words = file.sources.text(it.span);
    let from_verb = file.sources.text(verb.to(it.span.at_end()));
    let first = from_verb.lines().next().unwrap_or(words).trim().to_string();
    let (name, detail, selection) = match &it.name {
        Some(name) => (name.text.clone(), first, name.span),
        None => (first, String::new(), verb),
    };
    Symbol {
        name,
        detail,
        kind: DeclarationKind::Rule,
        whole: range(it.span),
        selection: range(selection),
        children: Vec::new(),
    }
}

/// A symbol of the project.
#[derive(Clone, Debug)]
pub struct ProjectSymbol {
    pub name: String,
    /// The policy that a rule is of.
    pub container: String,
    pub kind: DeclarationKind,
    pub place: Place,
}

/// The symbols of files whose names hold the letters of a query in their order, as editors filter.
pub fn search(files: &[Rc<PolicyFile>], query: &str) -> Vec<ProjectSymbol> {
    let mut found = Vec::new();
    for file in files {
        let mut open: Vec<(Symbol, String)> =
            outline(file).into_iter().map(|it| (it, String::new())).collect();
        open.reverse();
        while let Some((symbol, container)) = open.pop() {
            let inner = symbol.children.iter().rev().map(|it| (it.clone(), symbol.name.clone()));
            open.extend(inner);
            if has_letters(&symbol.name, query) {
                let place = Place {
                    path: file.path.clone(),
                    text: file.source().text.clone(),
                    range: symbol.selection,
                };
                found.push(ProjectSymbol { name: symbol.name, container, kind: symbol.kind, place });
            }
        }
    }
    found
}

fn has_letters(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|it| it == wanted))
}
