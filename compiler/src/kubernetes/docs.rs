//! Texts about objects and fields, packed until one is asked for.
//!
//! Raw DEFLATE, unpacked by `miniz_oxide`: the texts are three quarters of a megabyte plain and a fifth of that packed,
//! and the crate is small and pure Rust, so the program still links without C.

use std::sync::OnceLock;

use super::types::DocRef;

/// The text that a reference leads to.
pub(super) fn text(doc: &DocRef) -> Option<&str> {
    match doc {
        DocRef::None => None,
        DocRef::BuiltIn(number) => built_in().text(usize::from(*number)),
        DocRef::Owned(text) => Some(text),
    }
}

static DOCS: &[u8] = include_bytes!("../../schemas/docs.bin");

const HEADER_SIZE: usize = 24;

/// The texts, unpacked: the ends of all, then their bytes one after another.
struct Docs {
    plain: Vec<u8>,
    count: usize,
}

fn built_in() -> &'static Docs {
    static UNPACKED: OnceLock<Docs> = OnceLock::new();
    UNPACKED.get_or_init(|| {
        let count = u32_at(DOCS, 16) as usize;
        let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(
            &DOCS[HEADER_SIZE..],
            u32_at(DOCS, 20) as usize,
        )
        .expect("docs.bin is the generator's packed text");
        Docs { plain, count }
    })
}

impl Docs {
    fn text(&self, number: usize) -> Option<&str> {
        if number >= self.count {
            return None;
        }
        let base = 4 * self.count;
        let end = |index: usize| base + u32_at(&self.plain, 4 * index) as usize;
        let start = number.checked_sub(1).map_or(base, end);
        std::str::from_utf8(&self.plain[start..end(number)]).ok()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::super::table::fnv1a;
    use super::*;

    #[test]
    fn the_texts_are_what_the_generator_wrote() {
        let docs = built_in();
        assert!(DOCS.starts_with(b"aipd"));
        assert_eq!(u32_at(DOCS, 4), 1, "the format that this reader knows");
        let hash = u64::from(u32_at(DOCS, 8)) | u64::from(u32_at(DOCS, 12)) << 32;
        assert_eq!(hash, fnv1a(&docs.plain));
        assert_eq!(docs.plain.len(), u32_at(DOCS, 20) as usize);
        for number in 0..docs.count {
            assert!(docs.text(number).is_some_and(|it| !it.is_empty()), "{number}");
        }
        assert_eq!(docs.text(docs.count), None);
    }
}
