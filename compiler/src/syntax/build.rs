//! What the grammar's actions call: nodes with their places, and values of literals.

use std::cell::RefCell;

use super::ast::*;
use super::comments::Comments;
use super::recover::Source;
use super::{errors, literal, parse};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// The parser's actions never fail: they report and go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Never {}

/// The state of one attempt to parse.
pub struct Builder<'s> {
    file: FileId,
    /// The text that `base` is the first byte of.
    text: &'s str,
    base: u32,
    comments: &'s Comments,
    /// Where the tokens of the text end, ascending.
    token_ends: &'s [u32],
    /// Strings around this text: an expression within an interpolation counts one more.
    interpolation_depth: u32,
    said: RefCell<Said>,
}

/// What an attempt leaves behind besides the tree.
#[derive(Debug, Default)]
pub struct Said {
    pub diagnostics: Vec<Diagnostic>,
    /// Starts of the nodes that took the doc comments above them.
    pub documented: Vec<u32>,
}

impl<'s> Builder<'s> {
    pub fn new(source: &Source<'s>) -> Builder<'s> {
        Builder {
            file: source.file,
            text: source.text,
            base: source.base,
            comments: source.comments,
            token_ends: source.token_ends,
            interpolation_depth: source.interpolation_depth,
            said: RefCell::default(),
        }
    }

    pub fn into_said(self) -> Said {
        self.said.into_inner()
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.said.borrow_mut().diagnostics.push(diagnostic);
    }

    /// From the start of one token to the end of another. For productions that end in something empty the
    /// parser gives the start of the next token as their end: white space and comments are cut off.
    pub fn span(&self, left: u32, right: u32) -> Span {
        if left >= right {
            return Span::new(self.file, right, right);
        }
        Span::new(self.file, left, self.token_end(right).max(left))
    }

    /// As [`Builder::span`]; for something empty, the place behind the token before it.
    pub fn span_or_gap(&self, left: u32, right: u32) -> Span {
        if left < right {
            return self.span(left, right);
        }
        let end = self.token_end(left);
        Span::new(self.file, end, end)
    }

    /// The end of the last token that ends at `offset` or before.
    fn token_end(&self, offset: u32) -> u32 {
        let behind = self.token_ends.partition_point(|end| *end <= offset);
        behind.checked_sub(1).and_then(|at| self.token_ends.get(at)).copied().unwrap_or(offset)
    }

    /// The source between two offsets of the file.
    pub fn text(&self, left: u32, right: u32) -> String {
        let range = (left.saturating_sub(self.base) as usize)..(right.saturating_sub(self.base) as usize);
        self.text.get(range).unwrap_or("").to_string()
    }

    /// As [`Builder::text`], for numbers: the underscores that only help the eye are left out.
    pub fn digits(&self, left: u32, right: u32) -> String {
        self.text(left, right).replace('_', "")
    }

    /// The `///` lines right above the node that starts at `start`.
    pub fn doc(&self, start: u32) -> Option<Doc> {
        let mut lines = vec![];
        let mut span: Option<Span> = None;
        let source = self.text;
        for comment in self.comments.docs_before(start) {
            let range = (comment.start - self.base) as usize..(comment.end - self.base) as usize;
            let line = source.get(range).unwrap_or("").trim_end();
            let line = line.strip_prefix("///").unwrap_or(line);
            lines.push(line.strip_prefix(' ').unwrap_or(line));
            let place = self.span(comment.start, comment.end);
            span = Some(span.map_or(place, |span| span.to(place)));
        }
        let span = span?;
        self.said.borrow_mut().documented.push(start);
        Some(Doc { text: lines.join("\n"), span })
    }

    /// A repair may let a string stand for a name or a date: its quotes are none of it.
    fn unquoted(&self, left: u32, right: u32) -> String {
        self.text(left, right).trim_matches('"').to_string()
    }

    pub fn name(&self, left: u32, right: u32) -> Name {
        Name { text: self.unquoted(left, right), span: self.span(left, right) }
    }

    pub fn qualified(&self, name: Name) -> QualifiedName {
        QualifiedName { span: name.span, parts: vec![name] }
    }

    pub fn qualify(&self, mut qualified: QualifiedName, name: Name) -> QualifiedName {
        qualified.span = qualified.span.to(name.span);
        qualified.parts.push(name);
        qualified
    }

    pub fn literal(&self, left: u32, right: u32) -> Text {
        Text { value: self.unquoted(left, right), span: self.span(left, right) }
    }

    pub fn expr(&self, left: u32, right: u32, kind: ExprKind) -> Expr {
        Expr { kind, span: self.span(left, right) }
    }

    pub fn name_expr(&self, left: u32, right: u32) -> Expr {
        self.expr(left, right, ExprKind::Name(self.text(left, right)))
    }

    pub fn binary(&self, left: Expr, op: BinaryOp, start: u32, end: u32, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let op_span = self.span(start, end);
        let kind =
            ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right), or_missing: false };
        Expr { kind, span }
    }

    #[expect(clippy::too_many_arguments, reason = "one for each symbol of the production")]
    pub fn comparison(
        &self,
        left: Expr,
        op: BinaryOp,
        start: u32,
        end: u32,
        right: Expr,
        or_missing: bool,
        last: u32,
    ) -> Expr {
        let span = self.span(left.span.start, last);
        let op_span = self.span(start, end);
        Expr {
            kind: ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right), or_missing },
            span,
        }
    }

    pub fn unary(&self, op: UnaryOp, start: u32, end: u32, operand: Expr) -> Expr {
        let op_span = self.span(start, end);
        let span = op_span.to(operand.span);
        Expr { kind: ExprKind::Unary { op, op_span, operand: Box::new(operand) }, span }
    }

    /// `-3` is a number; any other minus in front is an operator.
    pub fn negation(&self, start: u32, end: u32, operand: Expr) -> Expr {
        let span = self.span(start, operand.span.end);
        let touches = operand.span.start == end;
        let kind = match operand.kind {
            ExprKind::Int(value) if touches && value > 0 => ExprKind::Int(-value),
            ExprKind::Float(value) if touches && value > 0.0 => ExprKind::Float(-value),
            ExprKind::Quantity(text) if touches && !text.starts_with('-') => {
                ExprKind::Quantity(format!("-{text}"))
            }
            ExprKind::Duration(text) if touches && !text.starts_with('-') => {
                ExprKind::Duration(format!("-{text}"))
            }
            ExprKind::Percent(text) if touches && !text.starts_with('-') => {
                ExprKind::Percent(format!("-{text}"))
            }
            kind => {
                let operand = Expr { kind, span: operand.span };
                return self.unary(UnaryOp::Neg, start, end, operand);
            }
        };
        Expr { kind, span }
    }

    /// The value of an integer; one that does not fit is reported and 0.
    pub fn int_value(&self, left: u32, right: u32) -> i64 {
        let digits = self.digits(left, right);
        digits.parse().unwrap_or_else(|_| {
            self.report(errors::integer_out_of_range(self.span(left, right), &self.text(left, right)));
            0
        })
    }

    pub fn int(&self, left: u32, right: u32) -> Expr {
        match self.digits(left, right).parse() {
            Ok(value) => self.expr(left, right, ExprKind::Int(value)),
            Err(_) => {
                self.report(errors::integer_out_of_range(self.span(left, right), &self.text(left, right)));
                self.expr(left, right, ExprKind::Error)
            }
        }
    }

    pub fn float(&self, left: u32, right: u32) -> Expr {
        match self.digits(left, right).parse::<f64>() {
            Ok(value) if value.is_finite() => self.expr(left, right, ExprKind::Float(value)),
            _ => {
                self.report(errors::malformed_number(self.span(left, right), &self.text(left, right)));
                self.expr(left, right, ExprKind::Error)
            }
        }
    }

    pub fn string(&self, left: u32, right: u32) -> StringLiteral {
        let span = self.span(left, right);
        let text = self.text(left, right);
        let depth = self.interpolation_depth + 1;
        let mut diagnostics = vec![];
        let string = literal::decode(&text, span, &mut diagnostics, &mut |inner, base, diagnostics| {
            parse::interpolation(self.file, inner, base, depth, diagnostics)
        });
        for diagnostic in diagnostics {
            self.report(diagnostic);
        }
        string
    }

    /// A string that is not written yet.
    pub fn empty_string(&self, left: u32, right: u32) -> StringLiteral {
        StringLiteral { parts: vec![], raw: false, span: self.span(left, right) }
    }

    /// A string where the grammar wants fixed text.
    pub fn constant(&self, string: StringLiteral) -> Text {
        let value = string.constant().unwrap_or_else(|| {
            let place = string.parts.iter().find_map(|part| match part {
                StringPart::Interpolation(expr) => Some(expr.span),
                StringPart::Text(_) => None,
            });
            self.report(errors::string_not_constant(place.unwrap_or(string.span)));
            String::new()
        });
        Text { value, span: string.span }
    }

    /// An object where the grammar wants its entries written out.
    pub fn object(&self, expr: Expr) -> Object {
        match expr.kind {
            ExprKind::Object(object) => object,
            ExprKind::ObjectComprehension { entry, clause } => {
                self.report(errors::entries_not_written_out(clause.span));
                Object { entries: vec![*entry], span: expr.span }
            }
            _ => Object { entries: vec![], span: expr.span },
        }
    }
}
