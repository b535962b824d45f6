//! Globs: `startsWith` and the like where one is that simple, else anchored regular expressions.

use super::ast::{Expr, Op};
use super::text::escape_regex;
use super::translate::Translator;
use super::value::concatenation;
use crate::ir::{Glob, GlobPart, Type, Value};

/// What a glob without values comes down to.
enum Simple {
    Equal(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    NotEmpty,
    Anything,
}

impl Translator {
    /// One of the globs matches the whole text.
    pub(super) fn globs(&mut self, value: &Value, globs: &[Glob]) -> Expr {
        let exact: Option<Vec<Expr>> = globs
            .iter()
            .map(|glob| match simple(glob)? {
                Simple::Equal(text) => Some(Expr::Str(text)),
                _ => None,
            })
            .collect();
        if let Some(texts) = exact
            && matches!(value.ty, Type::Text | Type::Image)
            && let Some(expr) = self.equals_one(value, texts)
        {
            return expr;
        }
        let matches_blank = globs.iter().any(|glob| glob.matches_blank());
        self.atom(|this, guards| {
            let text = match this.never_null(value) {
                Some(path) if !matches_blank => Expr::Or(path, Box::new(Expr::str(""))),
                _ => this.text_value(value, guards),
            };
            let simple: Option<Vec<Simple>> = globs.iter().map(simple).collect();
            if let Some(simple) = simple {
                return Expr::any(simple.into_iter().map(|simple| simple.test(&text)));
            }
            let patterns: Option<Vec<String>> = globs.iter().map(Glob::to_pattern).collect();
            if let Some(patterns) = patterns {
                return text.matches(anchored(&patterns));
            }
            let each: Vec<Expr> = globs.iter().map(|glob| this.glob(glob, &text)).collect();
            Expr::any(each)
        })
    }

    /// The value, which may be missing, is one of the texts.
    fn equals_one(&mut self, value: &Value, mut texts: Vec<Expr>) -> Option<Expr> {
        let path = self.plain_path(value)?;
        let empty = Expr::str("");
        let default = if texts.contains(&empty) { Expr::Null } else { empty };
        let found = match path.is_certain() {
            true => Expr::Direct(path),
            false => Expr::Or(path, Box::new(default)),
        };
        Some(match texts.len() {
            1 => found.equal(texts.remove(0)),
            _ => {
                let texts = texts.into_iter().map(|text| (false, text)).collect();
                Expr::binary(Op::In, found, Expr::List(texts))
            }
        })
    }

    /// A glob that may have values in it, on a text that is there.
    fn glob(&mut self, glob: &Glob, text: &Expr) -> Expr {
        if let Some(simple) = simple(glob) {
            return simple.test(text);
        }
        if let Some(pattern) = glob.to_pattern() {
            return text.clone().matches(anchored(&[pattern]));
        }
        self.atom(|this, guards| {
            let stars = glob.0.iter().filter(|part| matches!(part, GlobPart::Many)).count();
            let wild = glob.0.iter().any(|part| matches!(part, GlobPart::One));
            let (first, last) = (glob.0.first(), glob.0.last());
            let starts = matches!(first, Some(GlobPart::Many));
            let ends = matches!(last, Some(GlobPart::Many));
            let bare = stars - usize::from(starts) - usize::from(ends && glob.0.len() > 1);
            if wild || bare > 0 {
                return this.pattern(glob, text, guards);
            }
            let pieces = glob
                .0
                .iter()
                .filter_map(|part| match part {
                    GlobPart::Text(text) => Some(Expr::str(text.as_str())),
                    GlobPart::Value(value) => Some(this.text_value(value, guards)),
                    GlobPart::Many | GlobPart::One => None,
                })
                .collect();
            let literal = concatenation(pieces);
            match (starts, ends) {
                (false, false) => text.clone().equal(literal),
                (false, true) => text.clone().method("startsWith", vec![literal]),
                (true, false) => text.clone().method("endsWith", vec![literal]),
                (true, true) => text.clone().method("contains", vec![literal]),
            }
        })
    }

    /// A regular expression that is put together at run time; the values in it are escaped there.
    fn pattern(&mut self, glob: &Glob, text: &Expr, guards: &mut Vec<Expr>) -> Expr {
        let mut pieces = vec![Expr::str("^(?s:")];
        for part in &glob.0 {
            pieces.push(match part {
                GlobPart::Text(text) => Expr::Str(escape_regex(text)),
                GlobPart::Many => Expr::str(".*"),
                GlobPart::One => Expr::str("."),
                GlobPart::Value(value) => {
                    let special = Expr::Regex(r"([\\.+*?()|\[\]{}^$])".to_owned());
                    let text = self.text_value(value, guards);
                    Expr::Call("regex.replace", vec![text, special, Expr::str(r"\\\1")])
                }
            });
        }
        pieces.push(Expr::str(")$"));
        text.clone().method("matches", vec![concatenation(pieces)])
    }
}

impl Simple {
    fn test(self, text: &Expr) -> Expr {
        if let Expr::Str(text) = text {
            return Expr::Bool(match self {
                Simple::Equal(part) => *text == part,
                Simple::Prefix(part) => text.starts_with(&part),
                Simple::Suffix(part) => text.ends_with(&part),
                Simple::Contains(part) => text.contains(&part),
                Simple::NotEmpty => !text.is_empty(),
                Simple::Anything => true,
            });
        }
        let method = |name, part: String| text.clone().method(name, vec![Expr::Str(part)]);
        match self {
            Simple::Equal(part) => text.clone().equal(Expr::Str(part)),
            Simple::Prefix(part) => method("startsWith", part),
            Simple::Suffix(part) => method("endsWith", part),
            Simple::Contains(part) => method("contains", part),
            Simple::NotEmpty => Expr::binary(Op::NotEqual, text.clone(), Expr::str("")),
            Simple::Anything => Expr::Bool(true),
        }
    }
}

fn simple(glob: &Glob) -> Option<Simple> {
    Some(match glob.0.as_slice() {
        [] => Simple::Equal(String::new()),
        [GlobPart::Text(text)] => Simple::Equal(text.clone()),
        [GlobPart::Text(text), GlobPart::Many] => Simple::Prefix(text.clone()),
        [GlobPart::Many, GlobPart::Text(text)] => Simple::Suffix(text.clone()),
        [GlobPart::Many, GlobPart::Text(text), GlobPart::Many] => Simple::Contains(text.clone()),
        [GlobPart::One, GlobPart::Many] | [GlobPart::Many, GlobPart::One] => Simple::NotEmpty,
        [GlobPart::Many] => Simple::Anything,
        _ => return None,
    })
}

/// One regular expression for all of the patterns. `.` stands for line breaks too, as `*` and `?` do.
fn anchored(patterns: &[String]) -> String {
    let alternatives: Vec<String> = patterns
        .iter()
        .map(|pattern| escape_regex(pattern).replace("\\*", ".*").replace("\\?", "."))
        .collect();
    format!("^(?s:{})$", alternatives.join("|"))
}
