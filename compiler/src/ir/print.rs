//! The IR as text, for `aipc dump ir`: one construct a line, what belongs to it indented below.

mod body;

use std::fmt::Write;

use super::*;

/// A stable listing of all policies.
pub fn print(set: &PolicySet) -> String {
    let mut printer = Printer { text: String::new() };
    set.policies.iter().for_each(|policy| printer.policy(policy));
    set.exemptions.iter().for_each(|exemption| printer.exemption(exemption));
    printer.text
}

/// A condition as it stands in the listing.
pub fn print_cond(cond: &Cond) -> String {
    let mut printer = Printer { text: String::new() };
    printer.cond(0, cond);
    printer.text
}

struct Printer {
    text: String,
}

impl Printer {
    fn line(&mut self, depth: usize, line: impl AsRef<str>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:width$}{}", "", line.as_ref(), width = depth * 2);
    }

    fn policy(&mut self, policy: &Policy) {
        self.line(0, format!("policy {}", policy.name));
        let words = [
            ("title", &policy.title),
            ("description", &policy.description),
            ("severity", &policy.severity),
            ("category", &policy.category),
        ];
        for (name, text) in words {
            if let Some(text) = text {
                self.line(1, format!("{name} {text:?}"));
            }
        }
        for (framework, clause) in &policy.controls {
            self.line(1, format!("control {framework} {clause:?}"));
        }
        self.settings(1, &policy.settings);
        for rule in &policy.rules {
            self.rule(rule);
        }
    }

    fn settings(&mut self, depth: usize, settings: &Settings) {
        let show = |value: Option<bool>| value.map(|value| value.to_string());
        let rows = [
            ("background", show(settings.background)),
            ("failurePolicy", settings.failure_policy.clone()),
            ("timeout", settings.timeout_s.map(|seconds| format!("{seconds}s"))),
            ("applyRules", settings.apply_rules.clone()),
            ("emitWarning", show(settings.emit_warning)),
            ("allowExistingViolations", show(settings.allow_existing_violations)),
            ("scored", show(settings.scored)),
            ("existing", show(settings.existing)),
            ("synchronize", show(settings.synchronize)),
            ("orphan", show(settings.orphan)),
            ("propagation", settings.propagation.clone()),
            ("mutateDigest", show(settings.mutate_digest)),
            ("verifyDigest", show(settings.verify_digest)),
            ("required", show(settings.required)),
            ("cache", show(settings.cache)),
            ("namespace", settings.namespace.clone()),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                self.line(depth, format!("setting {name} {value}"));
            }
        }
        for (name, pairs) in [("label", &settings.labels), ("annotation", &settings.annotations)] {
            for (key, value) in pairs {
                self.line(depth, format!("{name} {key:?} {value:?}"));
            }
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.line(1, format!("rule {} on {}", rule.name, rule.operations.names().join(", ").to_lowercase()));
        if let Some(description) = &rule.description {
            self.line(2, format!("description {description:?}"));
        }
        self.settings(2, &rule.settings);
        for target in &rule.targets {
            self.line(2, show_target(target));
        }
        for binding in &rule.bindings {
            self.line(2, format!("with {} = {}", local(binding.local), binding.name));
            self.value(3, &binding.value);
        }
        for cond in &rule.applies {
            self.line(2, "where");
            self.cond(3, cond);
        }
        self.body(&rule.body);
        if !rule.message.parts.is_empty() {
            self.line(2, if rule.message.written { "message" } else { "message (made)" });
        }
        for part in &rule.message.parts {
            self.text_part(3, part);
        }
        for action in &rule.actions {
            let effect = match action.effect {
                Effect::Enforce => "enforce",
                Effect::Audit => "audit",
            };
            self.line(2, format!("action {effect}{}", if action.warn { ", warn" } else { "" }));
            if let Some(condition) = &action.condition {
                self.cond(3, condition);
            }
        }
    }

    fn cond(&mut self, depth: usize, cond: &Cond) {
        match &cond.kind {
            CondKind::Const(value) => self.line(depth, value.to_string()),
            CondKind::Not(inner) => {
                self.line(depth, "not");
                self.cond(depth + 1, inner);
            }
            CondKind::And(parts) | CondKind::Or(parts) => {
                self.line(depth, if matches!(cond.kind, CondKind::And(_)) { "and" } else { "or" });
                parts.iter().for_each(|part| self.cond(depth + 1, part));
            }
            CondKind::Is(value) => self.about(depth, "is", [value]),
            CondKind::Has(value) => self.about(depth, "has", [value]),
            CondKind::Empty(value) => self.about(depth, "empty", [value]),
            CondKind::Compare { comparison, domain, left, right } => {
                self.about(depth, &format!("{} {}", comparison.name(), domain.name()), [left, right]);
            }
            CondKind::Glob { value, globs } => {
                self.about(depth, "glob", [value]);
                globs.iter().for_each(|glob| self.glob(depth + 1, glob));
            }
            CondKind::Regex { value, patterns } => {
                self.about(depth, "regex", [value]);
                patterns.iter().for_each(|pattern| self.line(depth + 1, format!("/{pattern}/")));
            }
            CondKind::Test(test, values) => self.about(depth, test.name(), values),
            CondKind::Any(quantified) | CondKind::All(quantified) => {
                let word = if matches!(cond.kind, CondKind::Any(_)) { "any" } else { "every" };
                self.line(depth, format!("{word} {}", binder(quantified.binder)));
                self.value(depth + 1, &quantified.source);
                self.cond(depth + 1, &quantified.body);
            }
            CondKind::Changed { now, before } => self.about(depth, "changed", [now, before]),
            CondKind::Known { about, cond, otherwise } => {
                let about = match about {
                    Unknown::User => "user",
                    Unknown::NamespaceLabels => "namespace-labels",
                };
                self.line(depth, format!("known {about} else {otherwise}"));
                self.cond(depth + 1, cond);
            }
        }
    }

    fn about<'v>(&mut self, depth: usize, head: &str, values: impl IntoIterator<Item = &'v Value>) {
        self.line(depth, head);
        for value in values {
            self.value(depth + 1, value);
        }
    }

    fn glob(&mut self, depth: usize, glob: &Glob) {
        if let Some(pattern) = glob.to_pattern() {
            return self.line(depth, format!("~ {pattern:?}"));
        }
        self.line(depth, "~");
        for part in &glob.0 {
            match part {
                GlobPart::Text(text) => self.line(depth + 1, format!("{text:?}")),
                GlobPart::Many => self.line(depth + 1, "*"),
                GlobPart::One => self.line(depth + 1, "?"),
                GlobPart::Value(value) => self.value(depth + 1, value),
            }
        }
    }

    fn text_part(&mut self, depth: usize, part: &TextPart) {
        match part {
            TextPart::Text(text) => self.line(depth, format!("{text:?}")),
            TextPart::Value(value) => self.value(depth, value),
        }
    }

    fn value(&mut self, depth: usize, value: &Value) {
        let ty = show_type(&value.ty);
        match &value.kind {
            ValueKind::Literal(literal) => self.line(depth, show_literal(literal)),
            ValueKind::Path(path) => {
                let mut keys = Vec::new();
                let shown = show_path(path, &mut keys);
                self.line(depth, format!("{shown}: {ty}"));
                keys.into_iter().for_each(|key| self.value(depth + 1, key));
            }
            ValueKind::Call(operation, values) => {
                self.about(depth, &format!("{}: {ty}", operation.name()), values);
            }
            ValueKind::Coalesce(first, second) => self.about(depth, &format!("??: {ty}"), [&**first, second]),
            ValueKind::If(test, yes, no) => {
                self.line(depth, format!("if: {ty}"));
                self.cond(depth + 1, test);
                self.value(depth + 1, yes);
                self.value(depth + 1, no);
            }
            ValueKind::Bool(cond) => {
                self.line(depth, "bool");
                self.cond(depth + 1, cond);
            }
            ValueKind::List(values) => self.about(depth, &format!("list: {ty}"), values),
            ValueKind::Object(entries) => {
                self.line(depth, "object");
                for (key, value) in entries {
                    self.line(depth + 1, format!("{key:?}"));
                    self.value(depth + 2, value);
                }
            }
            ValueKind::Concat(lists) => self.about(depth, &format!("concat: {ty}"), lists),
            ValueKind::Collect(collect) => {
                let word = if collect.flatten { "collect flat" } else { "collect" };
                self.line(depth, format!("{word} {}: {ty}", binder(collect.binder)));
                self.value(depth + 1, &collect.source);
                self.cond(depth + 1, &collect.filter);
                self.value(depth + 1, &collect.body);
            }
            ValueKind::Text(parts) => {
                self.line(depth, "text");
                parts.iter().for_each(|part| self.text_part(depth + 1, part));
            }
            ValueKind::Must(inner) => self.about(depth, "must", [&**inner]),
            ValueKind::Lookup(lookup) => {
                let word = match lookup.kind() {
                    Some(kind) => format!("{} {}", lookup.name(), show_kind(kind)),
                    None => lookup.name().to_owned(),
                };
                self.line(depth, format!("lookup {word}: {ty}"));
                lookup.for_each_value(&mut |value| self.value(depth + 1, value));
            }
        }
    }
}

fn show_kind(kind: &KindRef) -> String {
    format!("{}/{}", kind.api_version(), kind.kind)
}

fn show_target(target: &Target) -> String {
    let mut text = format!("target {}", show_kind(&target.kind));
    if let Some(subresource) = &target.subresource {
        let _ = write!(text, " subresource {subresource}");
    }
    for subject in &target.subjects {
        text.push_str(" at ");
        if subject.0.is_empty() {
            text.push('.');
        }
        for step in &subject.0 {
            match step {
                SubjectStep::Field(field) => text.push_str(&show_field(field)),
                SubjectStep::Each => text.push_str("[*]"),
            }
        }
    }
    text
}

fn local(local: Local) -> String {
    format!("${}", local.0)
}

fn binder(binder: Binder) -> String {
    match binder.key {
        Some(key) => format!("{}, {}", local(key), local(binder.element)),
        None => local(binder.element),
    }
}

/// `!` marks a field that each admissible object has.
fn show_field(field: &Field) -> String {
    let mut text = String::from("x");
    aipc_runtime::document::push_key(&mut text, &field.name);
    format!("{}{}", &text[1..], if field.required { "!" } else { "" })
}

fn show_path<'v>(path: &'v Path, keys: &mut Vec<&'v Value>) -> String {
    let mut text = match path.root {
        Root::Object => "object".to_owned(),
        Root::OldObject => "old-object".to_owned(),
        Root::Subject => "subject".to_owned(),
        Root::OldSubject => "old-subject".to_owned(),
        Root::Local(it) => local(it),
        Root::Existing => "existing".to_owned(),
        Root::ExistingSubject => "existing-subject".to_owned(),
        Root::Predicate => "predicate".to_owned(),
        Root::Namespace => "namespace".to_owned(),
        Root::NamespaceObject => "namespace-object".to_owned(),
        Root::User => "user".to_owned(),
        Root::Request => "request".to_owned(),
        Root::Now => "now".to_owned(),
    };
    for step in &path.steps {
        match step {
            Step::Field(field) => text.push_str(&show_field(field)),
            Step::Key(key) => {
                keys.push(key);
                text.push_str("[…]");
            }
            Step::Element(number) => {
                let _ = write!(text, "[{number}]");
            }
        }
    }
    text
}

fn show_literal(literal: &Literal) -> String {
    match literal {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => format!("float {number:?}"),
        Literal::Text(text) => format!("{text:?}"),
        Literal::Quantity(text) => format!("quantity {text}"),
        Literal::Duration(nanoseconds) => {
            format!("duration {}", aipc_runtime::value::format_duration(*nanoseconds))
        }
        Literal::Time(text) => format!("time {text}"),
        Literal::Percent(number) => format!("{number}%"),
        Literal::Semver(text) => format!("semver {text}"),
        Literal::Ip(text) => format!("ip {text}"),
        Literal::Cidr(text) => format!("cidr {text}"),
    }
}

fn show_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Quantity => "quantity".to_owned(),
        Type::IntOrPercent => "int-or-percent".to_owned(),
        Type::Percent => "percent".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Image => "image".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Semver => "semver".to_owned(),
        Type::Ip => "ip".to_owned(),
        Type::Cidr => "cidr".to_owned(),
        Type::List(element) => format!("list of {}", show_type(element)),
        Type::Map(value) => format!("map of {}", show_type(value)),
        Type::Object => "object".to_owned(),
        Type::Json => "json".to_owned(),
    }
}
