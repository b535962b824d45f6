//! The shape of an item's tokens: brackets, statements and clauses, as far as they can be seen without the
//! grammar. Repairs are cut along it.

use super::adapter::{begins_rule, begins_statement};
use super::token::{Keyword, Tok, Token};

/// A view on balanced tokens.
pub struct Shape<'t> {
    tokens: &'t [Token],
    /// Open brackets around each token; those of a bracket itself do not count it.
    depth: Vec<usize>,
    /// The opener of the innermost bracket around each token.
    parent: Vec<Option<usize>>,
}

impl<'t> Shape<'t> {
    pub fn of(tokens: &'t [Token]) -> Shape<'t> {
        let mut shape = Shape { tokens, depth: vec![], parent: vec![] };
        let mut open = vec![];
        for (at, token) in tokens.iter().enumerate() {
            if token.tok.is_closer() {
                open.pop();
            }
            shape.depth.push(open.len());
            shape.parent.push(open.last().copied());
            if token.tok.closer().is_some() {
                open.push(at);
            }
        }
        shape
    }

    pub fn tok(&self, at: usize) -> Option<Tok> {
        self.tokens.get(at).map(|token| token.tok)
    }

    fn last(&self, at: usize) -> Option<Tok> {
        at.checked_sub(1).and_then(|before| self.tok(before))
    }

    fn is_field_like(&self, at: usize) -> bool {
        matches!(self.last(at), Some(Tok::Dot | Tok::Comma))
            || self.last(at).is_some_and(|last| last.is_keyword(Keyword::On))
    }

    /// Whether a statement begins here.
    pub fn begins_statement(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        let Tok::Keyword(word) = token.tok else { return false };
        let last = self.last(at);
        let fresh = token.starts_line || at == 0 || matches!(last, Some(Tok::LBrace | Tok::RBrace));
        if self.is_field_like(at) && !(token.starts_line && word != Keyword::Delete) {
            return false;
        }
        match word {
            _ if begins_rule(word) && self.ends_rule_name(at) => false,
            Keyword::Deny | Keyword::Delete if last.is_some_and(|last| last.is_keyword(Keyword::Expect)) => {
                false
            }
            Keyword::For | Keyword::If => fresh && self.in_braces(at) && self.opens_body_before_statement(at),
            Keyword::Given | Keyword::Expect | Keyword::Severity | Keyword::Category | Keyword::Control => {
                fresh || last.is_some_and(Tok::ends_value)
            }
            Keyword::Action | Keyword::Settings => fresh && self.in_braces(at),
            Keyword::Use | Keyword::Kind | Keyword::View | Keyword::Refine => fresh && self.depth[at] == 0,
            _ => begins_statement(word),
        }
    }

    /// `for` and `if` begin edits, unless a rule's clause is what the line goes on with.
    fn opens_body_before_statement(&self, at: usize) -> bool {
        let first = self.parent[at].map_or(0, |opener| opener + 1);
        let verb = (first..at).rev().find(|i| {
            self.depth[*i] == self.depth[at]
                && matches!(self.tokens[*i].tok, Tok::Keyword(word) if begins_rule(word) && !self.is_field_like(*i))
        });
        verb.is_none()
    }

    fn in_braces(&self, at: usize) -> bool {
        self.parent[at].is_some_and(|opener| self.tokens[opener].tok == Tok::LBrace)
    }

    fn ends_rule_name(&self, at: usize) -> bool {
        self.last(at) == Some(Tok::Colon) && at >= 3 && self.tokens[at - 3].tok.is_keyword(Keyword::Rule)
    }

    /// Whether a clause of a rule, policy or test step begins here.
    pub fn begins_clause(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        let Tok::Keyword(word) = token.tok else { return false };
        if matches!(self.last(at), Some(Tok::Dot)) {
            return false;
        }
        let in_list = self.parent[at].is_some_and(|opener| self.tokens[opener].tok != Tok::LBrace);
        let after_value = self.last(at).is_some_and(Tok::ends_value);
        match word {
            Keyword::If => !in_list && after_value,
            Keyword::Where | Keyword::For => !in_list || after_value,
            Keyword::With
            | Keyword::That
            | Keyword::On
            | Keyword::Message
            | Keyword::Action
            | Keyword::Settings
            | Keyword::By
            | Keyword::Into
            | Keyword::From
            | Keyword::As => true,
            Keyword::Signed
            | Keyword::Attested
            | Keyword::Ignoring
            | Keyword::Until
            | Keyword::Because
            | Keyword::Each
            | Keyword::Becomes
            | Keyword::Generates
            | Keyword::Mutates
            | Keyword::Every => token.starts_line && after_value,
            _ => false,
        }
    }

    /// Whether reading can start afresh here after something unreadable.
    pub fn is_boundary(&self, at: usize) -> bool {
        match self.tok(at) {
            None => true,
            Some(tok) => {
                tok.is_closer() || tok == Tok::Comma || self.begins_statement(at) || self.begins_clause(at)
            }
        }
    }

    /// The next boundary behind `at` that is not deeper than it; the length at the end.
    pub fn next_boundary(&self, at: usize) -> usize {
        let level = self.depth.get(at).copied().unwrap_or(0);
        let ends = |i: usize| {
            let depth = self.depth[i];
            let sign = self.tokens[i].tok;
            depth < level
                || (depth == level
                    && (self.begins_statement(i)
                        || self.begins_clause(i)
                        || sign == Tok::LBrace
                        || (sign == Tok::Comma && level > 0)))
        };
        (at + 1..self.tokens.len()).find(|i| ends(*i)).unwrap_or(self.tokens.len())
    }

    /// The start of the clause or statement that `at` is in, at its own level.
    pub fn clause_start(&self, at: usize) -> usize {
        let level = self.depth.get(at).copied().unwrap_or(0);
        let mut i = at.min(self.tokens.len());
        while i > 0 {
            let before = i - 1;
            if self.depth[before] < level {
                return i;
            }
            i = before;
            if self.depth[i] == level && (self.begins_statement(i) || self.begins_clause(i)) {
                return i;
            }
        }
        i
    }

    /// The statements around `at`, the innermost first, as ranges of tokens; the last is everything.
    pub fn statements_around(&self, at: usize) -> Vec<(usize, usize)> {
        let mut found = vec![];
        let mut inner = at.min(self.tokens.len().saturating_sub(1));
        loop {
            let level = self.depth.get(inner).copied().unwrap_or(0);
            let parent = self.parent.get(inner).copied().flatten();
            let first = parent.map_or(0, |opener| opener + 1);
            let is_block = parent.is_none_or(|opener| self.tokens[opener].tok == Tok::LBrace);
            if is_block {
                let starts_here = |i: &usize| self.depth[*i] == level && self.begins_statement(*i);
                let start = (first..=inner).rev().find(starts_here).unwrap_or(first);
                let end = (inner + 1..self.tokens.len())
                    .find(|i| self.depth[*i] < level || starts_here(i))
                    .unwrap_or(self.tokens.len());
                if start < end {
                    found.push((start, end));
                }
            }
            match parent {
                Some(opener) => inner = opener,
                None => break,
            }
        }
        found.push((0, self.tokens.len()));
        found
    }

    /// Where the operand that ends before `at` begins: a literal, a path, a call or something in brackets.
    pub fn operand_before(&self, at: usize) -> Option<usize> {
        let mut start = at;
        loop {
            start = start.checked_sub(1)?;
            let tok = self.tok(start)?;
            if tok.is_closer() {
                start = (0..start).rev().find(|i| self.depth[*i] == self.depth[start] && self.opens(*i))?;
                let reads_on = self.last(start).is_some_and(Tok::ends_value);
                if reads_on && !self.tokens[start].starts_line && tok != Tok::RBrace {
                    continue;
                }
            } else if !tok.ends_value() && self.last(start) != Some(Tok::Dot) {
                return None;
            }
            match self.last(start) {
                Some(Tok::Dot) => start -= 1,
                _ => return Some(start),
            }
        }
    }

    /// Where the operand that begins at `at` ends.
    pub fn operand_behind(&self, at: usize) -> Option<usize> {
        let tok = self.tok(at)?;
        if !tok.ends_value() && tok.closer().is_none() || tok.is_closer() {
            return None;
        }
        let mut end = at;
        loop {
            let tok = self.tok(end)?;
            if tok.closer().is_some() {
                let closes = |i: &usize| self.depth[*i] == self.depth[end] && self.tokens[*i].tok.is_closer();
                end = (end + 1..self.tokens.len()).find(closes)?;
            }
            end += 1;
            match self.tok(end) {
                Some(Tok::Dot) => end += 1,
                Some(Tok::LBracket | Tok::LParen) if !self.tokens[end].starts_line => {}
                _ => return Some(end),
            }
        }
    }

    fn opens(&self, at: usize) -> bool {
        self.tokens[at].tok.closer().is_some()
    }

    /// The verb of the rule that `at` is in, and where its clauses begin, at its level.
    pub fn rule_around(&self, at: usize) -> Option<(Keyword, Vec<usize>)> {
        let level = self.depth.get(at).copied().unwrap_or(0);
        let is_verb = |i: &usize| {
            self.depth[*i] == level
                && !self.is_field_like(*i)
                && matches!(self.tokens[*i].tok, Tok::Keyword(word) if begins_rule(word) && word != Keyword::Rule)
        };
        let verb = (0..at).rev().take_while(|i| self.depth[*i] >= level).find(is_verb)?;
        let Tok::Keyword(word) = self.tokens[verb].tok else { return None };
        let clauses = (verb + 1..=at).filter(|i| self.depth[*i] == level && self.begins_clause(*i)).collect();
        Some((word, clauses))
    }
}
