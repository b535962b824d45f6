//! Where an implied quantifier could surprise: two uses of one list that may be two different elements.
//!
//! `C and D` in a condition of which one element is enough (`deny`), or `C or D` in one that every element must
//! meet (`require`), say ∃A ∧ ∃B where ∃(A ∧ B) was probably meant. The rule is its own dual under `not`, so
//! `deny … if C` and `require … that not C` are right or wrong together.

use super::{Atom, Expr, ExprKind, GlobPart, LookupKind, Relation, Step, TextPart, errors};
use crate::diagnostic::Diagnostic;

/// How many elements make a condition true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// One is enough.
    Enough,
    /// All must.
    All,
}

impl Mode {
    pub fn dual(self) -> Mode {
        match self {
            Mode::Enough => Mode::All,
            Mode::All => Mode::Enough,
        }
    }
}

/// The first expression in which a list is implicitly opened, in reading order.
pub fn first_many(expr: &Expr) -> Option<&Expr> {
    many(expr).into_iter().next()
}

/// The expressions within a condition or value that stand for many values and are not collected.
pub fn many(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found
}

fn collect<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::Error | ExprKind::Literal(_) => {}
        ExprKind::Place(place) => {
            if place.is_many() {
                found.push(expr);
            }
            for step in place.branches.iter().flat_map(|branch| &branch.steps) {
                if let Step::Key(key) = step {
                    collect(key, found);
                }
            }
        }
        ExprKind::Operation(operation, args) => {
            for (index, arg) in args.iter().enumerate() {
                if !collects(*operation, index) {
                    collect(arg, found);
                }
            }
        }
        // A question is asked for each of the values that its parts stand for.
        ExprKind::Lookup(lookup) => {
            if let LookupKind::OneOf(_, text) = &lookup.kind {
                collect(text, found);
            }
            lookup.arguments.iter().flatten().for_each(|argument| collect(argument, found));
        }
        // Arguments of outside calls, sources and elements of lists are values as a whole.
        ExprKind::External(..)
        | ExprKind::Attestor(..)
        | ExprKind::Collect(_)
        | ExprKind::ObjectCollect(_)
        | ExprKind::List(_) => {}
        ExprKind::Object(entries) => entries.iter().for_each(|(_, value)| collect(value, found)),
        ExprKind::Text(parts) => {
            for part in parts {
                if let TextPart::Value(value) = part {
                    collect(value, found);
                }
            }
        }
        ExprKind::Coalesce(a, b) | ExprKind::Range(a, b) | ExprKind::And(a, b) | ExprKind::Or(a, b) => {
            collect(a, found);
            collect(b, found);
        }
        ExprKind::If(test, a, b) => {
            collect(test, found);
            collect(a, found);
            collect(b, found);
        }
        ExprKind::Must(inner)
        | ExprKind::Try(inner)
        | ExprKind::Not(inner)
        | ExprKind::Has(inner)
        | ExprKind::Empty(inner) => {
            collect(inner, found);
        }
        ExprKind::Changed { now, .. } => collect(now, found),
        ExprKind::Atom(atom) => collect_atom(atom, found),
        ExprKind::Quantified { body, .. } => collect(body, found),
        ExprKind::Apply { parameters, body } => {
            parameters.iter().for_each(|(_, argument)| collect(argument, found));
            collect(body, found);
        }
    }
}

fn collect_atom<'a>(atom: &'a Atom, found: &mut Vec<&'a Expr>) {
    collect(&atom.left, found);
    match &atom.relation {
        Relation::Compare { right, .. } => collect(right, found),
        Relation::Glob(globs) => {
            for part in globs.iter().flatten() {
                if let GlobPart::Value(value) = part {
                    collect(value, found);
                }
            }
        }
        Relation::InText(right) | Relation::InCidr(right) | Relation::CidrInCidr(right) => {
            collect(right, found)
        }
        Relation::InRange(low, high) => {
            collect(low, found);
            collect(high, found);
        }
        // The right of `in` is collected.
        Relation::GlobOfEach { .. } | Relation::Regex(_) | Relation::InList { .. } | Relation::InMap(_) => {}
    }
}

/// Whether an operation takes a list as a whole at that place.
pub fn collects(operation: super::Operation, index: usize) -> bool {
    use super::Operation as Op;
    let takes_list = matches!(
        operation,
        Op::Count
            | Op::Sum
            | Op::Min
            | Op::Max
            | Op::Distinct
            | Op::Sort
            | Op::Reverse
            | Op::Join
            | Op::Keys
            | Op::Values
            | Op::ToJson
    );
    takes_list && index == 0
}

/// Reports pairs of implied quantifiers over one list that may be different elements, and atoms that use a list
/// twice.
pub fn check(condition: &Expr, mode: Mode, texts: &dyn Fn(&Expr) -> String) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(condition, mode, texts, &mut found);
    found
}

fn walk(expr: &Expr, mode: Mode, texts: &dyn Fn(&Expr) -> String, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Not(inner) => walk(inner, mode.dual(), texts, found),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => {
            let is_and = matches!(expr.kind, ExprKind::And(..));
            let distributes = is_and == (mode == Mode::All);
            if !distributes && let Some((left, right)) = shared(a, b) {
                found.push(errors::pairing(left, right, &texts(left), &texts(right), is_and));
            }
            walk(a, mode, texts, found);
            walk(b, mode, texts, found);
        }
        ExprKind::Quantified { body, .. } => walk(body, mode, texts, found),
        ExprKind::If(_, a, b) => {
            walk(a, mode, texts, found);
            walk(b, mode, texts, found);
        }
        ExprKind::Apply { parameters, body } => {
            let uses: Vec<&Expr> = parameters.iter().flat_map(|(_, argument)| many(argument)).collect();
            if let [first, second, ..] = uses.as_slice() {
                found.push(errors::two_lists(first, second));
            }
            walk(body, mode, texts, found);
        }
        _ => {
            let uses = many(expr);
            if let [first, second, ..] = uses.as_slice() {
                found.push(errors::two_lists(first, second));
            }
        }
    }
}

/// Two expressions, one of each side, that open the same list.
fn shared<'a>(a: &'a Expr, b: &'a Expr) -> Option<(&'a Expr, &'a Expr)> {
    let right = many(b);
    for left in many(a) {
        let prefixes = prefixes(left);
        if let Some(other) = right.iter().find(|it| self::prefixes(it).iter().any(|it| prefixes.contains(it)))
        {
            return Some((left, other));
        }
    }
    None
}

fn prefixes(expr: &Expr) -> Vec<String> {
    expr.as_place()
        .map(|place| place.branches.iter().flat_map(|branch| branch.list_prefixes()).collect())
        .unwrap_or_default()
}
