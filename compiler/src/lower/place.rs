//! Paths of many values: their lists opened one after the other.

use std::collections::{HashMap, HashSet};

use super::{Lowered, Refusal};
use crate::hir::{self, Step};
use crate::ir::{self, Binder, Cond, CondKind, Local, Path, Quantified, Root, Type, Value, ValueKind};
use crate::source::Span;

/// What names stand for while one rule is lowered.
pub(super) struct Ctx {
    next_local: u32,
    /// Parameters of functions and elements of literal lists, with their sizes.
    replaced: HashMap<Local, (Value, usize)>,
    /// The size of the conditions and values that were made, copies included.
    spent: usize,
    /// The one value that the many-valued place of the current atom stands for.
    pub(super) chosen: Option<Value>,
    /// The element of an element rule, where it lies deeper than the element of the list.
    pub(super) self_steps: Option<(Local, Vec<ir::Step>)>,
    /// Conditions about unknown users and labels take the value that makes the rule apply.
    pub(super) assume: bool,
    /// Nothing is taken for granted, not even in a `where`: what goes is gone.
    pub(super) asks_all: bool,
    /// The conditions are an exemption's: there, what is unknown takes the value that makes it cover nothing.
    pub(super) exempts: bool,
    /// The `with` values that may be unknown.
    pub(super) unknown_locals: HashMap<Local, ir::Unknown>,
    /// Elements of lists that are computed: values, not places.
    pub(super) computed: HashSet<Local>,
    /// How many copies of the current condition the literal lists around it make.
    pub(super) unrolled: usize,
}

/// How large one rule may become: 20,000 conditions and values, or more of them where most are literals. Functions, views and literal lists multiply; what outputs
/// write for a rule must stay a text that a person can look at.
const SIZE_MAX: usize = 20_000 * ir::measure::PART_SIZE;

impl Ctx {
    /// `used` is above each local of the rule.
    pub(super) fn new(used: u32) -> Ctx {
        Ctx {
            next_local: used,
            replaced: HashMap::new(),
            spent: 0,
            chosen: None,
            self_steps: None,
            assume: false,
            asks_all: false,
            exempts: false,
            unknown_locals: HashMap::new(),
            unrolled: 1,
            computed: HashSet::new(),
        }
    }

    /// Counts the size of conditions and values that are made.
    ///
    /// # Errors
    /// They are more than [`SIZE_MAX`].
    pub(super) fn spend(&mut self, size: usize, span: Span) -> Lowered<()> {
        self.spent = self.spent.saturating_add(size);
        match self.spent > SIZE_MAX {
            true => Err(too_large(span)),
            false => Ok(()),
        }
    }

    /// A copy of a value.
    pub(super) fn copy_value(&mut self, value: &Value) -> Lowered<Value> {
        let size = ir::measure::size_of_value(value).ok_or_else(|| too_large(value.origin))?;
        self.spend(size, value.origin)?;
        Ok(value.clone())
    }

    /// A copy of a condition.
    pub(super) fn copy(&mut self, cond: &Cond) -> Lowered<Cond> {
        let size = ir::measure::size_of_cond(cond).ok_or_else(|| too_large(cond.origin))?;
        self.spend(size, cond.origin)?;
        Ok(cond.clone())
    }

    /// Lets a value stand for a local name.
    pub(super) fn replace(&mut self, local: Local, value: Value) -> Lowered<()> {
        let size = ir::measure::size_of_value(&value).ok_or_else(|| too_large(value.origin))?;
        self.replaced.insert(local, (value, size));
        Ok(())
    }

    /// Lets the name stand for itself again; what it stood for.
    pub(super) fn restore(&mut self, local: Local) -> Option<Value> {
        self.replaced.remove(&local).map(|it| it.0)
    }

    pub(super) fn fresh(&mut self) -> Local {
        self.next_local += 1;
        Local(self.next_local - 1)
    }

    /// One step of a path.
    fn step(&mut self, step: &Step) -> Lowered<ir::Step> {
        Ok(match step {
            Step::Field(field) => ir::Step::Field(field.clone()),
            Step::Key(key) => match self.value(key)? {
                // A key that turned out constant is a field.
                Value { kind: ValueKind::Literal(ir::Literal::Text(name)), .. } => {
                    ir::Step::Field(ir::Field { name, required: false, shape: ir::Shape::Any })
                }
                value => ir::Step::Key(value),
            },
            Step::Element(index) => ir::Step::Element(*index),
            Step::Each => unreachable!("lists are opened before their path is lowered"),
        })
    }

    fn steps(&mut self, steps: &[Step]) -> Lowered<Vec<ir::Step>> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    /// A path without lists on the way, from a root or from what a local name stands for.
    pub(super) fn path(&mut self, root: Root, steps: &[Step], ty: Type, span: Span) -> Lowered<Value> {
        let steps = self.steps(steps)?;
        if let Root::Local(local) = root {
            if let Some((element, deeper)) = &self.self_steps
                && *element == local
            {
                let mut all = deeper.clone();
                all.extend(steps);
                return Ok(Value::new(ValueKind::Path(Path { root, steps: all }), ty, span));
            }
            if let Some((_, size)) = self.replaced.get(&local) {
                self.spend(*size, span)?;
            }
            if let Some((value, _)) = self.replaced.get(&local) {
                return step_into(value.clone(), steps, ty, span);
            }
        }
        Ok(Value::new(ValueKind::Path(Path { root, steps }), ty, span))
    }

    /// A place of one value.
    pub(super) fn single_place(&mut self, branch: &hir::Branch, ty: &hir::Ty, span: Span) -> Lowered<Value> {
        self.path(branch.root, &branch.steps, ty.to_ir(), span)
    }

    /// All values of a place as one list; a list at its end is part of it, element by element.
    pub(super) fn collected(&mut self, place: &hir::Place, ty: &hir::Ty, span: Span) -> Lowered<Value> {
        let mut lists = Vec::new();
        for group in groups(place) {
            lists.push(self.collected_group(&group, ty, span)?);
        }
        if lists.len() == 1 {
            return Ok(lists.remove(0));
        }
        let ty = list_of(ty.to_ir());
        Ok(Value::new(ValueKind::Concat(lists), ty, span))
    }

    fn collected_group(&mut self, group: &Group, ty: &hir::Ty, span: Span) -> Lowered<Value> {
        let element_ty = ty.to_ir();
        let Some(rest) = &group.rest else {
            // No list on the way: the list itself, or the one value.
            let value = self.path(group.heads[0].root, &group.heads[0].steps, element_ty.clone(), span)?;
            return Ok(match element_ty {
                Type::List(_) | Type::Json => value,
                _ => Value::new(ValueKind::List(vec![value]), list_of(element_ty), span),
            });
        };
        let source = self.heads(&group.heads, span)?;
        if rest.is_empty() {
            // The elements themselves; those that are lists are taken apart.
            if !matches!(element_ty, Type::List(_)) {
                return Ok(Value { ty: list_of(element_ty), ..source });
            }
        }
        let local = self.fresh();
        let place =
            hir::Place { branches: vec![hir::Branch { root: Root::Local(local), steps: rest.clone() }] };
        let deeper = rest.contains(&Step::Each);
        let flatten = deeper || matches!(element_ty, Type::List(_));
        let body = match deeper {
            true => self.collected(&place, ty, span)?,
            false => self.path(Root::Local(local), rest, element_ty.clone(), span)?,
        };
        let list_ty =
            if flatten && matches!(element_ty, Type::List(_)) { element_ty } else { list_of(element_ty) };
        let collect = ir::Collect {
            binder: Binder { key: None, element: local },
            source,
            filter: Cond::constant(true, span),
            body,
            flatten,
        };
        Ok(Value::new(ValueKind::Collect(Box::new(collect)), list_ty, span))
    }

    /// The lists at the heads of a group, one after the other.
    fn heads(&mut self, heads: &[hir::Branch], span: Span) -> Lowered<Value> {
        let mut lists = Vec::new();
        for head in heads {
            lists.push(self.path(head.root, &head.steps, list_of(Type::Object), span)?);
        }
        Ok(match lists.len() {
            1 => lists.remove(0),
            _ => Value::new(ValueKind::Concat(lists), list_of(Type::Object), span),
        })
    }

    /// `any` or `every` value of a place meets a condition, which is made from the value.
    pub(super) fn quantify(
        &mut self,
        place: &hir::Place,
        ty: &hir::Ty,
        any: bool,
        span: Span,
        make: &mut dyn FnMut(&mut Ctx, Value) -> Lowered<Cond>,
    ) -> Lowered<Cond> {
        let mut parts = Vec::new();
        for group in groups(place) {
            parts.push(self.quantify_group(&group, ty, any, span, make)?);
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(Cond::new(if any { CondKind::Or(parts) } else { CondKind::And(parts) }, span))
    }

    fn quantify_group(
        &mut self,
        group: &Group,
        ty: &hir::Ty,
        any: bool,
        span: Span,
        make: &mut dyn FnMut(&mut Ctx, Value) -> Lowered<Cond>,
    ) -> Lowered<Cond> {
        let Some(rest) = &group.rest else {
            let value = self.path(group.heads[0].root, &group.heads[0].steps, ty.to_ir(), span)?;
            return make(self, value);
        };
        let source = self.heads(&group.heads, span)?;
        let local = self.fresh();
        let branch = hir::Branch { root: Root::Local(local), steps: rest.clone() };
        let body = match rest.contains(&Step::Each) {
            true => {
                let place = hir::Place { branches: vec![branch] };
                self.quantify(&place, ty, any, span, make)?
            }
            false => {
                let value = self.path(Root::Local(local), rest, ty.to_ir(), span)?;
                make(self, value)?
            }
        };
        let quantified = Box::new(Quantified { binder: Binder { key: None, element: local }, source, body });
        Ok(Cond::new(if any { CondKind::Any(quantified) } else { CondKind::All(quantified) }, span))
    }
}

/// Branches that end alike after their first list: their lists are looked through as one.
pub(super) struct Group {
    /// The paths to the lists; or the one path, where there is no list.
    pub(super) heads: Vec<hir::Branch>,
    /// What follows an element; `None` where there is no list.
    pub(super) rest: Option<Vec<Step>>,
}

pub(super) fn groups(place: &hir::Place) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for branch in &place.branches {
        let Some(each) = branch.steps.iter().position(|step| *step == Step::Each) else {
            groups.push(Group { heads: vec![branch.clone()], rest: None });
            continue;
        };
        let head = hir::Branch { root: branch.root, steps: branch.steps[..each].to_vec() };
        let rest = branch.steps[each + 1..].to_vec();
        match groups.iter_mut().find(|group| group.rest.as_ref() == Some(&rest)) {
            Some(group) => group.heads.push(head),
            None => groups.push(Group { heads: vec![head], rest: Some(rest) }),
        }
    }
    groups
}

pub(super) fn list_of(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

/// Steps into a value that stands for a local name.
fn step_into(value: Value, steps: Vec<ir::Step>, ty: Type, span: Span) -> Lowered<Value> {
    if steps.is_empty() {
        return Ok(Value { origin: span, ..value });
    }
    match value.kind {
        ValueKind::Path(mut path) => {
            path.steps.extend(steps);
            Ok(Value::new(ValueKind::Path(path), ty, span))
        }
        _ => {
            let mut current = value;
            for step in steps {
                let key = match step {
                    ir::Step::Field(field) => {
                        Value::new(ValueKind::Literal(ir::Literal::Text(field.name)), Type::Text, span)
                    }
                    ir::Step::Element(index) => {
                        Value::new(ValueKind::Literal(ir::Literal::Int(index)), Type::Int, span)
                    }
                    ir::Step::Key(key) => key,
                };
                current =
                    Value::new(ValueKind::Call(ir::Operation::Index, vec![current, key]), Type::Json, span);
            }
            if matches!(current.kind, ValueKind::Call(..)) {
                current.ty = ty;
            }
            Ok(current)
        }
    }
}

/// A refusal for a rule that would come to more than outputs can hold.
pub(super) fn too_large(span: Span) -> Refusal {
    Refusal::too_large(span)
}

/// A refusal for what asks more than the object.
pub(super) fn external(name: &str, span: Span) -> Refusal {
    Refusal::new(span, format!("`{name}` is checked, and no output carries it yet"))
}
