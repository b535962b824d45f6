//! Expressions.

use super::Formatter;
use super::layout::*;
use crate::source::Span;
use crate::syntax::ast::*;

impl Formatter<'_> {
    pub fn expr(&mut self, expr: &Expr) -> Layout {
        match &expr.kind {
            ExprKind::Field { base, field } => {
                let base = self.expr(base);
                concat(vec![base, text("."), text(&field.text)])
            }
            ExprKind::Index { base, index } => {
                let base = self.expr(base);
                let index = self.expr(index);
                concat(vec![base, text("["), index, text("]")])
            }
            ExprKind::Call { callee, args } => {
                let callee_doc = self.expr(callee);
                let args = self.args(args, Span { start: callee.span.end, ..expr.span });
                concat(vec![callee_doc, args])
            }
            ExprKind::Unary { op, op_span, operand } => self.unary(*op, *op_span, operand),
            ExprKind::Binary { op, left, right, or_missing, .. } if op.is_comparison() => {
                self.comparison(*op, left, right, *or_missing)
            }
            ExprKind::Binary { op, .. } => self.chain(expr, *op),
            ExprKind::Quantified { quantifier, binder, source, body } => {
                let head = format!("{} {} in ", quantifier.as_str(), binder_text(binder));
                let source_doc = self.expr(source);
                let mut docs = vec![];
                self.follow(&mut docs, line(), source.span.end, body.span, |f| f.expr(body));
                group(vec![text(head), source_doc, text(":"), indent(docs)])
            }
            ExprKind::If { .. } => {
                let mut docs = vec![];
                self.branches("if ", expr, &mut docs);
                group(docs)
            }
            ExprKind::List(elements) => self.list(elements, expr.span),
            ExprKind::ListComprehension { element, clause } => {
                let mut docs = vec![];
                self.follow(&mut docs, soft_line(), expr.span.start, element.span, |f| f.expr(element));
                self.comprehension(("[", soft_line(), "]"), docs, clause, element.span.end, expr.span)
            }
            ExprKind::Object(object) => self.object(object),
            ExprKind::ObjectComprehension { entry, clause } => {
                let mut docs = vec![];
                self.follow(&mut docs, line(), expr.span.start, entry.span, |f| f.entry(entry));
                self.comprehension(("{", line(), "}"), docs, clause, entry.span.end, expr.span)
            }
            ExprKind::Range { low, high } => {
                let low = self.expr(low);
                let high = self.expr(high);
                concat(vec![low, text(".."), high])
            }
            ExprKind::Coalesce { value, fallback } => {
                let value_doc = self.expr(value);
                let mut docs = vec![];
                self.follow(&mut docs, line(), value.span.end, fallback.span, |f| {
                    f.word_expr("?? ", fallback)
                });
                group(vec![value_doc, indent(docs)])
            }
            ExprKind::Paren(inner) => {
                let mut docs = vec![];
                self.follow(&mut docs, soft_line(), expr.span.start, inner.span, |f| f.expr(inner));
                docs.push(self.rest_before(inner.span.end, expr.span.end));
                group(vec![text("("), indent(docs), soft_line(), text(")")])
            }
            ExprKind::Name(_)
            | ExprKind::String(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Quantity(_)
            | ExprKind::Duration(_)
            | ExprKind::Percent(_)
            | ExprKind::Date(_)
            | ExprKind::Bool(_)
            | ExprKind::Hole
            | ExprKind::Error => text(self.written(expr.span)),
        }
    }

    /// `if a then b`, and a line for each `else if` and for the `else`.
    fn branches(&mut self, word: &str, expr: &Expr, docs: &mut Vec<Layout>) {
        let ExprKind::If { condition, yes, no } = &expr.kind else { return };
        let condition_doc = self.word_expr(word, condition);
        let mut yes_docs = vec![];
        self.follow(&mut yes_docs, line(), condition.span.end, yes.span, |f| f.word_expr("then ", yes));
        docs.push(group(vec![condition_doc, indent(yes_docs)]));
        if matches!(no.kind, ExprKind::If { .. }) {
            let part = self.part(yes.span.end, no.span.at_start(), |_| nil());
            part.write(docs, line());
            self.branches("else if ", no, docs);
        } else {
            self.follow(docs, line(), yes.span.end, no.span, |f| f.word_expr("else ", no));
        }
    }

    fn unary(&mut self, op: UnaryOp, op_span: Span, operand: &Expr) -> Layout {
        let operand_doc = self.expr(operand);
        let word = match op {
            // Apart as written: a minus that touches a number is part of it, and one between values has
            // spaces.
            UnaryOp::Neg if op_span.end < operand.span.start => "- ".to_string(),
            UnaryOp::Neg => "-".to_string(),
            UnaryOp::Has | UnaryOp::Empty | UnaryOp::Changed | UnaryOp::Try | UnaryOp::Not => {
                format!("{} ", op.as_str())
            }
        };
        concat(vec![text(word), operand_doc])
    }

    fn comparison(&mut self, op: BinaryOp, left: &Expr, right: &Expr, or_missing: bool) -> Layout {
        let left_doc = self.expr(left);
        let right_doc = match op {
            BinaryOp::Matches | BinaryOp::NotMatches => self.pattern(right),
            _ => self.expr(right),
        };
        let missing = if or_missing { " or missing" } else { "" };
        concat(vec![left_doc, text(format!(" {} ", op.as_str())), right_doc, text(missing)])
    }

    /// A regular expression, or a list of them: backslashes are read best in raw strings.
    fn pattern(&mut self, expr: &Expr) -> Layout {
        match &expr.kind {
            ExprKind::String(string) => text(self.regex(string)),
            ExprKind::List(elements) => {
                self.elements(elements, expr.span, |f, element| match &element.kind {
                    ExprKind::String(string) => text(f.regex(string)),
                    _ => f.expr(element),
                })
            }
            _ => self.expr(expr),
        }
    }

    fn regex(&self, string: &StringLiteral) -> String {
        let written = self.written(string.span);
        let value =
            string.constant().filter(|value| !string.raw && written.contains("\\\\") && raw_can_say(value));
        let Some(value) = value else { return written };
        let mut hashes = String::new();
        while value.contains(&format!("\"{hashes}")) {
            hashes.push('#');
        }
        format!("r{hashes}\"{value}\"{hashes}")
    }

    /// `a and b and c`: the operators lead their lines. Operators of one level are one chain.
    fn chain(&mut self, expr: &Expr, op: BinaryOp) -> Layout {
        let mut operands = vec![];
        let mut rest = expr;
        while let ExprKind::Binary { op: inner, left, right, .. } = &rest.kind {
            if level(*inner) != level(op) {
                break;
            }
            operands.push((*inner, &**right));
            rest = left;
        }
        let mut end = rest.span.end;
        let mut first = vec![];
        self.follow(&mut first, nil(), rest.span.start, rest.span, |f| f.expr(rest));
        // Lines of a chain within are further in than those of this one.
        let mut docs = vec![indent(first)];
        let mut others = vec![];
        for (op, operand) in operands.into_iter().rev() {
            let word = format!("{} ", op.as_str());
            self.follow(&mut others, line(), end, operand.span, |f| f.word_expr(&word, operand));
            end = operand.span.end;
        }
        docs.push(indent(others));
        group(docs)
    }

    fn list(&mut self, elements: &[Expr], span: Span) -> Layout {
        self.elements(elements, span, |f, element| f.expr(element))
    }

    /// `[a, b]`, or one below the other without commas, but where an element could continue the one above.
    fn elements(
        &mut self,
        elements: &[Expr],
        span: Span,
        build: impl Fn(&mut Self, &Expr) -> Layout,
    ) -> Layout {
        let mut docs = vec![];
        let mut end = span.start;
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                let comma = if starts_with_sign(element) { "," } else { "" };
                docs.push(choice(",", comma));
            }
            let separator = if i > 0 { line() } else { soft_line() };
            self.follow(&mut docs, separator, end, element.span, |f| build(f, element));
            end = element.span.end;
        }
        docs.push(self.rest_before(end, span.end));
        if elements.is_empty() && !docs.iter().any(Layout::is_hard) {
            return text("[]");
        }
        group(vec![text("["), indent(docs), soft_line(), text("]")])
    }

    /// Comments before a closing bracket.
    fn rest_before(&mut self, from: u32, to: u32) -> Layout {
        let pieces = self.last_comments(from, to);
        concat(pieces.into_iter().flat_map(|piece| [hard_line(), piece.doc]).collect())
    }

    /// `{ a: 1, b: 2 }`, or an entry per line without commas where the source has a line break behind `{`.
    pub fn object(&mut self, object: &Object) -> Layout {
        let spread = object.entries.first().is_some_and(|entry| {
            let gap = Span { start: object.span.start, end: entry.span.start, file: object.span.file };
            self.spans_lines(gap)
        });
        let behind_opener = self.behind(object.span.start + 1);
        let mut docs = vec![];
        let mut end = object.span.start;
        for (i, entry) in object.entries.iter().enumerate() {
            if i > 0 {
                docs.push(choice(",", ""));
            }
            self.follow(&mut docs, line(), end, entry.span, |f| f.entry(entry));
            end = entry.span.end;
        }
        docs.push(self.rest_before(end, object.span.end));
        if object.entries.is_empty() && !docs.iter().any(Layout::is_hard) && !behind_opener.is_hard() {
            return text("{}");
        }
        let spread = if spread { break_parent() } else { nil() };
        let inner = [vec![behind_opener, spread], docs].concat();
        group(vec![text("{"), indent(inner), line(), text("}")])
    }

    fn entry(&mut self, entry: &Entry) -> Layout {
        let key = match &entry.key {
            Key::Name(name) | Key::Int(name) => name.text.clone(),
            Key::String(string) => self.written(string.span),
        };
        let value = self.expr(&entry.value);
        concat(vec![text(key), text(": "), value])
    }

    fn comprehension(
        &mut self,
        (open, padding, close): (&'static str, Layout, &'static str),
        element: Vec<Layout>,
        clause: &Comprehension,
        element_end: u32,
        span: Span,
    ) -> Layout {
        let head = format!("for {} in ", binder_text(&clause.binder));
        let mut docs = element;
        let source = &clause.source;
        self.follow(&mut docs, line(), element_end, source.span, |f| f.word_expr(&head, source));
        let mut end = clause.source.span.end;
        if let Some(filter) = &clause.filter {
            self.follow(&mut docs, line(), end, filter.span, |f| f.word_expr("where ", filter));
            end = filter.span.end;
        }
        docs.push(self.rest_before(end, span.end));
        group(vec![text(open), indent(docs), padding, text(close)])
    }

    /// `(a, b)`, where `span` is that of the parentheses. A last object or list opens on the same line.
    pub fn args(&mut self, args: &[Arg], span: Span) -> Layout {
        let mut on_own_lines = vec![];
        let mut on_one_line = vec![];
        let mut breaks = false;
        let mut end = span.start;
        for (i, arg) in args.iter().enumerate() {
            let start = arg.name.as_ref().map_or(arg.value.span.start, |name| name.span.start);
            let whole = Span { start, ..arg.value.span };
            let part = self.part(end, whole, |f| f.arg(arg));
            let is_last = i + 1 == args.len();
            breaks |= part.has_comments() || (!is_last && part.body.is_hard());
            if i > 0 {
                on_own_lines.push(text(","));
                on_one_line.push(text(", "));
            }
            on_one_line.push(part.body.clone());
            part.write(&mut on_own_lines, if i > 0 { line() } else { soft_line() });
            end = whole.end;
        }
        let rest = self.rest_before(end, span.end);
        if args.is_empty() && !rest.is_hard() {
            return text("()");
        }
        let hugs = args.split_last().is_some_and(|(last, others)| {
            is_bracketed(&last.value) && !others.iter().any(|arg| is_bracketed(&arg.value))
        });
        if hugs && !breaks && !rest.is_hard() {
            return concat(vec![text("("), concat(on_one_line), text(")")]);
        }
        on_own_lines.push(rest);
        group(vec![text("("), indent(on_own_lines), soft_line(), text(")")])
    }

    fn arg(&mut self, arg: &Arg) -> Layout {
        let value = self.expr(&arg.value);
        match &arg.name {
            Some(name) => concat(vec![text(&name.text), text(": "), value]),
            None => value,
        }
    }
}

pub fn binder_text(binder: &Binder) -> String {
    match &binder.second {
        Some(second) => format!("{}, {}", binder.first.text, second.text),
        None => binder.first.text.clone(),
    }
}

/// Operators that may stand in one chain.
fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 0,
        BinaryOp::And => 1,
        BinaryOp::Add | BinaryOp::Sub => 3,
        BinaryOp::Mul | BinaryOp::Div => 4,
        _ => 2,
    }
}

/// Whether a list's element begins with a sign that could continue the element on the line above.
fn starts_with_sign(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(_) => true,
        ExprKind::Unary { op, .. } => *op == UnaryOp::Neg,
        ExprKind::Int(value) => *value < 0,
        ExprKind::Float(value) => value.is_sign_negative(),
        ExprKind::Quantity(text) | ExprKind::Duration(text) | ExprKind::Percent(text) => {
            text.starts_with('-')
        }
        ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => starts_with_sign(base),
        ExprKind::Call { callee, .. } => starts_with_sign(callee),
        ExprKind::Binary { left, .. } => starts_with_sign(left),
        ExprKind::Range { low, .. } => starts_with_sign(low),
        ExprKind::Coalesce { value, .. } => starts_with_sign(value),
        _ => false,
    }
}

/// Whether the expression brings its own brackets to break lines in.
pub fn is_bracketed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::List(elements) => !elements.is_empty(),
        ExprKind::Object(object) => !object.entries.is_empty(),
        ExprKind::ListComprehension { .. } | ExprKind::ObjectComprehension { .. } => true,
        // `toJson({ … })`
        ExprKind::Call { args, .. } => matches!(args.as_slice(), [only] if is_bracketed(&only.value)),
        _ => false,
    }
}

/// Whether a raw string on one line can hold `value`.
fn raw_can_say(value: &str) -> bool {
    !value.contains('\n')
        && !value.chars().any(|c| crate::syntax::is_hidden(c) || c == '\t')
        && !value.ends_with('"')
        && !value.is_empty()
        && !value.starts_with('"')
}
