//! Lists within lists, one element at a time.

use super::run::{Machine, Stop};
use crate::program::EachElement;
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
    let mut number = 0;
    for source in &sources {
        let (len, entries) = match source.view() {
            View::List { len } => (len, None),
            View::Map { len } => (len, Some(source.entries())),
            _ => continue,
        };
        for index in 0..len {
            machine.budget.spend(1)?;
            let (key, element) = match &entries {
                Some(entries) => (Value::Text(entries[index].0.clone()), entries[index].1.clone()),
                None => (Value::Int(number), source.element(index)),
            };
            number += 1;
            if element.is_missing() {
                continue;
            }
            if let Some(slot) = first.key {
                machine.slots[slot.0 as usize] = key;
            }
            machine.slots[first.element.0 as usize] = element;
            for_each_element(machine, rest, body)?;
        }
    }
    machine.done_with(sources);
    Ok(())
}
