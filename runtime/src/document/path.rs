//! The path of a node as people write it: `spec.containers[0].image`,
//! `metadata.labels["app.kubernetes.io/name"]`.

use std::fmt::Write;

use super::node::{Document, NodeId};

impl Document {
    /// The path of `node` from the document's root; empty for the root itself.
    pub fn path(&self, node: NodeId) -> String {
        self.path_below(self.root(), node)
    }

    /// The path of `node` below `root`.
    ///
    /// Below an alias the path leads through the anchor, where the text stands. If that way does not
    /// pass through `root`, the path counts from the document's root.
    pub fn path_below(&self, root: NodeId, node: NodeId) -> String {
        let root = self.resolved(root);
        let mut ways = Vec::new();
        let mut at = node;
        while at != root {
            let Some(parent) = self.parent(at) else { break };
            ways.push((parent, at));
            at = parent;
        }
        let mut path = String::new();
        for (parent, child) in ways.into_iter().rev() {
            match self.entries(parent).find(|(_, _, value)| *value == child) {
                Some((key, _, _)) => push_key(&mut path, key),
                None => {
                    if let Some(index) = self.elements(parent).position(|it| it == child) {
                        push_index(&mut path, index);
                    }
                }
            }
        }
        path
    }
}

/// Adds a map key to a path: `.key` for a plain name, else `["any text"]`.
pub fn push_key(path: &mut String, key: &str) {
    let plain = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'));
    if plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        return;
    }
    path.push_str("[\"");
    for ch in key.chars() {
        match ch {
            '"' | '\\' => {
                path.push('\\');
                path.push(ch);
            }
            '\n' => path.push_str("\\n"),
            '\t' => path.push_str("\\t"),
            ch if ch.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(path, "\\u{{{:x}}}", ch as u32);
            }
            ch => path.push(ch),
        }
    }
    path.push_str("\"]");
}

/// Adds a sequence index, counted from 0, to a path.
pub fn push_index(path: &mut String, index: usize) {
    // Writing to a string cannot fail.
    let _ = write!(path, "[{index}]");
}
