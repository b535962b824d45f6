//! Patterns: what an admissible object has to look like, where a pattern says exactly that.
//!
//! A pattern is made of what the rule requires, the negation of its violation. Each form below gives its reason:
//! - a plain key fails where the field is missing, as its value is then null; `=(key)` passes there;
//! - a list pattern is asked of each element, and passes for an empty list;
//! - nothing here skips: conditional anchors are not used;
//! - a text that does not match fails with a message that holds it, and Kyverno looks for certain phrases in that
//!   message. So texts that can hold blanks are left to conditions; images, labels, quantities and numbers cannot,
//!   as far as an object that does anything is concerned.

use crate::formats::jmespath;
use crate::formats::yaml_write::{Map, Node};
use crate::ir::*;

/// `pattern` or `anyPattern` and its value.
#[derive(Debug)]
pub struct Pattern {
    pub key: &'static str,
    pub value: Node,
}

/// The pattern that objects match for which `violation` is false; `None` where none says exactly that.
pub fn pattern(violation: &Cond) -> Option<Pattern> {
    let required = rewrite::normalize(&violation.clone().negate());
    if let Some(tree) = tree(&required, Base::Object) {
        return Some(Pattern { key: "pattern", value: tree.node()? });
    }
    // each alternative is a pattern of its own, and one that matches is enough
    let CondKind::Or(parts) = &required.kind else { return None };
    let trees: Option<Vec<Node>> = parts.iter().map(|part| tree(part, Base::Object)?.node()).collect();
    Some(Pattern { key: "anyPattern", value: Node::List(trees?) })
}

/// Whether a pattern, or a value of Kyverno's `Equals`, reads the text as nothing but text: no operator, wildcard,
/// variable or reference, and no number, duration, quantity or range.
pub fn is_plain_text(text: &str) -> bool {
    is_text_atom(text) && !text.contains(['*', '?'])
}

/// As [`is_plain_text`], with our wildcards in it.
fn is_text_atom(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let operators = ['|', '&', '!', '<', '>', '{', '}', '$', '(', ')', '\\'];
    let could_be_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    !text.contains(operators)
        && !text.chars().any(char::is_control)
        && text.trim() == text
        // Numbers, quantities, durations and ranges begin like this; those with a wildcard are none.
        && (!could_be_number(first) || (text.contains(['*', '?']) && !text.contains('-')))
        && !jmespath::REPLACED.iter().any(|replaced| text.contains(replaced))
}

/// What a path begins at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Object,
    Element(Local),
}

/// A pattern of a value.
#[derive(Clone, PartialEq, Debug)]
enum Tree {
    Scalar(Node),
    Map(Vec<(Key, Tree)>),
    /// The pattern of each element.
    List(Box<Tree>),
}

#[derive(Clone, PartialEq, Debug)]
struct Key {
    name: String,
    anchor: Anchor,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Anchor {
    /// Must be there.
    Plain,
    /// May be missing: `=(key)`.
    Optional,
    /// Must be missing: `X(key)`.
    Absent,
}

/// What an object without the field does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Passes,
    Fails,
}

impl Tree {
    fn node(self) -> Option<Node> {
        Some(match self {
            Tree::Scalar(node) => node,
            Tree::List(element) => Node::List(vec![element.node()?]),
            Tree::Map(entries) => {
                let mut map = Map::new();
                for (key, tree) in entries {
                    let name = match key.anchor {
                        Anchor::Plain => key.name,
                        Anchor::Optional => format!("=({})", key.name),
                        Anchor::Absent => format!("X({})", key.name),
                    };
                    map.set(name, tree.node()?);
                }
                Node::Map(map)
            }
        })
    }

    /// Both patterns in one; `None` where a field would have two.
    fn merge(self, other: Tree) -> Option<Tree> {
        Some(match (self, other) {
            (Tree::Map(mut entries), Tree::Map(others)) => {
                for (key, tree) in others {
                    match entries.iter_mut().find(|(known, _)| known.name == key.name) {
                        None => entries.push((key, tree)),
                        Some((known, merged)) => {
                            if known.anchor == Anchor::Absent || key.anchor == Anchor::Absent {
                                if known.anchor != key.anchor {
                                    return None;
                                }
                                continue;
                            }
                            // A field that one of them wants there is there for the other.
                            if key.anchor == Anchor::Plain {
                                known.anchor = Anchor::Plain;
                            }
                            *merged = merged.clone().merge(tree)?;
                        }
                    }
                }
                Tree::Map(entries)
            }
            (Tree::List(element), Tree::List(other)) => Tree::List(Box::new(element.merge(*other)?)),
            (a, b) if a == b => a,
            // that it is there follows from what it has to be
            (Tree::Scalar(Node::Text(any)), other) | (other, Tree::Scalar(Node::Text(any))) if any == "*" => {
                match other {
                    Tree::Map(_) | Tree::Scalar(_) => other,
                    Tree::List(_) => return None,
                }
            }
            _ => return None,
        })
    }
}

/// The pattern of what a condition requires.
fn tree(required: &Cond, base: Base) -> Option<Tree> {
    match &required.kind {
        CondKind::And(parts) => {
            let mut trees = parts.iter().map(|part| tree(part, base));
            let first = trees.next()??;
            trees.try_fold(first, |merged, tree| merged.merge(tree?))
        }
        CondKind::Or(parts) => or_missing(parts, base),
        CondKind::All(q) => list(q, base),
        CondKind::Not(inner) => forbidden(inner, base),
        _ => {
            let (path, scalar) = demanded(required)?;
            leaf(path, base, scalar, Missing::Fails)
        }
    }
}

/// `p … or missing`: one condition on a field, or the field is not there.
fn or_missing(parts: &[Cond], base: Base) -> Option<Tree> {
    let [a, b] = parts else { return None };
    let absent = |cond: &Cond| match &cond.kind {
        CondKind::Not(inner) => match &inner.kind {
            CondKind::Has(value) => value.as_path().cloned(),
            _ => None,
        },
        _ => None,
    };
    let (missing, other) = match (absent(a), absent(b)) {
        (Some(path), None) => (path, b),
        (None, Some(path)) => (path, a),
        _ => return None,
    };
    let (path, scalar) = demanded(other)?;
    if *path != missing {
        return None;
    }
    leaf(path, base, scalar, Missing::Passes)
}

/// A positive condition on one field, as the pattern of its value. It fails for a missing value.
fn demanded(cond: &Cond) -> Option<(&Path, Node)> {
    match &cond.kind {
        CondKind::Is(value) if value.ty == Type::Bool => Some((value.as_path()?, Node::Bool(true))),
        // `*` under a plain key asks for any value but null; `?*` says the same of what cannot be empty
        CondKind::Has(value) => {
            let any = match value.ty {
                Type::Quantity | Type::Int | Type::Bool | Type::Float => "?*",
                _ => "*",
            };
            Some((value.as_path()?, any.into()))
        }
        CondKind::Not(inner) => match &inner.kind {
            CondKind::Empty(value) if is_safe_text(value) => Some((value.as_path()?, "?*".into())),
            _ => None,
        },
        CondKind::Glob { value, globs } if is_safe_text(value) => {
            Some((value.as_path()?, globs_text(globs)?.into()))
        }
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right }
            if is_safe_text(left) =>
        {
            match right.as_literal() {
                Some(Literal::Text(text)) if is_plain_text(text) => {
                    Some((left.as_path()?, text.as_str().into()))
                }
                _ => None,
            }
        }
        CondKind::Compare { comparison, domain: Domain::Number, left, right } => {
            let (path, bound, zero_holds) = number(left, *comparison, right)?;
            // Kyverno takes a missing number for 0.
            let text = if zero_holds && *comparison != Comparison::Equal {
                format!("?* & {}{bound}", symbol(*comparison))
            } else if zero_holds {
                return None;
            } else {
                format!("{}{bound}", symbol(*comparison))
            };
            // A whole number as a pattern takes no quantity such as `1000m`, its text does.
            let node = match left.ty {
                Type::Int => text.parse::<i64>().map_or(Node::Text(text), Node::Int),
                _ => Node::Text(text),
            };
            Some((path, node))
        }
        _ => None,
    }
}

/// The negation of a condition on one field, where a missing value passes.
fn forbidden(cond: &Cond, base: Base) -> Option<Tree> {
    let (path, scalar) = match &cond.kind {
        CondKind::Has(value) => return absent(value.as_path()?, base),
        CondKind::Is(value) if value.ty == Type::Bool => (value.as_path()?, Node::Bool(false)),
        CondKind::Empty(value) if is_safe_text(value) => {
            return leaf(value.as_path()?, base, "?*".into(), Missing::Fails);
        }
        CondKind::Glob { value, globs } if is_safe_text(value) => {
            let [glob] = globs.as_slice() else { return None };
            let text = globs_text(globs)?;
            // A text that is the pattern itself passes, `!` and all; if the glob matches that, it must not.
            if matches!(glob.0.first(), Some(GlobPart::Many | GlobPart::One)) {
                return None;
            }
            (value.as_path()?, format!("!{text}").into())
        }
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right }
            if is_safe_text(left) =>
        {
            match right.as_literal() {
                Some(Literal::Text(text)) if is_plain_text(text) => {
                    (left.as_path()?, format!("!{text}").into())
                }
                _ => return None,
            }
        }
        CondKind::Compare { comparison, domain: Domain::Number, left, right } => {
            let (path, bound, _) = number(left, *comparison, right)?;
            let inverse = match comparison {
                Comparison::Equal => "!",
                Comparison::Less => ">=",
                Comparison::LessOrEqual => ">",
                Comparison::Greater => "<=",
                Comparison::GreaterOrEqual => "<",
            };
            (path, format!("{inverse}{bound}").into())
        }
        _ => return None,
    };
    leaf(path, base, scalar, Missing::Passes)
}

/// Texts in which no blank can be, so that the phrases that Kyverno looks for are not in them.
fn is_safe_text(value: &Value) -> bool {
    let is_label = value.as_path().is_some_and(|path| match path.steps.as_slice() {
        [.., Step::Field(labels), Step::Field(_)] => labels.name == "labels" && labels.shape == Shape::Map,
        _ => false,
    });
    value.ty == Type::Image || (value.ty == Type::Text && is_label)
}

/// The globs as a pattern of alternatives.
fn globs_text(globs: &[Glob]) -> Option<String> {
    let texts: Vec<String> = globs.iter().map(Glob::to_pattern).collect::<Option<_>>()?;
    if !texts.iter().all(|text| is_text_atom(text)) {
        return None;
    }
    // A text that is the whole pattern, bars and all, passes; it must match one of the globs.
    let open_end = texts.first().is_some_and(|text| text.ends_with('*'));
    let open_start = texts.last().is_some_and(|text| text.starts_with('*'));
    (texts.len() == 1 || open_end || open_start).then(|| texts.join(" | "))
}

/// A comparison of a field with a constant number: the bound as text, and whether 0 satisfies it.
fn number<'a>(left: &'a Value, comparison: Comparison, right: &Value) -> Option<(&'a Path, String, bool)> {
    let path = left.as_path()?;
    // The bound's text must be a quantity, and no duration, which is read first; `500m` is both, and with `m` as
    // the only suffix that both know, their orders agree.
    let (text, number) = match (&left.ty, right.as_literal()?) {
        (Type::Int | Type::Quantity, Literal::Int(int)) => (int.to_string(), *int as f64),
        (Type::Quantity, Literal::Quantity(text)) => (text.clone(), sign_of(text)?),
        _ => return None,
    };
    // a negative bound, or `0`, which is a duration too, is left to conditions
    if number <= 0.0 {
        return None;
    }
    let zero_holds = match comparison {
        Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual => false,
        Comparison::Less | Comparison::LessOrEqual => true,
    };
    Some((path, text, zero_holds))
}

/// 1 for a quantity above zero; `None` for others.
fn sign_of(quantity: &str) -> Option<f64> {
    let digits = quantity.trim_start_matches('+');
    let positive = !digits.starts_with('-') && digits.contains(|c: char| ('1'..='9').contains(&c));
    positive.then_some(1.0)
}

fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

/// Every element of one or several lists.
fn list(q: &Quantified, base: Base) -> Option<Tree> {
    if q.binder.key.is_some() || matches!(q.source.ty, Type::Map(_) | Type::Object) {
        return None;
    }
    let element = tree(&q.body, Base::Element(q.binder.element))?;
    // elements that are maps; a pattern of plain texts reads their phrases
    let Tree::Map(_) = element else { return None };
    let lists = match &q.source.kind {
        ValueKind::Concat(lists) => lists.iter().collect(),
        _ => vec![&q.source],
    };
    let mut trees = lists.into_iter().map(|list| {
        let fields = fields(list.as_path()?, base)?;
        Some(nested(&fields, Tree::List(Box::new(element.clone())), Missing::Passes))
    });
    let first = trees.next()??;
    trees.try_fold(first, |merged, tree| merged.merge(tree?))
}

/// The fields of a path from the base; `None` for others.
fn fields<'a>(path: &'a Path, base: Base) -> Option<Vec<&'a Field>> {
    let at_base = match (path.root, base) {
        (Root::Object | Root::Subject, Base::Object) => true,
        (Root::Local(local), Base::Element(element)) => local == element,
        _ => false,
    };
    if !at_base || path.steps.is_empty() {
        return None;
    }
    let field = |step: &'a Step| match step {
        // Keys of patterns can be anchors or hold wildcards, and a few characters make variables.
        Step::Field(field) if !field.name.contains(['(', ')', '*', '?', '{', '}', '$']) => Some(field),
        _ => None,
    };
    path.steps.iter().map(field).collect()
}

fn leaf(path: &Path, base: Base, scalar: Node, missing: Missing) -> Option<Tree> {
    let fields = fields(path, base)?;
    // `*` asks for presence under a plain key only
    debug_assert!(missing == Missing::Fails || scalar != Node::Text("*".to_owned()));
    Some(nested(&fields, Tree::Scalar(scalar), missing))
}

fn nested(fields: &[&Field], inner: Tree, missing: Missing) -> Tree {
    fields.iter().rev().fold(inner, |tree, field| {
        let anchor =
            if field.required || missing == Missing::Fails { Anchor::Plain } else { Anchor::Optional };
        Tree::Map(vec![(Key { name: field.name.clone(), anchor }, tree)])
    })
}

/// The last field must not be there.
fn absent(path: &Path, base: Base) -> Option<Tree> {
    let fields = fields(path, base)?;
    let (last, parents) = fields.split_last()?;
    let key = Key { name: last.name.clone(), anchor: Anchor::Absent };
    Some(nested(parents, Tree::Map(vec![(key, Tree::Scalar("null".into()))]), Missing::Passes))
}
