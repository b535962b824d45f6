//! Whether a URL leads out of the network. Source of the rules: Go's `net/url`.

use std::net::IpAddr;

use super::{Answer, not_evaluated, other, text_at};
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

/// An address that is neither loopback nor private. Names would have to be resolved, which is not evaluated.
pub(super) fn is_external_url<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let url = text_at(arguments, 0)?;
    evaluation.spend(url.len())?;
    let Some(host) = host(url) else { return other(format!("parse {url:?}: invalid URL")) };
    match host.parse::<IpAddr>() {
        Ok(address) => Ok(Json::Bool(!is_internal(address))),
        Err(_) if host.is_empty() => other("lookup : no such host"),
        Err(_) => not_evaluated(format!("`is_external_url` has to resolve `{host}`")),
    }
}

fn is_internal(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback()
        || match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        }
}

/// The host of a URL without port and brackets, empty where it has none; nothing if it is no URL.
fn host(url: &str) -> Option<String> {
    if url.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return None;
    }
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (scheme, rest) = scheme(url)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if !rest.starts_with('/') {
        // What follows a scheme is opaque then; without a scheme a colon would look like one.
        let is_opaque = scheme.is_some();
        let is_clear = !rest.split('/').next().unwrap_or_default().contains(':');
        return (is_opaque || is_clear && is_escaped(rest) && is_escaped(fragment)).then(String::new);
    }
    let has_authority = rest.starts_with("//") && (scheme.is_some() || !rest.starts_with("///"));
    let (authority, path) = match rest.strip_prefix("//").filter(|_| has_authority) {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    if !is_escaped(path) || !is_escaped(fragment) {
        return None;
    }
    let host = match authority.rsplit_once('@') {
        Some((user, host)) if is_user(user) => host,
        Some(_) => return None,
        None => authority,
    };
    host_name(host)
}

fn scheme(url: &str) -> Option<(Option<&str>, &str)> {
    for (at, c) in url.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return None,
            ':' => return Some((Some(&url[..at]), &url[at + 1..])),
            _ => break,
        }
    }
    Some((None, url))
}

fn is_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

fn is_user(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    text.chars().all(is_part) && is_escaped(text)
}

/// A host with its port taken away.
fn host_name(host: &str) -> Option<String> {
    let is_port = |port: &str| {
        port.is_empty()
            || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some(open) = host.rfind('[') {
        let close = host.rfind(']')?;
        let inner = host.get(open + 1..close)?;
        if open != 0 || !is_port(&host[close + 1..]) {
            return None;
        }
        return Some(inner.to_owned());
    }
    let (name, port) = host.split_at(host.rfind(':').unwrap_or(host.len()));
    if !is_port(port) || !is_escaped(name) {
        return None;
    }
    let is_part =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:[]<>\"%".contains(c);
    name.chars().all(is_part).then(|| name.to_owned())
}
