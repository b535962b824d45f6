//! Text from outside on a terminal: nothing in a manifest may move the cursor, start a line, or turn text around.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character escaped that is not plainly visible in place.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazardous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for ch in text.chars() {
        match ch {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ch if is_hazardous(ch) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", ch as u32);
            }
            ch => out.push(ch),
        }
    }
    Cow::Owned(out)
}

/// Control characters of both ranges, line and paragraph separators, marks and overrides of direction, and
/// characters without width or ink.
pub fn is_hazardous(ch: char) -> bool {
    ch.is_control()
        || matches!(ch,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        for text in ["", "deny pod if image !~ \"a/*\"", "größe ≥ 5 · 日本語"] {
            assert!(matches!(visible(text), Cow::Borrowed(it) if it == text));
        }
    }

    #[test]
    fn what_forges_output_is_shown_as_code() {
        assert_eq!(visible("a\nPASS b"), "a\\nPASS b");
        assert_eq!(visible("\x1b[2Jx\r\x07"), "\\u{1b}[2Jx\\r\\u{7}");
        assert_eq!(
            visible("a\u{202e}b\u{2066}\u{200b}\u{85}\u{2028}"),
            "a\\u{202e}b\\u{2066}\\u{200b}\\u{85}\\u{2028}"
        );
    }
}
