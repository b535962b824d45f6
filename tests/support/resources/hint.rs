//! What a policy looks at: paths, and the values that it compares them with.

use super::super::place::{Path, Step};
use super::quantity;
use serde::Deserialize;
use serde_json::Value;

/// A path and values at the boundary of a condition on it. The path is relative to a Pod or to the object;
/// templates of workloads get the pod's paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub path: Path,
    /// Of the field's own type, so that a steered resource stays admissible.
    pub values: Vec<Value>,
    pub form: Form,
    /// The kinds that have the path, for paths that are neither about pods nor about metadata. None named:
    /// it is followed only where it already leads somewhere.
    pub kinds: Vec<String>,
}

/// How near misses of a value are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text as it is, integers and booleans.
    Plain,
    /// Text with `*` and `?`.
    Glob,
    /// Amounts, which have many spellings.
    Quantity,
}

/// Maps of Kubernetes whose values are quantities.
const QUANTITY_PARENTS: [&str; 4] = ["limits", "requests", "hard", "capacity"];

impl Hint {
    /// The form is guessed from path and values.
    pub fn new(path: &str, values: impl IntoIterator<Item = Value>) -> Hint {
        Hint::at(Path::parse(path), values.into_iter().collect())
    }

    fn at(path: Path, values: Vec<Value>) -> Hint {
        let keys: Vec<&str> = path.keys().collect();
        let parent = keys.len().checked_sub(2).map(|index| keys[index]);
        let is_quantity = parent.is_some_and(|parent| QUANTITY_PARENTS.contains(&parent))
            || path.last_key() == Some("sizeLimit");
        let is_glob = |value: &Value| value.as_str().is_some_and(|text| text.contains(['*', '?']));
        let form = match () {
            () if is_quantity => Form::Quantity,
            () if values.iter().any(is_glob) => Form::Glob,
            () => Form::Plain,
        };
        let values = match form {
            // Text that is no amount would make the resource inadmissible.
            Form::Quantity => {
                values.into_iter().filter(|value| quantity::amount_of(value).is_some()).collect()
            }
            Form::Plain | Form::Glob => values,
        };
        Hint { path, values, form, kinds: Vec::new() }
    }

    /// The same for kinds that have the path.
    pub fn of_kinds(mut self, kinds: &[&str]) -> Hint {
        self.kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        self
    }
}

/// The hints in the patterns of ClusterPolicies, given as YAML. Other kinds of policy give none: whoever
/// compiled them knows their paths and literals.
pub fn hints_of_policies(policies: &str) -> Vec<Hint> {
    let mut hints = Vec::new();
    for document in serde_yaml::Deserializer::from_str(policies) {
        let Ok(policy) = Value::deserialize(document) else { continue };
        for rule in policy["spec"]["rules"].as_array().into_iter().flatten() {
            let kinds = kinds_of(&rule["match"]);
            let first = hints.len();
            let validate = &rule["validate"];
            let patterns = std::iter::once(&validate["pattern"])
                .chain(validate["anyPattern"].as_array().into_iter().flatten());
            for pattern in patterns {
                collect(pattern, &mut Vec::new(), &mut hints);
            }
            // A patch writes what a mutation checks: present, absent, other.
            collect(&rule["mutate"]["patchStrategicMerge"], &mut Vec::new(), &mut hints);
            hints[first..].iter_mut().for_each(|hint| hint.kinds.clone_from(&kinds));
        }
    }
    hints
}

/// The kinds that a rule names, without group and version.
fn kinds_of(matched: &Value) -> Vec<String> {
    let mut kinds = Vec::new();
    for filters in [&matched["any"], &matched["all"]] {
        for filter in filters.as_array().into_iter().flatten() {
            for kind in
                filter["resources"]["kinds"].as_array().into_iter().flatten().filter_map(Value::as_str)
            {
                kinds.push(kind.rsplit('/').next().unwrap_or(kind).to_owned());
            }
        }
    }
    kinds
}

fn collect(pattern: &Value, here: &mut Vec<Step>, hints: &mut Vec<Hint>) {
    match pattern {
        Value::Object(fields) => {
            for (key, value) in fields {
                here.push(Step::Key(without_anchor(key).to_owned()));
                collect(value, here, hints);
                here.pop();
            }
        }
        Value::Array(elements) => {
            here.push(Step::Each);
            elements.iter().for_each(|element| collect(element, here, hints));
            here.pop();
        }
        Value::String(text) => {
            let operands = text
                .split(['|', '&'])
                .map(|part| Value::from(part.trim().trim_start_matches(['!', '<', '>', '=']).trim()));
            hints.push(Hint::at(Path(here.clone()), operands.collect()));
        }
        Value::Bool(_) | Value::Number(_) => hints.push(Hint::at(Path(here.clone()), vec![pattern.clone()])),
        Value::Null => {}
    }
}

/// `=(key)`, `(key)`, `X(key)`, `+(key)`, `^(key)` and `<(key)` are anchors around a key.
fn without_anchor(key: &str) -> &str {
    match key.split_once('(') {
        Some(("" | "=" | "X" | "+" | "^" | "<", rest)) => rest.strip_suffix(')').unwrap_or(key),
        _ => key,
    }
}

#[test]
fn patterns_give_paths_and_operands() {
    let hints = hints_of_policies(
        "spec: {rules: [{match: {any: [{resources: {kinds: [v1/Pod]}}]}, validate: {pattern: {spec: {'=(containers)':
            [{image: 'a/* | !b', resources: {limits: {cpu: '<=500m', memory: '?*'}}}]}}}}]}",
    );
    let hint = |path: &str, values: &[&str]| {
        Hint::new(&format!("spec.containers[].{path}"), values.iter().map(|value| Value::from(*value)))
            .of_kinds(&["Pod"])
    };
    assert_eq!(
        hints,
        [
            hint("image", &["a/*", "b"]),
            hint("resources.limits.cpu", &["500m"]),
            hint("resources.limits.memory", &[])
        ]
    );
    assert_eq!(hints[0].form, Form::Glob);
    assert_eq!(hints[2].form, Form::Quantity);
}
