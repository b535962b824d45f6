//! Regular expressions as Go's `regexp` (RE2) reads them, all of its syntax, run by Rust's engine.
//!
//! The pattern is read by Go's rules and written anew without flags, escapes and named groups: each piece then means the
//! same to both. Go refuses what is refused here as [`Refusal::Syntax`]; what Go takes and we do not is
//! [`Refusal::Unsupported`].

use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// How often a repetition may repeat, nested ones multiplied.
const REPEAT_MAX: u64 = 1000;
/// Go's own limit is larger.
const NESTING_MAX: usize = 100;
/// Bytes that a pattern may have, and take once compiled. Go's own limits are larger.
const PATTERN_LEN_MAX: usize = 10_000;
const COMPILED_SIZE_MAX: usize = 4 << 20;

/// A pattern that is ready to search with.
#[derive(Clone, Debug)]
pub struct Expression {
    pub regex: Regex,
    /// The names of the groups; several may have the same.
    names: Vec<Option<String>>,
    /// About how many places of the pattern a search may be in at once.
    pub places: u64,
}

/// Why a pattern cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Go says so too, in these words.
    Syntax(String),
    /// Go would take it.
    Unsupported(String),
}

impl Expression {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Go refuses it, or we do not support it.
    pub fn parse(pattern: &str) -> Result<Expression, Refusal> {
        if pattern.len() > PATTERN_LEN_MAX {
            return unsupported(&format!("a regular expression longer than {PATTERN_LEN_MAX} bytes"));
        }
        let mut parser =
            Parser { pattern, at: 0, flags: Flags::default(), depth: 0, places: 1, names: vec![None] };
        let (written, _) = parser.alternation()?;
        if parser.at < pattern.len() {
            return syntax("unexpected )", pattern);
        }
        let regex = RegexBuilder::new(&written)
            .size_limit(COMPILED_SIZE_MAX)
            .dfa_size_limit(COMPILED_SIZE_MAX)
            .build()
            .or_else(|_| unsupported("a regular expression that is too large once compiled"))?;
        Ok(Expression { regex, names: parser.names, places: parser.places })
    }

    /// What stands for `$1`, `$name` and `${name}` in a template: what the group caught, and nothing for what names
    /// none. A dollar before anything else is one.
    pub fn expand(&self, template: &str, captures: &Captures<'_>, out: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = group_name(rest) else {
                out.push('$');
                continue;
            };
            rest = after;
            let group = match group_number(name) {
                Some(number) => captures.get(number),
                // Of groups with the same name the first one that took part.
                None => (0..self.names.len())
                    .filter(|at| self.names[*at].as_deref() == Some(name))
                    .find_map(|at| captures.get(at)),
            };
            out.push_str(group.map_or("", |group| group.as_str()));
        }
        out.push_str(rest);
    }
}

/// The name that a text begins with, in braces or not, and the rest.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let is_part = |c: char| c.is_alphabetic() || c.is_numeric() || c == '_';
    let len = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(len);
    if name.is_empty() {
        return None;
    }
    if inner.len() == text.len() {
        return Some((name, rest));
    }
    Some((name, rest.strip_prefix('}')?))
}

fn group_number(name: &str) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number && name.len() <= 8 { name.parse().ok() } else { None }
}

fn syntax<T>(what: &str, place: &str) -> Result<T, Refusal> {
    Err(Refusal::Syntax(format!("error parsing regexp: {what}: `{place}`")))
}

fn unsupported<T>(what: &str) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(what.to_owned()))
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`
    folds_case: bool,
    /// `m`
    lines: bool,
    /// `s`
    dot_is_all: bool,
    /// `U`
    swaps_greed: bool,
}

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    flags: Flags,
    depth: usize,
    places: u64,
    names: Vec<Option<String>>,
}

/// A piece as it is written anew, with how often its repetitions repeat something, multiplied.
type Piece = (String, u64);

impl<'p> Parser<'p> {
    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn takes(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Alternatives up to a bracket that closes or the end. Flags that one of them sets hold for the next ones.
    fn alternation(&mut self) -> Result<Piece, Refusal> {
        let mut written = String::new();
        let mut repeats = 1;
        loop {
            let mut pieces: Vec<Piece> = Vec::new();
            self.concatenation(&mut pieces)?;
            for (piece, of_piece) in pieces {
                written.push_str(&piece);
                repeats = repeats.max(of_piece);
            }
            if !self.takes("|") {
                return Ok((written, repeats));
            }
            written.push('|');
        }
    }

    fn concatenation(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Refusal> {
        // Where a repetition began that the next one would repeat again.
        let mut last_repetition: Option<usize> = None;
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '|' | ')' => return Ok(()),
                '*' | '+' | '?' => {
                    self.at += 1;
                    let (min, max) = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(pieces, start, min, max, last_repetition)?;
                    last_repetition = Some(start);
                    continue;
                }
                '{' => match self.counts() {
                    Some((min, max)) => {
                        let is_valid = |count: u64| count <= REPEAT_MAX;
                        if !is_valid(min) || !max.is_none_or(|max| is_valid(max) && min <= max) {
                            return syntax("invalid repeat count", &self.pattern[start..self.at]);
                        }
                        self.repeat(pieces, start, min, max, last_repetition)?;
                        last_repetition = Some(start);
                        continue;
                    }
                    None => {
                        self.at += 1;
                        pieces.push(self.literal('{'));
                    }
                },
                '(' => pieces.extend(self.group()?),
                '[' => {
                    self.at += 1;
                    let class = self.class(start)?;
                    pieces.push(self.written_class(&class));
                }
                '.' => {
                    self.at += 1;
                    pieces.push((if self.flags.dot_is_all { "(?s:.)" } else { "." }.to_owned(), 1));
                }
                '^' => {
                    self.at += 1;
                    pieces.push((if self.flags.lines { "(?m:^)" } else { r"(?:\A)" }.to_owned(), 1));
                }
                '$' => {
                    self.at += 1;
                    pieces.push((if self.flags.lines { "(?m:$)" } else { r"(?:\z)" }.to_owned(), 1));
                }
                '\\' => self.escaped(pieces)?,
                c => {
                    self.next();
                    pieces.push(self.literal(c));
                }
            }
            last_repetition = None;
        }
        Ok(())
    }

    /// Repeats the piece before it.
    fn repeat(
        &mut self,
        pieces: &mut Vec<Piece>,
        start: usize,
        min: u64,
        max: Option<u64>,
        last: Option<usize>,
    ) -> Result<(), Refusal> {
        let operator = &self.pattern[start..self.at];
        let is_lazy = self.takes("?") != self.flags.swaps_greed;
        if let Some(last) = last {
            return syntax("invalid nested repetition operator", &self.pattern[last..self.at]);
        }
        let Some((piece, mut repeats)) = pieces.pop() else {
            return syntax("missing argument to repetition operator", operator);
        };
        let count = max.unwrap_or(min);
        self.places = self.places.saturating_mul(count.max(1)).min(1 << 20);
        if max == Some(0) {
            repeats = 1;
        } else if min >= 2 || max.is_some_and(|max| max >= 2) {
            repeats = repeats.saturating_mul(count.max(1));
            if repeats > REPEAT_MAX {
                return syntax("invalid repeat count", operator);
            }
        }
        let lazy = if is_lazy { "?" } else { "" };
        let counts = match (min, max) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (min, None) => format!("{{{min},}}"),
            (min, Some(max)) => format!("{{{min},{max}}}"),
        };
        pieces.push((format!("{piece}{counts}{lazy}"), repeats));
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}`; anything else is no repetition, and nothing is read.
    fn counts(&mut self) -> Option<(u64, Option<u64>)> {
        let (inner, _) = self.rest().strip_prefix('{')?.split_once('}')?;
        let count = |text: &str| {
            let is_count = !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'));
            // Beyond any limit it does not matter which.
            is_count.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let counts = match inner.split_once(',') {
            None => (count(inner)?, Some(count(inner)?)),
            Some((min, "")) => (count(min)?, None),
            Some((min, max)) => (count(min)?, Some(count(max)?)),
        };
        self.at += inner.len() + 2;
        Some(counts)
    }

    /// What begins with a bracket: a group, or flags, which are no piece.
    fn group(&mut self) -> Result<Option<Piece>, Refusal> {
        let start = self.at;
        let outer = self.flags;
        self.at += 1;
        let mut opening = "(".to_owned();
        if self.takes("?P<") || self.takes("?<") {
            let Some((name, _)) = self.rest().split_once('>') else {
                return syntax("invalid named capture", &self.pattern[start..]);
            };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return syntax("invalid named capture", &self.pattern[start..self.at + name.len() + 1]);
            }
            self.at += name.len() + 1;
            self.names.push(Some(name.to_owned()));
        } else if self.takes("?") {
            if self.flag_group(start)? {
                return Ok(None);
            }
            opening.push_str("?:");
        } else {
            self.names.push(None);
        }
        if self.depth >= NESTING_MAX {
            return unsupported("a regular expression that is nested too deeply");
        }
        self.depth += 1;
        let (inner, repeats) = self.alternation()?;
        self.depth -= 1;
        if !self.takes(")") {
            return syntax("missing closing )", self.pattern);
        }
        self.flags = outer;
        Ok(Some((format!("{opening}{inner})"), repeats)))
    }

    /// Flags after `(?`; whether they are all there is to the group.
    fn flag_group(&mut self, start: usize) -> Result<bool, Refusal> {
        let mut flags = self.flags;
        let mut sets = true;
        let mut is_dangling = false;
        loop {
            let c = self.next();
            match c {
                Some('i') => flags.folds_case = sets,
                Some('m') => flags.lines = sets,
                Some('s') => flags.dot_is_all = sets,
                Some('U') => flags.swaps_greed = sets,
                Some('-') if sets => {
                    sets = false;
                    is_dangling = true;
                    continue;
                }
                Some(end @ (':' | ')')) if !is_dangling => {
                    self.flags = flags;
                    return Ok(end == ')');
                }
                None => return syntax("missing closing )", self.pattern),
                _ => {
                    return syntax("invalid or unsupported Perl syntax", &self.pattern[start..self.at]);
                }
            }
            is_dangling = false;
        }
    }

    fn literal(&mut self, c: char) -> Piece {
        self.places = self.places.saturating_add(1);
        let escaped = regex_syntax::escape(c.encode_utf8(&mut [0; 4]));
        (if self.flags.folds_case { format!("(?i:{escaped})") } else { escaped }, 1)
    }

    fn written_class(&mut self, class: &ClassUnicode) -> Piece {
        self.places = self.places.saturating_add(1);
        if class.ranges().is_empty() {
            // No character is in it.
            return (r"[^\x{0}-\x{10FFFF}]".to_owned(), 1);
        }
        let range = |range: &ClassUnicodeRange| {
            format!(r"\x{{{:x}}}-\x{{{:x}}}", range.start() as u32, range.end() as u32)
        };
        (format!("[{}]", class.ranges().iter().map(range).collect::<String>()), 1)
    }

    /// What begins with a backslash outside of brackets.
    fn escaped(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Refusal> {
        if self.takes(r"\A") {
            pieces.push((r"(?:\A)".to_owned(), 1));
        } else if self.takes(r"\z") {
            pieces.push((r"(?:\z)".to_owned(), 1));
        } else if self.takes(r"\b") {
            pieces.push((r"(?-u:\b)".to_owned(), 1));
        } else if self.rest().starts_with(r"\B") {
            return unsupported(r"`\B` in a regular expression");
        } else if self.takes(r"\Q") {
            let text = self.rest();
            let (text, len) = match text.find(r"\E") {
                Some(end) => (&text[..end], end + 2),
                None => (text, text.len()),
            };
            pieces.extend(text.chars().map(|c| self.literal(c)));
            self.at += len;
        } else if let Some(class) = self.named_class()? {
            pieces.push(self.written_class(&class));
        } else {
            let c = self.escape()?;
            pieces.push(self.literal(c));
        }
        Ok(())
    }

    /// `\d`, `\pL` and the like, with what they fold to.
    fn named_class(&mut self) -> Result<Option<ClassUnicode>, Refusal> {
        let start = self.at;
        let mut chars = self.rest().chars().skip(1);
        let Some(letter) = chars.next() else { return Ok(None) };
        let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
            'd' => &[('0', '9')],
            's' => &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')],
            'w' => WORD,
            'p' => {
                self.at += 2;
                return self.unicode_class(start, letter == 'P').map(Some);
            }
            _ => return Ok(None),
        };
        self.at += 2;
        Ok(Some(self.folded(ranges, letter.is_ascii_uppercase())))
    }

    /// The characters of ranges and what they fold to, or all others.
    fn folded(&self, ranges: &[(char, char)], is_negated: bool) -> ClassUnicode {
        let mut class = ClassUnicode::new(ranges.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
        if self.flags.folds_case {
            class.case_fold_simple();
        }
        if is_negated {
            class.negate();
        }
        class
    }

    fn unicode_class(&mut self, start: usize, is_negated: bool) -> Result<ClassUnicode, Refusal> {
        let name = match self.next() {
            Some('{') => match self.rest().split_once('}') {
                Some((name, _)) => {
                    self.at += name.len() + 1;
                    name
                }
                None => return syntax("invalid character class range", &self.pattern[start..]),
            },
            Some(c) => &self.pattern[self.at - c.len_utf8()..self.at],
            None => return syntax("invalid character class range", &self.pattern[start..]),
        };
        let place = &self.pattern[start..self.at];
        let (name, is_negated) = match name.strip_prefix('^') {
            Some(name) => (name, !is_negated),
            None => (name, is_negated),
        };
        let known = regex_syntax::parse(&format!(r"\p{{{name}}}"));
        let class = match known.as_ref().map(|hir| hir.kind()) {
            Ok(HirKind::Class(Class::Unicode(class))) if is_go_class(name) => class,
            Ok(_) if !name.contains(['=', ':', '!']) => {
                return unsupported(&format!("the class `{place}` of a regular expression"));
            }
            _ => return syntax("invalid character class range", place),
        };
        let ranges: Vec<(char, char)> = class.ranges().iter().map(|it| (it.start(), it.end())).collect();
        Ok(self.folded(&ranges, is_negated))
    }

    /// One character behind a backslash.
    fn escape(&mut self) -> Result<char, Refusal> {
        let start = self.at;
        self.at += 1;
        let invalid = |parser: &Self| syntax("invalid escape sequence", &parser.pattern[start..parser.at]);
        let octal = |parser: &Self| parser.peek().and_then(|c| c.to_digit(8));
        let Some(c) = self.next() else { return syntax("trailing backslash at end of expression", "") };
        match c {
            '1'..='7' if octal(self).is_none() => invalid(self),
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = octal(self) else { break };
                    code = code * 8 + digit;
                    self.at += 1;
                }
                char::from_u32(code).map_or_else(|| invalid(self), Ok)
            }
            'x' => {
                let digits = match self.rest().strip_prefix('{').map(|rest| rest.split_once('}')) {
                    Some(Some((digits, _))) => {
                        self.at += digits.len() + 2;
                        digits
                    }
                    Some(None) => return invalid(self),
                    None => {
                        let digits = self.rest().get(..2).unwrap_or_default();
                        self.at += digits.len();
                        if digits.len() < 2 {
                            return invalid(self);
                        }
                        digits
                    }
                };
                if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return invalid(self);
                }
                let code = u32::from_str_radix(digits, 16).ok().filter(|code| *code <= 0x10_ffff);
                match code {
                    // Half of a surrogate pair is no character of a text; Go takes it, and never finds it.
                    Some(code) => match char::from_u32(code) {
                        Some(c) => Ok(c),
                        None => unsupported("half of a surrogate pair in a regular expression"),
                    },
                    None => invalid(self),
                }
            }
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => invalid(self),
        }
    }

    /// What stands in brackets, the first of which was read.
    fn class(&mut self, start: usize) -> Result<ClassUnicode, Refusal> {
        let is_negated = self.takes("^");
        let mut class = ClassUnicode::empty();
        let mut is_first = true;
        while is_first || !self.rest().starts_with(']') {
            is_first = false;
            if let Some(named) = self.posix_class()? {
                class.union(&named);
                continue;
            }
            if self.rest().starts_with('\\')
                && let Some(named) = self.named_class()?
            {
                class.union(&named);
                continue;
            }
            let from = self.at;
            let low = self.class_character(start)?;
            let is_range =
                self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1;
            let high = if is_range {
                self.at += 1;
                self.class_character(start)?
            } else {
                low
            };
            if high < low {
                return syntax("invalid character class range", &self.pattern[from..self.at]);
            }
            class.union(&self.folded(&[(low, high)], false));
        }
        self.at += 1;
        if is_negated {
            class.negate();
        }
        Ok(class)
    }

    fn class_character(&mut self, start: usize) -> Result<char, Refusal> {
        match self.peek() {
            None => syntax("missing closing ]", &self.pattern[start..]),
            Some('\\') => self.escape(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(c)
            }
        }
    }

    /// `[:alpha:]`
    fn posix_class(&mut self) -> Result<Option<ClassUnicode>, Refusal> {
        let Some((name, _)) = self.rest().strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else {
            return Ok(None);
        };
        let place = &self.rest()[..name.len() + 4];
        let (plain, is_negated) = match name.strip_prefix('^') {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        let Some((_, ranges)) = POSIX.iter().find(|(of, _)| *of == plain) else {
            return syntax("invalid character class range", place);
        };
        self.at += place.len();
        Ok(Some(self.folded(ranges, is_negated)))
    }
}

const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

const POSIX: &[(&str, &[(char, char)])] = &[
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("ascii", &[('\0', '\u{7f}')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')]),
    ("digit", &[('0', '9')]),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", &[('\t', '\r'), (' ', ' ')]),
    ("upper", &[('A', 'Z')]),
    ("word", WORD),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

/// Whether Go has a class of that name with the same characters: the general categories, and common scripts.
fn is_go_class(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "any",
        "l",
        "lu",
        "ll",
        "lt",
        "lm",
        "lo",
        "m",
        "mn",
        "mc",
        "me",
        "n",
        "nd",
        "nl",
        "no",
        "p",
        "pc",
        "pd",
        "ps",
        "pe",
        "pi",
        "pf",
        "po",
        "s",
        "sm",
        "sc",
        "sk",
        "so",
        "z",
        "zs",
        "zl",
        "zp",
        "arabic",
        "armenian",
        "bengali",
        "cyrillic",
        "devanagari",
        "georgian",
        "greek",
        "han",
        "hangul",
        "hebrew",
        "hiragana",
        "katakana",
        "latin",
        "tamil",
        "thai",
    ];
    NAMES.contains(&name.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        Expression::parse(pattern).unwrap_or_else(|it| panic!("{pattern}: {it:?}")).regex.is_match(text)
    }

    #[test]
    fn patterns_as_go_reads_them() {
        for (pattern, text, expected) in [
            (r"^\d+$", "١", false),
            (r"^\w$", "é", false),
            (r"(?i)^\w$", "\u{212a}", true),
            (r"(?i)^[\w-]$", "\u{17f}", true),
            (r"a$", "a\n", false),
            (r"(?m)a$", "a\nb", true),
            (r"\Qa.b\E+c", "a.bbc", true),
            (r"[[a]]", "a]", true),
            (r"[a&&b]", "&", true),
            (r"a{,5}", "a{,5}", true),
            (r"a{", "a{", true),
            (r"\07", "\u{7}", true),
            (r"a(?i)*b", "B", true),
            (r"a|(?i)b|C", "c", true),
            (r"(?i:a)b", "AB", false),
            (r"(?U)^a+?$", "aa", true),
            (r"(?s).", "\n", true),
            (r"^[^\D]$", "1", true),
            (r"^[[:^alpha:]_]$", "_", true),
            (r"\_\x41\x{42}", "_AB", true),
            (r"^*", "", true),
            (r"\p{^Lu}", "A", false),
            (r"\PL", "1", true),
            (r"^(|a)*$", "aa", true),
            (r"(?P<n>a)(?P<n>b)", "ab", true),
            ("é{2}", "éé", true),
            (r"[^\x{0}-\x{10FFFF}]", "a", false),
            (r"^\s$", "\u{b}", false),
        ] {
            assert_eq!(found(pattern, text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(",
            ")",
            "a)",
            "[",
            "[a",
            "[z-a]",
            "*",
            "|*",
            "(*)",
            "a**",
            "a+*",
            "a{2}{3}",
            "a{1001}",
            "(a{100}){11}",
            "a{2,1}",
            r"(a)\1",
            "(?=a)",
            "(?<=a)",
            "(?i-)",
            "(?z)",
            "(?i",
            "(?P<a",
            "(?P<>a)",
            "(?P<a-b>c)",
            r"\C",
            r"\y",
            "\\",
            r"\x{110000}",
            r"\xZ",
            r"[[:foo:]]",
            r"\p{Nope}",
            r"\p{Greek",
            r"\8",
            r"[a\",
            r"\Z",
        ] {
            assert!(matches!(Expression::parse(pattern), Err(Refusal::Syntax(_))), "{pattern}");
        }
        for pattern in [r"\B", r"\p{Emoji_Modifier}", &"(".repeat(200), &"a".repeat(20_000)] {
            assert!(matches!(Expression::parse(pattern), Err(Refusal::Unsupported(_))), "{pattern}");
        }
    }

    #[test]
    fn templates() {
        let expression = Expression::parse("(?P<n>a)|(?P<n>b)").unwrap();
        for (template, expected) in
            [("<$1$2>", "<b>"), ("${n}", "b"), ("$nx$$${1$", "$${1$"), ("$01", ""), ("$0", "b")]
        {
            let mut out = String::new();
            expression.expand(template, &expression.regex.captures("b").unwrap(), &mut out);
            assert_eq!(out, expected, "{template}");
        }
    }
}
