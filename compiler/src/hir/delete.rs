//! `delete … every`: clean-up at times.

use super::check::Checker;
use super::verbs::{Head, Objects};
use super::{Deletion, Expr, ExprKind, Narrow, errors};
use crate::diagnostic::Diagnostic;
use crate::ir::{Operations, Root};
use crate::source::Span;
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn delete(
        &mut self,
        it: &ast::Delete,
        frame: Option<&ast::Scope>,
    ) -> Option<(Head, Deletion)> {
        let (mut head, condition) =
            self.with_head(&it.subject, &it.scope, frame, Objects::Admitted, |checker, head| {
                if let Some(elements) = &head.subject.elements {
                    checker.report(errors::delete_of_elements(&elements.view, head.subject.span));
                }
                it.condition.as_ref().map(|it| checker.single_condition(it))
            })?;
        let schedule = self.schedule(&it.schedule);
        let mut fine = head.subject.elements.is_none() && !condition.as_ref().is_some_and(Expr::is_error);
        let mut refuse = |checker: &mut Self, fault: Option<Diagnostic>| {
            fine &= fault.is_none();
            fault.into_iter().for_each(|fault| checker.report(fault));
        };
        let on = it.scope.on.as_ref().or(frame.and_then(|frame| frame.on.as_ref()));
        refuse(self, on.map(|on| errors::delete_on(on.span)));
        let part = head.subject.targets.iter().find_map(|target| target.subresource.as_deref());
        refuse(self, part.map(|part| errors::delete_of_subresource(part, head.subject.span)));
        let narrows = head.narrows.iter().map(|narrow| match narrow {
            Narrow::Where(asked) => asked,
            Narrow::With { value, .. } => value,
        });
        let asks = narrows.chain(&condition).find_map(asks_of_request);
        refuse(self, asks.map(errors::delete_without_request));
        head.operations = Operations::DEFAULT;
        fine.then_some((head, Deletion { condition, schedule: schedule? }))
    }

    /// The schedule as five fields of cron; `None` if it is none, which has been said.
    fn schedule(&mut self, schedule: &ast::Schedule) -> Option<String> {
        match schedule {
            ast::Schedule::Cron(text) => {
                let fields: Vec<&str> = text.value.split_whitespace().collect();
                match cron_fault(&fields) {
                    None => Some(fields.join(" ")),
                    Some(fault) => {
                        self.report(errors::bad_cron(&text.value, fault, text.span));
                        None
                    }
                }
            }
            ast::Schedule::Every(text) => self.every(&text.value, text.span),
        }
    }

    fn every(&mut self, text: &str, span: Span) -> Option<String> {
        let Some(nanoseconds) = super::constant::parse_duration(text).filter(|it| *it > 0) else {
            self.report(errors::bad_literal("duration", text, span));
            return None;
        };
        let cron = cron_every(nanoseconds);
        if cron.is_none() {
            self.report(errors::no_cron_for(text, &nearest_cron(nanoseconds), span));
        }
        cron
    }
}

/// Where an expression speaks of a request, or of an object before it: a clean-up has neither.
fn asks_of_request(expr: &Expr) -> Option<Span> {
    let of_request = match &expr.kind {
        ExprKind::Changed { .. } => true,
        ExprKind::Place(place) => place.branches.iter().any(|branch| {
            matches!(branch.root, Root::User | Root::Request | Root::OldObject | Root::OldSubject)
        }),
        _ => false,
    };
    let mut found = of_request.then_some(expr.span);
    expr.for_each_part(&mut |part| found = found.or_else(|| asks_of_request(part)));
    found
}

const MINUTE: i64 = 60 * 1_000_000_000;

/// How often in minutes, and the cron line that says just that: what divides an hour, a day or a week without rest.
fn spellings() -> impl Iterator<Item = (i64, String)> {
    let minutes = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30]
        .into_iter()
        .map(|n| (n, if n == 1 { "* * * * *".to_owned() } else { format!("*/{n} * * * *") }));
    let hours = [1, 2, 3, 4, 6, 8, 12]
        .into_iter()
        .map(|n| (n * 60, if n == 1 { "0 * * * *".to_owned() } else { format!("0 */{n} * * *") }));
    minutes.chain(hours).chain([(24 * 60, "0 0 * * *".to_owned()), (7 * 24 * 60, "0 0 * * 0".to_owned())])
}

/// The cron line for a duration; `None` where cron cannot say it.
fn cron_every(nanoseconds: i64) -> Option<String> {
    spellings().find(|(minutes, _)| minutes * MINUTE == nanoseconds).map(|it| it.1)
}

/// The cron line that is nearest to a duration.
fn nearest_cron(nanoseconds: i64) -> String {
    spellings()
        .min_by_key(|(minutes, _)| (minutes * MINUTE).abs_diff(nanoseconds))
        .map(|it| it.1)
        .unwrap_or_default()
}

/// Of each field its name, its least and its greatest number, and words for numbers.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// What is wrong with a cron line, if something is.
fn cron_fault(fields: &[&str]) -> Option<String> {
    if fields.len() != FIELDS.len() {
        return Some(format!("it has {} fields, and cron wants five", fields.len()));
    }
    fields.iter().zip(FIELDS).find_map(|(text, (name, least, greatest, words))| {
        let number = |text: &str| {
            let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
            word.map(|at| at as u32 + least)
                .or_else(|| text.parse().ok())
                .filter(|it| (least..=greatest).contains(it))
        };
        let fine = text.split(',').all(|part| {
            let (range, step) =
                part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let range = match range.split_once('-') {
                _ if range == "*" || range == "?" => true,
                Some((low, high)) => number(low).zip(number(high)).is_some_and(|(low, high)| low <= high),
                None => number(range).is_some(),
            };
            range && step.is_none_or(|step| step.parse::<u32>().is_ok_and(|it| it > 0))
        });
        (!fine).then(|| format!("`{text}` is no {name}: {least} to {greatest}, `*`, lists, ranges and steps"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_that_cron_can_say() {
        let cron = |text| cron_every(super::super::constant::parse_duration(text).expect("a duration"));
        assert_eq!(cron("10min").as_deref(), Some("*/10 * * * *"));
        assert_eq!(cron("1min").as_deref(), Some("* * * * *"));
        assert_eq!(cron("60min").as_deref(), Some("0 * * * *"));
        assert_eq!(cron("1d").as_deref(), Some("0 0 * * *"));
        assert_eq!(cron("7min"), None);
        assert_eq!(cron("90s"), None);
        assert_eq!(cron("5h"), None);
    }

    #[test]
    fn the_nearest_spelling_is_offered() {
        assert_eq!(nearest_cron(7 * MINUTE), "*/6 * * * *");
        assert_eq!(nearest_cron(5 * 60 * MINUTE), "0 */4 * * *");
    }

    #[test]
    fn cron_lines_are_read_field_by_field() {
        let fault = |text: &str| cron_fault(&text.split_whitespace().collect::<Vec<_>>());
        assert_eq!(fault("0 */2 1-15 jan,Dec mon-fri"), None);
        assert_eq!(fault("*/5 * * * ?"), None);
        assert!(fault("60 * * * *").is_some_and(|it| it.contains("minute")));
        assert!(fault("* * * * 7").is_some_and(|it| it.contains("day of the week")));
        assert!(fault("* * * *").is_some_and(|it| it.contains("4 fields")));
        assert!(fault("5-1 * * * *").is_some());
        assert!(fault("*/0 * * * *").is_some());
    }
}
