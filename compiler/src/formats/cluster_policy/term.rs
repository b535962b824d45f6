//! Values as expressions, with what must hold for them to be evaluated.

use crate::formats::jmespath::{Expr, Order};

/// The expression of a value. It may only be evaluated where all `guards` hold, asked in order; where one does
/// not, the value is missing. Where they hold, it is missing if the expression is null, or a key is unknown on
/// the way.
#[derive(Clone, Debug)]
pub struct Term {
    pub guards: Vec<Expr>,
    pub expr: Expr,
    /// Never null where the guards hold.
    pub total: bool,
}

impl Term {
    /// A value that is always there.
    pub fn total(expr: Expr) -> Term {
        Term { guards: vec![], expr, total: true }
    }

    /// The guards of a value that has to be there, with the test that it is.
    pub fn presence(&self) -> Vec<Expr> {
        let mut guards = self.guards.clone();
        if !self.total {
            guards.push(self.expr.clone().is_present());
        }
        guards
    }

    /// The condition that the value is there.
    pub fn is_present(&self) -> Expr {
        Expr::all(self.presence())
    }

    /// One expression that is null where the value is missing, and never fails.
    pub fn or_null(self) -> Expr {
        match self.guards.is_empty() {
            true => self.expr,
            // only a list of one can be told from a value that counts as false
            false => Expr::all(self.guards.into_iter().chain([Expr::list(vec![self.expr])])).index(0),
        }
    }

    /// A function of values that have to be there; its result is there then.
    pub fn of(terms: Vec<Term>, apply: impl FnOnce(Vec<Expr>) -> Expr) -> Term {
        let guards = Term::guards_of(&terms);
        Term { guards, expr: apply(terms.into_iter().map(|term| term.expr).collect()), total: true }
    }

    /// The guards under which all of the values are there.
    pub fn guards_of(terms: &[Term]) -> Vec<Expr> {
        let mut guards = Vec::new();
        for guard in terms.iter().flat_map(Term::presence) {
            if !guards.contains(&guard) {
                guards.push(guard);
            }
        }
        guards
    }

    /// The same value under one more condition.
    pub fn guarded(mut self, guard: Expr) -> Term {
        self.guards.push(guard);
        self
    }
}

/// A comparison of two values as whole values; false where one is missing.
pub fn equal(left: Term, right: Term) -> Expr {
    // null equals null: if both may be missing, one of them has to be there
    let both = !left.total && !right.total;
    let mut parts = left.guards;
    parts.extend(right.guards);
    if both {
        parts.push(left.expr.clone().is_present());
    }
    parts.push(left.expr.equals(right.expr));
    Expr::all(parts)
}

/// An order of two numbers; null, which counts as false, where one is missing.
pub fn ordered(left: Term, order: Order, right: Term) -> Expr {
    let guards = left.guards.into_iter().chain(right.guards);
    Expr::all(guards.chain([left.expr.compare(order, right.expr)]))
}
