//! Where the subject of a rule lies in each kind: which kinds share a rule, and whether Kyverno itself makes the
//! rules for workloads out of the one for Pods (autogen).

use super::Unsupported;
use crate::formats::jmespath;
use crate::ir::rewrite::{at_subject, map_paths, violation_of_subject, visit_rule};
use crate::ir::*;

/// One rule to write: for kinds in which the subject lies at the same place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What tells it from the others of the same source rule.
    pub suffix: Option<String>,
    pub targets: Vec<Target>,
    /// With the subject put at its place, so that paths begin at the object.
    pub rule: Rule,
    /// Kyverno makes the rules for the seven kinds of workloads.
    pub autogen: bool,
}

/// The kinds for which Kyverno makes rules, and where their Pod templates are.
const WORKLOADS: [(&str, &str, &[&str]); 8] = [
    ("", "Pod", &[]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
];

/// Names of rules end here, also of those that Kyverno makes.
const NAME_MAX: usize = 63;
const LONGEST_PREFIX: &str = "autogen-cronjob-";

/// Whether Kyverno may make rules out of the policy's: it does so for all of its rules about Pods, or for none.
pub fn autogen(policy: &Policy) -> bool {
    let about_pods = |rule: &&Rule| rule.targets.iter().any(|target| is_pod(&target.kind));
    policy.rules.iter().any(|rule| about_pods(&rule))
        && policy.rules.iter().filter(about_pods).all(fits_autogen)
        && !policy.rules.iter().any(|rule| rule.name.starts_with("autogen-"))
}

/// Whether some rule is about Pods, so that Kyverno would make rules if not told otherwise.
pub fn mentions_pods(policy: &Policy) -> bool {
    policy.rules.iter().any(|rule| rule.targets.iter().any(|target| is_pod(&target.kind)))
}

fn is_pod(kind: &KindRef) -> bool {
    kind.kind == "Pod" && kind.group.is_empty()
}

/// Exactly the eight kinds, and nothing in it that the replacement of text gets wrong: only
/// `request.object.metadata` and `.spec` of the Pod itself are moved to the template.
fn fits_autogen(rule: &Rule) -> bool {
    let is_workload = |target: &Target| {
        let place = |(group, kind, fields): &(&str, &str, &[&str])| {
            let names = |path: &SubjectPath| -> Option<Vec<String>> {
                Some(path.fields()?.iter().map(|field| field.name.clone()).collect())
            };
            *group == target.kind.group
                && *kind == target.kind.kind
                && target.subresource.is_none()
                && matches!(target.subjects.as_slice(), [path] if names(path).is_some_and(|names| names == *fields))
        };
        WORKLOADS.iter().any(place)
    };
    // Kyverno makes rules out of checks as they stand; what changes or makes objects is written for each place.
    let is_check = rule.check().is_some();
    let all_eight = is_check && rule.targets.len() == WORKLOADS.len() && rule.targets.iter().all(is_workload);
    let name_fits = LONGEST_PREFIX.len() + rule.name.len() <= NAME_MAX;
    let replaced = |text: &str| jmespath::REPLACED.iter().any(|replaced| text.contains(replaced));
    let message_fits =
        || !rule.message.parts.iter().any(|part| matches!(part, TextPart::Text(text) if replaced(text)));
    let misfit = |value: &Value| match &value.kind {
        ValueKind::Path(path) => !moves_along(path),
        ValueKind::Literal(literal) => super::value::literal_json(literal).as_str().is_some_and(replaced),
        _ => false,
    };
    all_eight && name_fits && message_fits() && !measure::any_value_of_rule(rule, &mut |value| misfit(value))
}

/// Whether the path means the same after Kyverno's replacement of text.
fn moves_along(path: &Path) -> bool {
    let first = path.steps.first().and_then(|step| match step {
        Step::Field(field) => Some(field.name.as_str()),
        Step::Key(_) | Step::Element(_) => None,
    });
    match path.root {
        Root::Subject | Root::OldSubject => matches!(first, Some("metadata" | "spec")),
        Root::Object | Root::OldObject => matches!(first, Some("kind" | "apiVersion")),
        Root::Local(_)
        | Root::Existing
        | Root::ExistingSubject
        | Root::Predicate
        | Root::Namespace
        | Root::NamespaceObject
        | Root::User
        | Root::Request
        | Root::Now => true,
    }
}

/// The rules to write for a rule.
///
/// # Errors
/// What lies in lists cannot be compared with what it was before.
pub fn placed(rule: &Rule, autogen: bool) -> Result<Vec<Placed>, Unsupported> {
    let rule = &with_bare_templates(rule);
    if autogen && fits_autogen(rule) {
        let pod = rule.targets.iter().filter(|target| is_pod(&target.kind)).cloned().collect();
        let rule = at_subject(rule, &SubjectPath::default()).unwrap_or_else(|| rule.clone());
        return Ok(vec![Placed { suffix: None, targets: pod, rule, autogen: true }]);
    }
    let mut groups: Vec<Vec<Target>> = Vec::new();
    for target in &rule.targets {
        let alike = |group: &&mut Vec<Target>| {
            group.first().is_some_and(|first| {
                places(first) == places(target)
                    && first.kind.is_any() == target.kind.is_any()
                    && first.kind.namespaced == target.kind.namespaced
                    && is_namespace(&first.kind) == is_namespace(&target.kind)
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(target.clone()),
            None => groups.push(vec![target.clone()]),
        }
    }
    let several = groups.len() > 1;
    groups
        .into_iter()
        .enumerate()
        .map(|(number, targets)| {
            let suffix = match (several && number > 0, targets.as_slice()) {
                (false, _) => None,
                (true, [target]) => Some(target.kind.kind.to_ascii_lowercase()),
                (true, _) => {
                    Some(if number == 1 { "workloads".to_owned() } else { format!("workloads-{number}") })
                }
            };
            let places = targets.first().map_or(&[][..], |target| &target.subjects);
            let rule = at_places(rule, places)?;
            Ok(Placed { suffix, targets, rule, autogen: false })
        })
        .collect()
}

/// The rule without the claim that a subject has `metadata`: an object has them, a template of one may not.
pub fn with_bare_templates(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    let in_templates =
        rule.targets.iter().any(|target| target.subjects.iter().any(|place| !place.0.is_empty()));
    if in_templates {
        visit_rule(&mut rule, &mut |value| {
            if let ValueKind::Path(path) = &mut value.kind
                && matches!(path.root, Root::Subject | Root::OldSubject)
                && let Some(Step::Field(field)) = path.steps.first_mut()
                && field.name == "metadata"
            {
                field.required = false;
            }
        });
    }
    rule
}

/// The places of a target's subjects, by names; `None` for the elements of a list.
fn places(target: &Target) -> Vec<Vec<Option<&str>>> {
    fn name(step: &SubjectStep) -> Option<&str> {
        match step {
            SubjectStep::Field(field) => Some(&field.name),
            SubjectStep::Each => None,
        }
    }
    target.subjects.iter().map(|path| path.0.iter().map(name).collect()).collect()
}

fn is_namespace(kind: &KindRef) -> bool {
    kind.kind == "Namespace" && kind.group.is_empty()
}

/// The rule about the subjects at the places; where there are several, it is violated if one of them is.
fn at_places(rule: &Rule, places: &[SubjectPath]) -> Result<Rule, Unsupported> {
    if let [place] = places
        && let Some(rule) = at_subject(rule, place)
    {
        return Ok(rule);
    }
    let asked = match &rule.body {
        Body::Check(check) => violation_of_subject(check),
        Body::Delete(deletion) => deletion.condition.clone(),
        Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) => {
            let reason = "only `deny`, `require` and `delete` speak of Pod templates in lists here";
            return Err(Unsupported { span: rule.origin, reason });
        }
    };
    let origin = asked.origin;
    let before = Unsupported {
        span: origin,
        reason: "a Pod template in a list has no counterpart in the old object, as elements may move",
    };
    if rewrite::mentions(rule, Root::OldSubject) {
        return Err(before);
    }
    // What the rule asks of the subject as a whole belongs to each place.
    let asks_subject = |cond: &Cond| measure::any_root(cond, &mut |root| root == Root::Subject);
    let (of_subject, of_object): (Vec<Cond>, Vec<Cond>) =
        rule.applies.iter().cloned().partition(asks_subject);
    let whole = [of_subject, vec![asked]].concat();
    let whole = Cond::new(CondKind::And(whole), origin);
    let mut next = 1 << 20;
    let violations =
        places.iter().map(|place| open(&whole, Root::Object, vec![], &place.0, &mut next)).collect();
    let mut message_rule = rule.clone();
    message_rule.applies = of_object;
    let of_some = Cond::new(CondKind::Or(violations), origin);
    match &mut message_rule.body {
        Body::Delete(deletion) => deletion.condition = of_some,
        body => *body = Body::Check(Check { elements: None, violation: of_some }),
    }
    // A message cannot tell which of the subjects it is about.
    for part in &mut message_rule.message.parts {
        let mut about_subject = false;
        if let TextPart::Value(value) = part {
            rewrite::visit_value(value, &mut |value| {
                about_subject |=
                    value.as_path().is_some_and(|path| matches!(path.root, Root::Subject | Root::Local(_)));
            });
        }
        if about_subject {
            *part = TextPart::Text("…".to_owned());
        }
    }
    Ok(message_rule)
}

/// That the condition holds of some subject at the place below `root`.
pub fn open(cond: &Cond, root: Root, mut before: Vec<Step>, steps: &[SubjectStep], next: &mut u32) -> Cond {
    let split = steps.iter().position(|step| matches!(step, SubjectStep::Each)).unwrap_or(steps.len());
    before.extend(steps[..split].iter().filter_map(|step| match step {
        SubjectStep::Field(field) => Some(Step::Field(field.clone())),
        SubjectStep::Each => None,
    }));
    if split == steps.len() {
        return map_paths(cond, &mut |path| match path.root {
            Root::Subject => Path { root, steps: [before.clone(), path.steps.clone()].concat() },
            _ => path.clone(),
        });
    }
    let element = Local(*next);
    *next += 1;
    let source = ValueKind::Path(Path { root, steps: before });
    let source = Value::new(source, Type::List(Box::new(Type::Object)), cond.origin);
    let body = open(cond, Root::Local(element), vec![], &steps[split + 1..], next);
    let quantified = Quantified { binder: Binder { key: None, element }, source, body };
    Cond::new(CondKind::Any(Box::new(quantified)), cond.origin)
}
