//! The way from text to tree: lex, adapt, cut into items, parse each with recovery.

use super::adapter::{self, Adapted};
use super::ast::{Expr, ExprKind, Item, Module};
use super::build::{Builder, Said};
use super::comments::Comments;
use super::errors;
use super::grammar::{ExprParser, FileParser};
use super::lexer;
use super::recover::{self, Source};
use super::token::{Keyword, Tok, Token};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// A source file may be this long, in bytes: offsets are `u32`, and no person writes more.
const FILE_LENGTH_MAX: usize = 64 << 20;
/// More findings than this in one file say nothing more.
const DIAGNOSTICS_MAX: usize = 200;
/// Interpolations within strings within interpolations.
const INTERPOLATION_DEPTH_MAX: u32 = 8;

/// What [`parse`] gives: always a tree, whatever the text.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub module: Module,
    pub comments: Comments,
    /// In source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a source file. Broken text leaves `Error` and `Hole` nodes in the tree and a diagnostic for each
/// mistake; what stands beside a mistake is kept.
pub fn parse(file: FileId, text: &str) -> Parsed {
    let whole = Span::new(file, 0, text.len().min(FILE_LENGTH_MAX) as u32);
    if text.len() > FILE_LENGTH_MAX {
        let diagnostics = vec![errors::file_too_large(whole.at_start())];
        let module = Module { file, items: vec![Item::Error(whole)], span: whole };
        return Parsed { module, comments: Comments::default(), diagnostics };
    }
    let lexed = lexer::lex(file, text, 0);
    let mut diagnostics = lexed.diagnostics;
    let Adapted { tokens, diagnostics: adapted, too_deep } = adapter::adapt(file, text, 0, &lexed.tokens);
    diagnostics.extend(adapted);

    let token_ends = ends(&lexed.tokens);
    let source = Source {
        file,
        text,
        base: 0,
        comments: &lexed.comments,
        token_ends: &token_ends,
        interpolation_depth: 0,
    };
    let mut items = vec![];
    let mut documented = vec![];
    for chunk in chunks(&tokens, text) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let span = Span::new(file, first.start, last.end.max(first.start));
        if let Some(place) = too_deep.iter().find(|place| span.start <= place.start && place.start < span.end)
        {
            diagnostics.push(errors::too_deep(*place, "the text is"));
            documented.extend(chunk.iter().map(|token| token.start));
            items.push(Item::Error(span));
            continue;
        }
        let run = |builder: &Builder, tokens: &mut dyn Iterator<Item = recover::Triple>| {
            FileParser::new().parse(builder, tokens)
        };
        let (mut parsed, said) = recover::parse(&source, chunk, &run, &mut diagnostics);
        let Said { diagnostics: found, documented: taken } = said;
        diagnostics.extend(found);
        documented.extend(taken);
        if parsed.iter().any(|item| matches!(item, Item::Error(_))) {
            documented.extend(chunk.iter().map(|token| token.start));
        }
        items.append(&mut parsed);
    }

    documented.sort_unstable();
    for comment in lexed.comments.all.iter().filter(|comment| comment.doc) {
        if !comment.own_line || documented.binary_search(&comment.next_token).is_err() {
            diagnostics.push(errors::stray_doc_comment(Span::new(file, comment.start, comment.end)));
        }
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.primary().start, diagnostic.primary().end));
    diagnostics.truncate(DIAGNOSTICS_MAX);
    Parsed { module: Module { file, items, span: whole }, comments: lexed.comments, diagnostics }
}

/// The tokens of a file as the grammar sees them, in source order: keywords told from names, `not in` as one. What a
/// repair put in has no text.
pub fn tokens(file: FileId, text: &str) -> Vec<Token> {
    adapter::adapt(file, text, 0, &lexer::lex(file, text, 0).tokens).tokens
}

/// The words of the language that the grammar would take at a byte of the file, behind what stands before it.
pub fn keywords_at(file: FileId, text: &str, offset: usize) -> Vec<Keyword> {
    let before = text.get(..offset).unwrap_or(text);
    let end = before.len() as u32;
    let lexed = lexer::lex(file, before, 0);
    let mut tokens = adapter::adapt(file, before, 0, &lexed.tokens).tokens;
    // Brackets that are still open were closed at the end.
    while tokens
        .last()
        .is_some_and(|it| it.start == it.end && it.end >= lexed.tokens.last().map_or(0, |it| it.end))
    {
        tokens.pop();
    }
    let chunk = chunks(&tokens, before).pop().unwrap_or_default();
    let token_ends = ends(&lexed.tokens);
    let source = Source {
        file,
        text: before,
        base: 0,
        comments: &lexed.comments,
        token_ends: &token_ends,
        interpolation_depth: 0,
    };
    let run = |builder: &Builder, tokens: &mut dyn Iterator<Item = recover::Triple>| {
        FileParser::new().parse(builder, tokens)
    };
    // A token that no rule takes: the grammar says what it wanted instead.
    let stray = Token { tok: Tok::Question, start: end, end, starts_line: false };
    let mut probe = chunk.to_vec();
    probe.push(stray);
    let expected = recover::expected(&source, &probe, &run);
    let has = |word: &str| expected.iter().any(|it| it == word);
    let words = Keyword::RESERVED.iter().chain(Keyword::CONTEXTUAL).copied();
    // Where every word may be a name, as that of a field or an argument, only those remain that begin an expression.
    let is_key = has("name") && has(Keyword::Deny.as_str());
    let is_meant = |word: Keyword| match (is_key, has("name")) {
        (true, _) => has("<hole>") && begins_expression(word),
        (false, true) => word.is_reserved(),
        (false, false) => true,
    };
    words.filter(|word| has(word.as_str()) && is_meant(*word)).collect()
}

fn begins_expression(word: Keyword) -> bool {
    use Keyword::*;
    matches!(word, Not | Has | Empty | Changed | Try | Any | Every | If | True | False)
}

fn ends(tokens: &[Token]) -> Vec<u32> {
    tokens.iter().map(|token| token.end).collect()
}

/// Reads a lone expression, as the editor and tests have them.
pub fn parse_expr(file: FileId, text: &str) -> (Expr, Vec<Diagnostic>) {
    let mut diagnostics = vec![];
    let expr = interpolation(file, text, 0, 0, &mut diagnostics);
    (expr, diagnostics)
}

/// Reads an expression within a string: `text` begins at byte `base` of the file.
pub(super) fn interpolation(
    file: FileId,
    text: &str,
    base: u32,
    depth: u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Expr {
    let span = Span::new(file, base, base + text.len() as u32);
    if depth > INTERPOLATION_DEPTH_MAX {
        diagnostics.push(errors::too_deep(span, "interpolations are"));
        return Expr { kind: ExprKind::Error, span };
    }
    let lexed = lexer::lex(file, text, base);
    let is_new = |found: &Diagnostic| depth == 0 || found.code != HIDDEN;
    diagnostics.extend(lexed.diagnostics.into_iter().filter(is_new));
    for comment in &lexed.comments.all {
        let place = Span::new(file, comment.start, comment.end);
        diagnostics.push(errors::unexpected(place, "comment", "an expression"));
    }
    let Adapted { tokens, diagnostics: adapted, too_deep } = adapter::adapt(file, text, base, &lexed.tokens);
    diagnostics.extend(adapted);
    if let Some(place) = too_deep.first() {
        diagnostics.push(errors::too_deep(*place, "the text is"));
        return Expr { kind: ExprKind::Error, span };
    }
    let comments = Comments::default();
    let token_ends = ends(&lexed.tokens);
    let source =
        Source { file, text, base, comments: &comments, token_ends: &token_ends, interpolation_depth: depth };
    let run = |builder: &Builder, tokens: &mut dyn Iterator<Item = recover::Triple>| {
        ExprParser::new().parse(builder, tokens)
    };
    let (expr, said) = recover::parse(&source, &tokens, &run, diagnostics);
    diagnostics.extend(said.diagnostics);
    expr
}

/// The lexer of the file has reported these already.
const HIDDEN: crate::diagnostic::Code = crate::diagnostic::Code::HiddenCharacter;

/// Cuts a file's tokens at words that begin an item at the start of a line and outside brackets, so that a
/// mistake in one item cannot reach another. A cut too few does no harm: the grammar reads many items.
fn chunks<'t>(tokens: &'t [Token], text: &str) -> Vec<&'t [Token]> {
    let mut cuts = vec![0];
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.tok.closer().is_some() {
            depth += 1;
        } else if token.tok.is_closer() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && at > 0 && token.starts_line && begins_item(tokens, at, text) {
            cuts.push(at);
        }
    }
    cuts.push(tokens.len());
    cuts.windows(2).filter_map(|pair| tokens.get(pair[0]..pair[1])).collect()
}

fn begins_item(tokens: &[Token], at: usize, text: &str) -> bool {
    let last = tokens[at - 1].tok;
    let next = tokens.get(at + 1).map(|token| token.tok);
    let next_is_name = match next {
        Some(Tok::Keyword(word)) => !word.is_reserved(),
        next => next == Some(Tok::Name),
    };
    let start = tokens[at].start as usize;
    let column_1 = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
    // A contextual word may also be the name that a keyword wants, or one of a list.
    let may_be_name = last == Tok::Comma || matches!(last, Tok::Keyword(word) if word.is_reserved());
    let begins = last.ends_value() || (column_1 && !may_be_name);
    match tokens[at].tok {
        Tok::Keyword(Keyword::Delete) if last == Tok::Comma || last.is_keyword(Keyword::On) => false,
        Tok::Keyword(Keyword::Rule) => true,
        Tok::Keyword(word) if adapter::begins_rule(word) => !ends_rule_name(&tokens[..at]),
        Tok::Keyword(Keyword::Let | Keyword::Fn | Keyword::Policy | Keyword::Test | Keyword::Exempt) => true,
        Tok::Keyword(Keyword::Use) => next == Some(Tok::Str) && begins,
        Tok::Keyword(Keyword::Kind | Keyword::View | Keyword::Refine) => next_is_name && begins,
        // A misspelt word of these: two words in a row continue no expression.
        Tok::Name => column_1 && last.ends_value() && matches!(next, Some(Tok::Name | Tok::Str)),
        _ => false,
    }
}

/// Whether these end in `rule NAME :`, so that a verb belongs to it.
fn ends_rule_name(tokens: &[Token]) -> bool {
    matches!(tokens, [.., rule, _, colon] if rule.tok.is_keyword(Keyword::Rule) && colon.tok == Tok::Colon)
}
