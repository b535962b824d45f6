//! Rules: a verb, a subject, and clauses that stand on one line or on a line each.

use super::Formatter;
use super::attach::{Piece, stack};
use super::expr::{binder_text, is_bracketed};
use super::layout::*;
use crate::source::Span;
use crate::syntax::ast::*;

/// Clauses in the making: where the text before the next one ends, and the docs so far.
pub struct Clauses {
    end: u32,
    docs: Vec<Layout>,
}

impl Clauses {
    pub fn after(end: u32) -> Clauses {
        Clauses { end, docs: vec![] }
    }

    pub fn push(&mut self, f: &mut Formatter, span: Span, build: impl FnOnce(&mut Formatter) -> Layout) {
        f.follow(&mut self.docs, line(), self.end, span, build);
        self.end = span.end;
    }

    /// As [`Clauses::push`], on a line of its own.
    pub fn push_below(
        &mut self,
        f: &mut Formatter,
        span: Span,
        build: impl FnOnce(&mut Formatter) -> Layout,
    ) {
        f.follow(&mut self.docs, hard_line(), self.end, span, build);
        self.end = span.end;
    }

    /// `head`, and the clauses behind it, where `head` has lines of its own that need not break them.
    pub fn behind(self, head: Layout) -> Layout {
        concat(vec![head, group(vec![indent(self.docs)])])
    }

    /// `head`, and the clauses behind it on one line or below it on a line each, and `tail`.
    pub fn group(self, head: Layout, tail: Layout) -> Layout {
        group(vec![head, indent(self.docs), tail])
    }
}

impl Formatter<'_> {
    pub fn rule(&mut self, rule: &Rule) -> Layout {
        let name = match &rule.name {
            Some(name) => concat(vec![text("rule "), self.title(name), text(": ")]),
            None => nil(),
        };
        let body = self.rule_body(&rule.body, rule.span);
        concat(vec![name, body])
    }

    fn rule_body(&mut self, body: &RuleBody, span: Span) -> Layout {
        match body {
            RuleBody::Deny(it) => {
                let mut clauses = Clauses::after(it.subject.span.end);
                self.scope(&it.scope, &mut clauses);
                if let Some(condition) = &it.condition {
                    clauses.push(self, condition.span, |f| f.word_expr("if ", condition));
                }
                let head = self.head("deny ", &it.subject);
                self.with_tail(head, clauses, &it.tail)
            }
            RuleBody::Require(it) => {
                let mut clauses = Clauses::after(it.subject.span.end);
                self.scope(&it.scope, &mut clauses);
                clauses.push(self, it.condition.span, |f| f.word_expr("that ", &it.condition));
                let head = self.head("require ", &it.subject);
                self.with_tail(head, clauses, &it.tail)
            }
            RuleBody::Mutate(it) => {
                let mut clauses = Clauses::after(it.subject.span.end);
                self.scope(&it.scope, &mut clauses);
                if let Some(trigger) = &it.trigger {
                    clauses.push(self, trigger.span, |f| f.trigger(trigger));
                }
                self.settings_clause(&it.settings, &mut clauses);
                let end = clauses.end;
                let head = self.head("mutate ", &it.subject);
                let head = clauses.group(head, text(" "));
                let edits = self.edits(&it.edits, end, span);
                concat(vec![head, edits])
            }
            RuleBody::Generate(it) => {
                let mut head = vec![text("generate "), text(kind_text(&it.kind)), text(" ")];
                head.push(self.expr(&it.name));
                let mut end = it.name.span.end;
                if let Some(namespace) = &it.namespace {
                    head.push(self.word_expr(" in ", namespace));
                    end = namespace.span.end;
                }
                let mut clauses = Clauses::after(end);
                if let Some(trigger) = &it.trigger {
                    clauses.push(self, trigger.span, |f| f.trigger(trigger));
                }
                self.each_clause(&it.each, &mut clauses);
                self.settings_clause(&it.settings, &mut clauses);
                let before_body = self.before_brace(clauses.end, it.body.span.start);
                let head = clauses.group(concat(head), text(" "));
                let body = self.object(&it.body);
                concat(vec![before_body, head, body])
            }
            RuleBody::GenerateCopy(it) => self.generate_copy(it),
            RuleBody::Verify(it) => {
                let mut clauses = Clauses::after(it.subject.span.end);
                self.scope(&it.scope, &mut clauses);
                for check in &it.checks {
                    clauses.push(self, check.span(), |f| f.check(check));
                }
                let head = self.head("verify ", &it.subject);
                self.with_tail(head, clauses, &it.tail)
            }
            RuleBody::Delete(it) => {
                let mut clauses = Clauses::after(it.subject.span.end);
                self.scope(&it.scope, &mut clauses);
                if let Some(condition) = &it.condition {
                    clauses.push(self, condition.span, |f| f.word_expr("if ", condition));
                }
                let schedule = match &it.schedule {
                    Schedule::Cron(schedule) | Schedule::Every(schedule) => schedule.span,
                };
                clauses.push(self, schedule, |f| concat(vec![text("every "), text(f.written(schedule))]));
                self.settings_clause(&it.settings, &mut clauses);
                let head = self.head("delete ", &it.subject);
                clauses.group(head, nil())
            }
            RuleBody::Error(span) => text(self.written(*span)),
        }
    }

    fn generate_copy(&mut self, it: &GenerateCopy) -> Layout {
        let kinds: Vec<String> = it.kinds.iter().map(kind_text).collect();
        let mut head = vec![text("generate copy of "), text(kinds.join(", "))];
        let mut end = it.kinds.last().map_or(it.verb.end, |kind| kind.span.end);
        if let Some(name) = &it.name {
            head.push(self.word_expr(" ", name));
            end = name.span.end;
        }
        if let Some(namespace) = &it.namespace {
            head.push(self.word_expr(" in ", namespace));
            end = namespace.span.end;
        }
        let mut clauses = Clauses::after(end);
        if let Some(filter) = &it.filter {
            clauses.push(self, filter.span, |f| f.word_expr("where ", filter));
        }
        clauses.push(self, it.into.span, |f| f.word_expr("into ", &it.into));
        if let Some(rename) = &it.rename {
            clauses.push(self, rename.span, |f| f.word_expr("as ", rename));
        }
        clauses.push(self, it.trigger.span, |f| f.trigger(&it.trigger));
        self.each_clause(&it.each, &mut clauses);
        self.settings_clause(&it.settings, &mut clauses);
        clauses.group(concat(head), nil())
    }

    fn head(&self, verb: &str, subject: &Subject) -> Layout {
        text(format!("{verb}{}", subject_text(subject)))
    }

    /// A word and an expression behind it.
    pub fn word_expr(&mut self, word: &str, expr: &Expr) -> Layout {
        let expr = self.expr(expr);
        concat(vec![text(word), expr])
    }

    pub fn scope(&mut self, scope: &Scope, clauses: &mut Clauses) {
        if let Some(on) = &scope.on {
            clauses.push(self, on.span, |_| text(on_text(on)));
        }
        for narrow in &scope.narrows {
            clauses.push(self, narrow.span(), |f| match narrow {
                Narrow::Where { condition, .. } => f.word_expr("where ", condition),
                Narrow::With { name, value, .. } => f.assign(format!("with {}", name.text), value),
            });
        }
    }

    /// `lhs = value`, with the value on the next line where that helps.
    pub fn assign(&mut self, lhs: String, value: &Expr) -> Layout {
        let stays = brings_its_own_breaks(value);
        let doc = self.expr(value);
        if stays {
            return concat(vec![text(lhs), text(" = "), doc]);
        }
        group(vec![text(lhs), text(" ="), indent(vec![line(), doc])])
    }

    /// The clauses of a rule and its message, actions and settings: with a message, these have lines of
    /// their own.
    fn with_tail(&mut self, head: Layout, mut clauses: Clauses, tail: &Tail) -> Layout {
        let Some(message) = &tail.message else {
            for action in &tail.actions {
                clauses.push(self, action.span, |f| f.action(action));
            }
            self.settings_clause(&tail.settings, &mut clauses);
            return clauses.group(head, nil());
        };
        let mut below = Clauses::after(clauses.end);
        below.push_below(self, message.span, |f| {
            concat(vec![text("message "), text(f.written(message.span))])
        });
        for action in &tail.actions {
            below.push_below(self, action.span, |f| f.action(action));
        }
        if let Some(settings) = &tail.settings {
            below.push_below(self, settings.span, |f| f.settings(settings));
        }
        let above = clauses.group(head, nil());
        concat(vec![above, indent(below.docs)])
    }

    pub fn action(&mut self, action: &Action) -> Layout {
        let words: Vec<&str> = action.actions.iter().map(|word| word.text.as_str()).collect();
        let words = text(format!("action {}", words.join(", ")));
        match &action.filter {
            Some(filter) => {
                let filter = self.word_expr(" where ", filter);
                concat(vec![words, filter])
            }
            None => words,
        }
    }

    pub fn settings(&mut self, settings: &Settings) -> Layout {
        let object = self.object(&settings.object);
        concat(vec![text("settings "), object])
    }

    fn settings_clause(&mut self, settings: &Option<Settings>, clauses: &mut Clauses) {
        if let Some(settings) = settings {
            clauses.push(self, settings.span, |f| f.settings(settings));
        }
    }

    fn each_clause(&mut self, each: &Option<Each>, clauses: &mut Clauses) {
        if let Some(each) = each {
            clauses.push(self, each.span, |f| {
                let source = f.word_expr(&format!("each {} in ", each.name.text), &each.source);
                match &each.filter {
                    Some(filter) => {
                        let filter = f.word_expr(" where ", filter);
                        concat(vec![source, filter])
                    }
                    None => source,
                }
            });
        }
    }

    pub fn trigger(&mut self, trigger: &Trigger) -> Layout {
        let mut clauses = Clauses::after(trigger.subject.span.end);
        self.scope(&trigger.scope, &mut clauses);
        clauses.group(text(format!("for {}", subject_text(&trigger.subject))), nil())
    }

    fn check(&mut self, check: &Check) -> Layout {
        match check {
            Check::Signed { signers, .. } => {
                let signers = self.signers(signers);
                concat(vec![text("signed by "), signers])
            }
            Check::Attested { predicate, signers, condition, .. } => {
                let mut clauses = Clauses::after(predicate.span.end);
                clauses.push(self, signers.span, |f| {
                    let signers = f.signers(signers);
                    concat(vec![text("by "), signers])
                });
                if let Some(condition) = condition {
                    clauses.push(self, condition.span, |f| f.word_expr("that ", condition));
                }
                clauses.group(text(format!("attested {}", self.written(predicate.span))), nil())
            }
            Check::Ignoring { paths, .. } => {
                let paths = paths.iter().map(|path| self.expr(path)).collect();
                concat(vec![text("ignoring "), join(paths, &text(", "))])
            }
        }
    }

    fn signers(&mut self, signers: &Signers) -> Layout {
        let of = self.expr(&signers.of);
        match signers.count {
            Some((_, span)) => concat(vec![text(self.written(span)), text(" of "), of]),
            None => of,
        }
    }

    /// `{ edits }`: `from` is where the text before the brace ends, `closing` ends with the other brace.
    fn edits(&mut self, edits: &[Edit], from: u32, closing: Span) -> Layout {
        let to = closing.end;
        let mut end = from;
        let behind_opener = self.behind_brace(from, edits.first().map_or(to, |edit| edit.span().start));
        let mut pieces = vec![];
        for edit in edits {
            pieces.push(self.piece(end, edit.span(), |f| f.edit(edit)));
            end = edit.span().end;
        }
        self.block(pieces, behind_opener, Span { start: end, ..closing }, true)
    }

    fn edit(&mut self, edit: &Edit) -> Layout {
        match edit {
            Edit::Assign { verb, path, value, .. } => {
                let path = self.written_path(path);
                self.assign(format!("{} {path}", verb.as_str()), value)
            }
            Edit::Remove { path, .. } => {
                let path = self.written_path(path);
                text(format!("remove {path}"))
            }
            Edit::Let(it) => self.assign(format!("let {}", it.name.text), &it.value),
            Edit::For { binder, source, filter, edits, span } => {
                let source_doc = self.word_expr(&format!("for {} in ", binder_text(binder)), source);
                let mut clauses = Clauses::after(source.span.end);
                if let Some(filter) = filter {
                    clauses.push(self, filter.span, |f| f.word_expr("where ", filter));
                }
                let end = clauses.end;
                let head = clauses.group(source_doc, text(" "));
                let edits = self.edits(edits, end, *span);
                concat(vec![head, edits])
            }
            Edit::If { condition, edits, span } => {
                let head = self.word_expr("if ", condition);
                let edits = self.edits(edits, condition.span.end, *span);
                concat(vec![head, text(" "), edits])
            }
            Edit::Call { function, args, span } => {
                let args = self.args(args, Span { start: function.span.end, ..*span });
                concat(vec![text(function.text()), args])
            }
            Edit::Error(span) => text(self.written(*span)),
        }
    }

    /// A path on one line: its indices may hold any expression.
    fn written_path(&mut self, path: &Expr) -> String {
        let doc = self.expr(path);
        print(&group(vec![doc]), usize::MAX >> 1).trim_end().to_string()
    }

    /// Comments in front of an opening brace stand above the statement's last line: they go behind it.
    pub fn before_brace(&mut self, from: u32, brace: u32) -> Layout {
        let comments = self.comments.between(from, brace);
        self.suffixes(comments)
    }

    /// The comments behind an opening brace, which stands between `from` and `to`.
    pub fn behind_brace(&mut self, from: u32, to: u32) -> Layout {
        let text = self.source.get(from as usize..to as usize).unwrap_or("");
        // Comments before the brace may hold braces; they are on lines of their own then.
        let brace = text
            .split_inclusive('\n')
            .scan(0, |at, line| {
                let start = *at;
                *at += line.len();
                Some((start, line.split("//").next().unwrap_or(line)))
            })
            .find_map(|(start, code)| code.find('{').map(|at| start + at));
        match brace {
            Some(at) => self.behind(from + at as u32 + 1),
            None => nil(),
        }
    }

    /// Statements in braces. `rest` reaches from the end of the last statement to that of the closing
    /// brace. One short statement may share the line of its braces, if it does in the source.
    pub fn block(
        &mut self,
        mut pieces: Vec<Piece>,
        behind_opener: Layout,
        rest: Span,
        may_be_flat: bool,
    ) -> Layout {
        let flat = may_be_flat && pieces.len() == 1 && pieces.iter().all(|piece| piece.one_line);
        let first_is_on_new_line = pieces.first().is_some_and(|piece| piece.starts_line);
        pieces.extend(self.last_comments(rest.start, rest.end));
        if pieces.is_empty() && !behind_opener.is_hard() {
            return text("{}");
        }
        let spread = if flat && !first_is_on_new_line { nil() } else { break_parent() };
        let body = stack(pieces, |_, below| below.blank_above);
        group(vec![text("{"), behind_opener, indent(vec![line(), spread, body]), line(), text("}")])
    }
}

/// Whether a value is best begun on the line of its name, however long it is.
fn brings_its_own_breaks(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Call { .. } | ExprKind::String(_) | ExprKind::Paren(_) => true,
        ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => brings_its_own_breaks(base),
        _ => is_bracketed(value),
    }
}

pub fn subject_text(subject: &Subject) -> String {
    let part = |part: &SubjectPart| {
        format!("{}{}", kind_text(&part.kind), if part.only.is_some() { " only" } else { "" })
    };
    subject.parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

pub fn kind_text(kind: &KindRef) -> String {
    match &kind.subresource {
        Some(subresource) => format!("{}/{}", kind.name.text(), subresource.text),
        None => kind.name.text(),
    }
}

pub fn on_text(on: &On) -> String {
    let operations: Vec<&str> = on.operations.iter().map(|operation| operation.text.as_str()).collect();
    format!("on {}", operations.join(", "))
}
