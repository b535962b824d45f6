//! The bodies of rules, and exemptions, as they stand in a listing.

use super::*;

impl Printer {
    pub(super) fn body(&mut self, body: &Body) {
        match body {
            Body::Check(check) => {
                self.elements(check.elements.as_ref());
                self.line(2, "violation");
                self.cond(3, &check.violation);
            }
            Body::Mutate(mutation) => self.mutation(mutation),
            Body::Generate(generation) => self.generation(generation),
            Body::Verify(verification) => self.verification(verification),
            Body::Delete(deletion) => {
                self.line(2, format!("delete every {:?}", deletion.schedule));
                self.cond(3, &deletion.condition);
            }
        }
    }

    fn elements(&mut self, elements: Option<&Elements>) {
        let Some(elements) = elements else { return };
        self.line(2, format!("each {} as {}", elements.view, binder(elements.binder)));
        self.value(3, &elements.source);
        self.line(2, "filter");
        self.cond(3, &elements.filter);
    }

    fn bindings(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            self.line(2, format!("with {} = {}", local(binding.local), binding.name));
            self.value(3, &binding.value);
        }
    }

    fn mutation(&mut self, mutation: &Mutation) {
        if let Some(existing) = &mutation.existing {
            for target in &existing.targets {
                self.line(2, format!("existing {}", show_target(target)));
            }
            self.bindings(&existing.bindings);
            for cond in &existing.applies {
                self.line(2, "where");
                self.cond(3, cond);
            }
        }
        for edit in &mutation.edits {
            let word = match &edit.change {
                Change::Put { .. } => "put",
                Change::Insert { end: End::First, .. } => "insert first",
                Change::Insert { end: End::Last, .. } => "insert last",
                Change::Remove { .. } => "remove",
            };
            self.line(2, word);
            for each in &edit.each {
                self.line(3, format!("each {}", binder(each.binder)));
                self.value(4, &each.list);
            }
            if !edit.guard.is_const(true) {
                self.line(3, "if");
                self.cond(4, &edit.guard);
            }
            self.line(3, "at");
            self.value(4, edit.change.place());
            if let Some(value) = edit.change.value() {
                self.line(3, "value");
                self.value(4, value);
            }
        }
    }

    fn generation(&mut self, generation: &Generation) {
        if let Some(each) = &generation.each {
            self.line(2, format!("each {}", binder(each.binder)));
            self.value(3, &each.source);
            self.cond(3, &each.filter);
        }
        match &generation.make {
            Make::Object { kind, name, namespace, fields } => {
                self.line(2, format!("make {}", show_kind(kind)));
                self.value(3, name);
                namespace.iter().for_each(|value| self.value(3, value));
                self.value(3, fields);
            }
            Make::Copy { kinds, name, namespace, filter, into, rename } => {
                let kinds: Vec<String> = kinds.iter().map(show_kind).collect();
                self.line(2, format!("copy {}", kinds.join(", ")));
                for (word, value) in
                    [("name", name), ("in", namespace), ("into", &Some(into.clone())), ("as", rename)]
                {
                    if let Some(value) = value {
                        self.line(3, word);
                        self.value(4, value);
                    }
                }
                self.line(3, "where");
                self.cond(4, filter);
            }
        }
    }

    fn verification(&mut self, verification: &Verification) {
        match &verification.of {
            Verified::Images { elements, image } => {
                self.line(2, "verify images");
                self.elements(Some(elements));
                self.line(2, "image");
                self.value(3, image);
            }
            Verified::Manifest { ignoring } => {
                self.line(2, "verify manifest");
                ignoring.iter().for_each(|value| self.value(3, value));
            }
        }
        for check in &verification.checks {
            match check {
                SignatureCheck::Signed { by, .. } => {
                    self.line(2, "signed");
                    self.signers(3, by);
                }
                SignatureCheck::Attested { predicate, by, condition, .. } => {
                    self.line(2, format!("attested {predicate:?}"));
                    self.signers(3, by);
                    condition.iter().for_each(|cond| self.cond(3, cond));
                }
            }
        }
    }

    fn signers(&mut self, depth: usize, signers: &Signers) {
        self.line(depth, format!("{} of", signers.count));
        signers.of.iter().for_each(|attestor| self.attestor(depth + 1, attestor));
    }

    fn attestor(&mut self, depth: usize, attestor: &Attestor) {
        match attestor {
            Attestor::Key { .. }
            | Attestor::Kms { .. }
            | Attestor::Secret { .. }
            | Attestor::Certificate { .. }
            | Attestor::Keyless(_)
            | Attestor::Notary { .. } => self.line(depth, format!("{attestor:?}")),
            Attestor::Bundle(inner) => {
                self.line(depth, "bundle");
                self.attestor(depth + 1, inner);
            }
            Attestor::Group(signers) => self.signers(depth, signers),
        }
    }

    pub(super) fn exemption(&mut self, exemption: &Exemption) {
        let rules = exemption.rules.iter().map(|(policy, rule)| match rule {
            Some(rule) => format!("{policy}/{rule}"),
            None => policy.clone(),
        });
        self.line(0, format!("exempt {}", rules.collect::<Vec<_>>().join(", ")));
        if let Some(until) = &exemption.until {
            self.line(1, format!("until {until}"));
        }
        self.line(1, format!("because {:?}", exemption.because));
        for target in &exemption.targets {
            self.line(1, show_target(target));
        }
        for cond in &exemption.applies {
            self.line(1, "where");
            self.cond(2, cond);
        }
    }
}
