//! From words to a tree: operator precedence as the library has it, its leniencies included.
//!
//! Kyverno: commas between arguments may be left out, an index that cannot be read is found out only when it is
//! evaluated, and any text before a bracket is the name of a function, a literal too.

use super::QueryError;
use super::ast::{Ast, Callee, Comparator, Slice};
use super::functions;
use super::json_text;
use super::lexer::{Token, TokenKind, tokenize};
use crate::json::Json;
use aipc_runtime::value::Shared;

/// How high a tree may be. Kyverno has no such limit.
const HEIGHT_MAX: u32 = 120;

/// A node with its height.
type Parsed = Result<(Ast, u32), QueryError>;

/// The tree of an expression.
pub(super) fn parse(text: &str) -> Result<Ast, QueryError> {
    let mut parser = Parser { tokens: tokenize(text)?, at: 0, nesting: 0 };
    let (ast, _) = parser.expression(0)?;
    if parser.current() != TokenKind::Eof {
        let found = parser.current().name();
        return Err(parser.fault(format!("Unexpected token at the end of the expression: {found}")));
    }
    Ok(ast)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Calls of [`Parser::expression`] within each other.
    nesting: u32,
}

impl Parser {
    fn token(&self) -> &Token {
        // INVARIANT: whoever meets the last word stops there with an error or an end.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn current(&self) -> TokenKind {
        self.token().kind
    }

    fn following(&self) -> TokenKind {
        self.tokens.get(self.at + 1).map_or(TokenKind::Eof, |token| token.kind)
    }

    fn fault(&self, message: impl std::fmt::Display) -> QueryError {
        QueryError::syntax(message, self.token().offset)
    }

    fn expect(&mut self, kind: TokenKind) -> Result<(), QueryError> {
        if self.current() != kind {
            let (wanted, found) = (kind.name(), self.current().name());
            return Err(self.fault(format!("Expected {wanted}, received: {found}")));
        }
        self.at += 1;
        Ok(())
    }

    /// A node above others, the highest of which has that height.
    fn above(&self, height: u32, ast: Ast) -> Parsed {
        if height >= HEIGHT_MAX {
            return Err(self.fault("The expression is nested too deeply"));
        }
        Ok((ast, height + 1))
    }

    fn expression(&mut self, binding_power: u8) -> Parsed {
        if self.nesting >= HEIGHT_MAX {
            return Err(self.fault("The expression is nested too deeply"));
        }
        self.nesting += 1;
        let token = self.token().clone();
        self.at += 1;
        let mut left = self.beginning(token)?;
        while binding_power < self.current().binding_power() {
            let kind = self.current();
            self.at += 1;
            left = self.continuation(kind, left)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    /// What a word is at the beginning of an expression.
    fn beginning(&mut self, token: Token) -> Parsed {
        match token.kind {
            TokenKind::JsonLiteral => match json_text::read(&token.text) {
                Ok(value) => Ok((Ast::Literal(value), 1)),
                Err(fault) => Err(QueryError { message: fault.to_string(), offset: token.offset }),
            },
            TokenKind::StringLiteral => Ok((Ast::Literal(Json::text(&*token.text)), 1)),
            TokenKind::UnquotedIdentifier => Ok((Ast::Field(token.text), 1)),
            TokenKind::QuotedIdentifier if self.current() == TokenKind::Lparen => {
                Err(QueryError::syntax("Can't have quoted identifier as function Name.", token.offset))
            }
            TokenKind::QuotedIdentifier => Ok((Ast::Field(token.text), 1)),
            TokenKind::Star if self.current() == TokenKind::Rbracket => {
                self.above(1, Ast::ValueProjection(Box::new([Ast::Current, Ast::Current])))
            }
            TokenKind::Star => {
                let (right, height) = self.projected(TokenKind::Star)?;
                self.above(height, Ast::ValueProjection(Box::new([Ast::Current, right])))
            }
            TokenKind::Filter => self.filter((Ast::Current, 1)),
            TokenKind::Lbrace => self.map(),
            TokenKind::Flatten => self.flatten((Ast::Current, 1)),
            TokenKind::Lbracket if matches!(self.current(), TokenKind::Number | TokenKind::Colon) => {
                match self.index() {
                    Ok(right) => self.indexed((Ast::Current, 1), right),
                    // Kyverno: the library drops this error, and finds an empty node when it evaluates.
                    Err(_) => Ok((Ast::Empty, 1)),
                }
            }
            TokenKind::Lbracket
                if self.current() == TokenKind::Star && self.following() == TokenKind::Rbracket =>
            {
                self.at += 2;
                let (right, height) = self.projected(TokenKind::Star)?;
                self.above(height, Ast::Projection(Box::new([Ast::Current, right])))
            }
            TokenKind::Lbracket => self.list(),
            TokenKind::Current => Ok((Ast::Current, 1)),
            TokenKind::Expref => {
                let (of, height) = self.expression(0)?;
                self.above(height, Ast::Reference(Box::new(of)))
            }
            TokenKind::Not => {
                let (of, height) = self.expression(TokenKind::Not.binding_power())?;
                self.above(height, Ast::Not(Box::new(of)))
            }
            TokenKind::Lparen => {
                let inner = self.expression(0)?;
                self.expect(TokenKind::Rparen)?;
                Ok(inner)
            }
            TokenKind::Eof => Err(QueryError::syntax("Incomplete expression", token.offset)),
            TokenKind::Unknown
            | TokenKind::Dot
            | TokenKind::Rparen
            | TokenKind::Rbracket
            | TokenKind::Rbrace
            | TokenKind::Or
            | TokenKind::Pipe
            | TokenKind::Number
            | TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Lt
            | TokenKind::Lte
            | TokenKind::Gt
            | TokenKind::Gte
            | TokenKind::Eq
            | TokenKind::Ne
            | TokenKind::And => {
                Err(QueryError::syntax(format!("Invalid token: {}", token.kind.name()), token.offset))
            }
        }
    }

    /// What a word makes of the expression before it.
    fn continuation(&mut self, kind: TokenKind, left: (Ast, u32)) -> Parsed {
        match kind {
            TokenKind::Dot if self.current() == TokenKind::Star => {
                self.at += 1;
                let (right, height) = self.projected(TokenKind::Dot)?;
                let height = height.max(left.1);
                self.above(height, Ast::ValueProjection(Box::new([left.0, right])))
            }
            TokenKind::Dot => {
                let right = self.after_dot(TokenKind::Dot)?;
                self.path(left, right)
            }
            TokenKind::Pipe => self.binary(kind, left, Ast::Pipe),
            TokenKind::Or => self.binary(kind, left, Ast::Or),
            TokenKind::And => self.binary(kind, left, Ast::And),
            TokenKind::Eq => self.comparison(kind, left, Comparator::Equal),
            TokenKind::Ne => self.comparison(kind, left, Comparator::NotEqual),
            TokenKind::Gt => self.comparison(kind, left, Comparator::Greater),
            TokenKind::Gte => self.comparison(kind, left, Comparator::GreaterOrEqual),
            TokenKind::Lt => self.comparison(kind, left, Comparator::Less),
            TokenKind::Lte => self.comparison(kind, left, Comparator::LessOrEqual),
            TokenKind::Lparen => self.call(left),
            TokenKind::Filter => self.filter(left),
            TokenKind::Flatten => self.flatten(left),
            TokenKind::Lbracket if matches!(self.current(), TokenKind::Number | TokenKind::Colon) => {
                let right = self.index()?;
                self.indexed(left, right)
            }
            TokenKind::Lbracket => {
                self.expect(TokenKind::Star)?;
                self.expect(TokenKind::Rbracket)?;
                let (right, height) = self.projected(TokenKind::Star)?;
                let height = height.max(left.1);
                self.above(height, Ast::Projection(Box::new([left.0, right])))
            }
            kind => Err(self.fault(format!("Unexpected token: {}", kind.name()))),
        }
    }

    fn binary(&mut self, kind: TokenKind, left: (Ast, u32), make: fn(Box<[Ast; 2]>) -> Ast) -> Parsed {
        let (right, height) = self.expression(kind.binding_power())?;
        let height = height.max(left.1);
        self.above(height, make(Box::new([left.0, right])))
    }

    fn comparison(&mut self, kind: TokenKind, left: (Ast, u32), comparator: Comparator) -> Parsed {
        let (right, height) = self.expression(kind.binding_power())?;
        let height = height.max(left.1);
        self.above(height, Ast::Compare(comparator, Box::new([left.0, right])))
    }

    /// A step after others, beside them rather than above: paths may be long.
    fn path(&self, left: (Ast, u32), right: (Ast, u32)) -> Parsed {
        let (height, mut steps) = match left {
            (Ast::Path(steps), height) => (height, steps),
            (first, height) => (height + 1, vec![first]),
        };
        steps.push(right.0);
        self.above(height.max(right.1 + 1) - 1, Ast::Path(steps))
    }

    fn call(&mut self, (callee, callee_height): (Ast, u32)) -> Parsed {
        let mut arguments = Vec::new();
        let mut height = callee_height;
        while self.current() != TokenKind::Rparen {
            let (argument, argument_height) = self.expression(0)?;
            if self.current() == TokenKind::Comma {
                self.at += 1;
            }
            arguments.push(argument);
            height = height.max(argument_height);
        }
        self.expect(TokenKind::Rparen)?;
        self.above(height, Ast::Call(name(callee), arguments))
    }

    fn flatten(&mut self, left: (Ast, u32)) -> Parsed {
        let (right, height) = self.projected(TokenKind::Flatten)?;
        let height = height.max(left.1 + 1);
        self.above(height, Ast::Projection(Box::new([Ast::Flatten(Box::new(left.0)), right])))
    }

    fn filter(&mut self, left: (Ast, u32)) -> Parsed {
        let (condition, condition_height) = self.expression(0)?;
        self.expect(TokenKind::Rbracket)?;
        let (right, height) = match self.current() {
            TokenKind::Flatten => (Ast::Current, 1),
            _ => self.projected(TokenKind::Filter)?,
        };
        let height = height.max(left.1).max(condition_height);
        self.above(height, Ast::FilterProjection(Box::new([left.0, right, condition])))
    }

    /// `[0]` or `[1:2]` without the bracket that opens it.
    fn index(&mut self) -> Parsed {
        if self.current() == TokenKind::Colon || self.following() == TokenKind::Colon {
            return self.slice();
        }
        let index = self.integer()?;
        self.expect(TokenKind::Rbracket)?;
        Ok((Ast::Index(index), 1))
    }

    fn slice(&mut self) -> Parsed {
        let mut parts = [None; 3];
        let mut part = 0;
        while self.current() != TokenKind::Rbracket && part < 3 {
            match self.current() {
                TokenKind::Colon => {
                    part += 1;
                    self.at += 1;
                }
                TokenKind::Number => parts[part] = Some(self.integer()?),
                found => {
                    let found = found.name();
                    return Err(self.fault(format!("Expected tColon or tNumber, received: {found}")));
                }
            }
        }
        self.expect(TokenKind::Rbracket)?;
        let [start, stop, step] = parts;
        Ok((Ast::Slice(Slice { start, stop, step }), 1))
    }

    fn integer(&mut self) -> Result<i64, QueryError> {
        let token = self.token();
        let number = token.text.parse().map_err(|_| QueryError {
            message: format!("strconv.Atoi: parsing {:?}: invalid syntax", token.text),
            offset: token.offset,
        })?;
        self.at += 1;
        Ok(number)
    }

    /// An index or a slice after what it is taken from; a slice goes on with each element.
    fn indexed(&mut self, left: (Ast, u32), right: (Ast, u32)) -> Parsed {
        let is_slice = matches!(right.0, Ast::Slice(_));
        let path = self.path(left, right)?;
        if !is_slice {
            return Ok(path);
        }
        let (right, height) = self.projected(TokenKind::Star)?;
        let height = height.max(path.1);
        self.above(height, Ast::Projection(Box::new([path.0, right])))
    }

    fn list(&mut self) -> Parsed {
        let mut elements = Vec::new();
        let mut height = 0;
        loop {
            let (element, element_height) = self.expression(0)?;
            elements.push(element);
            height = height.max(element_height);
            if self.current() == TokenKind::Rbracket {
                break;
            }
            self.expect(TokenKind::Comma)?;
        }
        self.expect(TokenKind::Rbracket)?;
        self.above(height, Ast::List(elements))
    }

    fn map(&mut self) -> Parsed {
        let mut entries = Vec::new();
        let mut height = 0;
        loop {
            let key = self.token().text.clone();
            if !matches!(self.current(), TokenKind::UnquotedIdentifier | TokenKind::QuotedIdentifier) {
                return Err(self.fault("Expected tQuotedIdentifier or tUnquotedIdentifier"));
            }
            self.at += 1;
            self.expect(TokenKind::Colon)?;
            let (value, value_height) = self.expression(0)?;
            entries.push((key, value));
            height = height.max(value_height);
            match self.current() {
                TokenKind::Comma => self.at += 1,
                TokenKind::Rbrace => {
                    self.at += 1;
                    break;
                }
                // Kyverno: the comma may be missing here too.
                _ => {}
            }
        }
        self.above(height, Ast::Map(entries))
    }

    fn after_dot(&mut self, kind: TokenKind) -> Parsed {
        match self.current() {
            TokenKind::QuotedIdentifier | TokenKind::UnquotedIdentifier | TokenKind::Star => {
                self.expression(kind.binding_power())
            }
            TokenKind::Lbracket => {
                self.at += 1;
                self.list()
            }
            TokenKind::Lbrace => {
                self.at += 1;
                self.map()
            }
            _ => Err(self.fault("Expected identifier, lbracket, or lbrace")),
        }
    }

    /// What is made of each element of a projection that such a word began.
    fn projected(&mut self, kind: TokenKind) -> Parsed {
        match self.current() {
            current if current.binding_power() < 10 => Ok((Ast::Current, 1)),
            TokenKind::Lbracket | TokenKind::Filter => self.expression(kind.binding_power()),
            TokenKind::Dot => {
                self.at += 1;
                self.after_dot(kind)
            }
            _ => Err(self.fault("Error")),
        }
    }
}

/// What is called by an expression before a bracket.
fn name(callee: Ast) -> Callee {
    let name = match callee {
        Ast::Field(name) => name,
        Ast::Literal(Json::Text(Shared::Owned(text))) => (&*text).into(),
        Ast::Call(callee, _) => return callee,
        _ => return Callee::Nameless,
    };
    match functions::find(&name) {
        Some(function) => Callee::Known(function),
        None => Callee::Unknown(name),
    }
}
