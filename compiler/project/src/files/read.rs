//! Reading files and stdin within a limit. Nothing is converted: what is not UTF-8 is an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest manifest file, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 256 << 20;
/// The largest policy, settings or program file, in bytes.
pub const SOURCE_BYTES_MAX: u64 = 16 << 20;

/// What stdin is called where a file has a name.
pub const STDIN_NAME: &str = "<stdin>";

/// Whether the user wrote `-`.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The name to show a path by.
pub fn name(path: &Path) -> String {
    if is_stdin(path) { STDIN_NAME.to_string() } else { path.to_string_lossy().into_owned() }
}

/// The bytes of a file, a pipe, or stdin for `-`.
///
/// # Errors
/// A sentence without the file's name: it does not exist, may not be read, is a folder, is too large.
pub fn bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    if is_stdin(path) {
        return all(io::stdin().lock(), bytes_max);
    }
    let file = File::open(path).map_err(|error| reason(&error))?;
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if metadata.is_dir() {
        return Err("it is a folder".to_string());
    }
    all(file, bytes_max)
}

/// As [`bytes`], for text; a byte order mark at the start is left out.
///
/// # Errors
/// As [`bytes`], or that it is not UTF-8, and where.
pub fn text(path: &Path, bytes_max: u64) -> Result<String, String> {
    to_text(bytes(path, bytes_max)?)
}

fn to_text(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("it is not UTF-8 (line {line})")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_string(),
        None => text,
    })
}

fn all(from: impl Read, bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("it is larger than {} MiB", bytes_max >> 20));
    }
    Ok(bytes)
}

/// The system's reason in a few words, the same on every system where it matters.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_string(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_string(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_refused() {
        assert_eq!(all(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(all(&b"abcd"[..], 3).is_err());
        assert!(all(io::repeat(0), 1 << 20).unwrap_err().contains("larger than 1 MiB"));
    }

    #[test]
    fn text_is_utf_8_or_an_error() {
        assert_eq!(to_text(b"\xef\xbb\xbfdeny".to_vec()).unwrap(), "deny");
        assert_eq!(to_text(b"a\nb\xff".to_vec()).unwrap_err(), "it is not UTF-8 (line 2)");
    }
}
