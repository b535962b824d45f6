//! Semantic tokens: what each word is, over what a grammar of regular expressions can see.

use std::ops::Range;

use aipc_compiler::hir::{Definition, Occurrence};
use aipc_compiler::syntax;
use aipc_compiler::syntax::token::{Tok, Token};

use super::names::{self, DeclarationKind};
use super::range;
use crate::workspace::PolicyFile;

/// What a word is. The order is that of [`TokenKind::ALL`], by which the protocol numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TokenKind {
    Comment,
    Keyword,
    String,
    Number,
    Operator,
    /// The alias of a file.
    Namespace,
    /// A kind of Kubernetes.
    Kind,
    /// A view.
    View,
    Function,
    Variable,
    Parameter,
    /// A field.
    Property,
    /// A policy or rule.
    Policy,
    Type,
}

impl TokenKind {
    pub const ALL: [TokenKind; 14] = [
        TokenKind::Comment,
        TokenKind::Keyword,
        TokenKind::String,
        TokenKind::Number,
        TokenKind::Operator,
        TokenKind::Namespace,
        TokenKind::Kind,
        TokenKind::View,
        TokenKind::Function,
        TokenKind::Variable,
        TokenKind::Parameter,
        TokenKind::Property,
        TokenKind::Policy,
        TokenKind::Type,
    ];

    /// The protocol's name of what comes nearest, for which every theme has a colour.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Comment => "comment",
            TokenKind::Keyword => "keyword",
            TokenKind::String => "string",
            TokenKind::Number => "number",
            TokenKind::Operator => "operator",
            TokenKind::Namespace => "namespace",
            TokenKind::Kind => "class",
            TokenKind::View => "macro",
            TokenKind::Function => "function",
            TokenKind::Variable => "variable",
            TokenKind::Parameter => "parameter",
            TokenKind::Property => "property",
            TokenKind::Policy => "method",
            TokenKind::Type => "type",
        }
    }
}

/// A word and what it is, within one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SemanticToken {
    pub range: Range<usize>,
    pub kind: TokenKind,
    /// It is declared here.
    pub declaration: bool,
    /// It is built in.
    pub built_in: bool,
}

/// The token of the grammar at a byte.
pub fn token_at(file: &PolicyFile, offset: usize) -> Option<Token> {
    let tokens = syntax::tokens(file.file(), file.text());
    let touches = |it: &&Token| it.start as usize <= offset && offset <= it.end as usize && it.start < it.end;
    // At the seam of two, the word and not the sign.
    let here = tokens.iter().filter(touches);
    here.max_by_key(|it| matches!(it.tok, Tok::Keyword(_) | Tok::Name)).copied()
}

/// The words of a file, in order; none overlaps another.
pub fn semantic_tokens(file: &PolicyFile) -> Vec<SemanticToken> {
    let text = file.text();
    let mut named: Vec<SemanticToken> = Vec::new();
    let declared = names::declarations(file.analysis.ast());
    for it in declared.iter().filter(|it| it.kind != DeclarationKind::Test) {
        named.push(token(range(it.span), declared_kind(it.kind), true, false));
    }
    for it in file.analysis.module.occurrences.iter().filter(|it| file.is_own(it.span)) {
        named.push(occurrence(file, it, &declared));
    }
    // The narrower one first; what is declared before what is used.
    named.sort_by_key(|it| (it.range.start, it.range.end, !it.declaration));
    let mut words: Vec<SemanticToken> = Vec::new();
    for it in named.into_iter().filter(|it| !it.range.is_empty()) {
        if words.last().is_none_or(|before| before.range.end <= it.range.start) {
            words.push(it);
        }
    }

    let mut all: Vec<SemanticToken> = Vec::new();
    for comment in &file.analysis.parsed.comments.all {
        let end = comment.start as usize + comment.text(text).len();
        all.push(token(comment.start as usize..end, TokenKind::Comment, false, false));
    }
    for it in syntax::tokens(file.file(), text) {
        let here = it.start as usize..it.end as usize;
        let kind = match it.tok {
            Tok::Str => TokenKind::String,
            Tok::Date => TokenKind::Number,
            it if it.is_number() => TokenKind::Number,
            Tok::Keyword(_) | Tok::NotIn | Tok::NotMatches | Tok::OrMissing => TokenKind::Keyword,
            Tok::EqEq
            | Tok::Ne
            | Tok::Lt
            | Tok::Le
            | Tok::Gt
            | Tok::Ge
            | Tok::Tilde
            | Tok::NotTilde
            | Tok::Plus
            | Tok::Minus
            | Tok::Star
            | Tok::Slash
            | Tok::QuestionQuestion => TokenKind::Operator,
            _ => continue,
        };
        if !here.is_empty() {
            all.push(token(here, kind, false, false));
        }
    }
    all.sort_by_key(|it| it.range.start);
    let merged = merge(all, words);
    merged.into_iter().flat_map(|it| by_line(text, it)).collect()
}

fn token(range: Range<usize>, kind: TokenKind, declaration: bool, built_in: bool) -> SemanticToken {
    SemanticToken { range, kind, declaration, built_in }
}

fn declared_kind(kind: DeclarationKind) -> TokenKind {
    match kind {
        DeclarationKind::Alias => TokenKind::Namespace,
        DeclarationKind::Kind => TokenKind::Kind,
        DeclarationKind::Let => TokenKind::Variable,
        DeclarationKind::View => TokenKind::View,
        DeclarationKind::Function => TokenKind::Function,
        DeclarationKind::Parameter => TokenKind::Parameter,
        DeclarationKind::Policy | DeclarationKind::Rule => TokenKind::Policy,
        DeclarationKind::Test => TokenKind::String,
    }
}

fn occurrence(file: &PolicyFile, it: &Occurrence, declared: &[names::Declaration<'_>]) -> SemanticToken {
    let here = range(it.span);
    match &it.definition {
        Definition::Kind(_) => token(here, TokenKind::Kind, false, false),
        Definition::Field { .. } => token(here, TokenKind::Property, false, false),
        Definition::Function(_) => token(here, TokenKind::Function, false, true),
        Definition::Predefined(_) => token(here, TokenKind::Variable, false, true),
        Definition::Rule { .. } => token(here, TokenKind::Policy, false, false),
        Definition::Source(span) if !file.is_own(*span) => {
            let kind = if it.ty.is_some() { TokenKind::Variable } else { TokenKind::View };
            token(here, kind, false, names::is_built_in(file, span.file))
        }
        Definition::Source(span) => {
            let found = declared.iter().find(|it| it.span == *span);
            let kind = found.map_or(TokenKind::Variable, |it| declared_kind(it.kind));
            token(here, kind, *span == it.span, false)
        }
    }
}

/// Both in one order; where names are within a string, the string is cut around them.
fn merge(all: Vec<SemanticToken>, words: Vec<SemanticToken>) -> Vec<SemanticToken> {
    let mut out: Vec<SemanticToken> = Vec::new();
    let mut words = words.into_iter().peekable();
    for mut it in all {
        while let Some(word) = words.next_if(|word| word.range.end <= it.range.start) {
            out.push(word);
        }
        while let Some(word) = words.next_if(|word| word.range.start < it.range.end) {
            if it.range.start < word.range.start {
                out.push(SemanticToken { range: it.range.start..word.range.start, ..it.clone() });
            }
            it.range.start = word.range.end.min(it.range.end);
            out.push(word);
        }
        if !it.range.is_empty() {
            out.push(it);
        }
    }
    out.extend(words);
    // What a word covered may begin within it.
    let mut end = 0;
    out.retain(|it| {
        let keep = it.range.start >= end;
        if keep {
            end = it.range.end;
        }
        keep
    });
    out
}

/// A token of several lines as one for each: not every client reads longer ones.
fn by_line(text: &str, it: SemanticToken) -> Vec<SemanticToken> {
    let Some(words) = text.get(it.range.clone()) else { return Vec::new() };
    let mut start = it.range.start;
    let mut out = Vec::new();
    for line in words.split_inclusive('\n') {
        let shown = line.trim_end_matches(['\n', '\r']);
        if !shown.is_empty() {
            out.push(SemanticToken { range: start..start + shown.len(), ..it.clone() });
        }
        start += line.len();
    }
    out
}
