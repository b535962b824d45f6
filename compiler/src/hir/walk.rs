//! The expressions within an expression, for those who walk the typed tree.

use super::*;

impl Expr {
    /// How many expressions it consists of, itself among them.
    pub fn size(&self) -> usize {
        let mut size = 1;
        self.for_each_part(&mut |part| size += part.size());
        size
    }

    /// Calls `visit` on each expression directly within this one.
    pub fn for_each_part<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Error | ExprKind::Literal(_) => {}
            ExprKind::Place(place) => {
                for step in place.branches.iter().flat_map(|branch| &branch.steps) {
                    if let Step::Key(key) = step {
                        visit(key);
                    }
                }
            }
            ExprKind::Operation(_, parts) | ExprKind::List(parts) | ExprKind::External(_, parts) => {
                parts.iter().for_each(visit);
            }
            ExprKind::Lookup(lookup) => {
                if let LookupKind::OneOf(_, text) = &lookup.kind {
                    visit(text);
                }
                lookup.arguments.iter().flatten().for_each(visit);
            }
            ExprKind::Object(entries) => entries.iter().for_each(|(_, value)| visit(value)),
            ExprKind::Attestor(_, args) => args.iter().for_each(|(_, value)| visit(value)),
            ExprKind::Collect(collect) => collect.for_each_part(visit),
            ExprKind::ObjectCollect(both) => {
                both.0.for_each_part(visit);
                visit(&both.1);
            }
            ExprKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Value(value) = part {
                        visit(value);
                    }
                }
            }
            ExprKind::Coalesce(a, b)
            | ExprKind::Range(a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Changed { now: a, before: b }
            | ExprKind::Quantified { source: a, body: b, .. } => {
                visit(a);
                visit(b);
            }
            ExprKind::If(test, yes, no) => [test, yes, no].into_iter().for_each(|it| visit(it)),
            ExprKind::Must(inner)
            | ExprKind::Try(inner)
            | ExprKind::Not(inner)
            | ExprKind::Has(inner)
            | ExprKind::Empty(inner) => visit(inner),
            ExprKind::Atom(atom) => atom.for_each_part(visit),
            ExprKind::Apply { parameters, body } => {
                parameters.iter().for_each(|(_, argument)| visit(argument));
                visit(body);
            }
        }
    }

    /// As [`Expr::for_each_part`], to change them.
    pub fn for_each_part_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match &mut self.kind {
            ExprKind::Error | ExprKind::Literal(_) => {}
            ExprKind::Place(place) => {
                for step in place.branches.iter_mut().flat_map(|branch| &mut branch.steps) {
                    if let Step::Key(key) = step {
                        visit(key);
                    }
                }
            }
            ExprKind::Operation(_, parts) | ExprKind::List(parts) | ExprKind::External(_, parts) => {
                parts.iter_mut().for_each(visit);
            }
            ExprKind::Lookup(lookup) => {
                if let LookupKind::OneOf(_, text) = &mut lookup.kind {
                    visit(text);
                }
                lookup.arguments.iter_mut().flatten().for_each(visit);
            }
            ExprKind::Object(entries) => entries.iter_mut().for_each(|(_, value)| visit(value)),
            ExprKind::Attestor(_, args) => args.iter_mut().for_each(|(_, value)| visit(value)),
            ExprKind::Collect(collect) => collect.for_each_part_mut(visit),
            ExprKind::ObjectCollect(both) => {
                both.0.for_each_part_mut(visit);
                visit(&mut both.1);
            }
            ExprKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Value(value) = part {
                        visit(value);
                    }
                }
            }
            ExprKind::Coalesce(a, b)
            | ExprKind::Range(a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Changed { now: a, before: b }
            | ExprKind::Quantified { source: a, body: b, .. } => {
                visit(a);
                visit(b);
            }
            ExprKind::If(test, yes, no) => [test, yes, no].into_iter().for_each(|it| visit(it)),
            ExprKind::Must(inner)
            | ExprKind::Try(inner)
            | ExprKind::Not(inner)
            | ExprKind::Has(inner)
            | ExprKind::Empty(inner) => visit(inner),
            ExprKind::Atom(atom) => atom.for_each_part_mut(visit),
            ExprKind::Apply { parameters, body } => {
                parameters.iter_mut().for_each(|(_, argument)| visit(argument));
                visit(body);
            }
        }
    }

    /// Calls `change` on each place within, itself among them.
    pub fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        if let ExprKind::Place(place) = &mut self.kind {
            change(place);
        }
        self.for_each_part_mut(&mut |part| part.change_places(change));
    }
}

impl Collect {
    fn for_each_part<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(&self.source);
        self.filter.iter().for_each(&mut *visit);
        visit(&self.body);
    }
}

impl Atom {
    fn for_each_part<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        let glob = |parts: &'e [GlobPart], visit: &mut dyn FnMut(&'e Expr)| {
            for part in parts {
                if let GlobPart::Value(value) = part {
                    visit(value);
                }
            }
        };
        visit(&self.left);
        match &self.relation {
            Relation::Compare { right, .. } => visit(right),
            Relation::Glob(globs) => globs.iter().for_each(|it| glob(it, visit)),
            Relation::GlobOfEach { binder: _, source, filter, glob: parts } => {
                visit(source);
                filter.iter().for_each(&mut *visit);
                glob(parts, visit);
            }
            Relation::Regex(_) => {}
            Relation::InList { domain: _, list } => visit(list),
            Relation::InMap(right)
            | Relation::InText(right)
            | Relation::InCidr(right)
            | Relation::CidrInCidr(right) => visit(right),
            Relation::InRange(low, high) => {
                visit(low);
                visit(high);
            }
        }
    }
}

impl Collect {
    fn for_each_part_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        visit(&mut self.source);
        self.filter.iter_mut().for_each(&mut *visit);
        visit(&mut self.body);
    }
}

impl Atom {
    fn for_each_part_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        let glob = |parts: &mut [GlobPart], visit: &mut dyn FnMut(&mut Expr)| {
            for part in parts {
                if let GlobPart::Value(value) = part {
                    visit(value);
                }
            }
        };
        visit(&mut self.left);
        match &mut self.relation {
            Relation::Compare { right, .. } => visit(right),
            Relation::Glob(globs) => globs.iter_mut().for_each(|it| glob(it, visit)),
            Relation::GlobOfEach { binder: _, source, filter, glob: parts } => {
                visit(source);
                filter.iter_mut().for_each(&mut *visit);
                glob(parts, visit);
            }
            Relation::Regex(_) => {}
            Relation::InList { domain: _, list } => visit(list),
            Relation::InMap(right)
            | Relation::InText(right)
            | Relation::InCidr(right)
            | Relation::CidrInCidr(right) => visit(right),
            Relation::InRange(low, high) => {
                visit(low);
                visit(high);
            }
        }
    }
}
