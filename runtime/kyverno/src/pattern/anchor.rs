//! Keys of a pattern with an anchor: `(name)`, `=(name)`, `X(name)`.

/// What an anchor makes of its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// `(k)`: the rest counts only where this matches.
    Condition,
    /// `<(k)`: the whole rule counts only where this matches.
    Global,
    /// `X(k)`: the key must not be there.
    Negation,
    /// `+(k)`: added where it is not there. Only in mutations.
    AddIfNotPresent,
    /// `=(k)`: if the key is there, it must match.
    Equality,
    /// `^(k)`: at least one element of the list matches.
    Existence,
}

/// The anchor of a key and the key inside; `None` for a plain key.
pub fn parse(key: &str) -> Option<(Anchor, &str)> {
    let key = key.trim();
    let (anchor, rest) = match key.as_bytes().first()? {
        b'+' => (Anchor::AddIfNotPresent, &key[1..]),
        b'<' => (Anchor::Global, &key[1..]),
        b'=' => (Anchor::Equality, &key[1..]),
        b'X' => (Anchor::Negation, &key[1..]),
        b'^' => (Anchor::Existence, &key[1..]),
        _ => (Anchor::Condition, key),
    };
    let inner = rest.strip_prefix('(')?.strip_suffix(')')?;
    // `.` of the expression that Kyverno reads keys with matches no line break.
    (!inner.is_empty() && !inner.contains('\n')).then_some((anchor, inner))
}

/// A key with an anchor.
pub fn spell(anchor: Anchor, key: &str) -> String {
    let modifier = match anchor {
        Anchor::Condition => "",
        Anchor::Global => "<",
        Anchor::Negation => "X",
        Anchor::AddIfNotPresent => "+",
        Anchor::Equality => "=",
        Anchor::Existence => "^",
    };
    format!("{modifier}({key})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(parse("(a)"), Some((Anchor::Condition, "a")));
        assert_eq!(parse(" =(a/b) "), Some((Anchor::Equality, "a/b")));
        assert_eq!(parse("X(X)"), Some((Anchor::Negation, "X")));
        assert_eq!(parse("^((a))"), Some((Anchor::Existence, "(a)")));
        for plain in ["a", "()", "X", "(a", "a)", "", "y(a)"] {
            assert_eq!(parse(plain), None, "{plain}");
        }
    }
}
