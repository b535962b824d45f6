//! The nodes of a tree, one within the other: what an editor folds, selects and outlines.

use super::ast::*;
use crate::source::Span;

/// A part of a file that has a place of its own.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    Item(&'a Item),
    Policy(&'a Policy),
    Meta(&'a Meta),
    Let(&'a Let),
    Rule(&'a Rule),
    Subject(&'a Subject),
    Narrow(&'a Narrow),
    Trigger(&'a Trigger),
    Action(&'a Action),
    Check(&'a Check),
    Edit(&'a Edit),
    Step(&'a Step),
    Object(&'a Object),
    Entry(&'a Entry),
    Expr(&'a Expr),
}

impl<'a> Node<'a> {
    pub fn span(self) -> Span {
        match self {
            Node::Item(it) => it.span(),
            Node::Policy(it) => it.span,
            Node::Meta(it) => it.span(),
            Node::Let(it) => it.span,
            Node::Rule(it) => it.span,
            Node::Subject(it) => it.span,
            Node::Narrow(it) => it.span(),
            Node::Trigger(it) => it.span,
            Node::Action(it) => it.span,
            Node::Check(it) => it.span(),
            Node::Edit(it) => it.span(),
            Node::Step(it) => it.span(),
            Node::Object(it) => it.span,
            Node::Entry(it) => it.span,
            Node::Expr(it) => it.span,
        }
    }

    /// The nodes directly within this one, in source order.
    pub fn children(self) -> Vec<Node<'a>> {
        let mut found = Found(Vec::new());
        match self {
            Node::Item(it) => found.item(it),
            Node::Policy(it) => found.policy(it),
            Node::Meta(it) => match it {
                Meta::Action(it) => found.push(Node::Action(it)),
                Meta::Settings(it) => found.push(Node::Object(&it.object)),
                Meta::Severity { .. } | Meta::Category { .. } | Meta::Control { .. } => {}
            },
            Node::Let(it) => found.expr(&it.value),
            Node::Rule(it) => found.rule(&it.body),
            Node::Subject(_) => {}
            Node::Narrow(it) => match it {
                Narrow::Where { condition, .. } => found.expr(condition),
                Narrow::With { value, .. } => found.expr(value),
            },
            Node::Trigger(it) => found.subject(&it.subject, &it.scope),
            Node::Action(it) => found.exprs(&it.filter),
            Node::Check(it) => match it {
                Check::Signed { signers, .. } => found.expr(&signers.of),
                Check::Attested { signers, condition, .. } => {
                    found.expr(&signers.of);
                    found.exprs(condition);
                }
                Check::Ignoring { paths, .. } => found.exprs(paths),
            },
            Node::Edit(it) => found.edit(it),
            Node::Step(it) => found.step(it),
            Node::Object(it) => found.0.extend(it.entries.iter().map(Node::Entry)),
            Node::Entry(it) => {
                if let Key::String(key) = &it.key {
                    found.string(key);
                }
                found.expr(&it.value);
            }
            Node::Expr(it) => found.within(it),
        }
        found.0.sort_by_key(|it| it.span().start);
        found.0
    }
}

/// The items of a file.
pub fn roots(module: &Module) -> Vec<Node<'_>> {
    module.items.iter().map(Node::Item).collect()
}

/// Every node, each before those within it.
pub fn walk<'a>(module: &'a Module, visit: &mut dyn FnMut(Node<'a>)) {
    let mut open: Vec<Node<'a>> = roots(module);
    open.reverse();
    while let Some(node) = open.pop() {
        visit(node);
        open.extend(node.children().into_iter().rev());
    }
}

struct Found<'a>(Vec<Node<'a>>);

impl<'a> Found<'a> {
    fn push(&mut self, node: Node<'a>) {
        self.0.push(node);
    }

    fn expr(&mut self, expr: &'a Expr) {
        self.0.push(Node::Expr(expr));
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        self.0.extend(exprs.into_iter().map(Node::Expr));
    }

    fn params(&mut self, params: &'a [Param]) {
        self.exprs(params.iter().filter_map(|it| it.default.as_ref()));
    }

    fn item(&mut self, item: &'a Item) {
        match item {
            Item::Use(_) | Item::Kind(_) | Item::Error(_) => {}
            Item::Refine(it) => self.expr(&it.path),
            Item::Let(it) => self.expr(&it.value),
            Item::View(it) => self.exprs(&it.paths),
            Item::Fn(it) => {
                self.params(&it.params);
                self.expr(&it.body);
            }
            Item::Policy(it) => self.policy(it),
            Item::PolicyInstance(it) => {
                self.args(&it.args);
                self.0.extend(it.meta.iter().flatten().map(Node::Meta));
            }
            Item::Rule(it) => self.rule(&it.body),
            Item::Exempt(it) => self.0.extend(it.scope.iter().map(Node::Trigger)),
            Item::Test(it) => self.0.extend(it.steps.iter().map(Node::Step)),
        }
    }

    fn policy(&mut self, it: &'a Policy) {
        self.params(it.params.as_deref().unwrap_or_default());
        self.0.extend(it.scope.narrows.iter().map(Node::Narrow));
        self.0.extend(it.meta.iter().map(Node::Meta));
        for member in &it.members {
            match member {
                Member::Rule(it) => self.push(Node::Rule(it)),
                Member::Let(it) => self.push(Node::Let(it)),
                Member::Error(_) => {}
            }
        }
    }

    fn subject(&mut self, subject: &'a Subject, scope: &'a Scope) {
        self.push(Node::Subject(subject));
        self.0.extend(scope.narrows.iter().map(Node::Narrow));
    }

    fn settings(&mut self, settings: &'a Option<Settings>) {
        self.0.extend(settings.iter().map(|it| Node::Object(&it.object)));
    }

    fn tail(&mut self, tail: &'a Tail) {
        if let Some(message) = &tail.message {
            self.string(message);
        }
        self.0.extend(tail.actions.iter().map(Node::Action));
        self.settings(&tail.settings);
    }

    fn each(&mut self, each: &'a Option<Each>) {
        if let Some(each) = each {
            self.expr(&each.source);
            self.exprs(&each.filter);
        }
    }

    fn rule(&mut self, body: &'a RuleBody) {
        match body {
            RuleBody::Deny(it) => {
                self.subject(&it.subject, &it.scope);
                self.exprs(&it.condition);
                self.tail(&it.tail);
            }
            RuleBody::Require(it) => {
                self.subject(&it.subject, &it.scope);
                self.expr(&it.condition);
                self.tail(&it.tail);
            }
            RuleBody::Mutate(it) => {
                self.subject(&it.subject, &it.scope);
                self.0.extend(it.trigger.iter().map(Node::Trigger));
                self.settings(&it.settings);
                self.0.extend(it.edits.iter().map(Node::Edit));
            }
            RuleBody::Generate(it) => {
                self.expr(&it.name);
                self.exprs(&it.namespace);
                self.0.extend(it.trigger.iter().map(Node::Trigger));
                self.each(&it.each);
                self.settings(&it.settings);
                self.push(Node::Object(&it.body));
            }
            RuleBody::GenerateCopy(it) => {
                self.exprs([&it.name, &it.namespace, &it.filter, &it.rename].into_iter().flatten());
                self.expr(&it.into);
                self.push(Node::Trigger(&it.trigger));
                self.each(&it.each);
                self.settings(&it.settings);
            }
            RuleBody::Verify(it) => {
                self.subject(&it.subject, &it.scope);
                self.0.extend(it.checks.iter().map(Node::Check));
                self.tail(&it.tail);
            }
            RuleBody::Delete(it) => {
                self.subject(&it.subject, &it.scope);
                self.exprs(&it.condition);
                self.settings(&it.settings);
            }
            RuleBody::Error(_) => {}
        }
    }

    fn edit(&mut self, edit: &'a Edit) {
        match edit {
            Edit::Assign { path, value, .. } => self.exprs([path, value]),
            Edit::Remove { path, .. } => self.expr(path),
            Edit::Let(it) => self.expr(&it.value),
            Edit::For { source, filter, edits, .. } => {
                self.expr(source);
                self.exprs(filter);
                self.0.extend(edits.iter().map(Node::Edit));
            }
            Edit::If { condition, edits, .. } => {
                self.expr(condition);
                self.0.extend(edits.iter().map(Node::Edit));
            }
            Edit::Call { args, .. } => self.args(args),
            Edit::Error(_) => {}
        }
    }

    fn document(&mut self, document: &'a Document) {
        if let Document::Object(it) = document {
            self.push(Node::Object(it));
        }
    }

    fn step(&mut self, step: &'a Step) {
        match step {
            Step::Let(it) => self.expr(&it.value),
            Step::Given { object, .. } => self.push(Node::Object(object)),
            Step::Expect(it) => {
                self.document(&it.document);
                it.old.iter().for_each(|it| self.document(it));
                match &it.outcome {
                    Outcome::Becomes(it) | Outcome::Generates(_, it) | Outcome::Mutates(_, it) => {
                        self.document(it)
                    }
                    Outcome::Verdict { .. } => {}
                }
            }
            Step::GivenFile { .. } | Step::GivenTime { .. } | Step::Error(_) => {}
        }
    }

    fn args(&mut self, args: &'a [Arg]) {
        self.exprs(args.iter().map(|it| &it.value));
    }

    fn string(&mut self, string: &'a StringLiteral) {
        self.exprs(string.parts.iter().filter_map(|part| match part {
            StringPart::Interpolation(expr) => Some(expr),
            StringPart::Text(_) => None,
        }));
    }

    fn clause(&mut self, clause: &'a Comprehension) {
        self.expr(&clause.source);
        self.exprs(&clause.filter);
    }

    fn within(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Field { base, .. } => self.expr(base),
            ExprKind::Index { base, index } => self.exprs([&**base, &**index]),
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                self.args(args);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => self.exprs([&**left, &**right]),
            ExprKind::Quantified { source, body, .. } => self.exprs([&**source, &**body]),
            ExprKind::If { condition, yes, no } => self.exprs([&**condition, &**yes, &**no]),
            ExprKind::List(items) => self.exprs(items),
            ExprKind::ListComprehension { element, clause } => {
                self.expr(element);
                self.clause(clause);
            }
            ExprKind::Object(object) => self.0.extend(object.entries.iter().map(Node::Entry)),
            ExprKind::ObjectComprehension { entry, clause } => {
                self.push(Node::Entry(entry));
                self.clause(clause);
            }
            ExprKind::String(string) => self.string(string),
            ExprKind::Range { low, high } => self.exprs([&**low, &**high]),
            ExprKind::Coalesce { value, fallback } => self.exprs([&**value, &**fallback]),
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Name(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Quantity(_)
            | ExprKind::Duration(_)
            | ExprKind::Percent(_)
            | ExprKind::Date(_)
            | ExprKind::Bool(_)
            | ExprKind::Hole
            | ExprKind::Error => {}
        }
    }
}
