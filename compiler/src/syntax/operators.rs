//! The table of operators: spelling, precedence, side. The grammar is tested against it for all pairs;
//! hover and the reference read it.

/// How an operator stands to its neighbours of the same precedence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Left,
    Right,
    /// `a == b == c` is no expression.
    None,
    /// Before its operand.
    Prefix,
}

/// One operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator {
    pub text: &'static str,
    /// Higher binds tighter.
    pub precedence: u8,
    pub side: Side,
}

const fn row(text: &'static str, precedence: u8, side: Side) -> Operator {
    Operator { text, precedence, side }
}

/// All operators, the loosest first. Postfix forms (`.f`, `[i]`, `f(x)`) bind tighter than any;
/// `any`, `every` and `if` reach as far to the right as possible and stand at right ends only.
pub const OPERATORS: &[Operator] = &[
    row("or", 1, Side::Left),
    row("and", 2, Side::Left),
    row("not", 3, Side::Prefix),
    row("==", 4, Side::None),
    row("!=", 4, Side::None),
    row("<", 4, Side::None),
    row("<=", 4, Side::None),
    row(">", 4, Side::None),
    row(">=", 4, Side::None),
    row("~", 4, Side::None),
    row("!~", 4, Side::None),
    row("matches", 4, Side::None),
    row("not matches", 4, Side::None),
    row("in", 4, Side::None),
    row("not in", 4, Side::None),
    row("..", 5, Side::None),
    row("??", 6, Side::Right),
    row("+", 7, Side::Left),
    row("-", 7, Side::Left),
    row("*", 8, Side::Left),
    row("/", 8, Side::Left),
    row("has", 9, Side::Prefix),
    row("empty", 9, Side::Prefix),
    row("changed", 9, Side::Prefix),
    row("try", 9, Side::Prefix),
    // Before an operand; the minus between two is above.
    row("negative", 9, Side::Prefix),
];
