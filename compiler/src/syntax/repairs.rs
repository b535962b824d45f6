//! The repairs that [`super::recover`] tries, in their order: a misspelt word, a sign of another language,
//! a clause out of order, something left out, something too much, a clause or statement given up.

use super::recover::{Source, Stop};
use super::shape::Shape;
use super::token::{Keyword, Tok, Token};
use super::{errors, expected, number};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest::closest;
use crate::vocabulary::foreign;

/// Tokens to go on with, and what is to be said about the change.
#[derive(Debug)]
pub struct Repair {
    pub tokens: Vec<Token>,
    pub diagnostic: Diagnostic,
}

/// Where parsing of other tokens would stop; `None`: it would not.
pub type Probe<'p> = dyn Fn(&[Token]) -> Option<Stop> + 'p;

/// Words and signs that may be left out, in the order in which they are put back.
const INSERTED: &[(&str, Tok)] = &[
    (":", Tok::Colon),
    ("=", Tok::Eq),
    ("then", Tok::Keyword(Keyword::Then)),
    ("else", Tok::Keyword(Keyword::Else)),
    ("that", Tok::Keyword(Keyword::That)),
    ("by", Tok::Keyword(Keyword::By)),
    ("of", Tok::Keyword(Keyword::Of)),
    ("as", Tok::Keyword(Keyword::As)),
    ("into", Tok::Keyword(Keyword::Into)),
    ("in", Tok::Keyword(Keyword::In)),
    ("every", Tok::Keyword(Keyword::Every)),
    ("because", Tok::Keyword(Keyword::Because)),
    ("signed", Tok::Keyword(Keyword::Signed)),
    (",", Tok::Comma),
];
/// Tokens put in at one place.
const INSERTIONS_MAX: usize = 8;

/// The repair for the place where the grammar stopped.
pub fn choose(source: &Source, tokens: &[Token], stop: &Stop, probe: &Probe) -> Repair {
    let cx = Ctx { source, tokens, stop, probe, shape: Shape::of(tokens) };
    cx.colon_behind_word()
        .or_else(|| cx.misspelt_keyword())
        .or_else(|| cx.quoted())
        .or_else(|| cx.minutes_meant())
        .or_else(|| cx.unquoted_text())
        .or_else(|| cx.foreign_phrase())
        .or_else(|| cx.assignment_for_equality())
        .or_else(|| cx.wrong_condition_word())
        .or_else(|| cx.misplaced_clause())
        .or_else(|| cx.left_out())
        .or_else(|| cx.replaced_by_hole())
        .or_else(|| cx.one_too_much())
        .or_else(|| cx.rest_of_clause())
        .or_else(|| cx.whole_clause())
        .unwrap_or_else(|| cx.whole_statement())
}

/// Everything becomes one `Error` node.
pub fn give_up(source: &Source, tokens: &[Token], stop: &Stop) -> Repair {
    let never = |_: &[Token]| None;
    let cx = Ctx { source, tokens, stop, probe: &never, shape: Shape::of(tokens) };
    Repair { tokens: vec![cx.error_for(0, tokens.len())], diagnostic: cx.unexpected() }
}

struct Ctx<'c> {
    source: &'c Source<'c>,
    tokens: &'c [Token],
    stop: &'c Stop,
    probe: &'c Probe<'c>,
    shape: Shape<'c>,
}

impl Ctx<'_> {
    fn at(&self) -> usize {
        self.stop.at.min(self.tokens.len())
    }

    fn token(&self) -> Option<Token> {
        self.tokens.get(self.at()).copied()
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.source.file, token.start, token.end.max(token.start))
    }

    fn text(&self, token: Token) -> &str {
        self.source.slice(token.start, token.end)
    }

    /// Whether `repaired` is read beyond its last `rest` tokens' start, with at least `gain` of them taken.
    fn gets_past(&self, repaired: &[Token], rest: usize, gain: usize) -> bool {
        match (self.probe)(repaired) {
            None => true,
            Some(stop) => repaired.len() - stop.at.min(repaired.len()) + gain <= rest,
        }
    }

    /// Tokens from where the grammar stopped.
    fn rest(&self) -> usize {
        self.tokens.len() - self.at()
    }

    /// These tokens with `from..to` replaced.
    fn spliced(&self, from: usize, to: usize, by: &[Token]) -> Vec<Token> {
        let mut tokens = self.tokens[..from].to_vec();
        tokens.extend_from_slice(by);
        tokens.extend_from_slice(&self.tokens[to..]);
        tokens
    }

    /// Behind the token before `at`, and behind a space there, where a person would go on typing.
    fn gap(&self, at: usize) -> Span {
        let start = match at.checked_sub(1).and_then(|before| self.tokens.get(before)) {
            Some(before) => before.end,
            None => self.source.base,
        };
        let next = self.tokens.get(at).map_or(u32::MAX, |token| token.start);
        let space = start < next && self.source.slice(start, start + 1) == " ";
        let start = start + u32::from(space);
        Span::new(self.source.file, start, start)
    }

    fn error_for(&self, from: usize, to: usize) -> Token {
        let start = self.tokens.get(from).map_or(self.source.base, |token| token.start);
        let end = self.tokens[from.min(to)..to].iter().map(|token| token.end).max().unwrap_or(start);
        Token { tok: Tok::Error, start, end, starts_line: true }
    }

    fn found(&self, at: usize) -> String {
        match self.tokens.get(at) {
            None if self.source.interpolation_depth > 0 => "the end of the interpolation".to_string(),
            None => "the end of the item".to_string(),
            Some(token) => match token.tok {
                Tok::Name => format!("`{}`", self.text(*token)),
                Tok::Str
                | Tok::Int
                | Tok::Float
                | Tok::Quantity
                | Tok::Duration
                | Tok::Percent
                | Tok::Date => token.tok.describe().to_string(),
                Tok::Hole | Tok::Error => "text that could not be read".to_string(),
                tok => format!("`{}`", tok.describe()),
            },
        }
    }

    fn unexpected(&self) -> Diagnostic {
        let span = self.token().map_or_else(|| self.gap(self.at()), |token| self.span(token));
        let expected = expected::phrase(&self.stop.expected);
        let diagnostic = errors::unexpected(span, &self.found(self.at()), &expected);
        match self.token().map(|token| self.text(token)) {
            Some("unless" | "except" | "exclude") => {
                diagnostic.help("to leave something out, write `where not …` before the condition")
            }
            Some("severity" | "category" | "control") => diagnostic
                .help("words about a policy stand first in its braces: `policy p { severity high … }`"),
            Some("when" | "match") => diagnostic.help("what a rule speaks of is narrowed with `where …`"),
            Some("foreach" | "forall") => {
                diagnostic.help("make the element the subject, or write `any x in …:` or `every x in …:`")
            }
            _ => diagnostic,
        }
    }

    /// A name here, or just before, that is nearly a keyword which could stand there.
    fn misspelt_keyword(&self) -> Option<Repair> {
        let at = self.at();
        let here = Some((at, self.stop.clone()));
        let before =
            at.checked_sub(1).filter(|before| self.tokens[*before].tok == Tok::Name).and_then(|before| {
                let mut prefix = self.tokens[..before].to_vec();
                // A sign that could stand nowhere here, so that the grammar says what could.
                prefix.push(Token { tok: Tok::Question, ..self.tokens[before] });
                (self.probe)(&prefix).filter(|stop| stop.at == before).map(|stop| (before, stop))
            });
        here.into_iter().chain(before).find_map(|(at, stop)| {
            let token = self.tokens.get(at).filter(|token| token.tok == Tok::Name)?;
            let word = self.text(*token);
            let mut words =
                stop.expected.iter().map(String::as_str).filter(|word| Keyword::parse(word).is_some());
            let meant = match foreign::keyword(word) {
                Some(ours) => words.find(|word| *word == ours)?,
                None => closest(word, words)?,
            };
            let tok = Tok::Keyword(Keyword::parse(meant)?);
            let tokens = self.spliced(at, at + 1, &[Token { tok, ..*token }]);
            let diagnostic = errors::misspelt_keyword(self.span(*token), word, meant);
            self.gets_past(&tokens, self.rest(), 1).then_some(Repair { tokens, diagnostic })
        })
    }

    /// `severity: high`
    fn colon_behind_word(&self) -> Option<Repair> {
        let at = self.at();
        let token = self.token().filter(|token| token.tok == Tok::Name)?;
        let colon = self.tokens.get(at + 1).filter(|token| token.tok == Tok::Colon)?;
        let word = Keyword::parse(self.text(token)).filter(|word| self.stop.expects(word.as_str()))?;
        let takes_value =
            matches!(word, Keyword::Severity | Keyword::Category | Keyword::Action | Keyword::Message);
        let value = self.tokens.get(at + 2)?;
        if !takes_value
            || !(value.tok.ends_value() || matches!(value.tok, Tok::Keyword(_)))
            || value.start == value.end
        {
            return None;
        }
        let mut tokens = self.spliced(at, at + 2, &[Token { tok: Tok::Keyword(word), ..token }]);
        // What looks like an entry of an object was ended by a comma, which is not written.
        let ends_line = |it: &Token| it.starts_line || it.tok == Tok::Comma && it.start == it.end;
        let end = tokens.iter().skip(at + 1).position(ends_line).map(|count| at + 1 + count);
        if let Some(end) = end.filter(|end| tokens[*end].tok == Tok::Comma) {
            tokens.remove(end);
        }
        let diagnostic = errors::colon_behind_word(self.span(*colon), word.as_str());
        self.gets_past(&tokens, self.rest(), 2).then_some(Repair { tokens, diagnostic })
    }

    /// `severity "high"`, `until "2027-01-01"`: a string where a name or a date stands.
    fn quoted(&self) -> Option<Repair> {
        let token = self.token().filter(|token| token.tok == Tok::Str)?;
        let text = self.text(token).strip_prefix('"')?.strip_suffix('"')?;
        let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let (tok, what) = match Keyword::parse(text).filter(|word| self.stop.expects(word.as_str())) {
            Some(word) => (Tok::Keyword(word), "a word of the language"),
            None if self.stop.expects("date") && number::looks_like_date(text) => (Tok::Date, "a date"),
            None if self.stop.expects("name") && is_word => (Tok::Name, "a name"),
            None => return None,
        };
        let tokens = self.spliced(self.at(), self.at() + 1, &[Token { tok, ..token }]);
        let diagnostic = errors::quoted(self.span(token), self.text(token), what);
        self.gets_past(&tokens, self.rest(), 1).then_some(Repair { tokens, diagnostic })
    }

    /// `every 5m`
    fn minutes_meant(&self) -> Option<Repair> {
        let token =
            self.token().filter(|token| token.tok == Tok::Quantity && self.stop.expects("duration"))?;
        let meant = format!("{}min", self.text(token).strip_suffix('m')?);
        let hole = Token { tok: Tok::Hole, end: token.start, ..token };
        let tokens = self.spliced(self.at(), self.at() + 1, &[hole]);
        let diagnostic = errors::minutes_meant(self.span(token), self.text(token), &meant);
        self.gets_past(&tokens, self.rest(), 1).then_some(Repair { tokens, diagnostic })
    }

    /// `category AI supply chain`: words where only a string can stand, up to the end of the line.
    fn unquoted_text(&self) -> Option<Repair> {
        let at = self.at();
        let token = self.token()?;
        let is_word = |token: &Token| matches!(token.tok, Tok::Name | Tok::Keyword(_));
        let wants_text = self.stop.expects("str") && !self.stop.expects("name") && !self.stop.expects("[");
        if !wants_text || token.starts_line || token.tok != Tok::Name {
            return None;
        }
        let goes_on = |i: usize| {
            let it = &self.tokens[i];
            !it.starts_line
                && it.tok != Tok::Str
                && (!self.shape.is_boundary(i) || it.tok == Tok::Comma)
                && it.tok.closer().is_none()
        };
        let end = (at + 1..self.tokens.len()).find(|i| !goes_on(*i)).unwrap_or(self.tokens.len());
        // What a keyword ends is perhaps only its first words.
        let is_whole = self.tokens.get(end).is_none_or(|it| it.starts_line || !is_word(it));
        if self.tokens.get(end).is_some_and(|it| it.tok == Tok::Str && !it.starts_line) {
            return None;
        }
        let last = self.tokens[end - 1];
        let hole = Token { tok: Tok::Hole, end: token.start, ..token };
        let tokens = self.spliced(at, end, &[hole]);
        let span = self.span(token).to(self.span(last));
        let mut diagnostic = errors::unquoted_text(span, self.text(Token { end: last.end, ..token }));
        if !is_whole {
            diagnostic.fixes.clear();
        }
        self.gets_past(&tokens, self.tokens.len() - end, 0).then_some(Repair { tokens, diagnostic })
    }

    /// `image contains "x"`, `label.team is null`: the whole becomes a hole, so that nothing more is said of it.
    fn foreign_phrase(&self) -> Option<Repair> {
        let at = self.at();
        let is_word = |token: &&Token| matches!(token.tok, Tok::Name | Tok::Keyword(_) | Tok::NotIn);
        let words = self.tokens[at..].iter().take_while(is_word);
        let words: Vec<&str> = words.flat_map(|token| self.text(*token).split_whitespace()).take(4).collect();
        let (count, ours) = foreign::phrase(&words)?;
        let mut behind = at;
        let mut taken = 0;
        while taken < count {
            taken += self.text(self.tokens[behind]).split_whitespace().count();
            behind += 1;
        }
        let start = self.shape.operand_before(at)?;
        let end = match foreign::operands(ours) {
            1 => behind,
            _ => self.shape.operand_behind(behind)?,
        };
        let text =
            |from: usize, to: usize| self.source.slice(self.tokens[from].start, self.tokens[to - 1].end);
        let operands: &[&str] =
            if end == behind { &[text(start, at)] } else { &[text(start, at), text(behind, end)] };
        let meant = foreign::filled(ours, operands).filter(|text| !text.contains('\n'));
        let span = self.span(self.tokens[start]).to(self.span(self.tokens[end - 1]));
        let place = self.tokens[start];
        let hole = Token { tok: Tok::Hole, end: place.start, ..place };
        let tokens = self.spliced(start, end, &[hole]);
        let diagnostic = errors::foreign_phrase(span, text(at, behind), meant.as_deref());
        self.gets_past(&tokens, self.tokens.len() - end, 0).then_some(Repair { tokens, diagnostic })
    }

    /// `if a = b`
    fn assignment_for_equality(&self) -> Option<Repair> {
        let token = self.token().filter(|token| token.tok == Tok::Eq && self.stop.expects("=="))?;
        let tokens = self.spliced(self.at(), self.at() + 1, &[Token { tok: Tok::EqEq, ..token }]);
        let diagnostic = errors::assignment_for_equality(self.span(token));
        self.gets_past(&tokens, self.rest(), 1).then_some(Repair { tokens, diagnostic })
    }

    /// `require … if`, `deny … that`
    fn wrong_condition_word(&self) -> Option<Repair> {
        let token = self.token()?;
        let (found, meant, word) = match token.tok {
            Tok::Keyword(Keyword::If) if self.stop.expects("that") => ("if", "that", Keyword::That),
            Tok::Keyword(Keyword::That) if self.stop.expects("if") => ("that", "if", Keyword::If),
            _ => return None,
        };
        let (verb, _) = self.shape.rule_around(self.at())?;
        let tokens = self.spliced(self.at(), self.at() + 1, &[Token { tok: Tok::Keyword(word), ..token }]);
        let diagnostic = errors::wrong_condition_word(self.span(token), verb.as_str(), found, meant);
        self.gets_past(&tokens, self.rest(), 1).then_some(Repair { tokens, diagnostic })
    }

    /// A clause behind one that it must precede, or a second one of a kind.
    fn misplaced_clause(&self) -> Option<Repair> {
        let at = self.at();
        let token = self.token().filter(|_| self.shape.begins_clause(at))?;
        let Tok::Keyword(word) = token.tok else { return None };
        let rank = clause_rank(word)?;
        let (_, clauses) = self.shape.rule_around(at)?;
        let ranked = clauses.iter().filter(|i| **i < at).filter_map(|i| match self.tokens[*i].tok {
            Tok::Keyword(word) => clause_rank(word).map(|rank| (*i, word, rank)),
            _ => None,
        });
        let end = self.shape.next_boundary(at);
        let (first, first_word, first_rank) = ranked.into_iter().find(|(_, _, other)| *other >= rank)?;
        let clause = self.span(token).to(self.span(self.tokens[end - 1]));
        if first_rank == rank {
            let diagnostic = errors::repeated_clause(clause, word.as_str(), self.span(self.tokens[first]));
            let tokens = self.spliced(at, end, &[]);
            return self
                .gets_past(&tokens, self.tokens.len() - end, 0)
                .then_some(Repair { tokens, diagnostic });
        }
        let mut tokens = self.tokens[..first].to_vec();
        tokens.extend_from_slice(&self.tokens[at..end]);
        tokens.extend_from_slice(&self.tokens[first..at]);
        tokens.extend_from_slice(&self.tokens[end..]);
        let text = self.source.slice(clause.start, clause.end);
        let before = self.span(self.tokens[first]);
        let diagnostic = errors::clause_order(clause, word.as_str(), before, first_word.as_str(), text);
        self.gets_past(&tokens, self.tokens.len() - end, 0).then_some(Repair { tokens, diagnostic })
    }

    /// Something is missing before the token that could not be taken.
    fn left_out(&self) -> Option<Repair> {
        let at = self.at();
        let place = self.gap(at);
        let mut inserted: Vec<Token> = vec![];
        let mut stop = self.stop.clone();
        let mut diagnostic = None;
        while inserted.len() < INSERTIONS_MAX {
            let (tok, said) = self.insertion(&stop, place)?;
            diagnostic.get_or_insert(said);
            inserted.push(Token { tok, start: place.start, end: place.start, starts_line: false });
            let tokens = self.spliced(at, at, &inserted);
            let gain = if self.shape.is_boundary(at) || is_operator(self.token()) { 1 } else { 2 };
            match (self.probe)(&tokens) {
                Some(next) if next.at == at + inserted.len() => stop = next,
                Some(next) if next.at < at + inserted.len() + gain => return None,
                None | Some(_) => {
                    let mut diagnostic = diagnostic?;
                    // One word of several that are missing repairs nothing.
                    if inserted.len() > 1 {
                        diagnostic.fixes.clear();
                    }
                    return Some(Repair { tokens, diagnostic });
                }
            }
        }
        None
    }

    fn insertion(&self, stop: &Stop, place: Span) -> Option<(Tok, Diagnostic)> {
        let found = self.found(self.at());
        if stop.expects("<hole>") {
            let what = expected::missing(&stop.expected);
            let after = self.at().checked_sub(1).map(|before| self.text(self.tokens[before]));
            let after = after.filter(|text| !text.is_empty() && text.len() < 20);
            return Some((Tok::Hole, errors::missing_expression(place, what, after, &found)));
        }
        // Behind a whole expression an operator may follow as well, so a word that is also an operator
        // or a mere possibility is no omission.
        let in_expression = stop.expects("==");
        if stop.expects("<error>") && stop.expects("deny") && !stop.expects("rule") {
            return Some((Tok::Error, errors::missing_body(place, &found)));
        }
        let (word, tok) = INSERTED.iter().find(|(word, _)| {
            let optional = match *word {
                "in" | "of" | "as" | "because" | "every" => in_expression,
                "=" => stop.expects("{"),
                "," => self.shape.is_boundary(self.at()),
                _ => false,
            };
            stop.expects(word) && !optional
        })?;
        let diagnostic = errors::missing_token(place, word, &found);
        let in_parameters = matches!(
            self.tokens.get(self.at().wrapping_sub(2)).map(|it| it.tok),
            Some(Tok::LParen | Tok::Comma)
        );
        let diagnostic = match *word {
            "because" => diagnostic.help("an exemption says why: `because \"…\"`"),
            ":" if in_parameters => diagnostic.help("a parameter says its type, as in `name: string`"),
            _ => diagnostic,
        };
        Some((*tok, diagnostic))
    }

    /// A token where another was wanted: `deny "pod" if …`
    fn replaced_by_hole(&self) -> Option<Repair> {
        let at = self.at();
        let token = self.token()?;
        if !self.stop.expects("<hole>") || self.shape.is_boundary(at) || token.tok.closer().is_some() {
            return None;
        }
        let hole = Token { tok: Tok::Hole, start: token.start, end: token.start, starts_line: false };
        let tokens = self.spliced(at, at + 1, &[hole]);
        let repair = Repair { tokens, diagnostic: self.unexpected() };
        self.gets_past(&repair.tokens, self.rest() - 1, 1).then_some(repair)
    }

    fn one_too_much(&self) -> Option<Repair> {
        let at = self.at();
        let token = self.token()?;
        if self.shape.begins_statement(at) || token.tok.is_closer() || token.tok.closer().is_some() {
            return None;
        }
        let tokens = self.spliced(at, at + 1, &[]);
        self.gets_past(&tokens, self.rest() - 1, 2).then(|| Repair { tokens, diagnostic: self.unexpected() })
    }

    /// Drops what stands between here and the next clause, statement or closer; a hole takes its place
    /// where one is wanted.
    fn rest_of_clause(&self) -> Option<Repair> {
        let at = self.at();
        let is_meta = matches!(self.token()?.tok, Tok::Keyword(word) if matches!(word, Keyword::Severity
            | Keyword::Category | Keyword::Control | Keyword::Action | Keyword::Settings));
        if self.token()?.tok.is_closer() || (self.shape.begins_statement(at) && !is_meta) {
            return None;
        }
        let end = self.shape.next_boundary(at);
        // Behind a whole expression: what it says goes on in a way that nobody knows, so nothing more is said of it.
        if at.checked_sub(1).and_then(|before| self.shape.tok(before)).is_some_and(Tok::ends_value) {
            let place = self.token()?.start;
            let put_in = |tok| Token { tok, start: place, end: place, starts_line: false };
            let tokens = self.spliced(at, end, &[put_in(Tok::EqEq), put_in(Tok::Hole)]);
            if self.gets_past(&tokens, self.tokens.len() - end, 0) && !self.stops_at_end(&tokens) {
                return Some(Repair { tokens, diagnostic: self.unexpected() });
            }
        }
        self.cut(at, end)
    }

    fn whole_clause(&self) -> Option<Repair> {
        let at = self.at();
        let start = self.shape.clause_start(at);
        if start >= at || self.shape.begins_statement(start) {
            return None;
        }
        let end = if self.shape.is_boundary(at) { at } else { self.shape.next_boundary(at) };
        self.cut(start, end)
    }

    fn cut(&self, start: usize, end: usize) -> Option<Repair> {
        let rest = self.tokens.len() - end;
        let gain = rest.min(1);
        let place = self.tokens.get(start).map_or(self.source.base, |token| token.start);
        let hole = Token { tok: Tok::Hole, start: place, end: place, starts_line: false };
        let bare = self.spliced(start, end, &[]);
        let with_hole = self.spliced(start, end, &[hole]);
        let ends_well =
            |tokens: &Vec<Token>| self.gets_past(tokens, rest, gain) && !self.stops_at_end(tokens);
        let tokens = [bare, with_hole].into_iter().find(ends_well)?;
        Some(Repair { tokens, diagnostic: self.unexpected() })
    }

    fn closes(&self, at: usize) -> bool {
        self.tokens.get(at).is_none_or(|token| token.tok.is_closer())
    }

    /// Where nothing is left behind a cut, getting past it must mean that the whole is read.
    fn stops_at_end(&self, tokens: &[Token]) -> bool {
        (self.probe)(tokens).is_some_and(|stop| stop.at >= tokens.len())
    }

    /// Replaces the smallest statement around by an error node such that reading goes on behind it.
    fn whole_statement(&self) -> Repair {
        let at = self.at();
        // Where a statement begins or ends, it is the one before that is incomplete.
        let before = at.checked_sub(1).filter(|_| self.shape.begins_statement(at) || self.closes(at));
        let around = before.into_iter().chain([at]).flat_map(|at| self.shape.statements_around(at));
        for (start, end) in around {
            let rest = self.tokens.len() - end;
            let tokens = self.spliced(start, end, &[self.error_for(start, end)]);
            if self.gets_past(&tokens, rest, rest.min(1)) && !self.stops_at_end(&tokens) {
                return Repair { tokens, diagnostic: self.unexpected() };
            }
        }
        give_up(self.source, self.tokens, self.stop)
    }
}

fn is_operator(token: Option<Token>) -> bool {
    token.is_some_and(|token| {
        matches!(
            token.tok,
            Tok::EqEq
                | Tok::Ne
                | Tok::Lt
                | Tok::Le
                | Tok::Gt
                | Tok::Ge
                | Tok::Tilde
                | Tok::NotTilde
                | Tok::Plus
                | Tok::Star
                | Tok::Slash
                | Tok::QuestionQuestion
                | Tok::NotIn
                | Tok::NotMatches
                | Tok::OrMissing
                | Tok::Keyword(Keyword::And | Keyword::Or | Keyword::In | Keyword::Matches)
        )
    })
}

/// The order of a rule's clauses.
fn clause_rank(word: Keyword) -> Option<u8> {
    match word {
        Keyword::On => Some(0),
        // Any number of these, in any order.
        Keyword::Where | Keyword::With => Some(1),
        Keyword::If | Keyword::That => Some(2),
        Keyword::Message => Some(3),
        Keyword::Action => Some(4),
        Keyword::Settings => Some(5),
        _ => None,
    }
}
