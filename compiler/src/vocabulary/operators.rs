//! The table of operators: spelling, how tightly it binds, what it takes, one line of words, an example.
//!
//! The grammar is written by hand; a test compares its precedence with this table for all pairs.

/// An operator, or one of the forms that behave like one.
#[derive(Debug)]
pub struct Operator {
    /// As written: `not in`.
    pub sign: &'static str,
    pub precedence: Precedence,
    pub form: Form,
    /// The types that it takes and gives, in words.
    pub types: &'static str,
    pub summary: &'static str,
    /// An expression and its value, both in the language; empty where it needs an object to speak of.
    pub example: (&'static str, &'static str),
}

/// From the loosest to the tightest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Precedence {
    /// `any … :`, `every … :`, `if … then … else`: as far to the right as possible.
    Open,
    Or,
    And,
    Not,
    Comparison,
    Range,
    Default,
    Sum,
    Product,
    Prefix,
    /// `.` `[…]` `(…)`
    Postfix,
}

/// Where its operands stand, and how several of one precedence group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `a op b`, `(a op b) op c`
    Left,
    /// `a op b`, `a op (b op c)`
    Right,
    /// `a op b`, and no more of them in a row.
    Single,
    /// `op a`
    Prefix,
    Postfix,
    /// Words around its operands.
    Words,
}

macro_rules! operators {
    ($($sign:literal $precedence:ident $form:ident, $types:literal, $summary:literal, $example:literal => $value:literal;)*) => {
        /// All operators, from the tightest to the loosest.
        pub const OPERATORS: &[Operator] = &[$(Operator {
            sign: $sign,
            precedence: Precedence::$precedence,
            form: Form::$form,
            types: $types,
            summary: $summary,
            example: ($example, $value),
        },)*];
    };
}

operators! {
    "." Postfix Postfix, "object, map or list . field", "a field; of a list, the field of each element", r#"{ a: 1 }.a"# => "1";
    "[…]" Postfix Postfix, "list[int], map[string]", "an entry, counted from 0 or by its key; missing where there is none", "[7, 8][1]" => "8";
    "(…)" Postfix Postfix, "function(…)", "a call", "count([1, 2])" => "2";

    "has" Prefix Prefix, "has path → bool", "the path has a value; of a list: it is there", "has [1][0]" => "true";
    "empty" Prefix Prefix, "empty value → bool", r#"missing, `""`, `[]` or `{}`"#, r#"empty """# => "true";
    "changed" Prefix Prefix, "changed path → bool", "value or presence differs from the old object", "" => "";
    "try" Prefix Prefix, "try value", "a lookup that fails is missing instead of an error", "" => "";
    "-" Prefix Prefix, "- number, - duration", "the negative", "-(3)" => "-3";

    "*" Product Left, "numbers; duration * number", "the product", "3 * 2" => "6";
    "/" Product Left, "numbers; duration / number; duration / duration", "the quotient; of two whole numbers it may have a fraction", "3 / 2" => "1.5";

    "+" Sum Left, "numbers, durations, time + duration; strings, lists", "the sum; texts and lists one behind the other", r#""a" + "b""# => r#""ab""#;
    "-" Sum Left, "numbers, durations, time - duration, time - time", "the difference; of two times it is a duration", "5 - 2" => "3";

    "??" Default Right, "value ?? value of its type", "the left value, or the right one where it is missing", "[1][4] ?? 5" => "5";
    ".." Range Single, "number .. number", "a range, both ends included; only right of `in`", "3 in 1..3" => "true";

    "==" Comparison Single, "two values that compare → bool", "equal", "1000m == 1" => "true";
    "!=" Comparison Single, "two values that compare → bool", "`not` equal", "1 != 2" => "true";
    "<" Comparison Single, "numbers, quantities, durations, times, versions, strings → bool", "less", "500Mi < 1Gi" => "true";
    "<=" Comparison Single, "as `<`", "less or equal", "1 <= 1" => "true";
    ">" Comparison Single, "as `<`", "greater", "90s > 1min" => "true";
    ">=" Comparison Single, "as `<`", "greater or equal", "2 >= 3" => "false";
    "~" Comparison Single, "string or image ~ glob, or list of globs → bool", "the whole text fits the glob, or one of them", r#""ghcr.io/acme/web" ~ "ghcr.io/*""# => "true";
    "!~" Comparison Single, "as `~`", "`not` fits", r#""web" !~ "db-*""# => "true";
    "matches" Comparison Single, "string or image matches expression, or list of them → bool", "the regular expression, or one of them, is found in the text", r#""web-12" matches r"\d+""# => "true";
    "not matches" Comparison Single, "as `matches`", "`not` found", r#""web" not matches r"\d""# => "true";
    "in" Comparison Single, "value in list; key in map; text in text; number in range; ip in cidr; cidr in cidr → bool", "is contained in", r#""b" in ["a", "b"]"# => "true";
    "not in" Comparison Single, "as `in`", "`not` contained in", r#""c" not in ["a", "b"]"# => "true";
    "or missing" Comparison Single, "comparison or missing → bool", "the comparison holds, or its left side is missing", "[1][4] == 7 or missing" => "true";

    "not" Not Prefix, "not bool → bool", "true where it is false", "not true" => "false";
    "and" And Left, "bool and bool → bool", "both", "true and false" => "false";
    "or" Or Left, "bool or bool → bool", "one of them or both", "true or false" => "true";

    "any … in … : …" Open Words, "any x in list: bool; any k, v in map: bool", "true for at least one element", "any x in [1, 2]: x > 1" => "true";
    "every … in … : …" Open Words, "every x in list: bool; every k, v in map: bool", "true for all elements, and for none at all", "every x in [1, 2]: x > 1" => "false";
    "if … then … else …" Open Words, "if bool then value else value", "one of the two values", "if 1 < 2 then 3 else 4" => "3";
}
