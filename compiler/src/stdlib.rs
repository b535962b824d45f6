//! The library that is built in: the prelude, which every file knows, and the files of `use "std/…"`.

include!(concat!(env!("OUT_DIR"), "/stdlib.rs"));

/// The text of `std/<name>`.
pub fn find(name: &str) -> Option<&'static str> {
    LIBRARY.iter().find(|it| it.0 == name).map(|it| it.1)
}

/// The names of all library files, without `std/`.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARY.iter().map(|it| it.0)
}
