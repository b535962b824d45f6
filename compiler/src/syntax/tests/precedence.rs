//! The grammar against the table of operators, for every pair.

use crate::source::FileId;
use crate::syntax::operators::{OPERATORS, Operator, Side};
use crate::syntax::{dump_expr, parse_expr};

/// `None` where the text is no expression.
fn shape(text: &str) -> Option<String> {
    let (expr, diagnostics) = parse_expr(FileId(0), text);
    diagnostics.is_empty().then(|| dump_expr(&expr).replace("(paren ", "("))
}

fn spelled(op: &Operator) -> &str {
    if op.text == "negative" { "-" } else { op.text }
}

/// `(a op b) op c` or `a op (b op c)`, as the table says; `None` where it allows neither.
fn infix_pair(first: &Operator, second: &Operator) -> Option<String> {
    let (f, s) = (spelled(first), spelled(second));
    let left = format!("({s} ({f} a b) c)");
    let right = format!("({f} a ({s} b c))");
    match first.precedence.cmp(&second.precedence) {
        std::cmp::Ordering::Greater => Some(left),
        std::cmp::Ordering::Less => Some(right),
        std::cmp::Ordering::Equal => match first.side {
            Side::Left => Some(left),
            Side::Right => Some(right),
            Side::None | Side::Prefix => None,
        },
    }
}

#[test]
fn infix_pairs_nest_as_the_table_says() {
    let infix = || OPERATORS.iter().filter(|op| op.side != Side::Prefix);
    for first in infix() {
        for second in infix() {
            let text = format!("a {} b {} c", first.text, second.text);
            assert_eq!(shape(&text), infix_pair(first, second), "{text}");
        }
    }
}

#[test]
fn prefix_words_take_what_binds_tighter() {
    let prefix = || OPERATORS.iter().filter(|op| op.side == Side::Prefix);
    for first in prefix() {
        for second in OPERATORS.iter().filter(|op| op.side != Side::Prefix) {
            let (f, s) = (spelled(first), spelled(second));
            let text = format!("{f} a {s} b");
            let expected = if first.precedence > second.precedence {
                format!("({s} ({f} a) b)")
            } else {
                format!("({f} ({s} a b))")
            };
            assert_eq!(shape(&text), Some(expected), "{text}");
            // On the right side, a prefix word that binds looser than the operator cannot stand.
            let text = format!("a {s} {f} b");
            let expected = (first.precedence > second.precedence).then(|| format!("({s} a ({f} b))"));
            // What is written is two words, and means the joined operator or nothing.
            assert_eq!(shape(&text), expected, "{text}");
        }
    }
}

#[test]
fn postfix_forms_bind_tightest() {
    assert_eq!(shape("has a.b[0].c(d)"), Some("(has (call (index a.b 0).c d))".to_string()));
    assert_eq!(shape("- a.b"), Some("(- a.b)".to_string()));
    assert_eq!(shape("-3 - -3"), Some("(- -3 -3)".to_string()));
}

#[test]
fn open_forms_reach_to_the_right_and_stand_at_right_ends() {
    assert_eq!(shape("a and any x in l: b or c"), Some("(and a (any x (in l) (or b c)))".to_string()));
    assert_eq!(shape("not every x in l: b and c"), Some("(not (every x (in l) (and b c)))".to_string()));
    assert_eq!(shape("if a then b else c or d"), Some("(if a b (or c d))".to_string()));
    assert_eq!(shape("(any x in l: b) or c"), Some("(or ((any x (in l) b)) c)".to_string()));
    assert_eq!(shape("a == any x in l: b"), None);
}

#[test]
fn or_missing_belongs_to_its_comparison() {
    assert_eq!(shape("a == b or missing or c"), Some("(or (== a b or-missing) c)".to_string()));
    assert_eq!(shape("a in l or missing and c"), Some("(and (in a l or-missing) c)".to_string()));
    assert_eq!(shape("a == b or missing.c"), Some("(or (== a b) missing.c)".to_string()));
    assert_eq!(shape("a or missing"), None);
}
