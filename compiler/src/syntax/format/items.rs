//! Items, policies and tests.

use super::Formatter;
use super::attach::{Piece, stack};
use super::layout::*;
use super::rules::{Clauses, kind_text, on_text};
use crate::source::Span;
use crate::syntax::ast::*;

impl Formatter<'_> {
    pub fn module(&mut self, module: &Module) -> Layout {
        let mut pieces: Vec<(Sort, Piece)> = vec![];
        let mut end = 0;
        let mut at = 0;
        while let Some(item) = module.items.get(at) {
            let uses = module.items[at..].iter().take_while(|item| matches!(item, Item::Use(_))).count();
            if uses > 0 {
                for piece in self.uses(&module.items[at..at + uses], end) {
                    pieces.push((Sort::Use, piece));
                }
                at += uses;
            } else {
                let piece = self.piece(end, item.span(), |f| f.item(item));
                pieces.push((Sort::of(item), piece));
                at += 1;
            }
            end = module.items[at - 1].span().end;
        }
        for piece in self.last_comments(end, u32::MAX) {
            pieces.push((Sort::Comment, piece));
        }
        let mut docs = vec![];
        for (i, (sort, piece)) in pieces.iter().enumerate() {
            if let Some((before_sort, _)) = i.checked_sub(1).and_then(|before| pieces.get(before)) {
                let close = sort.may_touch(*before_sort) && !piece.blank_above;
                docs.push(if close { hard_line() } else { blank_line() });
            }
            docs.push(piece.doc.clone());
        }
        concat(docs)
    }

    /// `use` lines, sorted by path; a comment that an empty line sets apart stays at their head.
    fn uses(&mut self, items: &[Item], from: u32) -> Vec<Piece> {
        let mut head = vec![];
        let mut lines = vec![];
        let mut end = from;
        for item in items {
            let Item::Use(it) = item else { continue };
            if lines.is_empty() {
                head = self.comments_apart(end, it.span.start);
            }
            let piece = self.piece(end, it.span, |f| f.item(item));
            lines.push((it.path.value.clone(), piece));
            end = it.span.end;
        }
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        let first_is_apart = !head.is_empty();
        let sorted = lines.into_iter().enumerate().map(|(i, (_, mut piece))| {
            piece.blank_above = i == 0 && first_is_apart;
            piece
        });
        head.extend(sorted);
        head
    }

    fn item(&mut self, item: &Item) -> Layout {
        match item {
            Item::Use(it) => {
                let alias = it.alias.as_ref().map_or_else(String::new, |alias| format!(" as {}", alias.text));
                text(format!("use {}{alias}", self.written(it.path.span)))
            }
            Item::Kind(it) => {
                let untyped = if it.untyped.is_some() { " untyped" } else { "" };
                text(format!("kind {} = {}{untyped}", it.name.text, self.written(it.target.span)))
            }
            Item::Refine(it) => {
                let path = self.word_expr("refine ", &it.path);
                concat(vec![path, text(format!(" as {}", type_text(&it.ty)))])
            }
            Item::Let(it) => self.binding(it),
            Item::View(it) => {
                let kinds: Vec<String> = it.of.iter().map(kind_text).collect();
                let head = format!("view {} of {} =", it.name.text, kinds.join(", "));
                let mut end = it.of.last().map_or(it.span.start, |kind| kind.span.end);
                let mut paths = vec![];
                for path in &it.paths {
                    if !paths.is_empty() {
                        paths.push(text(","));
                    }
                    self.follow(&mut paths, line(), end, path.span, |f| f.expr(path));
                    end = path.span.end;
                }
                group(vec![text(head), indent(paths)])
            }
            Item::Fn(it) => {
                let head = text(format!("fn {}", it.name.text));
                let params = self.params(&it.params, it.name.span.end);
                let end = it.params.last().map_or(it.name.span.end, |param| param.span.end);
                let mut body = vec![];
                self.follow(&mut body, line(), end, it.body.span, |f| f.expr(&it.body));
                concat(vec![head, params, text(" ="), group(vec![indent(body)])])
            }
            Item::Policy(it) => self.policy(it),
            Item::PolicyInstance(it) => self.policy_instance(it),
            Item::Rule(it) => self.rule(it),
            Item::Exempt(it) => self.exempt(it),
            Item::Test(it) => {
                let head = text(format!("test {} ", self.written(it.title.span)));
                let first = it.steps.first().map_or(it.span.end, |step| step.span().start);
                let behind_opener = self.behind_brace(it.title.span.end, first);
                let mut end = it.title.span.end;
                let mut pieces = vec![];
                for step in &it.steps {
                    pieces.push(self.piece(end, step.span(), |f| f.step(step)));
                    end = step.span().end;
                }
                let block = self.block(pieces, behind_opener, Span { start: end, ..it.span }, true);
                concat(vec![head, block])
            }
            Item::Error(span) => text(self.written(*span)),
        }
    }

    fn binding(&mut self, it: &Let) -> Layout {
        self.assign(format!("let {}", it.name.text), &it.value)
    }

    pub fn title(&self, title: &Title) -> Layout {
        text(self.written(title.span))
    }

    fn params(&mut self, params: &[Param], from: u32) -> Layout {
        if params.is_empty() {
            return text("()");
        }
        let mut docs = vec![];
        let mut end = from;
        for param in params {
            let separator = if docs.is_empty() { soft_line() } else { line() };
            if !docs.is_empty() {
                docs.push(text(","));
            }
            self.follow(&mut docs, separator, end, param.span, |f| {
                let head = text(format!("{}: {}", param.name.text, type_text(&param.ty)));
                match &param.default {
                    Some(default) => {
                        let default = f.word_expr(" = ", default);
                        concat(vec![head, default])
                    }
                    None => head,
                }
            });
            end = param.span.end;
        }
        group(vec![text("("), indent(docs), soft_line(), text(")")])
    }

    fn policy(&mut self, it: &Policy) -> Layout {
        let mut head = vec![text("policy "), self.title(&it.name)];
        let mut end = it.name.span.end;
        if let Some(params) = &it.params {
            head.push(self.params(params, end));
            end = params.last().map_or(end, |param| param.span.end);
        }
        if let Some(title) = &it.title {
            head.push(text(format!(" {}", self.written(title.span))));
            end = title.span.end;
        }
        let mut clauses = Clauses::after(end);
        self.scope(&it.scope, &mut clauses);
        let before_brace = self.before_brace(it.scope.span.end.max(end), it.body.start);
        let head = clauses.group(concat(head), text(" "));
        let behind_opener = self.behind(it.body.start + 1);
        let mut end = it.body.start;
        let mut header = vec![];
        for meta in &it.meta {
            header.push(self.piece(end, meta.span(), |f| f.meta(meta)));
            end = meta.span().end;
        }
        let mut members = vec![];
        for member in &it.members {
            let is_let = matches!(member, Member::Let(_));
            let piece = self.piece(end, member.span(), |f| match member {
                Member::Rule(rule) => f.rule(rule),
                Member::Let(it) => f.binding(it),
                Member::Error(span) => text(f.written(*span)),
            });
            members.push((is_let, piece));
            end = member.span().end;
        }
        members.extend(self.last_comments(end, it.body.end).into_iter().map(|piece| (true, piece)));
        if header.is_empty() && members.is_empty() && !behind_opener.is_hard() {
            return concat(vec![head, before_brace, text("{}")]);
        }
        let mut body = vec![behind_opener, hard_line(), stack(header, |_, _| false)];
        for (i, (is_let, piece)) in members.iter().enumerate() {
            let touches = match i.checked_sub(1).and_then(|before| members.get(before)) {
                Some((before_is_let, _)) => *is_let && *before_is_let && !piece.blank_above,
                None => it.meta.is_empty(),
            };
            if i > 0 || !it.meta.is_empty() {
                body.push(if touches { hard_line() } else { blank_line() });
            }
            body.push(piece.doc.clone());
        }
        concat(vec![head, before_brace, text("{"), indent(body), hard_line(), text("}")])
    }

    fn policy_instance(&mut self, it: &PolicyInstance) -> Layout {
        let head = concat(vec![text("policy "), self.title(&it.name), text(format!(" = {}", it.of.text()))]);
        let arguments = Span { start: it.of.span.end, ..it.span };
        let Some(meta) = &it.meta else {
            let args = self.args(&it.args, arguments);
            return concat(vec![head, args]);
        };
        let mut end = it.args.last().map_or(it.of.span.end, |arg| arg.value.span.end);
        let args = self.args(&it.args, Span { end, ..arguments });
        let first = meta.first().map_or(it.span.end, |meta| meta.span().start);
        let behind_opener = self.behind_brace(end, first);
        let mut pieces = vec![];
        for meta in meta {
            pieces.push(self.piece(end, meta.span(), |f| f.meta(meta)));
            end = meta.span().end;
        }
        let block = self.block(pieces, behind_opener, Span { start: end, ..it.span }, true);
        concat(vec![head, args, text(" "), block])
    }

    fn meta(&mut self, meta: &Meta) -> Layout {
        match meta {
            Meta::Severity { level, .. } => text(format!("severity {}", level.text)),
            Meta::Category { text: category, .. } => {
                text(format!("category {}", self.written(category.span)))
            }
            Meta::Control { controls, .. } => {
                let control =
                    |it: &Control| text(format!("{} {}", it.framework.text, self.written(it.id.span)));
                let controls = controls.iter().map(control).collect();
                let controls = join(controls, &concat(vec![text(","), line()]));
                group(vec![text("control "), indent(vec![controls])])
            }
            Meta::Action(action) => self.action(action),
            Meta::Settings(settings) => self.settings(settings),
        }
    }

    fn exempt(&mut self, it: &Exempt) -> Layout {
        let targets: Vec<String> = it
            .targets
            .iter()
            .map(|target| match target {
                ExemptTarget::Name(name) => name.text(),
                ExemptTarget::Glob(glob) => self.written(glob.span),
            })
            .collect();
        let end = match it.targets.last() {
            Some(ExemptTarget::Name(name)) => name.span.end,
            Some(ExemptTarget::Glob(glob)) => glob.span.end,
            None => it.span.start,
        };
        let mut clauses = Clauses::after(end);
        if let Some(scope) = &it.scope {
            clauses.push(self, scope.span, |f| f.trigger(scope));
        }
        if let Some(until) = &it.until {
            clauses.push(self, until.span, |_| text(format!("until {}", until.value)));
        }
        clauses.push(self, it.because.span, |f| text(format!("because {}", f.written(it.because.span))));
        clauses.group(text(format!("exempt {}", targets.join(", "))), nil())
    }

    fn step(&mut self, step: &Step) -> Layout {
        match step {
            Step::Let(it) => self.binding(it),
            Step::GivenFile { file, .. } => text(format!("given {}", self.written(file.span))),
            Step::Given { kind, object, .. } => {
                let object = self.object(object);
                concat(vec![text(format!("given {} ", kind_text(kind))), object])
            }
            Step::GivenTime { name, time, .. } => text(format!("given {} {}", kind_text(name), time.value)),
            Step::Expect(it) => self.expect(it),
            Step::Error(span) => text(self.written(*span)),
        }
    }

    fn expect(&mut self, it: &Expect) -> Layout {
        let verdict = match &it.outcome {
            Outcome::Verdict { verdict, .. } => format!(" {}", verdict.as_str()),
            Outcome::Becomes(_) | Outcome::Generates(..) | Outcome::Mutates(..) => String::new(),
        };
        let on = it.on.as_ref().map_or_else(String::new, |on| format!(" {}", on_text(on)));
        let head = text(format!("expect{verdict}{on} {} ", kind_text(&it.subject)));
        let document = self.document(&it.document);
        let mut clauses = Clauses::after(it.document.span().end);
        if let Some(old) = &it.old {
            clauses.push(self, old.span(), |f| {
                let old = f.document(old);
                concat(vec![text("from "), old])
            });
        }
        match &it.outcome {
            Outcome::Verdict { by, message, .. } => {
                if let Some(by) = by {
                    clauses.push(self, by.span, |_| text(format!("by {}", by.text())));
                }
                if let Some(message) = message {
                    clauses
                        .push(self, message.span, |f| text(format!("message {}", f.written(message.span))));
                }
            }
            Outcome::Becomes(document) => clauses.push(self, document.span(), |f| {
                let document = f.document(document);
                concat(vec![text("becomes "), document])
            }),
            Outcome::Generates(kind, document) => clauses.push(self, document.span(), |f| {
                let document = f.document(document);
                concat(vec![text(format!("generates {} ", kind_text(kind))), document])
            }),
            Outcome::Mutates(kind, document) => clauses.push(self, document.span(), |f| {
                let document = f.document(document);
                concat(vec![text(format!("mutates {} ", kind_text(kind))), document])
            }),
        }
        clauses.behind(concat(vec![head, document]))
    }

    fn document(&mut self, document: &Document) -> Layout {
        match document {
            Document::Object(object) => self.object(object),
            Document::File(file) => text(self.written(file.span)),
        }
    }
}

fn type_text(ty: &Type) -> String {
    match &ty.kind {
        TypeKind::Named { name, optional: true } => format!("{}?", name.text),
        TypeKind::Named { name, optional: false } => name.text.clone(),
        TypeKind::Of { constructor, element } => format!("{} of {}", constructor.text, type_text(element)),
    }
}

/// What decides about empty lines between items: one-line declarations of a sort may stand together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Use,
    Kind,
    View,
    Refine,
    Let,
    Comment,
    Other,
}

impl Sort {
    fn of(item: &Item) -> Sort {
        match item {
            Item::Use(_) => Sort::Use,
            Item::Kind(_) => Sort::Kind,
            Item::View(_) => Sort::View,
            Item::Refine(_) => Sort::Refine,
            Item::Let(_) => Sort::Let,
            Item::Fn(_)
            | Item::Policy(_)
            | Item::PolicyInstance(_)
            | Item::Rule(_)
            | Item::Exempt(_)
            | Item::Test(_)
            | Item::Error(_) => Sort::Other,
        }
    }

    fn may_touch(self, before: Sort) -> bool {
        match self {
            Sort::Other => false,
            Sort::Comment => true,
            Sort::Use | Sort::Kind | Sort::View | Sort::Refine | Sort::Let => self == before,
        }
    }
}
