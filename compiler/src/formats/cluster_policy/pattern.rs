//! Patterns: what an admissible object has to look like, where a pattern says exactly that.
//!
//! A pattern is made of what the rule requires, the negation of its violation. Each form below gives its reason:
//! - a plain key fails where the field is missing, as its value is then null; `=(key)` passes there;
//! - a list pattern is asked of each element, and passes for an empty list;
//! - nothing here skips: conditional anchors are not used;
//! - a text that does not match fails with a message that holds it, and Kyverno looks for certain phrases in that
//!   message. So texts that can hold blanks are left to conditions; quantities and numbers cannot, and neither can
//!   images that anything can run.

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
    // Kyverno looks for these words in its messages, which quote the pattern.
    if text.contains("anchor") {
        return false;
    }
    // A suffix or an exponent alone is a quantity of zero to Kubernetes.
    let exponent =
        text.strip_prefix(['e', 'E']).map(|digits| digits.strip_prefix(['+', '-']).unwrap_or(digits));
    let is_suffix =
        ["n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].contains(&text);
    if is_suffix || exponent.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
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
            CondKind::Empty(value) if is_text(value) => Some((value.as_path()?, "?*".into())),
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
            let (path, bound) = number(left, right)?;
            if *comparison == Comparison::Equal {
                // A whole number as a pattern takes no quantity such as `1000m`, its text does; a missing number is
                // 0 to the text.
                return match (&left.ty, right.as_literal()) {
                    (Type::Int, Some(Literal::Int(int))) => Some((path, Node::Int(*int))),
                    _ if bound.is_zero => None,
                    _ => Some((path, bound.text.into())),
                };
            }
            // Kyverno takes a missing number for 0.
            let zero_holds = match comparison {
                Comparison::Equal | Comparison::Greater => false,
                Comparison::GreaterOrEqual => bound.is_zero,
                Comparison::Less => !bound.is_zero,
                Comparison::LessOrEqual => true,
            };
            let there = if zero_holds { "?* & " } else { "" };
            Some((path, format!("{there}{}{}", symbol(*comparison), bound.text).into()))
        }
        _ => None,
    }
}

/// The negation of a condition on one field, where a missing value passes.
fn forbidden(cond: &Cond, base: Base) -> Option<Tree> {
    let (path, scalar) = match &cond.kind {
        CondKind::Has(value) => return absent(value.as_path()?, base),
        CondKind::Is(value) if value.ty == Type::Bool => (value.as_path()?, Node::Bool(false)),
        CondKind::Empty(value) if is_text(value) => {
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
            let (path, bound) = number(left, right)?;
            let inverse = match comparison {
                Comparison::Equal => "!",
                Comparison::Less => ">=",
                Comparison::LessOrEqual => ">",
                Comparison::Greater => "<=",
                Comparison::GreaterOrEqual => "<",
            };
            (path, format!("{inverse}{}", bound.text).into())
        }
        _ => return None,
    };
    leaf(path, base, scalar, Missing::Passes)
}

/// Texts in which no blank can be, so that the phrases that Kyverno looks for are not in them.
fn is_safe_text(value: &Value) -> bool {
    value.ty == Type::Image
}

/// Texts of which `?*` asks that they are not empty; the empty text holds no phrase.
fn is_text(value: &Value) -> bool {
    matches!(value.ty, Type::Text | Type::Image)
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

/// A constant number to compare with.
struct Bound {
    text: String,
    is_zero: bool,
}

/// A field and the constant number that it is compared with. Its text must be a quantity above zero, or `0`. Kyverno
/// reads durations first: `500m` is both, and as `m` is the only suffix that both know, their orders agree.
fn number<'a>(left: &'a Value, right: &Value) -> Option<(&'a Path, Bound)> {
    let path = left.as_path()?;
    let text = match (&left.ty, right.as_literal()?) {
        (Type::Int | Type::Quantity, Literal::Int(int)) => int.to_string(),
        (Type::Quantity, Literal::Quantity(text)) => text.clone(),
        _ => return None,
    };
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    // Zero has one spelling here, and what begins with a sign may be a range.
    let fits = if is_zero { text == "0" } else { text.starts_with(|c: char| c.is_ascii_digit()) };
    fits.then_some((path, Bound { text, is_zero }))
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
        Step::Field(field) if is_plain_key(&field.name) => Some(field),
        _ => None,
    };
    path.steps.iter().map(field).collect()
}

/// Keys of patterns can be anchors or hold wildcards, and a few characters make variables.
fn is_plain_key(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['(', ')', '*', '?', '{', '}', '$', '\\'])
        && !jmespath::REPLACED.iter().any(|replaced| name.contains(replaced))
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
