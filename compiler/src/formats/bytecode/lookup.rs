//! Questions to the recorded world: their parts, then the question.

use aipc_runtime::program::{Constant, Count, Instruction, Question};

use super::Emitted;
use super::rule::Ctx;
use crate::ir::{Cond, CondKind, KindRef, Lookup, TextPart, Value, ValueKind};
use crate::source::Span;

impl Ctx<'_, '_> {
    pub(super) fn lookup(&mut self, lookup: &Lookup, span: Span) -> Emitted<()> {
        let question = match lookup {
            Lookup::Get { kind, name, namespace } => {
                self.kind(kind);
                self.value(name)?;
                self.values(namespace)?;
                if namespace.is_some() { Question::GetIn } else { Question::Get }
            }
            Lookup::List { kind, namespace, labels } => {
                self.kind(kind);
                if let Some(labels) = labels {
                    self.labels(labels)?;
                }
                self.values(namespace)?;
                match (labels.is_some(), namespace.is_some()) {
                    (false, false) => Question::List,
                    (false, true) => Question::ListIn,
                    (true, false) => Question::ListWith,
                    (true, true) => Question::ListWithIn,
                }
            }
            Lookup::Post { kind, object } => {
                self.kind(kind);
                self.value(object)?;
                Question::Post
            }
            Lookup::HttpGet { url, headers } => {
                self.url(url)?;
                self.values(headers)?;
                if headers.is_some() { Question::HttpGetWith } else { Question::HttpGet }
            }
            Lookup::HttpPost { url, body, headers } => {
                self.url(url)?;
                self.value(body)?;
                self.values(headers)?;
                if headers.is_some() { Question::HttpPostWith } else { Question::HttpPost }
            }
            Lookup::Cache { name } => {
                self.value(name)?;
                Question::Cache
            }
            Lookup::ImageRemote { image } => {
                self.value(image)?;
                Question::Image
            }
            Lookup::Random { pattern: _ } => Question::Random,
        };
        self.assembler.emit_for(Instruction::Ask { question }, span);
        Ok(())
    }

    fn kind(&mut self, kind: &KindRef) {
        self.constant(Constant::Text(format!("{}/{}", kind.api_version(), kind.kind)));
    }

    fn values(&mut self, value: &Option<Value>) -> Emitted<()> {
        value.iter().try_for_each(|value| self.value(value))
    }

    /// Labels that are written out are all there, or there are none to ask for: fewer would select more.
    fn labels(&mut self, labels: &Value) -> Emitted<()> {
        let ValueKind::Object(entries) = &labels.kind else { return self.value(labels) };
        let given = entries.iter().filter(|(_, value)| value.as_literal().is_none());
        let has = |value: &Value| Cond::new(CondKind::Has(value.clone()), value.origin);
        let all: Vec<Cond> = given.map(|(_, value)| has(value)).collect();
        if all.is_empty() {
            return self.value(labels);
        }
        let all = Cond::new(CondKind::And(all), labels.origin);
        self.either(
            &all,
            |ctx| ctx.value(labels),
            |ctx| {
                ctx.assembler.emit(Instruction::Missing {});
                Ok(())
            },
        )
    }

    /// A URL, of which text of objects may be a part and nothing more.
    fn url(&mut self, url: &Value) -> Emitted<()> {
        let ValueKind::Text(parts) = &url.kind else { return self.value(url) };
        for part in parts {
            match part {
                TextPart::Text(text) => self.constant(Constant::Text(text.clone())),
                TextPart::Value(value) => {
                    self.value(value)?;
                    self.assembler.emit_for(Instruction::UrlPart {}, value.origin);
                }
            }
        }
        self.assembler.emit(Instruction::Text { count: Count(parts.len() as u32) });
        Ok(())
    }
}
