//! Questions to the recorded world.

use super::run::{Machine, Stop};
use super::world::{Key, Said, is_label_value, is_object_name};
use super::{ErrorReason, Unknown};
use crate::program::Question;
use crate::value::Value;

impl<'a> Machine<'a> {
    /// The answer to a question, whose parts are given.
    #[cold]
    pub(super) fn asked(
        &mut self,
        question: Question,
        parts: &[Value<'a>],
        here: usize,
    ) -> Result<Value<'a>, Stop> {
        if parts.iter().any(Value::is_missing) {
            return Ok(Value::Missing);
        }
        match self.said(question, parts)? {
            Said::Is(value) => Ok(value),
            Said::Fails => Err(self.error(ErrorReason::LookupFailed, here)),
            Said::Unknown if self.unknown_is_missing => Ok(Value::Missing),
            Said::Unknown => {
                self.unanswered = Some(words(question, parts));
                Err(Stop::NotEvaluated(about(question)))
            }
        }
    }

    fn said(&mut self, question: Question, parts: &[Value<'a>]) -> Result<Said<'a>, Stop> {
        let Some(world) = self.environment.world else { return Ok(Said::Unknown) };
        let text = |at: usize| parts.get(at).and_then(Value::as_text);
        let (Some(first), second) = (text(0), text(1)) else {
            return Ok(match question {
                Question::Random => Said::Unknown,
                _ => Said::Is(Value::Missing),
            });
        };
        self.budget.spend(16)?;
        Ok(match question {
            Question::Get => match second.filter(|name| is_object_name(name)) {
                Some(name) => world.get(first, "", name),
                None => Said::Is(Value::Missing),
            },
            Question::GetIn => match (second, text(2)) {
                (Some(name), Some(namespace)) if is_object_name(name) && is_object_name(namespace) => {
                    world.get(first, namespace, name)
                }
                _ => Said::Is(Value::Missing),
            },
            Question::List => self.listed(first, None, None)?,
            Question::ListIn => match second {
                Some(namespace) => self.listed(first, Some(namespace), None)?,
                None => Said::Is(Value::Missing),
            },
            Question::ListWith => self.listed(first, None, parts.get(1))?,
            Question::ListWithIn => match text(2) {
                Some(namespace) => self.listed(first, Some(namespace), parts.get(1))?,
                None => Said::Is(Value::Missing),
            },
            Question::Post => world.answer(&Key::post(first, &parts[1], &mut self.budget)?),
            Question::HttpGet | Question::HttpGetWith => world.answer(&Key::http_get(first)),
            Question::HttpPost | Question::HttpPostWith => {
                world.answer(&Key::http_post(first, &parts[1], &mut self.budget)?)
            }
            Question::Cache => world.answer(&Key::cache(first)),
            Question::Image => world.answer(&Key::image(first)),
            Question::Random => Said::Unknown,
        })
    }

    /// The objects of a kind. Of a namespace or with label values that cannot be there are none.
    fn listed(
        &mut self,
        kind: &str,
        namespace: Option<&str>,
        labels: Option<&Value<'a>>,
    ) -> Result<Said<'a>, Stop> {
        let Some(mut objects) = self.environment.world.and_then(|world| world.list(kind, namespace)) else {
            return Ok(Said::Unknown);
        };
        self.budget.spend(objects.len() as u64)?;
        if let Some(labels) = labels {
            let wanted = labels.entries();
            self.budget.spend((objects.len() * wanted.len()) as u64)?;
            let has = |object: &Value<'a>| {
                let own = object.entry("metadata").entry("labels");
                wanted.iter().all(|(key, value)| {
                    let text = value.as_text().filter(|text| is_label_value(text));
                    text.is_some() && own.entry(key).as_text() == text
                })
            };
            objects.retain(has);
        }
        Ok(Said::Is(Value::list(objects)))
    }
}

/// What is not known where a question has no answer.
fn about(question: Question) -> Unknown {
    match question {
        Question::Get
        | Question::GetIn
        | Question::List
        | Question::ListIn
        | Question::ListWith
        | Question::ListWithIn => Unknown::Objects,
        Question::Post
        | Question::HttpGet
        | Question::HttpGetWith
        | Question::HttpPost
        | Question::HttpPostWith => Unknown::Answers,
        Question::Cache => Unknown::CacheEntries,
        Question::Image => Unknown::Images,
        Question::Random => Unknown::Chance,
    }
}

/// The question for people, without what is sent along: it may be a secret.
fn words(question: Question, parts: &[Value<'_>]) -> String {
    let first = parts.first().and_then(Value::as_text).unwrap_or_default();
    match question {
        Question::Get | Question::GetIn => format!("an object of {first}"),
        Question::List | Question::ListIn | Question::ListWith | Question::ListWithIn => {
            format!("the objects of {first}")
        }
        Question::Post => format!("the answer to a {first}"),
        Question::HttpGet | Question::HttpGetWith => format!("GET {first}"),
        Question::HttpPost | Question::HttpPostWith => format!("POST {first}"),
        Question::Cache => format!("cache entry {first}"),
        Question::Image => format!("image {first}"),
        Question::Random => "random text".to_owned(),
    }
}
