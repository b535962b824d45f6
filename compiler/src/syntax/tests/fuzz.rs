//! No text makes the parser panic or run away. `AIPC_FUZZ` raises the number of texts.

use super::random::{Random, source};
use super::{formatting::check_format, parsed};
use crate::syntax::{dump_ast, dump_tokens};

fn count(usual: u64) -> u64 {
    std::env::var("AIPC_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[test]
fn random_sources_parse_and_have_a_stable_form() {
    for seed in 0..count(400) {
        let text = source(seed);
        let tree = parsed(&text);
        let errors: Vec<_> = tree.diagnostics.iter().filter(|found| found.is_error()).collect();
        assert!(errors.is_empty(), "seed {seed}: {errors:#?}\n{text}");
        check_format(&text);
    }
}

const SNIPPETS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\"\"\"",
    "'",
    "{{",
    ".",
    "..",
    ",",
    ":",
    "=",
    "==",
    "- ",
    "-1",
    "~",
    "!",
    "&&",
    "#",
    "/*",
    "//",
    "///",
    "\n",
    "\r",
    "\t",
    "é",
    "\u{202e}",
    "\u{0}",
    "r\"",
    "r#\"",
    "1e",
    "5x",
    "9999999999999999999999",
    "2027-99-01",
    "deny",
    "policy p {",
    "if",
    "where",
    "message",
    "or missing",
    "not in",
    "any x in",
    "has",
    "\\",
    "\\u{",
    "use \"a\"",
    "rule x:",
    "for",
    "expect",
    "expect delete",
    "keep",
    "<error>",
];

/// A source with a few random changes.
fn mutated(random: &mut Random, text: &str) -> String {
    let mut text = text.to_string();
    for _ in 0..=random.below(4) {
        let mut at = random.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let mut end = (at + random.below(20)).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let end = end.max(at);
        match random.below(4) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(at, SNIPPETS[random.below(SNIPPETS.len())]),
            2 => text.replace_range(at..end, SNIPPETS[random.below(SNIPPETS.len())]),
            _ => {
                let piece = text[at..end].to_string();
                let mut to = random.below(text.len() + 1);
                while !text.is_char_boundary(to) {
                    to -= 1;
                }
                text.insert_str(to, &piece);
            }
        }
    }
    text
}

#[test]
fn mutated_sources_never_panic() {
    let mut random = Random::new(7);
    let originals: Vec<String> = (0..50).map(source).collect();
    for _ in 0..count(1500) {
        let original = &originals[random.below(50)];
        let text = mutated(&mut random, original);
        let tree = parsed(&text);
        for found in &tree.diagnostics {
            for span in found.labels.iter().map(|label| label.span) {
                assert!(span.start <= span.end && span.end as usize <= text.len(), "{found:?}\n{text}");
            }
        }
        let _ = (dump_ast(&tree), dump_tokens(&text));
        // A text that is still right must still have a stable form.
        if !tree.diagnostics.iter().any(|found| found.is_error()) {
            check_format(&text);
        }
    }
}

#[test]
fn deep_and_long_texts_end_in_a_diagnostic() {
    let n = 100_000;
    for text in [
        format!("deny pod if {}", "(".repeat(n)),
        format!("deny pod if {}x{}", "(".repeat(n), ")".repeat(n)),
        format!("deny pod if {}x", "not ".repeat(n)),
        format!("deny pod if {}x", "- ".repeat(n)),
        format!("deny pod if {}x", "has ".repeat(n)),
        format!("deny pod if {}x", "a or ".repeat(n)),
        format!("deny pod if {}x", "a ?? ".repeat(n)),
        format!("deny pod if x{}", ".a".repeat(n)),
        format!("deny pod if x{}", "[0]".repeat(n)),
        format!("deny pod if x{}", "()".repeat(n)),
        format!("deny pod if {}x", "if a then ".repeat(n)),
        format!("deny pod if {}x", "any a in b: ".repeat(n)),
        format!("fn f(a: {}string) = 1", "list of ".repeat(n)),
        format!("mutate pod {}", "{ for a in b ".repeat(n)),
        format!("let a = {}", "{ a: ".repeat(n)),
        format!("deny pod if {}", "\"{".repeat(n)),
        format!("deny pod if {}", "\"\"\"{".repeat(n)),
        "}".repeat(n),
        "\"".repeat(n),
        "deny ".repeat(n),
        "\u{202e}".repeat(n),
        "é ".repeat(n),
        "a.".repeat(n),
        "rule ".repeat(n),
        "deny pod if a b\n".repeat(2000),
    ] {
        let started = std::time::Instant::now();
        let tree = parsed(&text);
        assert!(!tree.diagnostics.is_empty(), "{}…", &text[..40.min(text.len())]);
        let head: String = text.chars().take(40).collect();
        assert!(started.elapsed().as_secs() < 20, "{head}… took {:?}", started.elapsed());
    }
}
