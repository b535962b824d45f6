//! Regular expressions with the meaning that Go's `regexp` (RE2) gives them.
//!
//! Kubernetes and Kyverno run Go. Rust's engine reads most patterns alike; [`translate`] rewrites what it reads
//! otherwise (`\d`, `\w`, `\s`, `\b` are ASCII in Go) and refuses what only one of them knows.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassAsciiKind, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem,
    ClassUnicode, ClassUnicodeKind, Flag, Flags, FlagsItemKind, GroupKind, HexLiteralKind, Literal,
    LiteralKind, RepetitionKind, RepetitionRange, Span, SpecialLiteralKind, parse::ParserBuilder,
};

/// Longer patterns are refused.
pub const PATTERN_LEN_MAX: usize = 4096;
/// Bytes that a pattern may take once compiled.
pub const COMPILED_SIZE_MAX: usize = 1 << 20;
/// How often a repetition may repeat, nested ones multiplied; Go's limit.
const REPEAT_MAX: u32 = 1000;
const NESTING_MAX: u32 = 100;

/// Whether a pattern means the same to Go and to us, and is small enough to run.
///
/// # Errors
/// A sentence without a period: what stands in the way.
pub fn regex_is_portable(pattern: &str) -> Result<(), String> {
    compile(pattern).map(|_| ())
}

/// Whether [`regex_is_portable`] holds as far as the text says; the compiled size is not looked at.
///
/// # Errors
/// As [`regex_is_portable`].
pub fn check_syntax(pattern: &str) -> Result<(), String> {
    translate(pattern).map(|_| ())
}

/// The pattern ready to search with.
///
/// # Errors
/// As [`regex_is_portable`].
pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&translate(pattern)?)
        .size_limit(COMPILED_SIZE_MAX)
        .dfa_size_limit(COMPILED_SIZE_MAX)
        .nest_limit(NESTING_MAX)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large once compiled".to_owned(),
            _ => "it is not a regular expression".to_owned(),
        })
}

/// Steps that a search costs for each byte of text: at worst an engine is in as many places of the pattern at
/// once as it has with its repetitions written out.
pub fn cost_per_byte(pattern: &str) -> u64 {
    checked(pattern).map_or(1, |check| 1 + check.places / 32)
}

/// The pattern in the dialect of our engine.
fn translate(pattern: &str) -> Result<String, String> {
    let mut check = checked(pattern)?;
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut at = 0;
    check.edits.sort_by_key(|(span, _)| span.start.offset);
    for (span, replacement) in check.edits {
        translated.push_str(&pattern[at..span.start.offset]);
        translated.push_str(replacement);
        at = span.end.offset;
    }
    translated.push_str(&pattern[at..]);
    Ok(translated)
}

fn checked(pattern: &str) -> Result<Check, String> {
    if pattern.len() > PATTERN_LEN_MAX {
        return Err(format!("it is longer than {PATTERN_LEN_MAX} bytes"));
    }
    let ast = ParserBuilder::new()
        .nest_limit(NESTING_MAX)
        .build()
        .parse(pattern)
        .map_err(|error| error.kind().to_string())?;
    let mut check = Check { edits: Vec::new(), ignores_case: false, perl_class: None, places: 0 };
    check.ast(&ast, 1)?;
    if check.ignores_case
        && let Some(span) = check.perl_class
    {
        let class = &pattern[span.start.offset..span.end.offset];
        return Err(format!("`{class}` in brackets reads differently with `(?i)`; write the characters"));
    }
    Ok(check)
}

struct Check {
    /// What to write in the place of what.
    edits: Vec<(Span, &'static str)>,
    ignores_case: bool,
    /// A class such as `\w` within brackets, where no flag can hold case apart.
    perl_class: Option<Span>,
    /// Characters and classes, repeated ones as often as they are repeated.
    places: u64,
}

type Checked = Result<(), String>;

fn refuse<T>(what: &str) -> Result<T, String> {
    Err(what.to_owned())
}

impl Check {
    fn ast(&mut self, ast: &Ast, repeated: u32) -> Checked {
        self.places += u64::from(repeated);
        match ast {
            Ast::Empty(_) | Ast::Dot(_) => Ok(()),
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Literal(literal) => check_literal(literal),
            Ast::Assertion(assertion) => self.assertion(assertion),
            Ast::ClassUnicode(class) => check_unicode_class(class),
            Ast::ClassPerl(class) => {
                self.edits.push((class.span, outside_brackets(class)));
                Ok(())
            }
            Ast::ClassBracketed(class) => self.class_set(&class.kind),
            Ast::Repetition(repetition) => {
                if matches!(*repetition.ast, Ast::Repetition(_)) {
                    return refuse("a repetition of a repetition, such as `a**`");
                }
                let times = match &repetition.op.kind {
                    RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 1,
                    RepetitionKind::Range(RepetitionRange::Exactly(n) | RepetitionRange::AtLeast(n)) => *n,
                    RepetitionKind::Range(RepetitionRange::Bounded(_, n)) => *n,
                };
                let repeated = repeated.saturating_mul(times.max(1));
                if repeated > REPEAT_MAX {
                    return Err(format!("it repeats something more than {REPEAT_MAX} times"));
                }
                self.ast(&repetition.ast, repeated)
            }
            Ast::Group(group) => {
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags)?;
                }
                self.ast(&group.ast, repeated)
            }
            Ast::Alternation(alternation) => {
                alternation.asts.iter().try_for_each(|ast| self.ast(ast, repeated))
            }
            Ast::Concat(concat) => concat.asts.iter().try_for_each(|ast| self.ast(ast, repeated)),
        }
    }

    fn flags(&mut self, flags: &Flags) -> Checked {
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Negation => {}
                FlagsItemKind::Flag(Flag::CaseInsensitive) => self.ignores_case = true,
                FlagsItemKind::Flag(Flag::MultiLine | Flag::DotMatchesNewLine | Flag::SwapGreed) => {}
                FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace) => {
                    return refuse("a flag other than `i`, `m`, `s` and `U`");
                }
            }
        }
        Ok(())
    }

    fn assertion(&mut self, assertion: &Assertion) -> Checked {
        match assertion.kind {
            AssertionKind::StartLine
            | AssertionKind::EndLine
            | AssertionKind::StartText
            | AssertionKind::EndText => {}
            AssertionKind::WordBoundary => self.edits.push((assertion.span, r"(?-u:\b)")),
            AssertionKind::NotWordBoundary => return refuse(r"`\B`, which not every engine reads alike"),
            AssertionKind::WordBoundaryStart
            | AssertionKind::WordBoundaryEnd
            | AssertionKind::WordBoundaryStartAngle
            | AssertionKind::WordBoundaryEndAngle
            | AssertionKind::WordBoundaryStartHalf
            | AssertionKind::WordBoundaryEndHalf => return refuse(r"`\<`, `\>` or `\b{…}`"),
        }
        Ok(())
    }

    fn class_set(&mut self, set: &ClassSet) -> Checked {
        match set {
            ClassSet::BinaryOp(_) => refuse("`&&`, `--` or `~~` in brackets; write `\\-` for a hyphen"),
            ClassSet::Item(item) => self.class_item(item),
        }
    }

    fn class_item(&mut self, item: &ClassSetItem) -> Checked {
        match item {
            ClassSetItem::Empty(_) => Ok(()),
            ClassSetItem::Literal(literal) => check_literal(literal),
            ClassSetItem::Range(range) => {
                check_literal(&range.start)?;
                check_literal(&range.end)
            }
            ClassSetItem::Ascii(class) => match class.kind {
                // Go's `[[:space:]]` is the same set as ours.
                ClassAsciiKind::Alnum
                | ClassAsciiKind::Alpha
                | ClassAsciiKind::Ascii
                | ClassAsciiKind::Blank
                | ClassAsciiKind::Cntrl
                | ClassAsciiKind::Digit
                | ClassAsciiKind::Graph
                | ClassAsciiKind::Lower
                | ClassAsciiKind::Print
                | ClassAsciiKind::Punct
                | ClassAsciiKind::Space
                | ClassAsciiKind::Upper
                | ClassAsciiKind::Word
                | ClassAsciiKind::Xdigit => Ok(()),
            },
            ClassSetItem::Unicode(class) => check_unicode_class(class),
            ClassSetItem::Perl(class) => {
                if class.kind == ClassPerlKind::Word {
                    self.perl_class = Some(class.span);
                }
                self.edits.push((class.span, inside_brackets(class)));
                Ok(())
            }
            ClassSetItem::Bracketed(_) => refuse(r"brackets within brackets; write `\[` for a bracket"),
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.class_item(item)),
        }
    }
}

/// Go's ASCII classes; its `\s` has no vertical tab. Case never widens them.
fn outside_brackets(class: &ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => "[0-9]",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, false) => r"[\t\n\f\r ]",
        (ClassPerlKind::Space, true) => r"[^\t\n\f\r ]",
        (ClassPerlKind::Word, false) => "(?-i:[0-9A-Za-z_])",
        (ClassPerlKind::Word, true) => "(?-i:[^0-9A-Za-z_])",
    }
}

fn inside_brackets(class: &ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => "0-9",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, false) => r"\t\n\f\r ",
        (ClassPerlKind::Space, true) => r"[^\t\n\f\r ]",
        (ClassPerlKind::Word, false) => "0-9A-Za-z_",
        (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
    }
}

fn check_literal(literal: &Literal) -> Checked {
    match &literal.kind {
        LiteralKind::Verbatim | LiteralKind::Meta | LiteralKind::Superfluous => Ok(()),
        LiteralKind::Octal => refuse("an octal escape; write `\\x…`"),
        LiteralKind::HexFixed(HexLiteralKind::X) | LiteralKind::HexBrace(HexLiteralKind::X) => Ok(()),
        LiteralKind::HexFixed(_) | LiteralKind::HexBrace(_) => refuse("`\\u` or `\\U`; write `\\x{…}`"),
        LiteralKind::Special(special) => match special {
            SpecialLiteralKind::Bell
            | SpecialLiteralKind::FormFeed
            | SpecialLiteralKind::Tab
            | SpecialLiteralKind::LineFeed
            | SpecialLiteralKind::CarriageReturn
            | SpecialLiteralKind::VerticalTab => Ok(()),
            SpecialLiteralKind::Space => refuse("an escaped space"),
        },
    }
}

/// The general categories that Go knows, and scripts whose names both write alike.
fn check_unicode_class(class: &ClassUnicode) -> Checked {
    const CATEGORIES: &[&str] = &[
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd",
        "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp",
    ];
    const SCRIPTS: &[&str] = &[
        "Arabic",
        "Armenian",
        "Bengali",
        "Cyrillic",
        "Devanagari",
        "Georgian",
        "Greek",
        "Han",
        "Hangul",
        "Hebrew",
        "Hiragana",
        "Katakana",
        "Latin",
        "Tamil",
        "Thai",
    ];
    let known = match &class.kind {
        ClassUnicodeKind::OneLetter(letter) => CATEGORIES.contains(&letter.to_string().as_str()),
        ClassUnicodeKind::Named(name) => CATEGORIES.contains(&&**name) || SCRIPTS.contains(&&**name),
        ClassUnicodeKind::NamedValue { .. } => false,
    };
    if known { Ok(()) } else { refuse("a Unicode class that not every engine knows") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap().is_match(text)
    }

    #[test]
    fn classes_are_ascii() {
        let table = [
            (r"^\d+$", "123", true),
            (r"^\d+$", "١", false),
            (r"^\D$", "١", true),
            (r"^\w+$", "aZ_9", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{b}", false),
            (r"^\s$", "\t", true),
            (r"^\s$", "\u{a0}", false),
            (r"^[\d.]+$", "1.2", true),
            (r"^[\D]$", "a", true),
            (r"^[^\D]$", "1", true),
            (r"^[^\w]$", "é", true),
            (r"^[\W\d]$", "5", true),
            (r"\bé", "aé", true),
            (r"\bfoo\b", "a foo.", true),
            (r"(?i)^\w$", "\u{212a}", false),
            (r"(?i)^k$", "\u{212a}", true),
            (r"^.$", "é", true),
            (r"^.$", "\n", false),
            (r"a$", "a\n", false),
            (r"(?m)a$", "a\nb", true),
            (r"^[[:alpha:]]$", "é", false),
            (r"^\p{L}$", "é", true),
            (r"^[]a]$", "]", true),
            (r"^\x{e9}$", "é", true),
            (r"a{2,3}", "aa", true),
            (r"^[a\-z]$", "-", true),
            (r"(?P<n>a)", "a", true),
            (r"x*", "", true),
            (r"^$", "", true),
            (r"\z", "a", true),
            ("^a|b", "ab", true),
            (r"[[:^alpha:]]", "1", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(found(pattern, text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_go_reads_differently_is_refused() {
        for pattern in [
            r"a\Z",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            r"(a)\1",
            r"\Qa.b\E",
            "a**",
            "a{2}{3}",
            "a{1001}",
            "(a{100}){11}",
            "[a&&b]",
            "[a--b]",
            "[a~~b]",
            "[[a]]",
            "(?x)a b",
            "(?u)a",
            "(?R)a",
            r"\B",
            r"\<a",
            r"\b{start}",
            r"\u{61}",
            r"\p{Emoji}",
            r"\p{sc=Greek}",
            r"\07",
            "a++",
            "(",
            ")",
            "*",
            "a{,5}",
            "[z-a]",
            r"(?i)[\w-]",
            "[b",
            r"\pX",
            r"\p{Nope}",
            "(?>a)",
            r"\C",
        ] {
            assert!(regex_is_portable(pattern).is_err(), "{pattern}");
        }
        assert!(regex_is_portable(&"a".repeat(5000)).is_err());
        assert!(regex_is_portable(r"(\pL{900}){1}").is_err(), "too large");
        assert!(regex_is_portable(&"(".repeat(2000)).is_err());
    }
}
