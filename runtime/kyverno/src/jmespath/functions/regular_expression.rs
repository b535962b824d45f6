//! Functions with regular expressions, whose meaning is that of [`crate::regular_expression`].

use regex::Captures;

use super::text::subject;
use super::{Answer, not_evaluated, other, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;
use crate::regular_expression::{Expression, Refusal};

fn compiled(pattern: &str, text: &str, evaluation: &mut Evaluation) -> Result<Expression, SearchError> {
    match evaluation.regex(pattern, text.len())? {
        Ok(expression) => Ok(expression),
        Err(Refusal::Syntax(message)) => other(message),
        Err(Refusal::Unsupported(what)) => not_evaluated(what),
    }
}

/// Kyverno names the function in the errors of some.
fn named(function: &str, error: SearchError) -> SearchError {
    match error {
        SearchError::Other(message) => {
            SearchError::Other(format!("JMESPath function '{function}': {message}"))
        }
        error => error,
    }
}

pub(super) fn matches<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    Ok(Json::Bool(compiled(pattern, &text, evaluation)?.regex.is_match(&text)))
}

/// `$1`, `$name` and `${name}` stand for what a group caught.
pub(super) fn replace_all<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    let template = subject(arguments, 2)?;
    let expression =
        compiled(pattern, &text, evaluation).map_err(|error| named("regex_replace_all", error))?;
    let expand = |captures: &Captures<'_>, out: &mut String| expression.expand(&template, captures, out);
    replaced(&expression, &text, evaluation, expand)
}

pub(super) fn replace_all_literal<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (pattern, text) = (text_at(arguments, 0)?, subject(arguments, 1)?);
    let replacement = subject(arguments, 2)?;
    let expression =
        compiled(pattern, &text, evaluation).map_err(|error| named("regex_replace_all_literal", error))?;
    replaced(&expression, &text, evaluation, |_, out| out.push_str(&replacement))
}

fn replaced<'a>(
    expression: &Expression,
    text: &str,
    evaluation: &mut Evaluation,
    replace: impl Fn(&Captures<'_>, &mut String),
) -> Answer<'a> {
    let mut out = String::new();
    let mut at = 0;
    for captures in expression.regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        let before = out.len();
        out.push_str(&text[at..whole.start()]);
        replace(&captures, &mut out);
        at = whole.end();
        evaluation.spend(1)?;
        evaluation.make(out.len() - before)?;
        evaluation.fits(out.len())?;
    }
    out.push_str(&text[at..]);
    evaluation.make(out.len())?;
    Ok(Json::text(out))
}
