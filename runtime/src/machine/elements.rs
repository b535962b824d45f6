//! Lists within lists, one element at a time.

use super::run::{Machine, Stop};
use crate::program::{EachElement, Slot};
use crate::value::{Value, View};

/// Does something with each element of the last of the lists, while the names of all of them are bound. Elements that
/// are null are passed over.
pub(super) fn for_each_element<'a>(
    machine: &mut Machine<'a>,
    lists: &'a [EachElement],
    body: &mut dyn FnMut(&mut Machine<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let Some((first, rest)) = lists.split_first() else { return body(machine) };
    let sources = machine.values(first.sources)?;
    each_element(machine, &sources, |machine, key, element| {
        if element.is_missing() {
            return Ok(());
        }
        bind(machine, (first.key, first.element), key, element);
        for_each_element(machine, rest, body)
    })?;
    machine.done_with(sources);
    Ok(())
}

/// Does something with each element of lists, and its number through all of them, or with each entry of maps and its key.
pub(super) fn each_element<'a>(
    machine: &mut Machine<'a>,
    lists: &[Value<'a>],
    mut body: impl FnMut(&mut Machine<'a>, Value<'a>, Value<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
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
            body(machine, key, element)?;
        }
    }
    Ok(())
}

/// Gives an element its name, and its key or number one if the rule asks for it.
pub(super) fn bind<'a>(
    machine: &mut Machine<'a>,
    (key_slot, element_slot): (Option<Slot>, Slot),
    key: Value<'a>,
    element: Value<'a>,
) {
    if let Some(slot) = key_slot {
        machine.slots[slot.0 as usize] = key;
    }
    machine.slots[element_slot.0 as usize] = element;
}
