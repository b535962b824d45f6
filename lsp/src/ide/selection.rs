//! What a growing selection takes in: the word, then each part of the tree around it, then the file.

use std::ops::Range;

use aipc_compiler::syntax::walk::{Node, roots};

use super::{range, tokens};
use crate::workspace::PolicyFile;

/// The parts around a byte, from the smallest to the whole file; each holds the one before.
pub fn around(file: &PolicyFile, offset: usize) -> Vec<Range<usize>> {
    let whole = 0..file.text().len();
    let mut parts: Vec<Range<usize>> = Vec::from([whole]);
    let mut nodes: Vec<Node<'_>> = roots(file.analysis.ast());
    loop {
        let holds = |node: &&Node<'_>| {
            let span = range(node.span());
            span.start <= offset && offset <= span.end
        };
        // Of two that meet at the byte, the one that begins there.
        let Some(node) = nodes.iter().rfind(holds).copied() else { break };
        parts.push(range(node.span()));
        nodes = node.children();
    }
    if let Some(token) = tokens::token_at(file, offset) {
        parts.push(token.start as usize..token.end as usize);
    }
    parts.dedup();
    let mut nested: Vec<Range<usize>> = Vec::new();
    for part in parts {
        if nested
            .last()
            .is_none_or(|outer| outer.start <= part.start && part.end <= outer.end && *outer != part)
        {
            nested.push(part);
        }
    }
    nested.reverse();
    nested
}
