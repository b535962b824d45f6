//! What a program keeps ready to run: constants as values, globs and regular expressions compiled, paths with
//! common beginnings joined.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::Regex;

use super::{Constant, ExemptionId, Parts, PathRoot, PathStep, SubjectStep, Target};
use crate::glob::Matcher;
use crate::regular_expression;
use crate::value::{Cidr, Quantity, Semver, Time, Value};

#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) constants: Vec<Value<'static>>,
    /// For each list of globs the ones without values, made ready; `None` stands for one with values.
    pub(crate) matchers: Vec<Vec<Option<Matcher>>>,
    regexes: Vec<Vec<LazyRegex>>,
    /// For each path the beginnings it shares with others, shortest first; empty where its root moves.
    pub(crate) beginnings: Vec<Vec<u32>>,
    /// How many beginnings there are.
    pub(crate) beginning_count: usize,
    /// For each step of each path the number of its field's name; steps by number have none.
    pub(crate) names: Vec<Vec<u32>>,
    /// For each target of each rule the number of its subject paths; equal ones have one number.
    pub(crate) subjects: Vec<Vec<u32>>,
    /// As `subjects`, for each target of each exemption.
    pub(crate) exemption_subjects: Vec<Vec<u32>>,
    /// How many different ones there are.
    pub(crate) subject_count: usize,
    /// For each rule its exemptions.
    pub(crate) exemptions: Vec<Vec<ExemptionId>>,
    /// For each exemption the moment at which it ends.
    pub(crate) ends: Vec<Option<Time>>,
}

/// Compiled when it is first searched for: many programs hold more patterns than a run meets.
#[derive(Debug)]
struct LazyRegex {
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
    /// Steps for each byte of text.
    cost: u64,
}

/// The roots that stay where they are while a subject is judged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum TrieRoot {
    Object,
    OldObject,
    Subject,
    OldSubject,
}

impl TrieRoot {
    fn of(root: PathRoot) -> Option<TrieRoot> {
        match root {
            PathRoot::Object => Some(TrieRoot::Object),
            PathRoot::OldObject => Some(TrieRoot::OldObject),
            PathRoot::Subject => Some(TrieRoot::Subject),
            PathRoot::OldSubject => Some(TrieRoot::OldSubject),
            PathRoot::Slot(_)
            | PathRoot::Stack
            | PathRoot::Namespace
            | PathRoot::NamespaceObject
            | PathRoot::User
            | PathRoot::Request
            | PathRoot::Now => None,
        }
    }
}

impl Prepared {
    /// Makes verified parts ready.
    pub(super) fn new(parts: &Parts) -> Prepared {
        let mut constants: Vec<Value<'static>> = Vec::with_capacity(parts.constants.len());
        for row in &parts.constants {
            let value = constant(row, &constants);
            constants.push(value);
        }
        let matchers = parts.globs.iter().map(|globs| globs.iter().map(Matcher::new).collect()).collect();
        let lazy = |pattern: &String| LazyRegex {
            pattern: pattern.clone(),
            compiled: OnceLock::new(),
            cost: regular_expression::cost_per_byte(pattern),
        };
        let regexes = parts.regexes.iter().map(|patterns| patterns.iter().map(lazy).collect()).collect();

        let mut known: HashMap<(Option<u32>, TrieRoot, &PathStep), u32> = HashMap::new();
        let mut beginnings = Vec::with_capacity(parts.paths.len());
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut names = Vec::with_capacity(parts.paths.len());
        for path in &parts.paths {
            names.push(path.steps.iter().map(|step| name_number(step, &mut numbers)).collect());
            let mut own = Vec::new();
            if let Some(root) = TrieRoot::of(path.root) {
                for step in &path.steps {
                    let next = known.len() as u32;
                    own.push(*known.entry((own.last().copied(), root, step)).or_insert(next));
                }
            }
            beginnings.push(own);
        }
        let mut lists: HashMap<Vec<Vec<SubjectStep>>, u32> = HashMap::new();
        let mut numbers = |targets: &'_ [Target]| -> Vec<u32> {
            let number = |target: &'_ Target| {
                let next = lists.len() as u32;
                *lists.entry(target.subjects.clone()).or_insert(next)
            };
            targets.iter().map(number).collect()
        };
        let subjects = parts.rules.iter().map(|rule| numbers(&rule.targets)).collect();
        let exemption_subjects = parts.exemptions.iter().map(|it| numbers(&it.targets)).collect();
        let mut exemptions = vec![Vec::new(); parts.rules.len()];
        for (id, exemption) in (0..).map(ExemptionId).zip(&parts.exemptions) {
            exemption.rules.iter().for_each(|rule| exemptions[rule.0 as usize].push(id));
        }
        let ends = parts.exemptions.iter().map(|it| it.until.as_deref().and_then(Time::parse)).collect();
        let subject_count = lists.len();
        Prepared {
            constants,
            matchers,
            regexes,
            beginnings,
            beginning_count: known.len(),
            names,
            subjects,
            exemption_subjects,
            subject_count,
            exemptions,
            ends,
        }
    }

    /// The regular expressions of a row, and the steps that each costs for a byte of text; `None` for one that is
    /// too large once compiled.
    pub(crate) fn regexes(&self, row: u32) -> impl Iterator<Item = (Option<&Regex>, u64)> {
        self.regexes[row as usize].iter().map(|lazy| {
            let compiled = lazy.compiled.get_or_init(|| regular_expression::compile(&lazy.pattern).ok());
            (compiled.as_ref(), lazy.cost)
        })
    }
}

fn name_number<'p>(step: &'p PathStep, numbers: &mut HashMap<&'p str, u32>) -> u32 {
    match step {
        PathStep::Field { name, .. } => {
            let next = numbers.len() as u32;
            *numbers.entry(name).or_insert(next)
        }
        PathStep::Element(_) => u32::MAX,
    }
}

/// The value of a constant; verification has seen that it is one.
fn constant(constant: &Constant, before: &[Value<'static>]) -> Value<'static> {
    let found = match constant {
        Constant::Bool(value) => Some(Value::Bool(*value)),
        Constant::Int(number) => Some(Value::Int(*number)),
        Constant::Float(number) => Some(Value::float(*number)),
        Constant::Text(text) => Some(Value::text(text.as_str())),
        Constant::Quantity(text) => Quantity::parse(text).map(Value::quantity),
        Constant::Percent(number) => Some(Value::Percent(*number)),
        Constant::Duration(nanoseconds) => Some(Value::Duration(*nanoseconds)),
        Constant::Time(text) => Time::parse(text).map(Value::Time),
        Constant::Semver(text) => Semver::parse(text)
            .map(|semver| Value::Semver(crate::value::Shared::Owned(std::sync::Arc::new(semver)))),
        Constant::Ip(text) => text.parse().ok().map(Value::Ip),
        Constant::Cidr(text) => Cidr::parse(text).map(Value::Cidr),
        Constant::List(elements) => {
            Some(Value::list(elements.iter().filter_map(|id| before.get(id.0 as usize).cloned()).collect()))
        }
    };
    found.unwrap_or(Value::Missing)
}
