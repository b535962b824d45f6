//! Between lexer and grammar: joins words, inserts commas at line ends, and repairs what is broken so
//! locally that it need not cost more than a token.
//!
//! After it every bracket has its partner, no dot dangles, and no text is nested deeper than the stages
//! behind can follow. Repairs that need the grammar's opinion are in [`super::recover`].

use super::depth::{Chain, FRAMES_MAX, Measure};
use super::token::{Keyword, Tok, Token};
use super::{errors, number};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Tokens for the grammar.
#[derive(Debug, Default)]
pub struct Adapted {
    pub tokens: Vec<Token>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where text becomes too deep, at most once for each item; the item must not be parsed.
    pub too_deep: Vec<Span>,
}

/// Adapts the tokens of `text`, whose first byte is at `base` of the file.
pub fn adapt(file: FileId, text: &str, base: u32, tokens: &[Token]) -> Adapted {
    let mut adapter = Adapter {
        file,
        text,
        base,
        tokens,
        balanced: is_balanced(tokens),
        frames: vec![Frame::file()],
        line_indent: 0,
        deep: false,
        out: Adapted::default(),
    };
    adapter.run();
    adapter.out
}

fn is_balanced(tokens: &[Token]) -> bool {
    let mut closers = vec![];
    for token in tokens {
        if let Some(closer) = token.tok.closer() {
            closers.push(closer);
        } else if token.tok.is_closer() && closers.pop() != Some(token.tok) {
            return false;
        }
    }
    closers.is_empty()
}

/// What an open bracket holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FrameKind {
    File,
    Policy,
    Edits,
    Test,
    Object,
    Paren,
    Bracket,
}

#[derive(Debug)]
struct Frame {
    kind: FrameKind,
    opener: Span,
    closer: Tok,
    /// Indentation of the line with the opener.
    indent: u32,
    /// The word that began the statement we are in, where that decides what its braces hold.
    statement: Option<Keyword>,
    chain: Chain,
    /// Depth of everything around.
    outer: u32,
}

impl Frame {
    fn file() -> Frame {
        Frame {
            kind: FrameKind::File,
            opener: Span::new(FileId(0), 0, 0),
            closer: Tok::Error,
            indent: 0,
            statement: None,
            chain: Chain::default(),
            outer: 0,
        }
    }

    fn is_block(&self) -> bool {
        matches!(self.kind, FrameKind::File | FrameKind::Policy | FrameKind::Edits | FrameKind::Test)
    }

    fn is_brace(&self) -> bool {
        matches!(self.kind, FrameKind::Policy | FrameKind::Edits | FrameKind::Test | FrameKind::Object)
    }
}

struct Adapter<'s> {
    file: FileId,
    text: &'s str,
    base: u32,
    tokens: &'s [Token],
    /// Where all brackets match, none is repaired.
    balanced: bool,
    /// Never empty: the file is the first.
    frames: Vec<Frame>,
    line_indent: u32,
    /// Whether this item was found too deep already.
    deep: bool,
    out: Adapted,
}

impl Adapter<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at += self.step(at);
        }
        self.dangling_dot(None);
        self.close_down_to(1);
    }

    /// Handles the token at `at`; returns how many tokens were used.
    fn step(&mut self, at: usize) -> usize {
        let mut token = self.tokens[at];
        if token.starts_line || at == 0 {
            self.line_indent = self.indent_of(token.start);
        }
        self.dangling_dot(Some(at));
        if let Some(word) = self.demoted(at) {
            token.tok = word;
        }
        if self.star_index(at) {
            return 3;
        }
        if let Some(used) = self.spaced_unit(at).or_else(|| self.bare_text(at)) {
            return used;
        }
        let (joined, used) = self.joined(at, token);
        let token = joined;
        if !self.balanced {
            self.close_before(at, token);
            if token.tok.is_closer() && !self.close_up_to(token) {
                return used;
            }
        }
        self.comma_at_line_end(at, token);
        self.minus(at, token);
        self.track(token);
        self.out.tokens.push(token);
        used
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    fn source(&self, span: Span) -> &str {
        self.text.get((span.start - self.base) as usize..(span.end - self.base) as usize).unwrap_or("")
    }

    /// Bytes between the start of the line and `offset`.
    fn indent_of(&self, offset: u32) -> u32 {
        let before = &self.text[..(offset - self.base) as usize];
        (before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)) as u32
    }

    fn last(&self) -> Option<Token> {
        self.out.tokens.last().copied()
    }

    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn insert(&mut self, tok: Tok) -> u32 {
        let place = self.last().map_or(self.base, |token| token.end);
        self.out.tokens.push(Token { tok, start: place, end: place, starts_line: false });
        place
    }

    /// After a dot and before a colon a keyword is a field name.
    fn demoted(&self, at: usize) -> Option<Tok> {
        let Tok::Keyword(_) = self.tokens[at].tok else { return None };
        let after_dot = self.last().is_some_and(|last| last.tok == Tok::Dot);
        let before_colon = self.tokens.get(at + 1).is_some_and(|next| next.tok == Tok::Colon);
        (after_dot || before_colon).then_some(Tok::Name)
    }

    /// `spec.` with nothing behind it: a hole keeps the path. A reserved word behind white space begins
    /// the next clause, although it could be a field.
    fn dangling_dot(&mut self, at: Option<usize>) {
        let Some(dot) = self.last().filter(|last| last.tok == Tok::Dot) else { return };
        let is_field = at.is_some_and(|at| {
            let token = self.tokens[at];
            let apart = token.start > dot.end;
            match token.tok {
                Tok::Name => true,
                Tok::Keyword(word) if word.is_reserved() => !apart,
                Tok::Keyword(_) => {
                    let next = self.tokens.get(at + 1).map(|next| next.tok);
                    !(token.starts_line && matches!(next, Some(Tok::Name | Tok::Str)))
                }
                _ => false,
            }
        });
        if !is_field {
            let span = self.span(dot);
            self.out.diagnostics.push(errors::missing_field_name(span));
            self.insert(Tok::Hole);
        }
    }

    /// `[*]` after a value, as JSONPath has it.
    fn star_index(&mut self, at: usize) -> bool {
        let is_star = matches!(self.tokens.get(at..at + 3), Some([open, star, close])
            if open.tok == Tok::LBracket && star.tok == Tok::Star && close.tok == Tok::RBracket);
        if !is_star || !self.last().is_some_and(|last| last.tok.ends_value()) {
            return false;
        }
        let span = self.span(self.tokens[at]).to(self.span(self.tokens[at + 2]));
        self.out.diagnostics.push(errors::star_index(span));
        true
    }

    /// `3 days`, `64 Gi`: the unit of a number stands right behind it.
    fn spaced_unit(&mut self, at: usize) -> Option<usize> {
        let [number, unit, behind @ ..] = self.tokens.get(at..)? else { return None };
        let is_call = behind.first().is_some_and(|it| it.tok == Tok::LParen);
        if !matches!(number.tok, Tok::Int | Tok::Float)
            || unit.tok != Tok::Name
            || unit.starts_line
            || is_call
        {
            return None;
        }
        let span = self.span(*number).to(self.span(*unit));
        let meant = number::with_unit(self.source(self.span(*number)), self.source(self.span(*unit)))?;
        let diagnostic = errors::spaced_unit(span, self.source(span), &meant);
        self.out.diagnostics.push(diagnostic);
        self.hole(span, number.starts_line);
        Some(2)
    }

    /// `image ~ nginx:*`, `image == nginx:1.29`: text without its quotes, which reaches as far as there is no space.
    fn bare_text(&mut self, at: usize) -> Option<usize> {
        let first = self.tokens.get(at)?;
        let is_glob = match self.last()?.tok {
            Tok::Tilde | Tok::NotTilde => true,
            Tok::EqEq | Tok::Ne => false,
            _ => return None,
        };
        if first.tok != Tok::Name {
            return None;
        }
        let ends = |it: &Token| {
            it.tok == Tok::Str || it.tok == Tok::Comma || it.tok.is_closer() || it.tok.closer().is_some()
        };
        let adjacent =
            self.tokens[at..].windows(2).take_while(|pair| pair[0].end == pair[1].start && !ends(&pair[1]));
        let count = 1 + adjacent.count();
        let run = &self.tokens[at..at + count];
        let is_text = run.iter().any(|it| match it.tok {
            Tok::Star | Tok::Question | Tok::Slash => is_glob,
            Tok::Colon => it.end < run[count - 1].end,
            _ => false,
        });
        if !is_text {
            return None;
        }
        let span = self.span(run[0]).to(self.span(run[count - 1]));
        let diagnostic = errors::unquoted_text(span, self.source(span));
        self.out.diagnostics.push(diagnostic);
        self.hole(span, first.starts_line);
        Some(count)
    }

    /// Stands for text that was read otherwise than it is written.
    fn hole(&mut self, span: Span, starts_line: bool) {
        self.frame().chain.sign(Tok::Hole);
        self.out.tokens.push(Token { tok: Tok::Hole, start: span.start, end: span.start, starts_line });
    }

    /// Words that are one word to the grammar.
    fn joined(&mut self, at: usize, token: Token) -> (Token, usize) {
        let Tok::Keyword(first) = token.tok else { return (token, 1) };
        let Some(next) = self.tokens.get(at + 1).copied() else { return (token, 1) };
        let path_follows = self.tokens.get(at + 2).is_some_and(|after| {
            after.start == next.end && matches!(after.tok, Tok::Dot | Tok::LBracket | Tok::LParen)
        });
        let tok = match (first, next.tok) {
            (Keyword::Not, Tok::Keyword(Keyword::In)) => Tok::NotIn,
            (Keyword::Not, Tok::Keyword(Keyword::Matches)) => Tok::NotMatches,
            // A path may begin with the name `missing`.
            (Keyword::Or, Tok::Keyword(Keyword::Missing)) if !path_follows => Tok::OrMissing,
            (Keyword::Not, Tok::Tilde | Tok::EqEq) => {
                let tok = if next.tok == Tok::Tilde { Tok::NotTilde } else { Tok::Ne };
                let span = self.span(token).to(self.span(next));
                let diagnostic = errors::foreign_sign(span, self.source(span), tok.describe());
                self.out.diagnostics.push(diagnostic);
                tok
            }
            _ => return (token, 1),
        };
        (Token { tok, end: next.end, ..token }, 2)
    }

    /// Closes brackets that a word cannot stand in.
    fn close_before(&mut self, at: usize, token: Token) {
        let Tok::Keyword(word) = token.tok else { return };
        let after_value = self.last().is_some_and(|last| last.tok.ends_value());
        let in_scope_list =
            self.last().is_some_and(|last| last.tok == Tok::Comma || last.tok.is_keyword(Keyword::On));
        let clause = match word {
            Keyword::If => token.starts_line && after_value,
            Keyword::Where | Keyword::For => {
                token.starts_line && after_value && self.frame().kind == FrameKind::Paren
            }
            Keyword::Delete => !in_scope_list,
            Keyword::Expect | Keyword::Given => {
                let block = self.frames.iter().rev().find(|frame| frame.is_block());
                token.starts_line && block.is_some_and(|block| block.kind == FrameKind::Test)
            }
            _ => never_in_expression(word),
        };
        if clause {
            let keep = self.frames.iter().rposition(Frame::is_block).map_or(1, |block| block + 1);
            self.close_down_to(keep);
        }
        if !token.starts_line || in_scope_list {
            return;
        }
        let next = self.tokens.get(at + 1).map(|token| token.tok);
        let column_1 = self.line_indent == 0;
        let top = match word {
            Keyword::Policy | Keyword::Test | Keyword::Exempt | Keyword::Fn => true,
            Keyword::Use => column_1 && next == Some(Tok::Str),
            Keyword::Kind | Keyword::View | Keyword::Refine => column_1 && next == Some(Tok::Name),
            Keyword::Let => column_1,
            _ => column_1 && begins_rule(word),
        };
        if top {
            self.close_down_to(1);
        } else if begins_rule(word) && matches!(self.frame().kind, FrameKind::Edits | FrameKind::Test) {
            let policy = self.frames.iter().rposition(|frame| frame.kind == FrameKind::Policy);
            self.close_down_to(policy.map_or(1, |at| at + 1));
        }
    }

    /// Makes a closer fit: closes what stands between it and its opener. `false`: it closes nothing.
    fn close_up_to(&mut self, token: Token) -> bool {
        if token.tok == Tok::RBrace && token.starts_line {
            // A brace at the start of a line closes the block whose line is indented like it.
            let deeper =
                self.frames.last().is_some_and(|frame| frame.is_brace() && frame.indent > self.line_indent);
            let same =
                self.frames.iter().rposition(|frame| frame.is_brace() && frame.indent == self.line_indent);
            if let (true, Some(same)) = (deeper, same) {
                self.close_down_to(same + 1);
            }
        }
        let opener = self.frames.iter().rposition(|frame| frame.closer == token.tok);
        let brace = self.frames.iter().rposition(Frame::is_brace);
        match opener {
            Some(opener) if token.tok == Tok::RBrace || brace.is_none_or(|brace| opener > brace) => {
                self.close_down_to(opener + 1);
                true
            }
            _ => {
                let span = self.span(token);
                let sign = token.tok.describe();
                self.out.diagnostics.push(errors::unmatched_bracket(span, sign));
                false
            }
        }
    }

    /// Inserts closers until `keep` frames are left.
    fn close_down_to(&mut self, keep: usize) {
        while self.frames.len() > keep.max(1) {
            let Some(frame) = self.frames.pop() else { return };
            let place = self.insert(frame.closer);
            if self.frames.len() <= FRAMES_MAX {
                let place = Span::new(self.file, place, place);
                let sign = self.source(frame.opener).to_string();
                let closer = frame.closer.describe();
                self.out.diagnostics.push(errors::unclosed_bracket(frame.opener, &sign, closer, place));
            }
        }
    }

    /// A line break separates entries and elements.
    fn comma_at_line_end(&mut self, at: usize, token: Token) {
        if !token.starts_line || !self.last().is_some_and(|last| last.tok.ends_value()) {
            return;
        }
        let next_is_colon = self.tokens.get(at + 1).is_some_and(|next| next.tok == Tok::Colon);
        let frame = self.frame();
        let separates = if frame.is_brace() {
            next_is_colon && matches!(token.tok, Tok::Name | Tok::Str | Tok::Int)
        } else {
            frame.kind == FrameKind::Bracket && starts_element(token.tok)
        };
        if separates {
            frame.chain = Chain::default();
            self.insert(Tok::Comma);
        }
    }

    fn minus(&mut self, at: usize, token: Token) {
        if token.tok != Tok::Minus {
            return;
        }
        let (Some(last), Some(next)) = (self.last(), self.tokens.get(at + 1)) else { return };
        if last.tok.ends_value() && next.start == token.end && next.tok.ends_value() {
            let span = self.span(token);
            self.out.diagnostics.push(errors::minus_without_spaces(span, last.end == token.start));
        }
    }

    /// Follows brackets, statements and depth.
    fn track(&mut self, token: Token) {
        if let Some(closer) = token.tok.closer() {
            self.open(token, closer);
        } else if token.tok.is_closer() {
            if self.frames.len() > 1 {
                self.frames.pop();
            }
            self.frame().chain.postfix();
        } else if let Tok::Keyword(word) = token.tok {
            self.keyword(word);
        } else {
            self.frame().chain.sign(token.tok);
        }
        let frame = &self.frames[self.frames.len() - 1];
        let too_deep =
            Measure { frames: self.frames.len(), depth: frame.outer + frame.chain.depth() }.is_too_deep();
        if too_deep && !self.deep {
            self.deep = true;
            let span = self.span(token);
            self.out.too_deep.push(span);
        }
    }

    fn open(&mut self, token: Token, closer: Tok) {
        let kind = match token.tok {
            Tok::LParen => FrameKind::Paren,
            Tok::LBracket => FrameKind::Bracket,
            _ => self.brace_kind(),
        };
        let frame = self.frame();
        frame.chain.postfix();
        let outer = frame.outer + frame.chain.depth();
        let opener = self.span(token);
        let indent = self.line_indent;
        self.frames.push(Frame {
            kind,
            opener,
            closer,
            indent,
            statement: None,
            chain: Chain::default(),
            outer,
        });
    }

    /// What a `{` opens: after a value, a body; else an object.
    fn brace_kind(&mut self) -> FrameKind {
        let after_body_head = self.last().is_some_and(|last| {
            last.tok.ends_value()
                || matches!(last.tok, Tok::Keyword(word) if matches!(word, Keyword::Policy
                    | Keyword::Test | Keyword::Mutate | Keyword::Where | Keyword::If | Keyword::For))
        });
        let frame = self.frame();
        if !after_body_head || !frame.is_block() {
            return FrameKind::Object;
        }
        match frame.statement {
            Some(Keyword::Policy) => FrameKind::Policy,
            Some(Keyword::Test) => FrameKind::Test,
            Some(Keyword::Mutate | Keyword::For | Keyword::If) => FrameKind::Edits,
            Some(Keyword::Generate) => FrameKind::Object,
            // No other item has braces but those of settings: a misspelt `policy`.
            _ if frame.kind == FrameKind::File => FrameKind::Policy,
            _ => FrameKind::Object,
        }
    }

    fn keyword(&mut self, word: Keyword) {
        let last = self.last().map(|last| last.tok);
        let after_value = last.is_some_and(Tok::ends_value);
        let in_scope_list = last.is_some_and(|last| last == Tok::Comma || last.is_keyword(Keyword::On));
        let at_file_level = self.frames.len() == 1;
        let frame = self.frame();
        let begins = match word {
            Keyword::For | Keyword::If => {
                frame.kind == FrameKind::Edits && (after_value || matches!(last, Some(Tok::LBrace)))
            }
            Keyword::Expect | Keyword::Given => frame.kind == FrameKind::Test,
            Keyword::Delete => !in_scope_list,
            _ => begins_statement(word),
        };
        if begins && frame.is_block() {
            frame.statement = Some(word);
            if at_file_level {
                self.deep = false;
            }
        }
        let clause = frame_clause(word, after_value);
        let frame = self.frame();
        if frame.is_block() && (begins || clause) {
            frame.chain = Chain::default();
        } else {
            frame.chain.keyword(word);
        }
    }
}

/// Words that begin a clause, so that the depth of what stands before is over.
fn frame_clause(word: Keyword, after_value: bool) -> bool {
    match word {
        Keyword::If => after_value,
        Keyword::Where
        | Keyword::With
        | Keyword::That
        | Keyword::On
        | Keyword::For
        | Keyword::Message
        | Keyword::Action
        | Keyword::Settings => true,
        _ => false,
    }
}

/// Reserved words that stand in no expression, whatever surrounds it.
fn never_in_expression(word: Keyword) -> bool {
    begins_statement(word)
        || matches!(
            word,
            Keyword::With
                | Keyword::That
                | Keyword::On
                | Keyword::Message
                | Keyword::Action
                | Keyword::Settings
                | Keyword::As
                | Keyword::By
                | Keyword::Into
                | Keyword::From
        )
}

/// Reserved words that begin a statement of a file, policy, body of edits or test.
pub(super) fn begins_statement(word: Keyword) -> bool {
    begins_rule(word)
        || matches!(
            word,
            Keyword::Let
                | Keyword::Fn
                | Keyword::Policy
                | Keyword::Test
                | Keyword::Exempt
                | Keyword::Set
                | Keyword::Default
                | Keyword::Append
                | Keyword::Prepend
                | Keyword::Remove
        )
}

/// `rule` and the verbs.
pub(super) fn begins_rule(word: Keyword) -> bool {
    matches!(
        word,
        Keyword::Rule
            | Keyword::Deny
            | Keyword::Require
            | Keyword::Mutate
            | Keyword::Generate
            | Keyword::Verify
            | Keyword::Delete
    )
}

/// Whether a list's element at the start of a line may begin with this: never a sign that could also
/// continue the element above.
fn starts_element(tok: Tok) -> bool {
    match tok {
        Tok::Name
        | Tok::Str
        | Tok::Int
        | Tok::Float
        | Tok::Quantity
        | Tok::Duration
        | Tok::Percent
        | Tok::Date
        | Tok::Error
        | Tok::Hole
        | Tok::LBrace
        | Tok::LBracket => true,
        Tok::Keyword(word) => {
            !word.is_reserved()
                || matches!(
                    word,
                    Keyword::True
                        | Keyword::False
                        | Keyword::Not
                        | Keyword::Has
                        | Keyword::Empty
                        | Keyword::Changed
                        | Keyword::Try
                        | Keyword::Any
                        | Keyword::Every
                        | Keyword::If
                )
        }
        _ => false,
    }
}
