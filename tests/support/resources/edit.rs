//! Changes to resources: small ones that keep types, and ones that spoil the structure.

use super::super::place::{Place, at, at_mut, places, remove};
use super::super::random::Random;
use super::atoms::TEXTS;
use serde_json::{Value, json};

/// A resource that differs from `resource` in one to three small things. Types are kept; required
/// fields may go, so the result can be inadmissible.
pub fn mutate(resource: &Value, seed: u64) -> Value {
    let mut random = Random::new(Random::new(seed).next());
    let mut mutant = resource.clone();
    for _ in 0..1 + random.below(3) {
        let Some(place) = pick_place(&mutant, &mut random) else { break };
        if random.chance(15) {
            remove(&mut mutant, &place);
            continue;
        }
        match at_mut(&mut mutant, &place) {
            Some(Value::String(text)) => *text = random.pick(&TEXTS).to_string(),
            Some(Value::Bool(flag)) => *flag = !*flag,
            Some(number @ Value::Number(_)) => {
                *number =
                    json!(number.as_i64().unwrap_or_default().saturating_add(*random.pick(&[-1, 1, 10])));
            }
            Some(Value::Array(elements)) => match elements.first().cloned() {
                Some(first) if random.chance(50) => elements.push(first),
                Some(_) => elements.reverse(),
                None => {}
            },
            Some(Value::Object(fields)) => {
                if let Some(key) = fields.keys().next().cloned().filter(|_| random.chance(50)) {
                    fields.shift_remove(&key);
                }
            }
            Some(Value::Null) | None => {}
        }
    }
    mutant
}

/// Fields that Kubernetes requires wherever they stand in the generated objects.
const REQUIRED: [&str; 8] =
    ["containers", "template", "selector", "jobTemplate", "containerPort", "mountPath", "port", "pathType"];

/// Gives one to three places a wrong type, null, or an element that is null; or takes required fields away.
pub fn spoil(resource: &mut Value, random: &mut Random) {
    for _ in 0..1 + random.below(3) {
        if random.chance(20) {
            let mut required = places(resource);
            required.retain(|place| place.last().is_some_and(|key| REQUIRED.contains(&key.as_str())));
            if !required.is_empty() {
                let place = random.pick(&required).clone();
                remove(resource, &place);
                continue;
            }
        }
        let Some(place) = pick_place(resource, random) else { return };
        let in_text_map = place.len() > 1
            && matches!(
                place[place.len() - 2].as_str(),
                "labels" | "annotations" | "nodeSelector" | "matchLabels" | "data"
            );
        let Some(value) = at_mut(resource, &place) else { return };
        *value = match (&*value, random.below(6)) {
            (_, 0) => Value::Null,
            // Text in the place of a number, and the other way around.
            (Value::Number(number), 1..=3) => json!(number.to_string()),
            (Value::Number(_), _) => json!([]),
            (Value::Bool(flag), 1..=3) => json!(flag.to_string()),
            (Value::Bool(flag), _) => json!(i32::from(*flag)),
            (Value::String(text), 1..=2) => {
                text.parse::<i64>().map_or_else(|_| json!(5), |number| json!(number))
            }
            (Value::String(_), 3) => json!(true),
            (Value::String(_), 4) if !in_text_map => json!({}),
            (Value::String(text), _) => json!([text]),
            (Value::Array(elements), 1..=2) => {
                let mut elements = elements.clone();
                elements.insert(random.below(elements.len() + 1), Value::Null);
                Value::Array(elements)
            }
            (Value::Array(elements), 3) => elements.first().cloned().unwrap_or_else(|| json!("")),
            (Value::Array(_), 4) => json!({}),
            (Value::Array(_), _) => json!("text"),
            (Value::Object(_), 1..=2) => json!([]),
            (Value::Object(fields), 3) => json!([fields]),
            (Value::Object(_), 4) => json!("text"),
            (Value::Object(_), _) => json!(0),
            (Value::Null, _) => json!("text"),
        };
    }
}

/// A place that is not the identity of the resource.
fn pick_place(resource: &Value, random: &mut Random) -> Option<Place> {
    let mut candidates = places(resource);
    candidates.retain(|place| {
        let top: Vec<&str> = place.iter().map(String::as_str).collect();
        !matches!(top.as_slice(), ["apiVersion" | "kind" | "metadata"] | ["metadata", "name" | "namespace"])
            && at(resource, place).is_some()
    });
    if candidates.is_empty() { None } else { Some(random.pick(&candidates).clone()) }
}
