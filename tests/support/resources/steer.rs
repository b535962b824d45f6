//! Moves a resource toward the boundary of a policy: values that match, and values that almost do.

use super::super::place::{Path, Step};
use super::super::random::Random;
use super::atoms::TEXTS;
use super::hint::{Form, Hint};
use super::{quantity, template_of};
use serde_json::{Map, Value, json};

/// Fields of a pod's specification: paths that begin with one are about pods wherever they are.
const POD_FIELDS: [&str; 24] = [
    "containers",
    "initContainers",
    "ephemeralContainers",
    "volumes",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostUsers",
    "serviceAccountName",
    "nodeSelector",
    "tolerations",
    "securityContext",
    "restartPolicy",
    "affinity",
    "automountServiceAccountToken",
    "priorityClassName",
    "priority",
    "runtimeClassName",
    "imagePullSecrets",
    "dnsPolicy",
    "nodeName",
    "hostname",
    "schedulerName",
    "terminationGracePeriodSeconds",
];

/// How one resource treats its hints, so that whole conditions hold often enough and fail often enough.
#[derive(Clone, Copy)]
enum Mood {
    Obey,
    ObeyMostly,
    Mix,
    Leave,
}

pub fn steer(resource: &mut Value, kind: &str, hints: &[Hint], random: &mut Random) {
    let mood = *random.pick(&[
        Mood::Obey,
        Mood::Obey,
        Mood::ObeyMostly,
        Mood::ObeyMostly,
        Mood::Mix,
        Mood::Mix,
        Mood::Leave,
    ]);
    for hint in hints {
        if let Some((path, creates)) = relocated(hint, kind, random) {
            visit(resource, &path.0, Aim { hint, mood, creates }, random);
        }
    }
}

/// What happens at the places of a path.
#[derive(Clone, Copy)]
struct Aim<'h> {
    hint: &'h Hint,
    mood: Mood,
    /// Whether missing fields are made. Only where the kind is known to have them.
    creates: bool,
}

/// The path as it is for this kind, below the template for what is about pods, and whether the kind is
/// known to have it. None if it is known not to.
fn relocated(hint: &Hint, kind: &str, random: &mut Random) -> Option<(Path, bool)> {
    let path = pod_relative(&hint.path);
    let about_pods = match path.0.as_slice() {
        [Step::Key(spec), Step::Key(field), ..] if spec == "spec" => POD_FIELDS.contains(&field.as_str()),
        // The labels of a workload and those of its pods: rules look at either.
        [Step::Key(metadata), ..] if metadata == "metadata" => {
            let below =
                template_of(kind).filter(|_| path != hint.path || random.chance(60)).unwrap_or_default();
            return Some((path.under(below), true));
        }
        _ => false,
    };
    if about_pods {
        Some((path.under(template_of(kind)?), true))
    } else if hint.kinds.is_empty() {
        Some((hint.path.clone(), false))
    } else {
        hint.kinds.iter().any(|named| named == kind).then(|| (hint.path.clone(), true))
    }
}

/// The path from the pod's root, if it leads through a template.
fn pod_relative(path: &Path) -> Path {
    for template in ["spec.template", "spec.jobTemplate.spec.template"] {
        let template = Path::parse(template).0;
        if let Some(rest) = path.0.strip_prefix(template.as_slice()) {
            return Path(rest.to_vec());
        }
    }
    path.clone()
}

fn visit(value: &mut Value, steps: &[Step], aim: Aim<'_>, random: &mut Random) {
    match (steps, value) {
        // A list of scalars: some elements in, some out.
        ([Step::Each], Value::Array(elements))
            if elements.iter().all(|element| !element.is_object() && !element.is_array()) =>
        {
            if elements.is_empty() || random.chance(50) {
                elements.extend(choose(None, aim, random));
            } else {
                let index = random.below(elements.len());
                if let Some(value) = choose(Some(&elements[index]), aim, random) {
                    elements[index] = value;
                }
            }
        }
        ([Step::Each, rest @ ..], Value::Array(elements)) => {
            elements.iter_mut().for_each(|element| visit(element, rest, aim, random));
        }
        ([Step::Key(key)], Value::Object(fields)) => leaf(fields, key, aim, random),
        ([Step::Key(key), rest @ ..], Value::Object(fields)) => {
            if !fields.contains_key(key) {
                if !aim.creates || random.chance(15) || matches!(aim.mood, Mood::Leave) {
                    return;
                }
                match rest {
                    // Lists of scalars can be made; elements of others need fields that nobody knows here.
                    [Step::Each] => drop(fields.insert(key.clone(), json!([]))),
                    [Step::Each, ..] => return,
                    _ => drop(fields.insert(key.clone(), json!({}))),
                }
            }
            if let Some(child) = fields.get_mut(key) {
                visit(child, rest, aim, random);
            }
        }
        // The resource has another shape there; it keeps it.
        _ => {}
    }
}

fn leaf(fields: &mut Map<String, Value>, key: &str, aim: Aim<'_>, random: &mut Random) {
    let removable = !matches!(key, "name" | "containers" | "template");
    let removal = match aim.mood {
        Mood::Obey => 0,
        Mood::ObeyMostly => 4,
        Mood::Mix => 12,
        Mood::Leave => 4,
    };
    if !aim.creates && !fields.contains_key(key) {
        return;
    }
    if removable && random.chance(removal) {
        fields.shift_remove(key);
    } else if let Some(value) = choose(fields.get(key), aim, random) {
        fields.insert(key.to_owned(), value);
    }
}

/// A value for a place, or None to leave what is there. A value of another type than the present one is
/// not taken, except between the spellings of a quantity.
fn choose(present: Option<&Value>, aim: Aim<'_>, random: &mut Random) -> Option<Value> {
    let hint = aim.hint;
    let (leave, near) = match aim.mood {
        Mood::Obey => (0, 0),
        Mood::ObeyMostly => (5, 10),
        Mood::Mix => (20, 50),
        Mood::Leave => (80, 50),
    };
    if random.chance(leave) && present.is_some() {
        return None;
    }
    let is_near = random.chance(near);
    let value = match hint.form {
        Form::Quantity => amount(hint, is_near, random),
        Form::Glob | Form::Plain => {
            if hint.values.is_empty() {
                return None;
            }
            let value = random.pick(&hint.values).clone();
            match value {
                Value::String(text) => {
                    let text = match hint.form {
                        Form::Glob => instance(&text, random),
                        Form::Plain | Form::Quantity => text,
                    };
                    json!(if is_near { near_text(&text, random) } else { text })
                }
                Value::Number(number) if is_near => match number.as_i64() {
                    Some(number) => json!(number.saturating_add(*random.pick(&[-1, 1, -1, 1, 1000]))),
                    None => Value::Number(number),
                },
                Value::Bool(flag) => json!(flag != is_near),
                other => other,
            }
        }
    };
    let same_type = present.is_none_or(|present| {
        hint.form == Form::Quantity || std::mem::discriminant(present) == std::mem::discriminant(&value)
    });
    same_type.then_some(value)
}

fn amount(hint: &Hint, is_near: bool, random: &mut Random) -> Value {
    let amounts: Vec<quantity::Nano> = hint.values.iter().filter_map(quantity::amount_of).collect();
    let amount = match amounts.as_slice() {
        [] => *random.pick(&[0, 500_000_000, 1_000_000_000, 1_073_741_824_000_000_000]),
        amounts => *random.pick(amounts),
    };
    let amount = match is_near {
        true => *random.pick(&[
            amount + 1_000_000,
            amount - 1_000_000,
            amount + 1_000_000_000,
            0,
            amount * 2,
            amount / 2,
        ]),
        false => amount,
    };
    let amount = amount.max(0);
    let spellings = quantity::spellings(amount);
    match spellings.is_empty() {
        true => json!("1"),
        false => random.pick(&spellings).clone(),
    }
}

/// A text that the glob matches.
fn instance(glob: &str, random: &mut Random) -> String {
    let mut text = String::new();
    for character in glob.chars() {
        match character {
            '*' => text.push_str(random.pick::<&str>(&["", "", "x", "llm:1.0", "a/b", "☃", "*", " "])),
            '?' => text.push(*random.pick(&['a', '0', '/', 'é', '?', '*'])),
            other => text.push(other),
        }
    }
    text
}

/// A text that is almost `text`.
fn near_text(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    match random.below(8) {
        0 => characters.push(*random.pick(&['x', ' ', '/', '*', '\n', '0'])),
        1 => characters.insert(0, *random.pick(&['x', ' ', '/', 'v'])),
        2 => drop(characters.pop()),
        3 if !characters.is_empty() => drop(characters.remove(0)),
        4 if !characters.is_empty() => drop(characters.remove(random.below(characters.len()))),
        5 => {
            return if text.chars().any(char::is_lowercase) {
                text.to_uppercase()
            } else {
                text.to_lowercase()
            };
        }
        6 if !characters.is_empty() => {
            let index = random.below(characters.len());
            characters[index] = 'q';
        }
        _ => return random.pick(&TEXTS).to_string(),
    }
    characters.into_iter().collect()
}
