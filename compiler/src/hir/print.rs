//! The typed tree as text, one policy after the other, for `aipc dump hir`.

use std::fmt::Write;

use super::*;
use crate::kubernetes::Cluster;

/// A stable listing: names resolved, views opened, types behind colons.
pub fn print(module: &Module, cluster: &Cluster) -> String {
    let mut printer = Printer { cluster, text: String::new() };
    for policy in &module.policies {
        printer.policy(policy);
    }
    for test in &module.tests {
        printer.line(0, &format!("test {:?}", test.title));
        for expect in &test.expects {
            printer
                .line(1, &format!("expect {:?} on {:?} {}", expect.verdict, expect.operation, expect.object));
        }
    }
    printer.text
}

struct Printer<'a> {
    cluster: &'a Cluster,
    text: String,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:width$}{line}", "", width = depth * 2);
    }

    fn policy(&mut self, policy: &Policy) {
        self.line(0, &format!("policy {}", policy.name));
        for rule in &policy.rules {
            self.rule(rule);
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let kinds: Vec<String> = rule
            .subject
            .targets
            .iter()
            .map(|it| format!("{}/{}", it.kind.api_version(), it.kind.kind))
            .collect();
        self.line(1, &format!("rule {} on {}", rule.name, rule.operations.names().join(", ")));
        self.line(2, &format!("kinds {}", kinds.join(", ")));
        self.line(2, &format!("self: {}", rule.subject.ty.display(self.cluster)));
        if let Some(elements) = &rule.subject.elements {
            self.line(
                2,
                &format!("each {} = ${} of {}", elements.view, elements.local.0, place(&elements.place)),
            );
        }
        for narrow in &rule.narrows {
            let line = match narrow {
                Narrow::Where(condition) => format!("where {}", self.expr(condition)),
                Narrow::With { local, name, value } => {
                    format!(
                        "with ${} {name}: {} = {}",
                        local.0,
                        value.ty.display(self.cluster),
                        self.expr(value)
                    )
                }
            };
            self.line(2, &line);
        }
        self.body(&rule.body);
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Deny(condition) => self.line(2, &format!("deny if {}", self.expr(condition))),
            Body::Require(condition) => self.line(2, &format!("require that {}", self.expr(condition))),
            Body::Mutate(mutation) => {
                if let Some(existing) = &mutation.existing {
                    self.line(2, &format!("existing {}", existing.subject.text));
                    for narrow in &existing.narrows {
                        if let Narrow::Where(condition) = narrow {
                            self.line(2, &format!("where {}", self.expr(condition)));
                        }
                    }
                }
                mutation.edits.iter().for_each(|edit| self.edit(2, edit));
            }
            Body::Generate(generation) => {
                if let Some(each) = &generation.each {
                    self.line(2, &format!("each ${} in {}", each.binder.element.0, self.expr(&each.source)));
                }
                self.line(2, &format!("generate {}", generation.made()));
                if let Make::Object { name, fields, .. } = &generation.make {
                    self.line(3, &format!("{}: {}", self.expr(name), self.expr(fields)));
                }
            }
            Body::Verify(verification) => {
                match &verification.of {
                    Verified::Images(image) => self.line(2, &format!("verify image {}", self.expr(image))),
                    Verified::Manifest(ignoring) => {
                        self.line(2, &format!("verify manifest ignoring [{}]", self.list(ignoring)));
                    }
                }
                for check in &verification.checks {
                    let (word, signers) = match check {
                        SignatureCheck::Signed { signers, .. } => ("signed".to_owned(), signers),
                        SignatureCheck::Attested { predicate, signers, .. } => {
                            (format!("attested {predicate:?}"), signers)
                        }
                    };
                    self.line(2, &format!("{word} by {}", self.expr(&signers.of)));
                }
            }
            Body::Delete(deletion) => {
                self.line(2, &format!("delete every {:?}", deletion.schedule));
                if let Some(condition) = &deletion.condition {
                    self.line(2, &format!("if {}", self.expr(condition)));
                }
            }
        }
    }

    fn edit(&mut self, depth: usize, edit: &Edit) {
        match edit {
            Edit::Assign { verb, target, value, .. } => {
                self.line(depth, &format!("{} {} = {}", verb.as_str(), self.expr(target), self.expr(value)));
            }
            Edit::Remove { target, .. } => self.line(depth, &format!("remove {}", self.expr(target))),
            Edit::For { binder, source, filter, edits } => {
                self.line(depth, &format!("for ${} in {}", binder.element.0, self.expr(source)));
                if let Some(filter) = filter {
                    self.line(depth + 1, &format!("where {}", self.expr(filter)));
                }
                edits.iter().for_each(|edit| self.edit(depth + 1, edit));
            }
            Edit::If { condition, edits } => {
                self.line(depth, &format!("if {}", self.expr(condition)));
                edits.iter().for_each(|edit| self.edit(depth + 1, edit));
            }
            Edit::External(name, _) => self.line(depth, &format!("{name}(…)")),
        }
    }

    fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Error => "error".into(),
            ExprKind::Literal(literal) => literal_text(literal),
            ExprKind::Place(it) => format!("{}: {}", place(it), expr.ty.display(self.cluster)),
            ExprKind::Operation(operation, args) => format!("{}({})", operation.name(), self.list(args)),
            ExprKind::List(items) => format!("[{}]", self.list(items)),
            ExprKind::Object(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key:?}: {}", self.expr(value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            ExprKind::Collect(it) => self.collect(it, None),
            ExprKind::ObjectCollect(it) => self.collect(&it.0, Some(&it.1)),
            ExprKind::Text(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| match part {
                        TextPart::Text(text) => format!("{text:?}"),
                        TextPart::Value(value) => self.expr(value),
                    })
                    .collect();
                format!("text({})", parts.join(", "))
            }
            ExprKind::Coalesce(a, b) => format!("({} ?? {})", self.expr(a), self.expr(b)),
            ExprKind::If(test, a, b) => {
                format!("(if {} then {} else {})", self.expr(test), self.expr(a), self.expr(b))
            }
            ExprKind::Must(inner) => format!("must({})", self.expr(inner)),
            ExprKind::Try(inner) => format!("try({})", self.expr(inner)),
            ExprKind::Range(low, high) => format!("{}..{}", self.expr(low), self.expr(high)),
            ExprKind::Lookup(lookup) => self.lookup(lookup),
            ExprKind::External(name, args) => format!("{name}({})", self.list(args)),
            ExprKind::Attestor(name, args) => {
                let args: Vec<String> =
                    args.iter().map(|(name, value)| format!("{name}: {}", self.expr(value))).collect();
                format!("{name}({})", args.join(", "))
            }
            ExprKind::Not(inner) => format!("not {}", self.expr(inner)),
            ExprKind::And(a, b) => format!("({} and {})", self.expr(a), self.expr(b)),
            ExprKind::Or(a, b) => format!("({} or {})", self.expr(a), self.expr(b)),
            ExprKind::Has(inner) => format!("has {}", self.expr(inner)),
            ExprKind::Empty(inner) => format!("empty {}", self.expr(inner)),
            ExprKind::Changed { now, .. } => format!("changed {}", self.expr(now)),
            ExprKind::Atom(atom) => self.atom(atom),
            ExprKind::Quantified { any, binder, source, body } => {
                let word = if *any { "any" } else { "every" };
                format!("({word} {} in {}: {})", binder_text(binder), self.expr(source), self.expr(body))
            }
            ExprKind::Apply { parameters, body } => {
                let parameters: Vec<String> = parameters
                    .iter()
                    .map(|(local, value)| format!("${} = {}", local.0, self.expr(value)))
                    .collect();
                format!("(with {}: {})", parameters.join(", "), self.expr(body))
            }
        }
    }

    fn lookup(&self, it: &Lookup) -> String {
        let kind = match &it.kind {
            LookupKind::None => None,
            LookupKind::Known(kind) => Some(format!("{}/{}", kind.api_version(), kind.kind)),
            LookupKind::OneOf(_, text) => Some(self.expr(text)),
        };
        let argument = |argument: &Option<Expr>| argument.as_ref().map_or("-".into(), |it| self.expr(it));
        let arguments: Vec<String> = kind.into_iter().chain(it.arguments.iter().map(argument)).collect();
        format!("{}({})", it.name, arguments.join(", "))
    }

    fn list(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn collect(&self, it: &Collect, key: Option<&Expr>) -> String {
        let filter =
            it.filter.as_ref().map(|filter| format!(" where {}", self.expr(filter))).unwrap_or_default();
        let key = key.map(|key| format!("{}: ", self.expr(key))).unwrap_or_default();
        let (binder, source) = (binder_text(&it.binder), self.expr(&it.source));
        format!("[{key}{} for {binder} in {source}{filter}]", self.expr(&it.body))
    }

    fn atom(&self, atom: &Atom) -> String {
        let not = if atom.negated { "not " } else { "" };
        let missing = if atom.or_missing { " or missing" } else { "" };
        let left = self.expr(&atom.left);
        let relation = match &atom.relation {
            Relation::Compare { comparison, domain, right } => {
                format!("{comparison:?} as {domain:?} {}", self.expr(right))
            }
            Relation::Glob(globs) => {
                let globs: Vec<String> = globs.iter().map(|glob| self.glob(glob)).collect();
                format!("glob [{}]", globs.join(", "))
            }
            Relation::GlobOfEach { binder, source, glob, .. } => {
                format!("glob [{} for {} in {}]", self.glob(glob), binder_text(binder), self.expr(source))
            }
            Relation::Regex(patterns) => format!("regex {patterns:?}"),
            Relation::InList { domain, list } => format!("in as {domain:?} {}", self.expr(list)),
            Relation::InMap(map) => format!("in map {}", self.expr(map)),
            Relation::InText(text) => format!("in text {}", self.expr(text)),
            Relation::InRange(low, high) => format!("in {}..{}", self.expr(low), self.expr(high)),
            Relation::InCidr(network) | Relation::CidrInCidr(network) => {
                format!("in network {}", self.expr(network))
            }
        };
        format!("{not}({left} {relation}{missing})")
    }

    fn glob(&self, parts: &[GlobPart]) -> String {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                GlobPart::Pattern(text) => format!("{text:?}"),
                GlobPart::Value(value) => self.expr(value),
            })
            .collect();
        parts.join(" + ")
    }
}

fn binder_text(binder: &Binder) -> String {
    match binder.key {
        Some(key) => format!("${}, ${}", key.0, binder.element.0),
        None => format!("${}", binder.element.0),
    }
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => value.to_string(),
        Literal::Text(text) => format!("{text:?}"),
        Literal::Quantity(text)
        | Literal::Time(text)
        | Literal::Semver(text)
        | Literal::Ip(text)
        | Literal::Cidr(text) => text.clone(),
        Literal::Duration(nanoseconds) => constant::duration_text(*nanoseconds),
        Literal::Percent(value) => format!("{value}%"),
    }
}

/// `spec.containers[].image | spec.initContainers[].image`
fn place(place: &Place) -> String {
    place.branches.iter().map(branch).collect::<Vec<_>>().join(" | ")
}

fn branch(branch: &Branch) -> String {
    let mut text = match branch.root {
        ir::Root::Local(local) => format!("${}", local.0),
        root => format!("{root:?}").to_lowercase(),
    };
    for step in &branch.steps {
        match step {
            Step::Field(field) => {
                text.push('.');
                text.push_str(&field.name);
            }
            Step::Key(_) => text.push_str("[…]"),
            Step::Element(index) => text.push_str(&format!("[{index}]")),
            Step::Each => text.push_str("[]"),
        }
    }
    text
}
