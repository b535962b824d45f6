//! Image references and their parts.
//!
//! Source of the rules: the grammar of `distribution/reference` and what Kyverno makes of it. The first
//! component is a registry if it holds `.` or `:`, is `localhost`, or has upper case; otherwise the registry is
//! `docker.io`. The repository stays as written (`nginx`, not `library/nginx`).

use memchr::{memchr, memrchr};

/// The parts of an image reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image<'a> {
    pub registry: &'a str,
    pub repository: &'a str,
    /// As written.
    pub written_tag: Option<&'a str>,
    /// With its algorithm: `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    /// Takes a reference apart; `None` if it is none.
    pub fn parse(text: &'a str) -> Option<Image<'a>> {
        let (rest, digest) = match memchr(b'@', text.as_bytes()) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        if !digest.is_none_or(is_digest) {
            return None;
        }
        // A colon behind the last slash begins a tag; before it, it is a port.
        let last = memrchr(b'/', rest.as_bytes()).map_or(0, |slash| slash + 1);
        let (name, tag) = match memchr(b':', &rest.as_bytes()[last..]) {
            Some(at) => (&rest[..last + at], Some(&rest[last + at + 1..])),
            None => (rest, None),
        };
        if !tag.is_none_or(is_tag) {
            return None;
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, repository)) if is_registry(first) => (first, repository),
            _ => ("docker.io", name),
        };
        if !is_domain(registry) || !is_repository(repository) || name.len() > 255 {
            return None;
        }
        Some(Image { registry, repository, written_tag: tag, digest })
    }

    /// The tag; `latest` where neither tag nor digest is written.
    pub fn tag(&self) -> Option<&'a str> {
        self.written_tag.or(if self.digest.is_none() { Some("latest") } else { None })
    }

    /// Registry and repository.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Name and digest, or name and tag where there is no digest.
    pub fn reference(&self) -> String {
        match (self.digest, self.tag()) {
            (Some(digest), _) => format!("{}@{digest}", self.name()),
            (None, tag) => format!("{}:{}", self.name(), tag.unwrap_or("latest")),
        }
    }
}

fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            // An IPv6 address in brackets.
            Some((address, port)) => {
                if !address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') || address.is_empty()
                {
                    return false;
                }
                ("x", port.strip_prefix(':').or(if port.is_empty() { None } else { Some("") }))
            }
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Components with a slash between them. One is of lower-case letters and digits; between those there may be one
/// `.`, one or two `_`, or any number of `-`.
fn is_repository(text: &str) -> bool {
    // The separator that the bytes before make, and how often it stands there; a component begins with none.
    let mut separator = b'/';
    let mut count = 1;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => count = 0,
            _ if count == 0 && matches!(byte, b'/' | b'.' | b'_' | b'-') => {
                separator = byte;
                count = 1;
            }
            b'_' if separator == b'_' && count == 1 => count = 2,
            b'-' if separator == b'-' => count += 1,
            _ => return false,
        }
    }
    count == 0
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// One of the registered algorithms, a colon, and as many hexadecimal digits as it gives.
fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let len = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == len && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn parts() {
        let long = format!("ghcr.io/a/b:v1@{DIGEST}");
        let only_digest = format!("nginx@{DIGEST}");
        let table = [
            ("nginx", "docker.io", "nginx", Some("latest"), None),
            ("nginx:1.25", "docker.io", "nginx", Some("1.25"), None),
            ("acme/nginx", "docker.io", "acme/nginx", Some("latest"), None),
            ("ghcr.io/acme/nginx:v1", "ghcr.io", "acme/nginx", Some("v1"), None),
            ("localhost/x", "localhost", "x", Some("latest"), None),
            ("localhost:5000/x:y", "localhost:5000", "x", Some("y"), None),
            ("host:80/a/b", "host:80", "a/b", Some("latest"), None),
            ("Foo/bar", "Foo", "bar", Some("latest"), None),
            (long.as_str(), "ghcr.io", "a/b", Some("v1"), Some(DIGEST)),
            (only_digest.as_str(), "docker.io", "nginx", None, Some(DIGEST)),
        ];
        for (text, registry, repository, tag, digest) in table {
            let image = Image::parse(text).unwrap();
            assert_eq!(
                (image.registry, image.repository, image.tag(), image.digest),
                (registry, repository, tag, digest)
            );
        }
        assert_eq!(Image::parse("nginx").unwrap().reference(), "docker.io/nginx:latest");
        assert_eq!(Image::parse(&long).unwrap().reference(), format!("ghcr.io/a/b@{DIGEST}"));
        assert_eq!(Image::parse("[::1]:5000/a").unwrap().registry, "[::1]:5000");
    }

    #[test]
    fn only_references_are_read() {
        for text in [
            "",
            "Nginx",
            "nginx:",
            "nginx@",
            "nginx@sha256:abc",
            "a//b",
            "/a",
            "a/",
            "a b",
            "a:b:c",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "https://ghcr.io/a",
            "ghcr.io/A",
            "a:-x",
            "nginx@md5:0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(Image::parse(text), None, "{text}");
        }
        for text in ["a--b", "a__b", "a.b_c", "a1/b2/c3"] {
            assert!(Image::parse(text).is_some(), "{text}");
        }
    }
}
