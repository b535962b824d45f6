//! Tokens to events: the productions of YAML as a state machine with its own stack.

use std::borrow::Cow;

use super::scanner::{Scanner, TokenKind};
use super::{Event, EventKind, Properties, SyntaxError};

pub(in crate::document) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// Where to go on when the node under way is complete.
    states: Vec<State>,
    tag_directives: Vec<(&'a str, Cow<'a, str>)>,
    /// Where the last scalar, alias or flow collection ended, for the end of block collections.
    content_end: usize,
}

#[derive(Clone, Copy)]
enum State {
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence { is_first: bool },
    IndentlessSequence,
    BlockMappingKey { is_first: bool },
    BlockMappingValue,
    FlowSequence { is_first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingKey { is_first: bool },
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// What kind of node may stand at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// A value of a block mapping, where a sequence need not be indented.
    BlockOrIndentless,
    Flow,
}

type Parse<'a> = Result<Event<'a>, SyntaxError>;

impl<'a> Parser<'a> {
    pub(in crate::document) fn new(text: &'a str) -> Self {
        Parser {
            scanner: Scanner::new(text),
            state: State::ImplicitDocumentStart,
            states: Vec::new(),
            tag_directives: Vec::new(),
            content_end: 0,
        }
    }

    /// The next event. After an error or the end of the stream there is none to ask for.
    pub(in crate::document) fn next(&mut self) -> Parse<'a> {
        match self.state {
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Place::Block),
            State::BlockSequence { is_first } => self.block_sequence(is_first),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey { is_first } => self.block_mapping_key(is_first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { is_first } => self.flow_sequence(is_first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingKey { is_first } => self.flow_mapping_key(is_first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let at = self.scanner.peek()?.start;
                self.empty_scalar(State::FlowMappingKey { is_first: false }, at)
            }
            State::End => {
                let at = self.scanner.pos;
                Ok(Event { kind: EventKind::StreamEnd, start: at, end: at })
            }
        }
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Ends the collection under way with `kind`.
    fn close(&mut self, kind: EventKind<'a>, start: usize, end: usize) -> Parse<'a> {
        self.pop();
        Ok(Event { kind, start, end })
    }

    fn node_then(&mut self, then: State, place: Place) -> Parse<'a> {
        self.states.push(then);
        self.node(place)
    }

    fn empty_scalar(&mut self, then: State, at: usize) -> Parse<'a> {
        self.state = then;
        let kind =
            EventKind::Scalar { properties: Properties::default(), value: Cow::Borrowed(""), implicit: true };
        Ok(Event { kind, start: at, end: at })
    }

    fn document_start(&mut self, may_be_implicit: bool) -> Parse<'a> {
        if !may_be_implicit {
            while matches!(self.scanner.peek()?.kind, TokenKind::DocumentEnd) {
                self.scanner.skip();
            }
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                Ok(Event { kind: EventKind::StreamEnd, start, end })
            }
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart => self.explicit_document_start(),
            _ if may_be_implicit => {
                self.add_default_tags();
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(Event { kind: EventKind::DocumentStart, start, end })
            }
            _ => fail("expected `---` or the end of the text", start),
        }
    }

    fn explicit_document_start(&mut self) -> Parse<'a> {
        let mut has_version = false;
        loop {
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            match &mut token.kind {
                TokenKind::VersionDirective { major, minor } => {
                    if has_version {
                        return fail("a second %YAML directive", start);
                    }
                    if (*major, *minor) != (1, 1) {
                        return fail("only YAML version 1.1 is read", start);
                    }
                    has_version = true;
                }
                TokenKind::TagDirective { handle, prefix } => {
                    let directive = (*handle, std::mem::take(prefix));
                    if self.tag_directives.iter().any(|(handle, _)| *handle == directive.0) {
                        return fail("a second %TAG directive for this handle", start);
                    }
                    self.tag_directives.push(directive);
                }
                TokenKind::DocumentStart => {
                    self.scanner.skip();
                    self.add_default_tags();
                    self.states.push(State::DocumentEnd);
                    self.state = State::DocumentContent;
                    return Ok(Event { kind: EventKind::DocumentStart, start, end });
                }
                _ => return fail("expected `---` after the directives", start),
            }
            self.scanner.skip();
        }
    }

    fn add_default_tags(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| *known == handle) {
                self.tag_directives.push((handle, Cow::Borrowed(prefix)));
            }
        }
    }

    fn document_content(&mut self) -> Parse<'a> {
        let token = self.scanner.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop();
                self.empty_scalar(self.state, start)
            }
            _ => self.node(Place::Block),
        }
    }

    fn document_end(&mut self) -> Parse<'a> {
        let token = self.scanner.peek()?;
        let start = token.start;
        let is_explicit = matches!(token.kind, TokenKind::DocumentEnd);
        if is_explicit {
            self.scanner.skip();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event { kind: EventKind::DocumentEnd, start, end: start })
    }

    fn node(&mut self, place: Place) -> Parse<'a> {
        let mut anchor = None;
        let mut tag: Option<(&'a str, Cow<'a, str>, usize)> = None;
        let mut properties_end = None;
        let node_start = self.scanner.peek()?.start;
        // An anchor and a tag may come in either order, each once.
        loop {
            let token = self.scanner.peek()?;
            let (start, end) = (token.start, token.end);
            match &mut token.kind {
                TokenKind::Alias(name) if anchor.is_none() && tag.is_none() => {
                    let name = *name;
                    self.scanner.skip();
                    self.pop();
                    self.content_end = end;
                    return Ok(Event { kind: EventKind::Alias(name), start, end });
                }
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                TokenKind::Tag { handle, suffix } if tag.is_none() => {
                    tag = Some((*handle, std::mem::take(suffix), start));
                }
                _ => break,
            }
            properties_end = Some(end);
            self.scanner.skip();
        }
        let tag = match tag {
            None => None,
            Some(("", suffix, _)) => Some(suffix),
            Some((handle, suffix, at)) => Some(self.expand_tag(handle, suffix, at)?),
        };
        let is_tagged = tag.as_ref().is_some_and(|tag| !tag.is_empty());
        let properties = Properties { anchor, tag: tag.filter(|tag| !tag.is_empty()) };

        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match &mut token.kind {
            TokenKind::BlockEntry if place == Place::BlockOrIndentless => {
                self.state = State::IndentlessSequence;
                Ok(Event { kind: EventKind::SeqStart(properties), start, end: start })
            }
            TokenKind::Scalar { value, plain } => {
                let is_bang = properties.tag.as_deref() == Some("!");
                let implicit = *plain && !is_tagged || is_bang;
                let value = std::mem::take(value);
                self.scanner.skip();
                self.pop();
                self.content_end = end;
                Ok(Event { kind: EventKind::Scalar { properties, value, implicit }, start, end })
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequence { is_first: true };
                Ok(Event { kind: EventKind::SeqStart(properties), start, end })
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingKey { is_first: true };
                Ok(Event { kind: EventKind::MapStart(properties), start, end })
            }
            TokenKind::BlockSequenceStart if place != Place::Flow => {
                self.state = State::BlockSequence { is_first: true };
                Ok(Event { kind: EventKind::SeqStart(properties), start, end })
            }
            TokenKind::BlockMappingStart if place != Place::Flow => {
                self.state = State::BlockMappingKey { is_first: true };
                Ok(Event { kind: EventKind::MapStart(properties), start, end })
            }
            _ => match properties_end {
                // An anchor or a tag alone stands before an empty value.
                Some(end) if properties.anchor.is_some() || is_tagged => {
                    self.pop();
                    self.content_end = end;
                    let value = Cow::Borrowed("");
                    let kind = EventKind::Scalar { properties, value, implicit: !is_tagged };
                    Ok(Event { kind, start: node_start, end })
                }
                _ => fail("expected a value", start),
            },
        }
    }

    fn expand_tag(&self, handle: &str, suffix: Cow<'a, str>, at: usize) -> Result<Cow<'a, str>, SyntaxError> {
        match self.tag_directives.iter().find(|(known, _)| *known == handle) {
            Some((_, prefix)) => Ok(Cow::Owned(format!("{prefix}{suffix}"))),
            None => fail("this tag handle is not declared", at),
        }
    }

    fn block_sequence(&mut self, is_first: bool) -> Parse<'a> {
        if is_first {
            self.scanner.peek()?;
            self.scanner.skip();
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let then = State::BlockSequence { is_first: false };
        match token.kind {
            TokenKind::BlockEntry => {
                self.scanner.skip();
                match self.scanner.peek()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => self.empty_scalar(then, end),
                    _ => self.node_then(then, Place::Block),
                }
            }
            TokenKind::BlockEnd => {
                self.scanner.skip();
                let end = self.content_end;
                self.close(EventKind::SeqEnd, end, end)
            }
            _ => fail("expected `-` for the next list item", start),
        }
    }

    fn indentless_sequence(&mut self) -> Parse<'a> {
        let token = self.scanner.peek()?;
        let end = token.end;
        if !matches!(token.kind, TokenKind::BlockEntry) {
            let end = self.content_end;
            return self.close(EventKind::SeqEnd, end, end);
        }
        self.scanner.skip();
        let then = State::IndentlessSequence;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.empty_scalar(then, end)
            }
            _ => self.node_then(then, Place::Block),
        }
    }

    fn block_mapping_key(&mut self, is_first: bool) -> Parse<'a> {
        if is_first {
            self.scanner.peek()?;
            self.scanner.skip();
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::Key => {
                self.scanner.skip();
                self.block_mapping_part(State::BlockMappingValue, end)
            }
            TokenKind::BlockEnd => {
                self.scanner.skip();
                let end = self.content_end;
                self.close(EventKind::MapEnd, end, end)
            }
            _ => fail("expected a key", start),
        }
    }

    fn block_mapping_value(&mut self) -> Parse<'a> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let then = State::BlockMappingKey { is_first: false };
        if !matches!(token.kind, TokenKind::Value) {
            return self.empty_scalar(then, start);
        }
        self.scanner.skip();
        self.content_end = end;
        self.block_mapping_part(then, end)
    }

    /// The key after `?` or the value after `:`, which may be missing.
    fn block_mapping_part(&mut self, then: State, end: usize) -> Parse<'a> {
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.empty_scalar(then, end),
            _ => self.node_then(then, Place::BlockOrIndentless),
        }
    }

    fn flow_sequence(&mut self, is_first: bool) -> Parse<'a> {
        if is_first {
            self.scanner.peek()?;
            self.scanner.skip();
        }
        let mut token = self.scanner.peek()?;
        if !is_first && !matches!(token.kind, TokenKind::FlowSequenceEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return fail("expected `,` or `]`", token.start);
            }
            self.scanner.skip();
            token = self.scanner.peek()?;
        }
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::FlowSequenceEnd => self.close_flow(EventKind::SeqEnd, start, end),
            // A pair such as `[key: value]` is a map of its own.
            TokenKind::Key => {
                self.scanner.skip();
                self.state = State::FlowPairKey;
                let kind = EventKind::MapStart(Properties::default());
                Ok(Event { kind, start, end })
            }
            _ => self.node_then(State::FlowSequence { is_first: false }, Place::Flow),
        }
    }

    fn close_flow(&mut self, kind: EventKind<'a>, start: usize, end: usize) -> Parse<'a> {
        self.scanner.skip();
        self.content_end = end;
        self.close(kind, start, end)
    }

    fn flow_pair_key(&mut self) -> Parse<'a> {
        let token = self.scanner.peek()?;
        let end = token.end;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // The reader of Kubernetes drops this token, whatever it is.
                self.scanner.skip();
                self.empty_scalar(State::FlowPairValue, end)
            }
            _ => self.node_then(State::FlowPairValue, Place::Flow),
        }
    }

    fn flow_pair_value(&mut self) -> Parse<'a> {
        let mut at = {
            let token = self.scanner.peek()?;
            (token.start, matches!(token.kind, TokenKind::Value))
        };
        if at.1 {
            self.scanner.skip();
            let token = self.scanner.peek()?;
            at.0 = token.start;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node_then(State::FlowPairEnd, Place::Flow);
            }
        }
        self.empty_scalar(State::FlowPairEnd, at.0)
    }

    fn flow_pair_end(&mut self) -> Parse<'a> {
        self.scanner.peek()?;
        self.state = State::FlowSequence { is_first: false };
        let end = self.content_end;
        Ok(Event { kind: EventKind::MapEnd, start: end, end })
    }

    fn flow_mapping_key(&mut self, is_first: bool) -> Parse<'a> {
        if is_first {
            self.scanner.peek()?;
            self.scanner.skip();
        }
        let mut token = self.scanner.peek()?;
        if !is_first && !matches!(token.kind, TokenKind::FlowMappingEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return fail("expected `,` or `}`", token.start);
            }
            self.scanner.skip();
            token = self.scanner.peek()?;
        }
        let (start, end) = (token.start, token.end);
        match token.kind {
            TokenKind::FlowMappingEnd => self.close_flow(EventKind::MapEnd, start, end),
            TokenKind::Key => {
                self.scanner.skip();
                let token = self.scanner.peek()?;
                let start = token.start;
                match token.kind {
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                        self.empty_scalar(State::FlowMappingValue, start)
                    }
                    _ => self.node_then(State::FlowMappingValue, Place::Flow),
                }
            }
            _ => self.node_then(State::FlowMappingEmptyValue, Place::Flow),
        }
    }

    fn flow_mapping_value(&mut self) -> Parse<'a> {
        let then = State::FlowMappingKey { is_first: false };
        let token = self.scanner.peek()?;
        let mut at = token.start;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.skip();
            let token = self.scanner.peek()?;
            at = token.start;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node_then(then, Place::Flow);
            }
        }
        self.empty_scalar(then, at)
    }
}

fn fail<T>(message: &'static str, offset: usize) -> Result<T, SyntaxError> {
    Err(SyntaxError { message, offset })
}
