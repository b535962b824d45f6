//! `verify`: which images a rule asks for signatures of.
//!
//! A registry and a transparency log know who signed; nothing here asks them. So what is found is not evaluated, never a
//! pass.

use super::elements::{bind, each_element};
use super::evaluator::forget_element_bindings;
use super::run::{Machine, Stop};
use super::{NotApplicable, RuleVerdict, Unknown, Verdict};
use crate::program::{Images, Rule};
use crate::value::Value;

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
    each_element(machine, lists, |machine, key, element| {
        bind(machine, (images.elements.key, images.elements.element), key, element);
        forget_element_bindings(machine, rule);
        if let Some(filter) = images.filter
            && !machine.ask(filter)?
        {
            return Ok(());
        }
        let image = machine.values(images.image)?;
        let text = image.first().and_then(Value::as_text).filter(|text| !text.trim().is_empty());
        found.extend(text.map(str::to_owned));
        machine.done_with(image);
        Ok(())
    })?;
    Ok(found)
}
