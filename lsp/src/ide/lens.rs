//! Lines above policies, rules and tests: what they come to, and what can be done with them.

use std::ops::Range;
use std::path::PathBuf;

use aipc_compiler::syntax::ast::{Item, Member, Rule};

use super::range;
use super::verdicts::Verdicts;
use crate::workspace::PolicyFile;

/// A line above a part of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lens {
    pub range: Range<usize>,
    pub title: String,
    pub action: Action,
}

/// What a click does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Shows what the file compiles to.
    Preview,
    /// Shows the objects that a rule denies: file, line from 1, words.
    Failures(Vec<(PathBuf, u32, String)>),
    /// Runs a test, by its title.
    Test(String),
}

/// The lenses of a file. `verdicts` are those of its project.
pub fn lenses(file: &PolicyFile, verdicts: &Verdicts) -> Vec<Lens> {
    let mut lenses = Vec::new();
    let policies = &file.analysis.module.policies;
    let mut rule = |it: &Rule| {
        // By its place: the policy of a bare rule, and the name of an unnamed one, are the compiler's to give.
        let found = policies.iter().find_map(|policy| {
            let rule = policy.rules.iter().find(|rule| rule.span == it.span)?;
            Some((policy.name.clone(), rule.name.clone()))
        });
        let tally = found.and_then(|name| verdicts.rules.get(&name));
        let (title, action) = match tally {
            Some(tally) => (tally.words(), Action::Failures(tally.failures.clone())),
            // The line stays while one types, so that the text below it does not jump.
            None if verdicts.has_manifests && file.analysis.has_errors() => {
                ("no verdict while the file has mistakes".to_string(), Action::Preview)
            }
            None => return,
        };
        lenses.push(Lens { range: range(it.span.at_start()), title, action });
    };
    for item in &file.analysis.ast().items {
        match item {
            Item::Policy(policy) => policy.members.iter().for_each(|member| {
                if let Member::Rule(it) = member {
                    rule(it);
                }
            }),
            Item::Rule(it) => rule(it),
            _ => {}
        }
    }
    let mut has_policy = false;
    for item in &file.analysis.ast().items {
        match item {
            Item::Policy(_) | Item::PolicyInstance(_) | Item::Rule(_) if !has_policy => {
                has_policy = true;
                let title = "Show what it compiles to".to_string();
                lenses.push(Lens { range: range(item.span().at_start()), title, action: Action::Preview });
            }
            Item::Test(it) => lenses.push(Lens {
                range: range(it.span.at_start()),
                title: "Run test".to_string(),
                action: Action::Test(it.title.value.clone()),
            }),
            _ => {}
        }
    }
    lenses.sort_by_key(|it| it.range.start);
    lenses
}
