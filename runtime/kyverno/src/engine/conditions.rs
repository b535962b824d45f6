//! Conditions with their variables: `any` and `all`, their messages.

use crate::context::{Context, Failure};
use crate::policy::rule::{Condition, Conditions};
use crate::substitute::substitute;

/// Whether conditions hold, with the messages of those that decided.
///
/// # Errors
/// A variable of a condition that is looked at has no value.
pub fn check(context: &Context<'_, '_>, conditions: &Conditions) -> Result<(bool, String), Failure> {
    match conditions {
        Conditions::List(list) => {
            let mut messages = Vec::new();
            for condition in list {
                if !test(context, condition)? {
                    return Ok((false, condition.message.clone()));
                }
                messages.push(condition.message.as_str());
            }
            Ok((true, joined(&messages, ";")))
        }
        Conditions::AnyAll { any, all } => {
            let (mut met, mut unmet) = (Vec::new(), Vec::new());
            let mut any_holds = true;
            if let Some(any) = any {
                any_holds = false;
                for condition in any {
                    if test(context, condition)? {
                        any_holds = true;
                        met.push(condition.message.as_str());
                        break;
                    }
                    unmet.push(condition.message.as_str());
                }
            }
            // `all` is looked at even if `any` has failed.
            let mut all_hold = true;
            for condition in all {
                if !test(context, condition)? {
                    all_hold = false;
                    unmet.push(condition.message.as_str());
                    break;
                }
                met.push(condition.message.as_str());
            }
            let holds = any_holds && all_hold;
            Ok((holds, joined(if holds { &met } else { &unmet }, "; ")))
        }
    }
}

fn joined(messages: &[&str], separator: &str) -> String {
    messages.iter().filter(|message| !message.is_empty()).copied().collect::<Vec<_>>().join(separator)
}

fn test(context: &Context<'_, '_>, condition: &Condition) -> Result<bool, Failure> {
    let fill = |template, what: &str| {
        substitute(context, template).map_err(|failure| Failure {
            message: format!("failed to substitute variables in condition {what}: {}", failure.message),
            ..failure
        })
    };
    let key = fill(&condition.key, "key")?;
    let value = fill(&condition.value, "value")?;
    condition.operator.test(&key, &value).map_err(Failure::new)
}
