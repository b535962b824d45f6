//! Makes a failing resource small, so that a person sees what matters in it.

use super::place::{at, at_mut, places, remove};
use serde_json::{Value, json};

/// How often a shrinker may ask before it is content with what it has.
const QUESTIONS_MAX: usize = 2_000;

/// The smallest resource it finds for which `still_fails` holds, as it does for `resource`.
///
/// It drops fields and elements, then makes scalars simple, until nothing more can go.
/// `apiVersion` and `kind` stay.
pub fn shrink(resource: &Value, mut still_fails: impl FnMut(&Value) -> bool) -> Value {
    let mut smallest = resource.clone();
    let mut questions = 0;
    let mut try_it = |candidate: &Value| {
        questions += 1;
        questions <= QUESTIONS_MAX && still_fails(candidate)
    };
    loop {
        let before = smallest.clone();
        // From the top: what goes first takes its children along.
        let mut index = 0;
        while let Some(place) = places(&smallest).get(index).cloned() {
            let mut candidate = smallest.clone();
            let kept = matches!(place.as_slice(), [only] if only == "apiVersion" || only == "kind");
            if !kept && remove(&mut candidate, &place) && try_it(&candidate) {
                smallest = candidate; // the next place has moved to this index
            } else {
                index += 1;
            }
        }
        for place in places(&smallest) {
            if matches!(place.as_slice(), [only] if only == "apiVersion" || only == "kind") {
                continue;
            }
            for simpler in at(&smallest, &place).map(simpler).unwrap_or_default() {
                let mut candidate = smallest.clone();
                if let Some(value) = at_mut(&mut candidate, &place) {
                    *value = simpler;
                }
                if try_it(&candidate) {
                    smallest = candidate;
                    break;
                }
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

/// Simpler scalars of the same type, the simplest first. Each is shorter or nearer to zero, so shrinking ends.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let characters: Vec<char> = text.chars().collect();
            let half = characters.len() / 2;
            let mut texts = vec![json!("")];
            if characters.len() > 1 {
                texts.push(json!(characters[..half].iter().collect::<String>()));
                texts.push(json!(characters[half..].iter().collect::<String>()));
                texts.push(json!(characters[1..].iter().collect::<String>()));
                texts.push(json!(characters[..characters.len() - 1].iter().collect::<String>()));
            }
            texts.retain(|simpler| simpler != value);
            texts
        }
        Value::Number(number) => match number.as_i64() {
            Some(0) => Vec::new(),
            Some(1 | -1) => vec![json!(0)],
            Some(number) => vec![json!(0), json!(1), json!(number / 2)],
            None => vec![json!(0), json!(1)],
        },
        Value::Bool(true) => vec![json!(false)],
        Value::Bool(false) | Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

#[test]
fn only_the_cause_remains() {
    let resource = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {"hostNetwork": true, "containers": [{"name": "a"}, {"name": "b", "image": "bad/image:1", "ports": [{"containerPort": 80}]}]},
    });
    let mut questions = 0;
    let small = shrink(&resource, |candidate| {
        questions += 1;
        candidate["spec"]["containers"].as_array().is_some_and(|containers| {
            containers
                .iter()
                .any(|container| container["image"].as_str().is_some_and(|image| image.contains("bad")))
        })
    });
    assert_eq!(small, json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "bad"}]}}));
    assert!(questions < 100, "{questions} questions");
}

#[test]
fn a_shrinker_that_never_hears_no_still_ends() {
    let resource =
        json!({"apiVersion": "v1", "kind": "Pod", "spec": {"priority": -7, "x": 2.5, "list": [[1], "text"]}});
    assert_eq!(shrink(&resource, |_| true), json!({"apiVersion": "v1", "kind": "Pod"}));
}
