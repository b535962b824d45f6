//! Files, policies, rules: from items to [`Module`].

use std::collections::HashMap;
use std::rc::Rc;

use super::check::{Checker, PolicyName, PolicyValue};
use super::cursor::Site;
use super::occurrence::Definition;
use super::pairing::Mode;
use super::resolve::file_policy_name;
use super::{Action, Body, Expr, ExprKind, Module, Mutation, Narrow, Policy, Rule, Ty, errors, pairing};
use crate::hir::Place;
use crate::ir::{self, Root};
use crate::source::Span;
use crate::suggest;
use crate::syntax::ast;
use crate::vocabulary::names;

/// What a policy says for all of its rules.
struct Frame<'b> {
    scope: Option<&'b ast::Scope>,
    actions: Vec<&'b ast::Action>,
    settings: ir::Settings,
}

impl Checker<'_> {
    pub(super) fn module(&mut self, module: &ast::Module) -> Module {
        let mut typed = Module::default();
        let mut bare: Vec<&ast::Rule> = Vec::new();
        let instantiated: Vec<String> = module
            .items
            .iter()
            .filter_map(|item| match item {
                ast::Item::PolicyInstance(it) => Some(it.of.text()),
                _ => None,
            })
            .collect();
        for item in &module.items {
            match item {
                ast::Item::Use(_) | ast::Item::Kind(_) | ast::Item::Refine(_) | ast::Item::Error(_) => {}
                ast::Item::Let(it) => self.check_let(it),
                ast::Item::Fn(it) => self.function(it),
                ast::Item::View(it) => self.check_view(it),
                ast::Item::Rule(it) => bare.push(it),
                ast::Item::Policy(it) => {
                    let template_only = instantiated.contains(&it.name.text);
                    typed.policies.extend(self.policy(it, template_only));
                }
                ast::Item::PolicyInstance(it) => typed.policies.extend(self.instance(it)),
                ast::Item::Exempt(it) => typed.exemptions.extend(self.exempt(it)),
                ast::Item::Test(it) => typed.tests.extend(self.test(it)),
            }
        }
        if !bare.is_empty() {
            typed.policies.insert(0, self.bare_rules(&bare, module));
        }
        self.check_unique_names(&typed);
        typed
    }

    fn check_let(&mut self, it: &ast::Let) {
        let span = it.name.span;
        // A `let` of a file stands outside every rule.
        let subject = self.subject.take();
        let _ = self.deeper(span, Expr::error(span), |checker| checker.expr(&it.value));
        self.subject = subject;
    }

    /// A view is checked from each kind that the project knows.
    fn check_view(&mut self, view: &ast::View) {
        for of in &view.of {
            let subject = ast::Subject {
                parts: vec![ast::SubjectPart { kind: of.clone(), only: Some(of.span), span: of.span }],
                span: of.span,
            };
            let name = of.name.text();
            let known = name == "resource" || self.is_view(&name) || self.kind_by_name(&name).is_some();
            if self.is_broken_kind(&name) {
                continue;
            }
            if !known {
                // Views of kinds that the project lacks are inert; a slip of the pen is not.
                let suggestion = match self.cluster.kind(&name) {
                    crate::kubernetes::KindLookup::Unknown { suggestion } => suggestion.map(|it| it.name),
                    _ => None,
                };
                if let Some(suggestion) = suggestion {
                    self.report(errors::unknown_kind(&name, of.span, Some(&suggestion)));
                }
                continue;
            }
            let Some((_, scope)) = self.subject(&subject) else { continue };
            let before = self.subject.replace(Rc::new(scope));
            for path in &view.paths {
                let path = self.expr(path);
                if !path.is_error() && path.as_place().is_none() {
                    self.report(errors::view_needs_path(path.span));
                }
            }
            self.subject = before;
        }
    }

    fn check_unique_names(&mut self, module: &Module) {
        let mut seen: HashMap<(String, String), Span> = HashMap::new();
        let mut found = Vec::new();
        for policy in &module.policies {
            for rule in &policy.rules {
                let key = (policy.name.clone(), rule.name.clone());
                if let Some(first) = seen.insert(key, rule.span) {
                    found.push(errors::rule_name_twice(&rule.name, rule.span, first));
                }
            }
        }
        found.into_iter().for_each(|it| self.report(it));
    }

    // Policies

    fn bare_rules(&mut self, rules: &[&ast::Rule], module: &ast::Module) -> Policy {
        let name = file_policy_name(self.sources, module.file);
        let frame = Frame { scope: None, actions: Vec::new(), settings: ir::Settings::default() };
        let rules_typed = self.rules(rules, &name, &frame);
        // One rule alone lends its words to the policy.
        let description = match rules {
            [only] => only.doc.as_ref().map(|doc| doc.text.clone()),
            _ => None,
        };
        Policy {
            name,
            title: None,
            description,
            severity: None,
            category: None,
            controls: Vec::new(),
            settings: ir::Settings::default(),
            rules: rules_typed,
            span: rules[0].span,
        }
    }

    /// A policy; `None` where it is only a pattern for instances: a parameter has no value, or the file has instances.
    fn policy(&mut self, it: &ast::Policy, template_only: bool) -> Option<Policy> {
        let outside: HashMap<String, serde_json::Value> = self
            .outside
            .iter()
            .filter(|((policy, _), _)| *policy == it.name.text)
            .map(|((_, parameter), value)| (parameter.clone(), value.clone()))
            .collect();
        let mut complete = true;
        let mut values = Vec::new();
        for param in it.params.iter().flatten() {
            let ty = self.ty(&param.ty);
            let value = match (outside.get(&param.name.text), &param.default) {
                (Some(value), _) => from_json(value, param.span),
                (None, Some(default)) => self.parameter_value(&it.name.text, param, &ty, default),
                (None, None) => {
                    complete = false;
                    // Any value of the type: the rules are checked, and go nowhere.
                    let local = self.fresh();
                    Expr::new(ExprKind::Place(Place::root(Root::Local(local))), ty.clone(), param.span)
                }
            };
            let value =
                Expr { ty: if value.is_error() { Ty::Error } else { widen(value.ty.clone(), &ty) }, ..value };
            values.push((param.name.clone(), value));
        }
        let policy = self.policy_body(it, values);
        (complete && !template_only).then_some(policy)
    }

    fn parameter_value(&mut self, of: &str, param: &ast::Param, ty: &Ty, value: &ast::Expr) -> Expr {
        let value = self.expr(value);
        let value = self.coerced(value, ty);
        if value.is_error() {
            return value;
        }
        if !super::call::assignable(&value.ty, ty) {
            let diagnostic = errors::wrong_parameter(self.cluster, of, param, ty, &value);
            self.report(diagnostic);
            return Expr::error(value.span);
        }
        if super::constant::to_json(&value).is_err() {
            self.report(errors::parameter_not_constant(value.span));
            return Expr::error(value.span);
        }
        value
    }

    fn policy_body(&mut self, it: &ast::Policy, parameters: Vec<(ast::Name, Expr)>) -> Policy {
        let before = std::mem::take(&mut self.policy_scope);
        for (name, value) in parameters {
            self.occur(name.span, Definition::Source(name.span), Some(&value.ty));
            Rc::make_mut(&mut self.policy_scope).push(PolicyName {
                name: name.text,
                span: name.span,
                value: PolicyValue::Parameter(Rc::new(value)),
            });
        }
        let mut policy = Policy {
            name: it.name.text.clone(),
            title: it.title.as_ref().map(|title| title.value.clone()),
            description: it.doc.as_ref().map(|doc| doc.text.clone()),
            severity: None,
            category: None,
            controls: Vec::new(),
            settings: ir::Settings::default(),
            rules: Vec::new(),
            span: it.span,
        };
        self.check_name(&it.name.text, it.name.span);
        let mut actions = Vec::new();
        for meta in &it.meta {
            self.meta(meta, &mut policy, &mut actions);
        }
        let mut rules: Vec<&ast::Rule> = Vec::new();
        for member in &it.members {
            match member {
                ast::Member::Rule(rule) => rules.push(rule),
                ast::Member::Let(it) => {
                    // Its names may be those of a rule's subject, so it is checked where it is used, if it is.
                    Rc::make_mut(&mut self.policy_scope).push(PolicyName {
                        name: it.name.text.clone(),
                        span: it.name.span,
                        value: PolicyValue::Let(Rc::new(it.clone())),
                    });
                    self.check_let(it);
                }
                ast::Member::Error(_) => {}
            }
        }
        if it.members.is_empty() {
            self.report(errors::policy_without_rules(&it.name.text, it.name.span));
        }
        let frame = Frame { scope: Some(&it.scope), actions, settings: policy.settings.clone() };
        policy.rules = self.rules(&rules, &policy.name, &frame);
        self.policy_scope = before;
        policy
    }

    fn meta<'b>(&mut self, meta: &'b ast::Meta, policy: &mut Policy, actions: &mut Vec<&'b ast::Action>) {
        match meta {
            ast::Meta::Severity { level, .. } => {
                if self.is_cursor(&level.text) {
                    self.at_cursor(Site::Word(names::SEVERITIES));
                } else if !names::SEVERITIES.contains(&level.text.as_str()) {
                    self.report(errors::unknown_word("severity", level, names::SEVERITIES));
                }
                policy.severity = Some(level.text.clone());
            }
            ast::Meta::Category { text, .. } => policy.category = Some(text.value.clone()),
            ast::Meta::Control { controls, .. } => {
                policy
                    .controls
                    .extend(controls.iter().map(|it| (it.framework.text.clone(), it.id.value.clone())));
            }
            ast::Meta::Action(it) => {
                // The policy may have no rule yet that reads its actions.
                if it.actions.iter().any(|word| self.is_cursor(&word.text)) {
                    self.at_cursor(Site::Word(names::ACTIONS));
                }
                actions.push(it);
            }
            ast::Meta::Settings(it) => {
                let settings = self.settings(it);
                merge_settings(&mut policy.settings, settings);
            }
        }
    }

    /// `policy our-labels = require-labels(keys: ["owner"]) { action enforce }`
    fn instance(&mut self, it: &ast::PolicyInstance) -> Option<Policy> {
        let of = it.of.text();
        if self.has_cursor(&it.of, Checker::template_site) {
            return None;
        }
        let (module, name) = match of.split_once('.') {
            Some((alias, name)) => match self.modules.get(self.module).uses.get(alias) {
                Some(module) => (*module, name.to_string()),
                None => {
                    self.report(errors::unknown_policy(&of, it.of.span, None));
                    return None;
                }
            },
            None => (self.module, of.clone()),
        };
        let Some(template) = self.modules.get(module).policies.get(&name).cloned() else {
            let known = self.modules.get(module).policies.keys().map(String::as_str);
            let suggestion = suggest::closest(&name, known).map(str::to_string);
            // The alias was right: only the name behind it is replaced.
            let at = it.of.parts.last().map_or(it.of.span, |name| name.span);
            self.report(errors::unknown_policy(&of, at, suggestion.as_deref()));
            return None;
        };
        self.occur_qualified(&it.of.places(), Definition::Source(template.name.span));
        let params: Vec<&ast::Param> = template.params.iter().flatten().collect();
        let mut values: Vec<(ast::Name, Expr)> = Vec::new();
        let mut fine = true;
        let mut positional = it.args.iter().filter(|arg| arg.name.is_none());
        for arg in it.args.iter().filter_map(|arg| arg.name.as_ref()) {
            if !params.iter().any(|param| param.name.text == arg.text) {
                let known = suggest::closest(&arg.text, params.iter().map(|it| it.name.text.as_str()))
                    .map(str::to_string);
                self.report(errors::unknown_parameter(&of, arg, known.as_deref()));
                fine = false;
            }
        }
        for param in params {
            let ty = self.in_module(module, |checker| checker.quietly(|checker| checker.ty(&param.ty)));
            let named =
                it.args.iter().find(|arg| arg.name.as_ref().is_some_and(|it| it.text == param.name.text));
            let value = match (named.or_else(|| positional.next()), &param.default) {
                (Some(arg), _) => self.parameter_value(&of, param, &ty, &arg.value),
                (None, Some(default)) => self.in_module(module, |checker| {
                    checker.quietly(|checker| checker.parameter_value(&of, param, &ty, default))
                }),
                (None, None) => {
                    if fine {
                        self.report(errors::missing_argument(&of, &param.name.text, it.span));
                    }
                    Expr::error(it.span)
                }
            };
            fine &= !value.is_error();
            let value = Expr { ty: widen(value.ty.clone(), &ty), ..value };
            values.push((param.name.clone(), value));
        }
        if !fine {
            return None;
        }
        // The template has its own diagnostics.
        let mut policy = self
            .in_module(module, |checker| checker.quietly(|checker| checker.policy_body(&template, values)));
        policy.name = it.name.text.clone();
        policy.span = it.span;
        self.check_name(&it.name.text, it.name.span);
        if let Some(doc) = &it.doc {
            policy.description = Some(doc.text.clone());
        }
        let mut actions = Vec::new();
        for meta in it.meta.iter().flatten() {
            self.meta(meta, &mut policy, &mut actions);
        }
        let only = policy.rules.len() == 1;
        for rule in &mut policy.rules {
            if only && !rule.named {
                rule.name = policy.name.clone();
            }
            if !actions.is_empty() {
                rule.actions = Vec::new();
            }
            merge_settings(&mut rule.settings, policy.settings.clone());
        }
        if !actions.is_empty() {
            let typed: Vec<Action> = actions.iter().filter_map(|action| self.action(action)).collect();
            policy.rules.iter_mut().for_each(|rule| rule.actions = typed.clone());
        }
        Some(policy)
    }

    /// Names go into Kubernetes objects and file names.
    fn check_name(&mut self, name: &str, span: Span) {
        let fine = !name.is_empty()
            && name.len() <= 253
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !fine && !name.is_empty() {
            self.report(errors::bad_policy_name(name, span));
        }
    }

    // Rules

    fn rules(&mut self, rules: &[&ast::Rule], policy: &str, frame: &Frame) -> Vec<Rule> {
        let mut typed = Vec::new();
        let mut used: HashMap<String, u32> = HashMap::new();
        for rule in rules {
            let Some(mut it) = self.rule(rule, frame) else { continue };
            if !it.named {
                it.name = if rules.len() == 1 {
                    policy.to_string()
                } else {
                    let count = used.entry(it.name.clone()).or_default();
                    *count += 1;
                    if *count == 1 { it.name } else { format!("{}-{count}", it.name) }
                };
            }
            typed.push(it);
        }
        typed
    }

    fn rule(&mut self, rule: &ast::Rule, frame: &Frame) -> Option<Rule> {
        if let Some(name) = &rule.name {
            self.check_name(&name.text, name.span);
        }
        let (verb, subject_ast, scope, condition, tail) = match &rule.body {
            ast::RuleBody::Deny(it) => ("deny", &it.subject, &it.scope, it.condition.as_ref(), &it.tail),
            ast::RuleBody::Require(it) => ("require", &it.subject, &it.scope, Some(&it.condition), &it.tail),
            ast::RuleBody::Error(_) => return None,
            other => return self.other_rule(rule, other, frame),
        };
        self.bare_pods.clear();
        let (subject, subject_scope) = self.subject(subject_ast)?;
        let operations =
            self.operations(scope.on.as_ref().or(frame.scope.and_then(|it| it.on.as_ref())), &subject);
        self.create_only = match (operations.update || operations.delete, &scope.on) {
            (false, Some(on)) if operations.create => Some(on.span),
            _ => None,
        };
        let before = self.subject.replace(Rc::new(subject_scope));
        let count = self.locals.len();
        let mut narrows = Vec::new();
        for narrow in frame.scope.iter().flat_map(|it| &it.narrows).chain(&scope.narrows) {
            narrows.extend(self.narrow(narrow));
        }
        let body = match condition {
            Some(condition) => {
                let typed = self.condition(condition);
                let mode = if verb == "deny" { Mode::Enough } else { Mode::All };
                self.check_quantifiers(&typed, mode, &subject);
                typed
            }
            None => {
                let span = rule.span.at_end();
                Expr::new(ExprKind::Literal(ir::Literal::Bool(true)), Ty::Bool, span)
            }
        };
        let message = tail.message.as_ref().map(|message| self.text_parts(message));
        let actions: Vec<Action> = tail
            .actions
            .iter()
            .chain(frame.actions.iter().copied())
            .filter_map(|it| self.action(it))
            .collect();
        let mut settings = tail.settings.as_ref().map(|it| self.settings_of_rule(it)).unwrap_or_default();
        merge_settings(&mut settings, frame.settings.clone());
        self.forget(count);
        self.subject = before;
        self.create_only = None;
        self.warn_bare_pod(rule, verb);
        let name = match &rule.name {
            Some(name) => name.text.clone(),
            None => format!("{verb}-{}", slug(&subject.text)),
        };
        if let Some(name) = &rule.name {
            self.occur(name.span, Definition::Source(name.span), None);
        }
        Some(Rule {
            name,
            named: rule.name.is_some(),
            description: rule.doc.as_ref().map(|doc| doc.text.clone()),
            subject,
            operations,
            narrows,
            body: if verb == "deny" { Body::Deny(body) } else { Body::Require(body) },
            message,
            actions,
            settings,
            span: rule.span,
        })
    }

    /// A rule of another verb than `deny` and `require`.
    fn other_rule(&mut self, rule: &ast::Rule, body: &ast::RuleBody, frame: &Frame) -> Option<Rule> {
        let settings = |settings: &Option<ast::Settings>, checker: &mut Self| {
            settings.as_ref().map(|it| checker.settings_of_rule(it)).unwrap_or_default()
        };
        let (mut message, mut actions) = (None, Vec::new());
        let (head, body, mut settings) = match body {
            ast::RuleBody::Mutate(it) => {
                let settings = settings(&it.settings, self);
                let (head, mutation) = self.mutate(it, frame.scope)?;
                (head, Body::Mutate(mutation), settings)
            }
            ast::RuleBody::Generate(it) => {
                let settings = settings(&it.settings, self);
                let (head, generation) = self.generate(it, frame.scope)?;
                (head, Body::Generate(generation), settings)
            }
            ast::RuleBody::GenerateCopy(it) => {
                let settings = settings(&it.settings, self);
                let (head, generation) = self.generate_copy(it, frame.scope)?;
                (head, Body::Generate(generation), settings)
            }
            ast::RuleBody::Verify(it) => {
                let settings = settings(&it.tail.settings, self);
                let (head, verified) = self.verify(it, frame.scope)?;
                message = verified.message;
                actions = verified.actions;
                actions.extend(frame.actions.iter().copied().filter_map(|it| self.action(it)));
                (head, Body::Verify(verified.verification), settings)
            }
            ast::RuleBody::Delete(it) => {
                let settings = settings(&it.settings, self);
                let (head, deletion) = self.delete(it, frame.scope)?;
                (head, Body::Delete(deletion), settings)
            }
            ast::RuleBody::Deny(_) | ast::RuleBody::Require(_) | ast::RuleBody::Error(_) => return None,
        };
        merge_settings(&mut settings, frame.settings.clone());
        let name = match &rule.name {
            Some(name) => {
                self.occur(name.span, Definition::Source(name.span), None);
                name.text.clone()
            }
            None => {
                let about = match &body {
                    Body::Mutate(Mutation { existing: Some(existing), .. }) => existing.subject.text.clone(),
                    Body::Generate(generation) => generation.made(),
                    _ => head.subject.text.clone(),
                };
                format!("{}-{}", body.verb(), slug(&about))
            }
        };
        Some(Rule {
            name,
            named: rule.name.is_some(),
            description: rule.doc.as_ref().map(|doc| doc.text.clone()),
            subject: head.subject,
            operations: head.operations,
            narrows: head.narrows,
            body,
            message,
            actions,
            settings,
            span: rule.span,
        })
    }

    pub(super) fn narrow(&mut self, narrow: &ast::Narrow) -> Option<Narrow> {
        match narrow {
            ast::Narrow::Where { condition, .. } => {
                let condition = self.single_condition(condition);
                (!condition.is_error()).then_some(Narrow::Where(condition))
            }
            ast::Narrow::With { name, value, .. } => {
                let value = self.expr(value);
                let ty = value.ty.clone();
                let local = self.bind(name, ty);
                (!value.is_error()).then(|| Narrow::With { local, name: name.text.clone(), value })
            }
        }
    }

    pub(super) fn operations(&mut self, on: Option<&ast::On>, subject: &super::Subject) -> ir::Operations {
        let none = ir::Operations { create: false, update: false, delete: false, connect: false };
        let Some(on) = on else {
            // exec, attach, portforward, proxy are connections and nothing else.
            let connect = |target: &ir::Target| {
                matches!(target.subresource.as_deref(), Some("exec" | "attach" | "portforward" | "proxy"))
            };
            return match !subject.targets.is_empty() && subject.targets.iter().all(connect) {
                true => ir::Operations { connect: true, ..none },
                false => ir::Operations::DEFAULT,
            };
        };
        let mut operations = none;
        for word in &on.operations {
            match word.text.as_str() {
                "create" => operations.create = true,
                "update" => operations.update = true,
                "delete" => operations.delete = true,
                "connect" => operations.connect = true,
                "any" => operations = ir::Operations::ANY,
                other if self.is_cursor(other) => self.at_cursor(Site::Word(names::OPERATIONS)),
                _ => self.report(errors::unknown_word("operation", word, names::OPERATIONS)),
            }
        }
        operations
    }

    fn check_quantifiers(&mut self, condition: &Expr, mode: Mode, subject: &super::Subject) {
        let sources = self.sources;
        let texts = |expr: &Expr| sources.text(expr.span).to_string();
        for diagnostic in pairing::check(condition, mode, &texts) {
            self.report(diagnostic);
        }
        if mode == Mode::All {
            self.check_no_silent_pass(condition, subject);
        }
    }

    /// `require … that` over lists that may be absent, and nothing said of absence: it would pass in silence.
    fn check_no_silent_pass(&mut self, condition: &Expr, subject: &super::Subject) {
        let _ = subject;
        let many = pairing::many(condition);
        if many.is_empty() || speaks_of_absence(condition) {
            return;
        }
        let optional = |expr: &Expr| {
            expr.as_place()
                .is_some_and(|place| place.branches.iter().all(|branch| passes_optional_list(&branch.steps)))
        };
        if many.iter().all(|expr| optional(expr)) {
            let first = many[0];
            let text = self.sources.text(first.span).to_string();
            let atom = enclosing_comparison(condition, first);
            self.report(errors::passes_in_silence(first, &text, atom, self.sources));
        }
    }

    fn warn_bare_pod(&mut self, rule: &ast::Rule, verb: &str) {
        let pods = std::mem::take(&mut self.bare_pods);
        let subject = match &rule.body {
            ast::RuleBody::Deny(it) => &it.subject,
            ast::RuleBody::Require(it) => &it.subject,
            _ => return,
        };
        let [(name, part)] = pods.as_slice() else { return };
        if subject.parts.len() != 1 {
            return;
        }
        // The same rule about `pod`, tried in silence.
        let mut with_view = rule.clone();
        let view = |subject: &mut ast::Subject| {
            for part in &mut subject.parts {
                for word in &mut part.kind.name.parts {
                    word.text = "pod".into();
                }
            }
        };
        match &mut with_view.body {
            ast::RuleBody::Deny(it) => view(&mut it.subject),
            ast::RuleBody::Require(it) => view(&mut it.subject),
            _ => return,
        }
        let frame = Frame { scope: None, actions: Vec::new(), settings: ir::Settings::default() };
        let (found, fine) = self.trial(|checker| checker.rule(&with_view, &frame));
        if fine && found.is_some() {
            self.report(errors::bare_pod(*name, *part, verb));
        }
    }

    // Actions and settings

    pub(super) fn action(&mut self, action: &ast::Action) -> Option<Action> {
        let mut effect = None;
        let mut warn = false;
        for word in &action.actions {
            match word.text.as_str() {
                "enforce" => effect = Some(ir::Effect::Enforce),
                "audit" => effect = Some(ir::Effect::Audit),
                "warn" => warn = true,
                other if self.is_cursor(other) => self.at_cursor(Site::Word(names::ACTIONS)),
                _ => self.report(errors::unknown_word("action", word, names::ACTIONS)),
            }
        }
        let condition = action.filter.as_ref().map(|it| self.single_condition(it));
        // `action warn` alone lets the object through, with a warning.
        let effect = effect.unwrap_or(ir::Effect::Audit);
        Some(Action { effect, warn, condition, span: action.span })
    }

    /// As [`Checker::settings`], of one rule: it lives where its policy does.
    fn settings_of_rule(&mut self, settings: &ast::Settings) -> ir::Settings {
        let of_policy = settings
            .object
            .entries
            .iter()
            .find(|entry| entry.key.constant().is_some_and(|key| key == "namespace"));
        if let Some(entry) = of_policy {
            self.report(errors::namespace_of_rule(entry.key.span()));
        }
        self.settings(settings)
    }

    pub(super) fn settings(&mut self, settings: &ast::Settings) -> ir::Settings {
        let mut found = ir::Settings::default();
        for entry in &settings.object.entries {
            let Some(key) = entry.key.constant() else { continue };
            let span = entry.key.span();
            if self.is_cursor(&key) {
                self.at_cursor(Site::Word(names::KNOBS));
                continue;
            }
            if !names::KNOBS.contains(&key.as_str()) {
                let suggestion = suggest::closest(&key, names::KNOBS.iter().copied());
                self.report(errors::unknown_knob(&key, span, suggestion));
                continue;
            }
            let value = self.expr(&entry.value);
            if value.is_error() {
                continue;
            }
            let json = super::constant::to_json(&value);
            let boolean = json.as_ref().ok().and_then(serde_json::Value::as_bool);
            let text = json.as_ref().ok().and_then(|it| it.as_str().map(str::to_string));
            let pairs = || -> Option<Vec<(String, String)>> {
                let map = json.as_ref().ok()?.as_object()?.clone();
                map.into_iter().map(|(key, value)| Some((key, value.as_str()?.to_string()))).collect()
            };
            let expected = match key.as_str() {
                "background" => set(&mut found.background, boolean, "true or false"),
                "emitWarning" => set(&mut found.emit_warning, boolean, "true or false"),
                "allowExistingViolations" => {
                    set(&mut found.allow_existing_violations, boolean, "true or false")
                }
                "scored" => set(&mut found.scored, boolean, "true or false"),
                "failurePolicy" => {
                    let value = text.filter(|it| it == "Fail" || it == "Ignore");
                    set(&mut found.failure_policy, value, "\"Fail\" or \"Ignore\"")
                }
                "applyRules" => {
                    let value = text.filter(|it| it == "One" || it == "All");
                    set(&mut found.apply_rules, value, "\"One\" or \"All\"")
                }
                "timeout" => {
                    let seconds = match &value.kind {
                        ExprKind::Literal(ir::Literal::Duration(nanoseconds))
                            if nanoseconds % 1_000_000_000 == 0 =>
                        {
                            u32::try_from(nanoseconds / 1_000_000_000).ok().filter(|it| (1..=30).contains(it))
                        }
                        _ => None,
                    };
                    set(&mut found.timeout_s, seconds, "whole seconds from 1s to 30s")
                }
                "existing" => set(&mut found.existing, boolean, "true or false"),
                "synchronize" => set(&mut found.synchronize, boolean, "true or false"),
                "orphan" => set(&mut found.orphan, boolean, "true or false"),
                "mutateDigest" => set(&mut found.mutate_digest, boolean, "true or false"),
                "verifyDigest" => set(&mut found.verify_digest, boolean, "true or false"),
                "required" => set(&mut found.required, boolean, "true or false"),
                "cache" => set(&mut found.cache, boolean, "true or false"),
                "propagation" => {
                    let value =
                        text.filter(|it| ["Foreground", "Background", "Orphan"].contains(&it.as_str()));
                    set(&mut found.propagation, value, "\"Foreground\", \"Background\" or \"Orphan\"")
                }
                "namespace" => set(&mut found.namespace, text, "the name of a namespace"),
                "labels" => set_pairs(&mut found.labels, pairs()),
                "annotations" => set_pairs(&mut found.annotations, pairs()),
                // INVARIANT: each knob of the table stands above.
                _ => None,
            };
            if let Some(expected) = expected {
                self.report(errors::bad_knob(&key, expected, value.span));
            }
        }
        found
    }
}

/// The parameter's declared type where it is wider: `[]` given for a list of text is a list of text.
fn widen(value: Ty, declared: &Ty) -> Ty {
    match (&value, declared) {
        (Ty::Error, _) => Ty::Error,
        (Ty::List(item), Ty::List(_)) if **item == Ty::Json => declared.clone(),
        (Ty::Map(item), Ty::Map(_)) if **item == Ty::Json => declared.clone(),
        _ => value,
    }
}

fn from_json(value: &serde_json::Value, span: Span) -> Expr {
    use serde_json::Value;
    let literal = |literal, ty| Expr::new(ExprKind::Literal(literal), ty, span);
    match value {
        Value::Bool(it) => literal(ir::Literal::Bool(*it), Ty::Bool),
        Value::Number(it) => match it.as_i64() {
            Some(it) => literal(ir::Literal::Int(it), Ty::Int),
            None => literal(ir::Literal::Float(it.as_f64().unwrap_or(0.0)), Ty::Float),
        },
        Value::String(it) => literal(ir::Literal::Text(it.clone()), Ty::Text),
        Value::Array(items) => {
            let items: Vec<Expr> = items.iter().map(|it| from_json(it, span)).collect();
            let ty = items.iter().map(|it| it.ty.clone()).reduce(Ty::join).unwrap_or(Ty::Json);
            Expr::new(ExprKind::List(items), Ty::List(Box::new(ty)), span)
        }
        Value::Object(map) => {
            let entries: Vec<(String, Expr)> =
                map.iter().map(|(key, value)| (key.clone(), from_json(value, span))).collect();
            let ty = entries.iter().map(|it| it.1.ty.clone()).reduce(Ty::join).unwrap_or(Ty::Json);
            Expr::new(ExprKind::Object(entries), Ty::Map(Box::new(ty)), span)
        }
        Value::Null => Expr::error(span),
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>, expected: &'static str) -> Option<&'static str> {
    match value {
        Some(value) => {
            *slot = Some(value);
            None
        }
        None => Some(expected),
    }
}

fn set_pairs(slot: &mut Vec<(String, String)>, value: Option<Vec<(String, String)>>) -> Option<&'static str> {
    match value {
        Some(value) => {
            *slot = value;
            None
        }
        None => Some("an object of texts"),
    }
}

/// Fills what `settings` leaves open.
fn merge_settings(settings: &mut ir::Settings, outer: ir::Settings) {
    *settings = settings.over(&outer);
}

/// A name for rules made of their subject: `container`, `deployment-statefulset`.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_string()
}

/// A `has`, an `empty` or an `or missing` somewhere in a condition, or an explicit quantifier.
fn speaks_of_absence(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Has(_) | ExprKind::Empty(_) => true,
        ExprKind::Atom(atom) => atom.or_missing,
        ExprKind::Not(inner) => speaks_of_absence(inner),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => speaks_of_absence(a) || speaks_of_absence(b),
        ExprKind::If(_, a, b) => speaks_of_absence(a) || speaks_of_absence(b),
        ExprKind::Apply { body, .. } => speaks_of_absence(body),
        _ => false,
    }
}

/// Whether a list on the way of a path may be absent.
fn passes_optional_list(steps: &[super::Step]) -> bool {
    let last_each = steps.iter().rposition(|step| *step == super::Step::Each);
    let Some(last) = last_each else { return false };
    steps[..last].iter().any(|step| match step {
        super::Step::Field(field) => !field.required,
        super::Step::Key(_) | super::Step::Element(_) => true,
        super::Step::Each => false,
    })
}

/// The comparison that a many-valued expression stands in, for the place of `or missing`.
fn enclosing_comparison<'b>(condition: &'b Expr, inner: &Expr) -> Option<&'b Expr> {
    let within = |expr: &Expr| expr.span.start <= inner.span.start && inner.span.end <= expr.span.end;
    match &condition.kind {
        ExprKind::Atom(_) if within(condition) => Some(condition),
        ExprKind::Not(it) => enclosing_comparison(it, inner),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => {
            enclosing_comparison(a, inner).or_else(|| enclosing_comparison(b, inner))
        }
        _ => None,
    }
}
