//! `exempt … until … because`: exceptions from rules.

use super::check::Checker;
use super::verbs::Objects;
use super::{Exemption, errors};
use crate::ir;
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn exempt(&mut self, it: &ast::Exempt) -> Option<Exemption> {
        let rules = it.targets.iter().map(|target| self.exempted(target)).collect();
        if it.because.value.trim().is_empty() {
            self.report(errors::empty_because(it.because.span));
        }
        let until = match &it.until {
            None => None,
            Some(text) => match super::constant::parse_date(&text.value) {
                Some(time) => Some(time),
                None => {
                    // What is no date at all was said where the text was read.
                    if crate::syntax::is_date(&text.value) {
                        self.report(errors::bad_literal("date", &text.value, text.span));
                    }
                    return None;
                }
            },
        };
        let exemption = |subject, operations, narrows| Exemption {
            rules,
            subject,
            operations,
            narrows,
            until,
            because: it.because.value.clone(),
            span: it.span,
        };
        let Some(scope) = &it.scope else {
            return Some(exemption(None, ir::Operations::ANY, Vec::new()));
        };
        let (head, ()) =
            self.with_head(&scope.subject, &scope.scope, None, Objects::Admitted, |checker, head| {
                if let Some(elements) = &head.subject.elements {
                    checker.report(errors::exempt_of_elements(&elements.view, head.subject.span));
                }
            })?;
        let operations = if scope.scope.on.is_some() { head.operations } else { ir::Operations::ANY };
        head.subject.elements.is_none().then(|| exemption(Some(head.subject), operations, head.narrows))
    }

    /// Policy and rule that a name or glob stands for.
    fn exempted(&mut self, target: &ast::ExemptTarget) -> (String, Option<String>) {
        let split = |text: &str| match text.split_once('.') {
            Some((policy, rule)) => (policy.to_owned(), Some(rule.to_owned())),
            None => (text.to_owned(), None),
        };
        let name = match target {
            ast::ExemptTarget::Name(name) => name,
            ast::ExemptTarget::Glob(text) => return split(&text.value),
        };
        let scope = self.modules.get(self.module);
        let first = name.parts.first().map_or("", |part| part.text.as_str());
        // `alias.policy.rule`: the file by its alias, then as everywhere.
        let of_file = scope.uses.contains_key(first) && name.parts.len() > 1;
        let (policy, rule) = match name.parts.get(usize::from(of_file)..).unwrap_or_default() {
            [policy] => (policy.text.clone(), None),
            [policy, rest @ ..] => {
                let rest: Vec<&str> = rest.iter().map(|part| part.text.as_str()).collect();
                (policy.text.clone(), Some(rest.join(".")))
            }
            [] => split(&name.text()),
        };
        self.occur_rule(name.parts.get(usize::from(of_file)..).unwrap_or_default());
        (policy, rule)
    }
}
