//! `verify`: which images a rule asks for signatures of.
//!
//! A registry and a transparency log know who signed; nothing here asks them. So what is found is not evaluated, never a
//! pass.

use super::evaluator::forget_element_bindings;
use super::run::{Machine, Stop};
use super::{NotApplicable, RuleVerdict, Unknown, Verdict};
use crate::program::{Images, Rule};
use crate::value::{Value, View};

/// The images of the elements that the rule speaks of; an element without an image has none.
pub(super) fn images<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    images: &'a Images,
    verdict: &mut RuleVerdict,
) -> Result<Verdict, Stop> {
    let lists = machine.values(images.elements.sources)?;
    let found = images_of(machine, rule, images, &lists);
    machine.done_with(lists);
    let found = found?;
    if found.is_empty() {
        return Ok(Verdict::NotApplicable(NotApplicable::NoImage));
    }
    for image in found {
        if !verdict.unverified.contains(&image) {
            verdict.unverified.push(image);
        }
    }
    Ok(Verdict::NotEvaluated(Unknown::Signatures))
}

fn images_of<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    images: &'a Images,
    lists: &[Value<'a>],
) -> Result<Vec<String>, Stop> {
    let mut found = Vec::new();
    let mut number = 0;
    for list in lists {
        let (len, entries) = match list.view() {
            View::List { len } => (len, None),
            View::Map { len } => (len, Some(list.entries())),
            _ => continue,
        };
        for index in 0..len {
            machine.budget.spend(1)?;
            let (key, element) = match &entries {
                Some(entries) => (Value::Text(entries[index].0.clone()), entries[index].1.clone()),
                None => (Value::Int(number), list.element(index)),
            };
            number += 1;
            if let Some(slot) = images.elements.key {
                machine.slots[slot.0 as usize] = key;
            }
            machine.slots[images.elements.element.0 as usize] = element;
            forget_element_bindings(machine, rule);
            if let Some(filter) = images.filter
                && !machine.ask(filter)?
            {
                continue;
            }
            let image = machine.values(images.image)?;
            let text = image.first().and_then(Value::as_text).filter(|text| !text.trim().is_empty());
            found.extend(text.map(str::to_owned));
            machine.done_with(image);
        }
    }
    Ok(found)
}
