//! The grammar and the table of operators agree on what binds more tightly, for all pairs.

use aipc_compiler::source::FileId;
use aipc_compiler::syntax::ast::{Expr, ExprKind};
use aipc_compiler::syntax::parse_expr;
use aipc_compiler::vocabulary::operators::{Form, OPERATORS, Operator, Precedence};

fn parsed(text: &str) -> Option<Expr> {
    let (expr, diagnostics) = parse_expr(FileId(0), text);
    diagnostics.is_empty().then_some(expr)
}

/// The sign at the root of a tree, if it is an operator.
fn root(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Binary { or_missing: true, .. } => Some("or missing"),
        ExprKind::Binary { op, .. } => Some(op.as_str()),
        ExprKind::Unary { op, .. } => Some(op.as_str()),
        ExprKind::Range { .. } => Some(".."),
        ExprKind::Coalesce { .. } => Some("??"),
        _ => None,
    }
}

fn infix() -> impl Iterator<Item = &'static Operator> {
    OPERATORS
        .iter()
        .filter(|it| matches!(it.form, Form::Left | Form::Right | Form::Single) && it.sign != "or missing")
}

#[test]
fn pairs_of_infix_operators_group_as_the_table_says() {
    for first in infix() {
        for second in infix() {
            let text = format!("a {} b {} c", first.sign, second.sign);
            let found = parsed(&text);
            let expected = match first.precedence.cmp(&second.precedence) {
                std::cmp::Ordering::Greater => Some(second.sign),
                std::cmp::Ordering::Less => Some(first.sign),
                std::cmp::Ordering::Equal => match first.form {
                    Form::Left => Some(second.sign),
                    Form::Right => Some(first.sign),
                    _ => None,
                },
            };
            match (expected, &found) {
                (None, None) => {}
                (Some(sign), Some(expr)) => assert_eq!(root(expr), Some(sign), "{text}"),
                _ => panic!("{text}: expected the root {expected:?}, found {found:?}"),
            }
            // Where they are the same sign, the shape tells them apart.
            if let (true, Some(Expr { kind: ExprKind::Binary { left, .. }, .. })) =
                (first.sign == second.sign && first.form == Form::Left, &found)
            {
                assert!(matches!(left.kind, ExprKind::Binary { .. }), "{text}");
            }
        }
    }
}

#[test]
fn prefixes_bind_as_the_table_says() {
    for prefix in OPERATORS.iter().filter(|it| it.form == Form::Prefix) {
        for infix in infix() {
            let text = format!("{} a {} b", prefix.sign, infix.sign);
            let Some(expr) = parsed(&text) else { panic!("{text} cannot be read") };
            let expected = if prefix.precedence > infix.precedence { infix.sign } else { prefix.sign };
            assert_eq!(root(&expr), Some(expected), "{text}");
        }
        let text = format!("{} a.b[0].c", prefix.sign);
        assert_eq!(parsed(&text).as_ref().and_then(root), Some(prefix.sign), "{text}");
    }
}

#[test]
fn open_forms_reach_to_the_right_end() {
    for text in ["any x in l: x and y", "every x in l: x or y", "if a then b else c or d"] {
        let expr = parsed(text).unwrap_or_else(|| panic!("{text} cannot be read"));
        assert_eq!(root(&expr), None, "{text}");
    }
    let expr = parsed("a and any x in l: x or y").expect("it can be read");
    assert_eq!(root(&expr), Some("and"));
    assert!(OPERATORS.iter().any(|it| it.precedence == Precedence::Open));
}

/// Every operator of the tree has a row.
#[test]
fn the_table_has_every_operator() {
    use aipc_compiler::syntax::ast::{BinaryOp as B, UnaryOp as U};
    let binary = [
        B::Or,
        B::And,
        B::Eq,
        B::Ne,
        B::Lt,
        B::Le,
        B::Gt,
        B::Ge,
        B::Glob,
        B::NotGlob,
        B::Matches,
        B::NotMatches,
        B::In,
        B::NotIn,
        B::Add,
        B::Sub,
        B::Mul,
        B::Div,
    ];
    let unary = [U::Has, U::Empty, U::Changed, U::Try, U::Neg, U::Not];
    let signs = binary.iter().map(|it| it.as_str()).chain(unary.iter().map(|it| it.as_str()));
    for sign in signs {
        assert!(OPERATORS.iter().any(|it| it.sign == sign), "{sign}");
    }
}
