//! Random sources that follow the grammar, and the types often enough that the later stages see them too.

use super::random::Random;

/// A file of some items.
pub fn source(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(4) {
        text.push_str(&item(random));
        text.push('\n');
    }
    text
}

/// Subjects, with paths of theirs by type.
struct Place {
    subject: &'static str,
    bools: &'static [&'static str],
    texts: &'static [&'static str],
    numbers: &'static [&'static str],
    /// Lists of objects that have a name.
    objects: &'static [&'static str],
    /// Lists of texts.
    words: &'static [&'static str],
}

/// Of every subject, one value each.
const SINGLE_BOOLS: &[&str] =
    &["has resource.metadata.labels", "namespace.labels.env == \"a\"", "has user.name", "empty user.groups"];
const SINGLE_TEXTS: &[&str] = &[
    "resource.metadata.name",
    "namespace",
    "user.name",
    "user.serviceAccount.name",
    "namespace.labels.team",
    "resource.kind",
];
const SINGLE_NUMBERS: &[&str] =
    &["resource.metadata.generation", "count(resource.metadata.labels)", "count(user.groups)"];
const MAPS: &[&str] = &["resource.metadata.labels", "resource.metadata.annotations", "namespace.labels"];

const PLACES: &[Place] = &[
    Place {
        subject: "pod",
        bools: &[
            "spec.hostPID",
            "spec.hostNetwork",
            "container.securityContext.privileged",
            "spec.shareProcessNamespace",
        ],
        texts: &[
            "image",
            "spec.nodeName",
            "label.app",
            "annotation[\"a.io/b\"]",
            "container.name",
            "image.tag",
            "spec.volumes.name",
        ],
        numbers: &[
            "spec.priority",
            "container.ports.containerPort",
            "container.resources.limits.memory",
            "spec.securityContext.runAsUser",
        ],
        objects: &["spec.containers", "spec.volumes", "container.ports", "container", "initContainer"],
        words: &["container.command", "image", "spec.containers.args", "user.groups"],
    },
    Place {
        subject: "container",
        bools: &[
            "securityContext.privileged",
            "pod.spec.hostPID",
            "stdin",
            "privileged(self)",
            "env.valueFrom.secretKeyRef.optional",
        ],
        texts: &[
            "image",
            "image.tag",
            "image.registry",
            "name",
            "imagePullPolicy",
            "env.name",
            "pod.spec.nodeName",
        ],
        numbers: &[
            "ports.hostPort",
            "resources.limits.cpu",
            "resources.requests.memory",
            "securityContext.runAsUser",
        ],
        objects: &["ports", "env", "volumeMounts", "pod.spec.volumes", "pod.container"],
        words: &["securityContext.capabilities.drop", "command", "args", "pod.image"],
    },
    Place {
        subject: "Deployment",
        bools: &["spec.paused", "spec.template.spec.hostPID", "changed spec.selector"],
        texts: &[
            "metadata.name",
            "label.team",
            "spec.strategy.type",
            "image",
            "old.metadata.name",
            "spec.template.spec.containers.image",
        ],
        numbers: &[
            "spec.replicas",
            "old.spec.replicas",
            "spec.minReadySeconds",
            "spec.strategy.rollingUpdate.maxSurge",
        ],
        objects: &["spec.template.spec.containers", "metadata.ownerReferences", "container"],
        words: &["metadata.finalizers", "image", "pod.container.args"],
    },
    Place {
        subject: "Ingress, Service",
        bools: &["has label.app", "has metadata.annotations", "empty metadata.labels[\"a\"]"],
        texts: &["metadata.name", "metadata.annotations[\"x\"]", "metadata.namespace"],
        numbers: &["metadata.generation", "count(label)"],
        objects: &["metadata.ownerReferences"],
        words: &["metadata.finalizers", "keys(metadata.labels)", "values(label)"],
    },
    Place {
        subject: "security",
        bools: &["runAsNonRoot", "pod.spec.hostIPC"],
        texts: &["seLinuxOptions.type", "seccompProfile.localhostProfile"],
        numbers: &["runAsUser", "runAsGroup"],
        objects: &["pod.spec.containers", "pod.container"],
        words: &["pod.image", "user.groups"],
    },
    Place {
        subject: "resource",
        bools: &["has label.a", "empty annotation[\"a/b\"]"],
        texts: &["metadata.name", "label.owner", "kind", "apiVersion"],
        numbers: &["count(metadata.labels)"],
        objects: &["metadata.ownerReferences"],
        words: &["metadata.finalizers"],
    },
];

/// What each subject has, of one value: for `where`, filters and `if`.
fn single(place: &Place) -> Place {
    Place {
        subject: place.subject,
        bools: SINGLE_BOOLS,
        texts: SINGLE_TEXTS,
        numbers: SINGLE_NUMBERS,
        objects: &["resource.metadata.ownerReferences"],
        words: &["user.groups", "resource.metadata.finalizers"],
    }
}

fn item(random: &mut Random) -> String {
    let place = random.pick(PLACES);
    match random.below(14) {
        0 => format!("let {} = {}", name(random), constant(random)),
        1 => format!(
            "fn {}(c: Container, n: int) = {}",
            name(random),
            condition(random.pick(PLACES), random, 3)
        ),
        2 => format!(
            "view {} of {} = {}",
            name(random),
            random.pick(&["pod", "container", "Deployment", "resource"]),
            random.pick(place.objects)
        ),
        3 => format!(
            "policy {}({}: int = {}) \"{}\" {{\n  severity high\n  action {}\n  {}\n  {}\n}}",
            name(random),
            name(random),
            random.below(9),
            name(random),
            random.pick(&["audit", "enforce", "audit where namespace ~ \"a*\""]),
            rule(place, random),
            rule(random.pick(PLACES), random),
        ),
        4 => format!(
            "mutate {} {{ set {} = {} }}",
            place.subject,
            random.pick(place.texts),
            value(place, random, 2)
        ),
        5 => format!(
            "test \"{}\" {{ expect {} Pod {{ metadata: {{ name: \"a\" }}, spec: {{ containers: [{{ name: {}, image: {} }}] }} }} }}",
            name(random),
            random.pick(&["deny", "allow", "skip", "delete", "keep"]),
            text(random),
            text(random),
        ),
        _ => rule(place, random),
    }
}

fn rule(place: &Place, random: &mut Random) -> String {
    let mut rule = String::new();
    if random.chance(30) {
        rule.push_str(&format!("rule {}: ", name(random)));
    }
    let deny = random.chance(60);
    rule.push_str(if deny { "deny " } else { "require " });
    rule.push_str(place.subject);
    if random.chance(20) {
        rule.push_str(random.pick::<&str>(&[" on create", " on update", " on any", " on create, delete"]));
    }
    for _ in 0..random.below(3) {
        match random.chance(75) {
            true => rule.push_str(&format!(" where {}", condition(&single(place), random, 2))),
            false => rule.push_str(&format!(" with {} = {}", name(random), value(&single(place), random, 2))),
        }
    }
    rule.push_str(if deny { "\n  if " } else { "\n  that " });
    rule.push_str(&condition(place, random, 4));
    if random.chance(40) {
        rule.push_str(&format!("\n  message \"{} {{{}}}\"", name(random), random.pick(place.texts)));
    }
    rule
}

fn condition(place: &Place, random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return random.pick(place.bools).to_string();
    }
    let less = depth - 1;
    let texts = |random: &mut Random| format!("[{}, {}, {}]", text(random), text(random), text(random));
    match random.below(22) {
        0 => format!("({} and {})", condition(place, random, less), condition(place, random, less)),
        1 => format!("({} or {})", condition(place, random, less), condition(place, random, less)),
        2 => format!("not {}", condition(place, random, less)),
        3 | 4 => format!(
            "{} {} {}",
            random.pick(place.texts),
            random.pick(&["==", "!=", "~", "!~", "in", "not in"]),
            text(random)
        ),
        5 => format!(
            "{} {} {}",
            random.pick(place.texts),
            random.pick(&["in", "not in", "~", "!~"]),
            texts(random)
        ),
        6 => format!(
            "{} {} r\"^[a-z]+{}$\"",
            random.pick(place.texts),
            random.pick(&["matches", "not matches"]),
            name(random)
        ),
        7 | 8 => format!(
            "{} {} {}",
            random.pick(place.numbers),
            random.pick(&["==", "!=", "<", "<=", ">", ">="]),
            number(random)
        ),
        9 => format!("{} in {}..{}", random.pick(place.numbers), random.below(9), random.below(99)),
        10 => {
            format!("{} {} {} or missing", random.pick(place.texts), random.pick(&["==", "~"]), text(random))
        }
        11 => format!("{} {}", random.pick(&["has", "empty", "not has", "changed"]), any_path(place, random)),
        12 | 13 => {
            let x = name(random);
            let (list, body) = match random.below(4) {
                0 => (
                    random.pick(place.words).to_string(),
                    format!("{x} {} {}", random.pick(&["==", "~", "!="]), text(random)),
                ),
                1 => (
                    texts(random),
                    format!("{x} {} {}", random.pick(&["==", "!=", "in"]), random.pick(place.texts)),
                ),
                2 => (random.pick(place.objects).to_string(), condition(place, random, less)),
                _ => (
                    random.pick(place.objects).to_string(),
                    format!("{x}.name {} {}", random.pick(&["==", "~", "!~"]), text(random)),
                ),
            };
            format!("({} {x} in {list}: {body})", random.pick(&["any", "every"]))
        }
        14 => format!(
            "({} k, v in {}: k ~ {} and v == {})",
            random.pick(&["any", "every"]),
            random.pick(MAPS),
            text(random),
            text(random)
        ),
        15 => format!(
            "(if {} then {} else {})",
            condition(&single(place), random, less),
            condition(place, random, less),
            condition(place, random, less)
        ),
        16 => format!(
            "count({}) {} {}",
            list(place, random, less),
            random.pick(&["<=", "==", ">"]),
            random.below(4)
        ),
        17 => format!(
            "{} {} {}",
            value(place, random, less),
            random.pick(&["==", "!=", "<", "in"]),
            value(place, random, less)
        ),
        18 => format!("({} ?? {}) == {}", random.pick(place.texts), text(random), text(random)),
        _ => random.pick(place.bools).to_string(),
    }
}

fn value(place: &Place, random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return any_path(place, random).to_string();
    }
    let less = depth - 1;
    match random.below(12) {
        0 => text(random),
        1 => number(random),
        2 => list(place, random, less),
        3 => format!("({} ?? {})", any_path(place, random), value(place, random, less)),
        4 => format!(
            "({} {} {})",
            value(place, random, less),
            random.pick(&["+", "-", "*", "/"]),
            value(place, random, less)
        ),
        5 => format!(
            "(if {} then {} else {})",
            condition(place, random, less),
            value(place, random, less),
            value(place, random, less)
        ),
        6 => format!("\"{} {{{}}}\"", name(random), random.pick(place.texts)),
        7 => format!("{}({})", random.pick(FUNCTIONS), value(place, random, less)),
        8 => format!("{}({}, {})", random.pick(FUNCTIONS), value(place, random, less), text(random)),
        9 => format!(
            "{{ {}: {}, {}: {} }}",
            name(random),
            value(place, random, less),
            name(random),
            value(place, random, less)
        ),
        _ => any_path(place, random).to_string(),
    }
}

/// A value outside of every rule.
fn constant(random: &mut Random) -> String {
    match random.below(6) {
        0 => number(random),
        1 => format!("[{}, {}]", text(random), text(random)),
        2 => format!("[{}]", number(random)),
        3 => format!("{{ a: {}, b: {} }}", text(random), number(random)),
        4 => value(random.pick(PLACES), random, 2),
        _ => text(random),
    }
}

fn list(place: &Place, random: &mut Random, depth: usize) -> String {
    let less = depth.saturating_sub(1);
    match random.below(7) {
        0 => format!("[{}, {}]", text(random), text(random)),
        1 => "[]".into(),
        2 if depth > 0 => {
            let x = name(random);
            format!(
                "[{x} for {x} in {} where {}]",
                random.pick(place.objects),
                condition(place, random, less)
            )
        }
        3 if depth > 0 => format!("[{} for x in {}]", value(place, random, less), list(place, random, less)),
        _ => random.pick(place.objects).to_string(),
    }
}

const FUNCTIONS: &[&str] = &[
    "count",
    "lower",
    "upper",
    "trim",
    "split",
    "join",
    "keys",
    "values",
    "int",
    "string",
    "json",
    "distinct",
    "sum",
    "min",
    "max",
    "merge",
    "without",
    "round",
    "must",
    "try",
    "base64.encode",
    "selects",
    "semver",
    "time",
    "duration",
    "quantity",
    "startsWith",
    "replace",
    "length",
    "flatten",
    "sort",
    "cidr",
    "version",
    "a",
    "b",
];

fn any_path(place: &Place, random: &mut Random) -> &'static str {
    let sort = [place.bools, place.texts, place.numbers, place.objects, place.words];
    let sort = sort[random.below(sort.len())];
    random.pick::<&str>(sort)
}

fn name(random: &mut Random) -> String {
    random
        .pick(&["a", "b", "c", "x", "team-a", "spec", "image", "only", "kind", "f", "v", "missing"])
        .to_string()
}

fn text(random: &mut Random) -> String {
    random
        .pick(&[
            "\"a\"",
            "\"\"",
            "\"*\"",
            "\"a*\"",
            "\"?*\"",
            "\"Always\"",
            "\"latest\"",
            "\"docker.io/*\"",
            "\"{{ a }}\"",
            "\"$(a)\"",
            "\">5\"",
            "\"a|b\"",
            "\"0644\"",
            "\"on\"",
            "\"é\\n\"",
            "\"\\\"\"",
            "\"container_t\"",
            "\"Recreate\"",
            "\"{name}\"",
            "\"1\"",
            "\"!a\"",
            "\"a & b\"",
            "r\"\\d\"",
        ])
        .to_string()
}

fn number(random: &mut Random) -> String {
    random
        .pick(&["0", "1", "80", "2Gi", "500m", "0.5", "10%", "-1", "1e3", "9223372036854775807", "30s", "1d"])
        .to_string()
}
