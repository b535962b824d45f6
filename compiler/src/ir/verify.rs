//! What every well-formed IR fulfils; checked after lowering and before emitting in debug builds.
//!
//! - A local name is bound where it is used, and by one binder only on the way there.
//! - Operations and tests have as many arguments as they take; only ordered domains are ordered.
//! - A path passes no list, and nothing lies below a scalar.
//! - What is looped over is a list or map, what stands for a condition is a bool.
//! - A rule has targets, each with a subject, and speaks on some operation.

use super::*;

/// What is wrong, a sentence for each; empty for well-formed IR.
pub fn verify(set: &PolicySet) -> Vec<String> {
    let mut found = Vec::new();
    for policy in &set.policies {
        for rule in &policy.rules {
            let mut check = Verifier { scope: Vec::new(), found: Vec::new() };
            check.rule(rule);
            found
                .extend(check.found.into_iter().map(|what| format!("{}/{}: {what}", policy.name, rule.name)));
        }
    }
    for exemption in &set.exemptions {
        let mut check = Verifier { scope: Vec::new(), found: Vec::new() };
        for binding in &exemption.bindings {
            check.value(&binding.value);
            check.bind(binding.local);
        }
        exemption.applies.iter().for_each(|cond| check.cond(cond));
        check.ensure(!exemption.rules.is_empty(), || "it exempts no rule".to_owned());
        found.extend(check.found.into_iter().map(|what| format!("an exemption: {what}")));
    }
    found
}

struct Verifier {
    /// The local names that are bound here.
    scope: Vec<Local>,
    found: Vec<String>,
}

impl Verifier {
    fn ensure(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.found.push(what());
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.ensure(!rule.targets.is_empty(), || "it has no target".to_owned());
        self.ensure(rule.operations.names() != Vec::<&str>::new(), || "it speaks on no operation".to_owned());
        for target in &rule.targets {
            self.ensure(!target.subjects.is_empty(), || {
                format!("target {} has no subject", target.kind.kind)
            });
        }
        let element_names: Vec<Local> = match rule.elements() {
            Some(elements) => elements.binder.key.into_iter().chain([elements.binder.element]).collect(),
            None => Vec::new(),
        };
        // A binding may speak of the element.
        for binding in &rule.bindings {
            let bound = self.scope.len();
            self.scope.extend(&element_names);
            self.value(&binding.value);
            self.scope.truncate(bound);
            self.bind(binding.local);
        }
        rule.applies.iter().for_each(|cond| self.cond(cond));
        self.body(&rule.body);
        rule.message.parts.iter().for_each(|part| self.text_part(part));
        rule.actions.iter().filter_map(|action| action.condition.as_ref()).for_each(|cond| self.cond(cond));
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Check(check) => {
                self.elements(check.elements.as_ref());
                self.cond(&check.violation);
            }
            Body::Mutate(mutation) => self.mutation(mutation),
            Body::Generate(generation) => {
                if let Some(each) = &generation.each {
                    self.source(&each.source);
                    self.binder(each.binder);
                    self.cond(&each.filter);
                }
                measure::for_each_part_of_body(body, &mut |part| match part {
                    measure::Part::Cond(cond) => self.cond(cond),
                    measure::Part::Value(value) => self.value(value),
                });
            }
            Body::Delete(deletion) => self.cond(&deletion.condition),
            Body::Verify(verification) => {
                if let Verified::Images { elements, .. } = &verification.of {
                    self.elements(Some(elements));
                }
                self.ensure(!verification.checks.is_empty(), || "a verification of nothing".to_owned());
                for check in &verification.checks {
                    let by = match check {
                        SignatureCheck::Signed { by, .. } | SignatureCheck::Attested { by, .. } => by,
                    };
                    self.signers(by);
                }
                measure::for_each_part_of_body(body, &mut |part| match part {
                    measure::Part::Cond(cond) => self.cond(cond),
                    measure::Part::Value(value) => self.value(value),
                });
            }
        }
    }

    fn signers(&mut self, signers: &Signers) {
        let possible = (1..=signers.of.len()).contains(&(signers.count as usize));
        self.ensure(possible, || format!("{} of {} signers", signers.count, signers.of.len()));
        for attestor in &signers.of {
            if let Attestor::Group(group) = attestor {
                self.signers(group);
            }
        }
    }

    fn elements(&mut self, elements: Option<&Elements>) {
        if let Some(elements) = elements {
            self.source(&elements.source);
            self.binder(elements.binder);
            self.cond(&elements.filter);
        }
    }

    fn mutation(&mut self, mutation: &Mutation) {
        if let Some(existing) = &mutation.existing {
            self.ensure(!existing.targets.is_empty(), || "it changes no kind".to_owned());
            for binding in &existing.bindings {
                self.value(&binding.value);
                self.bind(binding.local);
            }
            existing.applies.iter().for_each(|cond| self.cond(cond));
        }
        for edit in &mutation.edits {
            let bound = self.scope.len();
            for each in &edit.each {
                self.source(&each.list);
                self.binder(each.binder);
            }
            self.cond(&edit.guard);
            self.place(edit.change.place());
            self.value(edit.change.place());
            edit.change.value().into_iter().for_each(|value| self.value(value));
            self.scope.truncate(bound);
        }
    }

    /// What an edit writes: a path of fields and keys from the object, the subject or an element.
    fn place(&mut self, place: &Value) {
        let is_place = place.as_path().is_some_and(|path| {
            matches!(
                path.root,
                Root::Object | Root::Subject | Root::Existing | Root::ExistingSubject | Root::Local(_)
            ) && path.steps.iter().all(|step| matches!(step, Step::Field(_) | Step::Key(_)))
        });
        self.ensure(is_place, || "an edit of what is no place".to_owned());
    }

    fn bind(&mut self, local: Local) {
        let fresh = !self.scope.contains(&local);
        self.ensure(fresh, || format!("${} is bound within itself", local.0));
        self.scope.push(local);
    }

    fn binder(&mut self, binder: Binder) {
        binder.key.into_iter().for_each(|key| self.bind(key));
        self.bind(binder.element);
    }

    fn source(&mut self, source: &Value) {
        let is_collection = matches!(source.ty, Type::List(_) | Type::Map(_) | Type::Object | Type::Json);
        self.ensure(is_collection, || format!("a loop over {:?}", source.ty));
        self.value(source);
    }

    fn cond(&mut self, cond: &Cond) {
        match &cond.kind {
            CondKind::Const(_) => {}
            CondKind::Not(inner) | CondKind::Known { cond: inner, .. } => self.cond(inner),
            CondKind::And(parts) | CondKind::Or(parts) => parts.iter().for_each(|part| self.cond(part)),
            CondKind::Is(value) => {
                let is_bool = matches!(value.ty, Type::Bool | Type::Json);
                self.ensure(is_bool, || format!("{:?} as a condition", value.ty));
                self.value(value);
            }
            CondKind::Has(value) | CondKind::Empty(value) => self.value(value),
            CondKind::Compare { comparison, domain, left, right } => {
                let answered = domain.is_ordered() || *comparison == Comparison::Equal;
                self.ensure(answered, || format!("the order `{}` of {domain:?}", comparison.name()));
                self.value(left);
                self.value(right);
            }
            CondKind::Glob { value, globs } => {
                self.value(value);
                for part in globs.iter().flat_map(|glob| &glob.0) {
                    match part {
                        GlobPart::Value(value) => self.value(value),
                        GlobPart::Text(text) => {
                            let plain = !text.contains(['*', '?']);
                            self.ensure(plain, || format!("wildcards in the plain text {text:?} of a glob"));
                        }
                        GlobPart::Many | GlobPart::One => {}
                    }
                }
            }
            CondKind::Regex { value, patterns } => {
                self.ensure(!patterns.is_empty(), || "a match of no regular expression".to_owned());
                self.value(value);
            }
            CondKind::Test(test, values) => {
                let fits = test.arity() == values.len();
                self.ensure(fits, || format!("{} with {} arguments", test.name(), values.len()));
                values.iter().for_each(|value| self.value(value));
            }
            CondKind::Any(quantified) | CondKind::All(quantified) => {
                self.source(&quantified.source);
                let bound = self.scope.len();
                self.binder(quantified.binder);
                self.cond(&quantified.body);
                self.scope.truncate(bound);
            }
            CondKind::Changed { now, before } => {
                self.value(now);
                self.value(before);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::Literal(_) => {}
            ValueKind::Path(path) => self.path(path),
            ValueKind::Call(operation, values) => {
                let fits = operation.arity() == values.len();
                self.ensure(fits, || format!("{} with {} arguments", operation.name(), values.len()));
                values.iter().for_each(|value| self.value(value));
            }
            ValueKind::List(values) | ValueKind::Concat(values) => {
                values.iter().for_each(|value| self.value(value));
            }
            ValueKind::Coalesce(first, second) => {
                self.value(first);
                self.value(second);
            }
            ValueKind::If(test, yes, no) => {
                self.cond(test);
                self.value(yes);
                self.value(no);
            }
            ValueKind::Bool(cond) => self.cond(cond),
            ValueKind::Object(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    let fresh = entries[..index].iter().all(|(other, _)| other != key);
                    self.ensure(fresh, || format!("the key {key:?} twice in an object"));
                    self.value(value);
                }
            }
            ValueKind::Collect(collect) => {
                self.source(&collect.source);
                let bound = self.scope.len();
                self.binder(collect.binder);
                self.cond(&collect.filter);
                self.value(&collect.body);
                self.scope.truncate(bound);
            }
            ValueKind::Text(parts) => parts.iter().for_each(|part| self.text_part(part)),
            ValueKind::Must(inner) => self.value(inner),
            ValueKind::Lookup(lookup) => lookup.for_each_value(&mut |value| self.value(value)),
        }
    }

    fn text_part(&mut self, part: &TextPart) {
        if let TextPart::Value(value) = part {
            self.value(value);
        }
    }

    fn path(&mut self, path: &Path) {
        if let Root::Local(local) = path.root {
            let bound = self.scope.contains(&local);
            self.ensure(bound, || format!("${} is not bound", local.0));
        }
        if path.root == Root::NamespaceObject && !path.steps.is_empty() {
            let field = |at: usize| match path.steps.get(at) {
                Some(Step::Field(field)) => field.name.as_str(),
                _ => "",
            };
            let known = field(0) == "metadata" && matches!(field(1), "" | "labels" | "annotations");
            self.ensure(known, || "more of a namespace than labels and annotations".to_owned());
        }
        for (at, step) in path.steps.iter().enumerate() {
            let next = path.steps.get(at + 1);
            match (step, next) {
                (Step::Key(key), _) => self.value(key),
                (
                    Step::Field(Field { shape: Shape::List, name, .. }),
                    Some(Step::Field(_) | Step::Key(_)),
                ) => {
                    self.found.push(format!("a path through the list `{name}`"));
                }
                (Step::Field(Field { shape: Shape::Scalar, name, .. }), Some(_)) => {
                    self.found.push(format!("a path beyond the scalar `{name}`"));
                }
                (Step::Field(_) | Step::Element(_), _) => {}
            }
        }
    }
}
