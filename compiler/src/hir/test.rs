//! `test` blocks: objects written out and checked against their kind, and what is expected of them.

use super::check::Checker;
use super::{AdmissionOperation, Expect, Expr, Given, Test, Verdict, constant, errors};
use crate::source::Span;
use crate::syntax::ast;
use serde_json::{Map, Value};

impl Checker<'_> {
    pub(super) fn test(&mut self, it: &ast::Test) -> Option<Test> {
        let count = self.locals.len();
        let subject = self.subject.take();
        self.in_test = true;
        let mut test =
            Test { title: it.title.value.clone(), givens: Vec::new(), expects: Vec::new(), span: it.span };
        let before = self.diagnostics.len();
        for step in &it.steps {
            match step {
                ast::Step::Let(it) => {
                    let value = self.expr(&it.value);
                    self.bind_value(&it.name, value);
                }
                ast::Step::GivenFile { file, span } => {
                    for object in self.documents(file, *span) {
                        test.givens.push(Given::Object(object));
                    }
                }
                ast::Step::Given { kind, object, span } => {
                    test.givens.extend(self.given(kind, object, *span))
                }
                ast::Step::GivenTime { name, time, span } => {
                    if test.givens.iter().any(|it| matches!(it, Given::Now(_))) {
                        self.report(errors::second_now(*span));
                    }
                    test.givens.extend(self.given_time(name, time));
                }
                ast::Step::Expect(it) => test.expects.extend(self.expect(it)),
                ast::Step::Error(_) => {}
            }
        }
        if it.steps.is_empty() {
            self.report(errors::empty_test(&it.title.value, it.title.span));
        }
        self.in_test = false;
        self.subject = subject;
        self.forget(count);
        // A test with an error in it would test something else.
        let broken = self.diagnostics[before.min(self.diagnostics.len())..].iter().any(|it| it.is_error());
        (!broken).then_some(test)
    }

    fn given(&mut self, kind: &ast::KindRef, object: &ast::Object, span: Span) -> Option<Given> {
        match kind.name.text().as_str() {
            "user" => {
                let value = self.constant(object)?;
                let known = ["name", "groups", "uid", "roles", "clusterRoles"];
                if let Some(key) =
                    value.as_object().and_then(|it| it.keys().find(|it| !known.contains(&it.as_str())))
                {
                    let word = ast::Name { text: key.clone(), span: object.span };
                    self.report(errors::unknown_word("field of user", &word, &known));
                    return None;
                }
                Some(Given::User(value))
            }
            "namespace" => {
                let value = self.constant(object)?;
                match value.get("name").and_then(Value::as_str) {
                    Some(name) => Some(Given::Namespace(name.to_string())),
                    None => {
                        self.report(errors::given_namespace(span));
                        None
                    }
                }
            }
            "now" => {
                self.report(errors::given_now(span));
                None
            }
            "http" | "registry" | "cache" | "cluster" => {
                let value = self.constant(object)?;
                match aipc_runtime::machine::Answer::recorded(&value) {
                    Ok(_) => Some(Given::Answer(value)),
                    Err(why) => {
                        self.report(errors::given_answer(&why, span));
                        None
                    }
                }
            }
            _ => Some(Given::Object(self.object_of_kind(kind, &ast::Document::Object(object.clone()))?)),
        }
    }

    fn given_time(&mut self, name: &ast::KindRef, time: &ast::Text) -> Option<Given> {
        let word = name.name.text();
        if word.is_empty() {
            return None; // A name is missing, which was said.
        }
        if word != "now" {
            self.report(errors::given_time_of(name, time));
            return None;
        }
        let moment = constant::parse_date(&time.value);
        // What is no date at all was said where the text was read.
        if moment.is_none() && crate::syntax::is_date(&time.value) {
            self.report(errors::bad_literal("date", &time.value, time.span));
        }
        moment.map(Given::Now)
    }

    fn expect(&mut self, it: &ast::Expect) -> Option<Expect> {
        let object = self.object_of_kind(&it.subject, &it.document);
        let old = match &it.old {
            Some(old) => Some(self.object_of_kind(&it.subject, old)?),
            None => None,
        };
        let operation = self.operation_of_test(it.on.as_ref(), old.is_some());
        let (verdict, by, message) = match &it.outcome {
            ast::Outcome::Verdict { verdict, by, message, .. } => {
                by.iter().for_each(|it| self.occur_rule(&it.parts));
                let verdict = match verdict {
                    ast::Verdict::Deny => Verdict::Deny,
                    ast::Verdict::Allow => Verdict::Allow,
                    ast::Verdict::Skip => Verdict::Skip,
                    ast::Verdict::Delete => self.of_clean_up(it, *verdict, Verdict::Delete)?,
                    ast::Verdict::Keep => self.of_clean_up(it, *verdict, Verdict::Keep)?,
                };
                (verdict, by.as_ref().map(|it| it.text()), message.as_ref().map(|it| it.value.clone()))
            }
            ast::Outcome::Becomes(document) => {
                (Verdict::Becomes(self.object_of_kind(&it.subject, document)?), None, None)
            }
            ast::Outcome::Generates(kind, document) => {
                (Verdict::Generates(self.object_of_kind(kind, document)?), None, None)
            }
            ast::Outcome::Mutates(kind, document) => {
                (Verdict::Mutates(self.object_of_kind(kind, document)?), None, None)
            }
        };
        Some(Expect { verdict, operation, object: object?, old, by, message, span: it.span })
    }

    /// The verdict of a clean-up, which has no request and says nothing.
    fn of_clean_up(&mut self, it: &ast::Expect, word: ast::Verdict, verdict: Verdict) -> Option<Verdict> {
        let message = match &it.outcome {
            ast::Outcome::Verdict { message, .. } => message.as_ref().map(|it| it.span),
            ast::Outcome::Becomes(_) | ast::Outcome::Generates(..) | ast::Outcome::Mutates(..) => None,
        };
        let clauses = [
            ("on", it.on.as_ref().map(|it| it.span)),
            ("from", it.old.as_ref().map(ast::Document::span)),
            ("message", message),
        ];
        let before = self.diagnostics.len();
        for (clause, span) in clauses {
            span.into_iter().for_each(|span| self.report(errors::not_of_clean_up(word, clause, span)));
        }
        (self.diagnostics.len() == before).then_some(verdict)
    }

    fn operation_of_test(&mut self, on: Option<&ast::On>, has_old: bool) -> AdmissionOperation {
        let Some(on) = on else {
            return if has_old { AdmissionOperation::Update } else { AdmissionOperation::Create };
        };
        if on.operations.len() != 1 {
            self.report(errors::one_operation(on.span));
        }
        match on.operations.first().map(|it| it.text.as_str()) {
            Some("update") => AdmissionOperation::Update,
            Some("delete") => AdmissionOperation::Delete,
            Some("connect") => AdmissionOperation::Connect,
            Some("create") => AdmissionOperation::Create,
            _ => {
                self.report(errors::one_operation(on.span));
                AdmissionOperation::Create
            }
        }
    }

    /// The object with its apiVersion and kind; wrong fields are errors, absent ones are allowed.
    fn object_of_kind(&mut self, kind: &ast::KindRef, document: &ast::Document) -> Option<Value> {
        let subject = ast::Subject {
            parts: vec![ast::SubjectPart { kind: kind.clone(), only: Some(kind.span), span: kind.span }],
            span: kind.span,
        };
        let (subject, _) = self.subject(&subject)?;
        let [target] = subject.targets.as_slice() else {
            self.report(errors::test_needs_kind(kind.span));
            return None;
        };
        if target.kind.is_any() {
            self.report(errors::test_needs_kind(kind.span));
            return None;
        }
        let (api_version, name) = (target.kind.api_version(), target.kind.kind.clone());
        match document {
            ast::Document::Object(object) => {
                let before = self.diagnostics.len();
                let typed = self.object(object);
                self.check_value(&typed, &subject.object_ty);
                if self.diagnostics[before..].iter().any(|it| it.is_error()) {
                    return None;
                }
                let value = self.constant_value(&typed)?;
                let mut full = Map::new();
                full.insert("apiVersion".into(), Value::String(api_version));
                full.insert("kind".into(), Value::String(name));
                if let Value::Object(fields) = value {
                    full.extend(fields);
                }
                Some(Value::Object(full))
            }
            ast::Document::File(file) => {
                let mut found = self.documents(file, file.span);
                if found.len() != 1 {
                    if !found.is_empty() {
                        self.report(errors::one_document(&file.value, found.len(), file.span));
                    }
                    return None;
                }
                let object = found.remove(0);
                let is = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_string();
                if is != name {
                    self.report(errors::file_of_other_kind(&file.value, &is, &name, file.span));
                    return None;
                }
                Some(object)
            }
        }
    }

    fn constant(&mut self, object: &ast::Object) -> Option<Value> {
        let typed = self.object(object);
        self.constant_value(&typed)
    }

    fn constant_value(&mut self, typed: &Expr) -> Option<Value> {
        match constant::to_json(typed) {
            Ok(value) => Some(value),
            Err(span) => {
                self.report(errors::not_constant(span));
                None
            }
        }
    }

    /// The objects of a YAML file beside the source.
    fn documents(&mut self, file: &ast::Text, span: Span) -> Vec<Value> {
        let from = self.sources.get(span.file).name.clone();
        let text = match self.loader.load(&from, &file.value) {
            Ok((_, text)) => text,
            Err(reason) => {
                self.report(errors::unreadable_file(span, &reason));
                return Vec::new();
            }
        };
        match crate::manifest::objects(&file.value, &text) {
            Ok(objects) => objects,
            Err(reason) => {
                let sentence = format!("`{}` cannot be read: {reason}", file.value);
                self.report(errors::unreadable_file(span, &sentence));
                Vec::new()
            }
        }
    }
}
