//! Random conditions over the fields of a subject.

use super::super::random::Random;
use super::super::resources::{Hint, TEXTS};
use super::fields::{CONTAINER, Field, Form, POD, Subject, VOLUME};
use super::text;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEYS: [&str; 10] = [
    "app",
    "owner",
    "team",
    "env",
    "app.kubernetes.io/name",
    "app.kubernetes.io/version",
    "example.com/a.b",
    "ai/version",
    "use-case",
    "accelerator",
];
const AMOUNT_KEYS: [&str; 5] = ["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage", "storage"];
const AMOUNTS: [&str; 16] = [
    "0", "1m", "100m", "500m", "1", "1001m", "2", "64", "128Mi", "1Gi", "1G", "1023Mi", "1025Mi", "64Gi",
    "1500m", "2G",
];
const INTEGERS: [i64; 16] =
    [0, 1, 2, 3, 5, 10, 80, 99, 100, 443, 1000, 1024, 5000, 8080, 65535, 2_147_483_647];
const IMAGES: [&str; 9] = [
    "nginx",
    "docker.io/library/nginx:latest",
    "ghcr.io/team/llm:1.25",
    "trusted-registry.io/ai-models/nginx:v1.2.3-rc.1",
    "localhost:5000/a:1",
    "registry.k8s.io/org/sub/img.name",
    "",
    "Registry.Example.COM/a:Latest",
    "10.0.0.1:443/a/b/c/team/llm:1.10",
];

/// How a condition is read: one of many values is enough, or all must fit. `not` turns one into the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    One,
    All,
}

impl Mode {
    fn turned(self) -> Mode {
        match self {
            Mode::One => Mode::All,
            Mode::All => Mode::One,
        }
    }
}

/// What a condition may use.
#[derive(Clone, Copy)]
struct Limits<'l> {
    mode: Mode,
    /// Lists that conditions beside this one open already; None: no list at all.
    taken: Option<&'l [String]>,
    depth: usize,
}

/// Something that fields hang below: the subject, or a name bound by a quantifier.
#[derive(Clone)]
struct Base {
    /// `` or `x.`
    source: String,
    /// Where it is in resources; none where no path leads.
    places: Vec<String>,
    fields: &'static [Field],
    /// Below an element whose list may be missing.
    optional: bool,
}

/// A field as a condition reads it.
struct Reading {
    source: String,
    places: Vec<String>,
    form: Form,
    values: &'static [&'static str],
    /// The lists that it opens without saying so, outermost first.
    lists: Vec<String>,
}

pub struct Conditions<'r> {
    pub random: &'r mut Random,
    subject: &'static Subject,
    bases: Vec<Base>,
    names: usize,
    pub hints: Vec<Hint>,
    /// What of the language was used.
    pub used: BTreeSet<&'static str>,
    /// The lists that the last atom opened.
    opened: Vec<String>,
}

impl<'r> Conditions<'r> {
    pub fn new(random: &'r mut Random, subject: &'static Subject) -> Conditions<'r> {
        let own = Base {
            source: String::new(),
            places: subject.places.iter().map(|it| (*it).to_owned()).collect(),
            fields: subject.fields,
            optional: false,
        };
        let mut bases = vec![own];
        if subject.element {
            bases.push(Base {
                source: "pod.".to_owned(),
                places: vec![String::new()],
                fields: POD,
                optional: false,
            });
        }
        Conditions {
            random,
            subject,
            bases,
            names: 0,
            hints: Vec::new(),
            used: BTreeSet::new(),
            opened: Vec::new(),
        }
    }

    /// What makes a violation (`Mode::One`, after `if`) or what must be (`Mode::All`, after `that`).
    pub fn verdict(&mut self, mode: Mode) -> String {
        let depth = *self.random.pick(&[0, 0, 1, 1, 1, 2, 2, 3]);
        self.condition(Limits { mode, taken: Some(&[]), depth })
    }

    /// A condition about single values, for `where`.
    pub fn single(&mut self) -> String {
        let depth = *self.random.pick(&[0, 0, 0, 1]);
        self.condition(Limits { mode: Mode::One, taken: None, depth })
    }

    fn use_(&mut self, feature: &'static str) {
        self.used.insert(feature);
    }

    fn condition(&mut self, limits: Limits<'_>) -> String {
        if limits.depth == 0 {
            return self.atom(limits);
        }
        let inner = Limits { depth: limits.depth - 1, ..limits };
        match self.random.below(12) {
            0..=2 => self.pair(inner, "and"),
            3..=5 => self.pair(inner, "or"),
            6 => {
                self.use_("not");
                let inner = Limits { mode: limits.mode.turned(), ..inner };
                format!("not ({})", self.condition(inner))
            }
            7 | 8 => self.quantifier(inner).unwrap_or_else(|| self.atom(limits)),
            9 => {
                self.use_("if then else");
                let test = self.condition(Limits { taken: None, mode: Mode::One, depth: 0 });
                let (left, right) = (self.condition(inner), self.condition(inner));
                format!("(if {test} then {left} else {right})")
            }
            _ => self.atom(limits),
        }
    }

    /// Two conditions joined. Where the pair would be about two different elements of a list, the second
    /// opens none that the first opens.
    fn pair(&mut self, inner: Limits<'_>, word: &'static str) -> String {
        self.use_(word);
        let pairs = (word == "and") == (inner.mode == Mode::One);
        let left = self.condition(inner);
        let mut opened = std::mem::take(&mut self.opened);
        let right = match inner.taken {
            Some(taken) if pairs => {
                let mut all = taken.to_vec();
                all.extend(opened.iter().cloned());
                self.condition(Limits { taken: Some(&all), ..inner })
            }
            _ => self.condition(inner),
        };
        self.opened.append(&mut opened);
        format!("({left}) {word} ({right})").replace("\n", " ")
    }

    fn quantifier(&mut self, inner: Limits<'_>) -> Option<String> {
        let any = self.random.chance(55);
        let word = if any { "any" } else { "every" };
        self.use_(word);
        self.names += 1;
        let name = format!("x{}", self.names);
        if self.random.chance(12) {
            return Some(self.over_map(word, &name));
        }
        let (source, places, fields) = match self.view() {
            Some(view) if self.random.chance(50) => view,
            _ => {
                let base = self.pick_base();
                let lists: Vec<&'static Field> =
                    base.fields.iter().filter(|field| matches!(field.form, Form::List(_))).collect();
                if lists.is_empty() {
                    return None;
                }
                let field = *self.random.pick(&lists);
                let Form::List(fields) = field.form else { return None };
                let places = base.places.iter().map(|it| format!("{it}{}[].", field.path)).collect();
                (format!("{}{}", base.source, field.path), places, fields)
            }
        };
        self.bases.push(Base { source: format!("{name}."), places, fields, optional: false });
        // Inside, lists of the element are opened afresh.
        let body = self.condition(Limits { depth: inner.depth.min(1), ..inner });
        self.bases.pop();
        self.opened.clear();
        Some(format!("({word} {name} in {source}: {body})"))
    }

    /// The views of the prelude that this subject knows.
    fn view(&mut self) -> Option<(String, Vec<String>, &'static [Field])> {
        if !self.subject.in_pods() {
            return None;
        }
        let prefix = if self.subject.element { "pod." } else { "" };
        let views: [(&str, &[&str], &'static [Field]); 3] = [
            (
                "container",
                &["spec.containers[].", "spec.initContainers[].", "spec.ephemeralContainers[]."],
                CONTAINER,
            ),
            ("mainContainer", &["spec.containers[]."], CONTAINER),
            ("volume", &["spec.volumes[]."], VOLUME),
        ];
        let (name, places, fields) = *self.random.pick(&views);
        Some((format!("{prefix}{name}"), places.iter().map(|it| (*it).to_owned()).collect(), fields))
    }

    fn over_map(&mut self, word: &str, name: &str) -> String {
        self.use_("quantifier over a map");
        let maps = self.paths(|form| matches!(form, Form::TextMap));
        let (source, key, value) = match maps.is_empty() {
            true => (self.metadata_map(), format!("k{name}"), name.to_owned()),
            false => (self.random.pick(&maps).clone(), format!("k{name}"), name.to_owned()),
        };
        let about_key = {
            let (key_text, op) =
                (text::near(&KEYS, self.random), *self.random.pick(&["==", "!=", "~", "!~"]));
            let glob = text::glob(&key_text, self.random);
            let right = if op.contains('~') { text::quoted(&glob) } else { text::quoted(&key_text) };
            format!("{key} {op} {right}")
        };
        let about_value = self.text_test(&value, &[]);
        let joint = *self.random.pick(&["and", "or"]);
        format!("({word} {key}, {value} in {source}: {about_key} {joint} {about_value})")
    }

    fn metadata_map(&mut self) -> String {
        if self.subject.element { "pod.metadata.labels".into() } else { "metadata.labels".into() }
    }

    /// The single-valued paths of some form.
    fn paths(&self, fits: impl Fn(Form) -> bool) -> Vec<String> {
        self.bases
            .iter()
            .flat_map(|base| base.fields.iter().map(move |field| (base, field)))
            .filter(|(_, field)| fits(field.form))
            .map(|(base, field)| format!("{}{}", base.source, field.path))
            .collect()
    }

    fn pick_base(&mut self) -> Base {
        // The innermost is what a reader expects a condition to be about.
        let last = self.bases.len() - 1;
        let index = match self.random.chance(75) {
            true if !self.subject.element || last > 1 => last,
            true => 0,
            false => self.random.below(self.bases.len()),
        };
        self.bases[index].clone()
    }

    /// A field, perhaps in a list that is opened without saying so.
    fn reading(&mut self, limits: Limits<'_>) -> Option<Reading> {
        let base = self.pick_base();
        let field = self.random.pick(base.fields);
        let mut reading = Reading {
            source: format!("{}{}", base.source, field.path),
            places: base.places.iter().map(|it| format!("{it}{}", field.path)).collect(),
            form: field.form,
            values: field.values,
            lists: Vec::new(),
        };
        while let Form::List(fields) = reading.form {
            let opens = limits.taken.is_some_and(|taken| !taken.contains(&reading.source));
            if !opens || self.random.chance(15) {
                return Some(reading);
            }
            let field = self.random.pick(fields);
            reading.lists.push(reading.source.clone());
            reading.source = format!("{}.{}", reading.source, field.path);
            reading.places = reading.places.iter().map(|it| format!("{it}[].{}", field.path)).collect();
            (reading.form, reading.values) = (field.form, field.values);
        }
        Some(reading)
    }

    fn view_reading(&mut self, limits: Limits<'_>) -> Option<Reading> {
        let taken = limits.taken?;
        if !self.subject.in_pods() || self.random.chance(70) {
            return None;
        }
        if self.random.chance(40) {
            let source = if self.subject.element { "pod.image" } else { "image" };
            let lists = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"];
            if taken.iter().any(|it| lists.iter().any(|list| it.ends_with(list)) || it.ends_with("ontainer"))
            {
                return None;
            }
            return Some(Reading {
                source: source.into(),
                places: lists.iter().map(|it| format!("{it}[].image")).collect(),
                form: Form::Image,
                values: &[],
                lists: lists.iter().map(|it| (*it).to_owned()).collect(),
            });
        }
        let (source, places, fields) = self.view()?;
        let lists: Vec<String> =
            places.iter().map(|it| it.trim_end_matches("[].").to_owned()).chain([source.clone()]).collect();
        if lists.iter().any(|it| taken.iter().any(|other| other.ends_with(it.as_str()))) {
            return None;
        }
        let field = self.random.pick(fields);
        if matches!(field.form, Form::List(_)) {
            return None;
        }
        Some(Reading {
            source: format!("{source}.{}", field.path),
            places: places.iter().map(|it| format!("{it}{}", field.path)).collect(),
            form: field.form,
            values: field.values,
            lists,
        })
    }

    fn atom(&mut self, limits: Limits<'_>) -> String {
        let viewed = self.view_reading(limits);
        let Some(reading) = viewed.or_else(|| self.reading(limits)) else { return "true".into() };
        self.opened = reading.lists.clone();
        if !reading.lists.is_empty() {
            self.use_("implicit quantifier");
        }
        let source = reading.source.clone();
        if self.random.chance(8) && !matches!(reading.form, Form::List(_)) {
            self.use_("has");
            return format!("has {source}");
        }
        if self.random.chance(6)
            && !matches!(reading.form, Form::Int | Form::Bool | Form::Quantity | Form::IntOrName)
        {
            self.use_("empty");
            return format!("empty {source}");
        }
        let test = match reading.form {
            Form::Text => self.text_atom(&reading),
            Form::Enum => self.enum_atom(&reading),
            Form::Int => self.int_atom(&reading),
            Form::Bool => return self.bool_atom(&reading),
            Form::Quantity => self.quantity_atom(&reading),
            Form::Image => return self.image_atom(&reading),
            Form::IntOrName => self.port_atom(&reading),
            Form::TextMap => return self.map_atom(&reading, limits),
            Form::QuantityMap => return self.amounts_atom(&reading),
            Form::TextList => return self.list_atom(&reading, limits),
            Form::Object => return format!("{} {source}", self.random.pick(&["has", "not has", "empty"])),
            Form::List(fields) => return self.objects_atom(&reading, fields),
        };
        self.or_missing(test, &reading, limits)
    }

    /// A requirement on elements of an optional list is refused as it stands, so it usually tolerates absence.
    fn or_missing(&mut self, test: String, reading: &Reading, limits: Limits<'_>) -> String {
        let wanted = !reading.lists.is_empty() && limits.mode == Mode::All;
        let chance = if wanted { 75 } else { 12 };
        let is_comparison =
            [" == ", " != ", " < ", " <= ", " > ", " >= ", " ~ ", " !~ ", " in ", " matches "]
                .iter()
                .any(|op| test.contains(op));
        if is_comparison && self.random.chance(chance) && !test.ends_with(')') {
            self.use_("or missing");
            return format!("{test} or missing");
        }
        test
    }

    fn hint(&mut self, reading: &Reading, values: impl IntoIterator<Item = Value> + Clone) {
        for place in &reading.places {
            self.hints.push(Hint::new(place, values.clone()).of_kinds(self.subject.kinds));
        }
    }

    // Texts

    fn text_atom(&mut self, reading: &Reading) -> String {
        let source = reading.source.clone();
        let wanted = text::near(reading.values, self.random);
        match self.random.below(20) {
            0 => {
                self.use_("??");
                self.hint(reading, [json!(wanted)]);
                let other = text::near(reading.values, self.random);
                let (other, wanted) = (text::quoted(&other), text::quoted(&wanted));
                format!("({source} ?? {other}) {} {wanted}", self.random.pick(&["==", "!="]))
            }
            1 => {
                self.use_("functions of text");
                let wanted = text::quoted(&wanted.to_lowercase());
                let call = self.text_function(&source);
                format!("{call} {} {wanted}", self.random.pick(&["==", "!="]))
            }
            2 => {
                self.use_("conversions");
                let number = *self.random.pick(&INTEGERS);
                self.hint(reading, [json!(number.to_string())]);
                match self.random.below(4) {
                    0 => format!("int({source}) {} {number}", self.ordering()),
                    1 => format!("float({source}) {} {number}.5", self.ordering()),
                    2 => format!("quantity({source}) {} {}", self.ordering(), self.amount_literal()),
                    _ => format!("version({source}) {} \"1.2.0\"", self.ordering()),
                }
            }
            3 => {
                self.use_("count");
                self.hint(reading, [json!(wanted)]);
                format!("count({source}) {} {}", self.ordering(), wanted.chars().count())
            }
            4 => {
                self.use_("text in text");
                self.hint(reading, [json!(wanted)]);
                let part: String = wanted.chars().take(2).collect();
                let word = *self.random.pick(&["in", "not in"]);
                if part.is_empty() {
                    format!("has {source}")
                } else {
                    format!("{} {word} {source}", text::quoted(&part))
                }
            }
            _ => {
                let values: Vec<Value> = vec![json!(wanted)];
                self.hint(reading, values);
                let others = reading.values;
                self.text_test_on(&source, &wanted, others)
            }
        }
    }

    fn text_function(&mut self, source: &str) -> String {
        match self.random.below(7) {
            0 => format!("lower({source})"),
            1 => format!("upper({source})"),
            2 => format!("trim({source}, \"a-/ \")"),
            3 => format!("replace({source}, \"a\", \"b.\")"),
            4 => format!("substring({source}, 0, 2)"),
            5 => format!("split({source}, \"/\")[0]"),
            _ => format!("matchGroup({source}, r\"^([a-z]+)(.*)$\", 1)"),
        }
    }

    /// A test of a text that hangs below nothing that hints could reach.
    fn text_test(&mut self, source: &str, values: &'static [&'static str]) -> String {
        let wanted = text::near(values, self.random);
        self.text_test_on(source, &wanted, values)
    }

    fn text_test_on(&mut self, source: &str, wanted: &str, others: &'static [&'static str]) -> String {
        let literal = text::string(wanted, self.random);
        match self.random.below(16) {
            0..=2 => {
                self.use_("==");
                format!("{source} == {literal}")
            }
            3 | 4 => {
                self.use_("!=");
                format!("{source} != {literal}")
            }
            5 => {
                self.use_("order of texts");
                format!("{source} {} {literal}", self.ordering())
            }
            6..=9 => {
                let op = *self.random.pick(&["~", "~", "!~"]);
                self.use_(op);
                let mut globs = vec![text::glob(wanted, self.random)];
                while self.random.chance(30) {
                    let other = text::near(others, self.random);
                    globs.push(text::glob(&other, self.random));
                }
                let written: Vec<String> = globs.iter().map(|it| text::string(it, self.random)).collect();
                match written.as_slice() {
                    [one] => format!("{source} {op} {one}"),
                    many => format!("{source} {op} [{}]", many.join(", ")),
                }
            }
            10 | 11 => {
                self.use_("matches");
                let op = *self.random.pick(&["matches", "not matches"]);
                let pattern = text::regex(wanted, self.random);
                if self.random.chance(20) {
                    format!("{source} {op} [r\"{pattern}\", r\"^x\"]")
                } else {
                    format!("{source} {op} r\"{pattern}\"")
                }
            }
            12 => {
                self.use_("==");
                format!("{} == {source}", literal)
            }
            _ => {
                let op = *self.random.pick(&["in", "not in"]);
                self.use_(op);
                let mut list = vec![literal];
                while self.random.chance(60) {
                    let other = text::near(others, self.random);
                    list.push(text::string(&other, self.random));
                }
                format!("{source} {op} [{}]", list.join(", "))
            }
        }
    }

    fn ordering(&mut self) -> &'static str {
        let op = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        self.used.insert(op);
        op
    }

    fn enum_atom(&mut self, reading: &Reading) -> String {
        let source = &reading.source;
        self.use_("enum");
        let values = reading.values;
        let wanted = *self.random.pick(values);
        self.hint(reading, [json!(wanted)]);
        match self.random.below(8) {
            0..=2 => format!("{source} == {}", text::quoted(wanted)),
            3 => format!("{source} != {}", text::quoted(wanted)),
            4 => format!("({source} ?? {}) == {}", text::quoted(values[0]), text::quoted(wanted)),
            5 => format!(
                "{source} {} {}",
                self.random.pick(&["~", "!~"]),
                text::quoted(&text::glob(wanted, self.random))
            ),
            _ => {
                let op = *self.random.pick(&["in", "not in"]);
                format!(
                    "{source} {op} [{}, {}]",
                    text::quoted(wanted),
                    text::quoted(values[values.len() - 1])
                )
            }
        }
    }

    // Numbers

    fn int_atom(&mut self, reading: &Reading) -> String {
        let source = reading.source.clone();
        self.use_("int");
        let number = *self.random.pick(&INTEGERS);
        self.hint(reading, [json!(number)]);
        let op = self.ordering();
        match self.random.below(14) {
            0 => {
                self.use_("arithmetic");
                format!("{source} + 1 {op} {}", number + 1)
            }
            1 => {
                self.use_("arithmetic");
                format!("{source} * 2 {op} {}", number * 2)
            }
            2 => {
                self.use_("arithmetic");
                format!("{source} / 2 {op} {}", number / 2)
            }
            3 => {
                self.use_("arithmetic");
                format!("-{source} {op} -{number}")
            }
            4 => format!("{source} {op} {number}.5"),
            5 => {
                self.use_("in a range");
                let word = *self.random.pick(&["in", "not in"]);
                format!("{source} {word} {number}..{}", number + 10)
            }
            6 | 7 => {
                let word = *self.random.pick(&["in", "not in"]);
                self.use_(word);
                format!("{source} {word} [{number}, {}, {}]", number + 1, self.random.pick(&INTEGERS))
            }
            8 => {
                self.use_("??");
                format!("({source} ?? {}) {op} {number}", self.random.pick(&INTEGERS))
            }
            9 => {
                self.use_("text of a number");
                format!("text({source}) == \"{number}\"")
            }
            10 => {
                self.use_("number with a suffix");
                format!("{source} {op} {}", self.amount_literal())
            }
            _ => format!("{source} {op} {number}"),
        }
    }

    fn bool_atom(&mut self, reading: &Reading) -> String {
        let source = &reading.source;
        self.use_("bool");
        self.hint(reading, [json!(true)]);
        match self.random.below(8) {
            0..=2 => source.clone(),
            3 => format!("not {source}"),
            4 => format!("{source} == {}", self.random.pick(&["true", "false"])),
            5 => format!("{source} != {}", self.random.pick(&["true", "false"])),
            6 => format!("{source} == false or missing"),
            _ => format!("({source} ?? {})", self.random.pick(&["true", "false"])),
        }
    }

    fn amount_literal(&mut self) -> String {
        let amount = *self.random.pick(&AMOUNTS);
        text::quantity(amount, self.random)
    }

    fn quantity_atom(&mut self, reading: &Reading) -> String {
        let source = reading.source.clone();
        self.use_("quantity");
        let amount = *self.random.pick(&AMOUNTS);
        self.hint(reading, [json!(amount)]);
        let literal = text::quantity(amount, self.random);
        let op = self.ordering();
        match self.random.below(12) {
            0 => format!("{source} * 2 {op} {literal}"),
            1 => format!("{source} + {} {op} {literal}", self.amount_literal()),
            2 => {
                self.use_("in a range");
                format!("{source} in {}..{literal}", self.amount_literal())
            }
            3 => format!("{source} in [{literal}, {}]", self.amount_literal()),
            4 => format!("({source} ?? {}) {op} {literal}", self.amount_literal()),
            5 => format!("{source} {op} \"{amount}\""),
            6 if source.ends_with("limits.cpu") => self.limits_and_requests(&source, op, "cpu"),
            6 if source.ends_with("limits.memory") => self.limits_and_requests(&source, op, "memory"),
            _ => format!("{source} {op} {literal}"),
        }
    }

    fn limits_and_requests(&mut self, source: &str, op: &str, key: &str) -> String {
        let requests = source.replace("limits", "requests");
        // Two uses of an opened list in one comparison are an error.
        if self.opened.is_empty() {
            self.use_("two paths");
            format!("{source} {op} {requests}")
        } else {
            format!("{source} {op} {}", if key == "cpu" { "500m" } else { "1Gi" })
        }
    }

    fn port_atom(&mut self, reading: &Reading) -> String {
        let source = &reading.source;
        self.use_("number or name");
        match self.random.below(4) {
            0 => {
                self.hint(reading, [json!("http")]);
                format!("{source} == \"http\"")
            }
            1 => {
                self.hint(reading, [json!("https")]);
                format!("{source} ~ \"http*\"")
            }
            _ => {
                let number = *self.random.pick(&[80, 443, 1024, 8080]);
                self.hint(reading, [json!(number)]);
                format!("{source} {} {number}", self.ordering())
            }
        }
    }

    // Images

    fn image_atom(&mut self, reading: &Reading) -> String {
        let source = reading.source.clone();
        let image = *self.random.pick(&IMAGES);
        if self.random.chance(50) {
            let glob = match self.random.below(3) {
                0 => "trusted-registry.io/ai-models/*".to_owned(),
                1 => "*:latest".to_owned(),
                _ => text::glob(image, self.random),
            };
            self.hint(reading, [json!(glob)]);
            let op = *self.random.pick(&["~", "!~"]);
            self.use_(op);
            return match self.random.below(3) {
                0 => format!("{source} {op} [{}, \"ghcr.io/*\", \"*nginx\"]", text::quoted(&glob)),
                _ => format!("{source} {op} {}", text::quoted(&glob)),
            };
        }
        self.hint(reading, [json!(image)]);
        if self.random.chance(25) {
            return self.text_test_on(&source, image, &[]);
        }
        self.use_("parts of images");
        let op = *self.random.pick(&["==", "!="]);
        match self.random.below(9) {
            0 => format!(
                "{source}.registry {op} \"{}\"",
                self.random.pick(&["docker.io", "ghcr.io", "localhost:5000"])
            ),
            1 => format!(
                "{source}.repository {op} \"{}\"",
                self.random.pick(&["nginx", "library/nginx", "team/llm"])
            ),
            2 => format!("{source}.tag {op} \"{}\"", self.random.pick(&["latest", "1.25", "1"])),
            3 => format!("{source}.tag in [\"latest\", \"1\", \"\"]"),
            4 => format!("has {source}.digest"),
            5 => format!("{source}.name ~ \"*/library/*\""),
            6 => format!("has {source}.written.tag"),
            7 => format!("version({source}.tag) {} \"1.10.0\"", self.ordering()),
            _ => format!("{source}.reference ~ \"*:latest\""),
        }
    }

    // Maps

    fn map_atom(&mut self, reading: &Reading, limits: Limits<'_>) -> String {
        self.use_("map of texts");
        let key = if self.random.chance(90) {
            (*self.random.pick(&KEYS)).to_owned()
        } else {
            (*self.random.pick(&TEXTS)).to_owned()
        };
        let source = &reading.source;
        let entry = format!("{source}{}", text::key_step(&key));
        let wanted = text::near(&[], self.random);
        match self.random.below(14) {
            0 | 1 => format!("has {entry}"),
            2 => format!("empty {entry}"),
            3 => {
                self.use_("in a map");
                format!("{} {} {source}", text::quoted(&key), self.random.pick(&["in", "not in"]))
            }
            4 => {
                self.use_("keys");
                format!("{} in keys({source})", text::quoted(&key))
            }
            5 => {
                self.use_("values");
                format!("{} in values({source})", text::quoted(&wanted))
            }
            6 => {
                self.use_("count");
                format!("count({source}) {} {}", self.ordering(), self.random.below(4))
            }
            _ => {
                let reading = Reading {
                    source: entry,
                    places: match key.contains(['"', '\\', '\n']) || key.is_empty() {
                        true => Vec::new(),
                        false => reading.places.iter().map(|it| format!("{it}[\"{key}\"]")).collect(),
                    },
                    form: Form::Text,
                    values: &[],
                    lists: reading.lists.clone(),
                };
                let test = self.text_atom(&reading);
                self.or_missing(test, &reading, limits)
            }
        }
    }

    fn amounts_atom(&mut self, reading: &Reading) -> String {
        let key = *self.random.pick(&AMOUNT_KEYS);
        let source = &reading.source;
        let entry = format!("{source}{}", text::key_step(key));
        match self.random.below(5) {
            0 => format!("has {entry}"),
            1 => format!("\"{key}\" in {source}"),
            _ => {
                let reading = Reading {
                    source: entry,
                    places: reading.places.iter().map(|it| format!("{it}[\"{key}\"]")).collect(),
                    form: Form::Quantity,
                    values: &[],
                    lists: reading.lists.clone(),
                };
                self.quantity_atom(&reading)
            }
        }
    }

    // Lists

    fn list_atom(&mut self, reading: &Reading, limits: Limits<'_>) -> String {
        self.use_("list of texts");
        let source = &reading.source;
        let wanted = text::near(reading.values, self.random);
        let element = Reading {
            source: source.clone(),
            places: reading.places.iter().map(|it| format!("{it}[]")).collect(),
            form: Form::Text,
            values: reading.values,
            lists: reading.lists.clone(),
        };
        self.hint(&element, [json!(wanted)]);
        let literal = text::string(&wanted, self.random);
        let single = limits.taken.is_none() || !self.opened.is_empty();
        match self.random.below(12) {
            0 | 1 if reading.lists.is_empty() => {
                format!("{literal} {} {source}", self.random.pick(&["in", "not in"]))
            }
            2 => format!("count({source}) {} {}", self.ordering(), self.random.below(3)),
            3 if reading.lists.is_empty() => {
                self.use_("any");
                let test = self.text_test_on("e", &wanted, reading.values);
                format!("({} e in {source}: {test})", self.random.pick(&["any", "every"]))
            }
            4 => {
                self.use_("element by number");
                format!("{source}[{}] == {literal}", self.random.pick(&[0, 1, -1]))
            }
            5 if reading.lists.is_empty() => {
                self.use_("whole lists");
                format!("{source} == [{literal}]")
            }
            6 => {
                self.use_("join");
                format!(
                    "join({source}, \" \") ~ {}",
                    text::quoted(&format!("*{}*", text::glob(&wanted, self.random)))
                )
            }
            _ if single => format!("has {source}"),
            _ => {
                self.opened.push(source.clone());
                self.use_("implicit quantifier");
                let test = self.text_test_on(source, &wanted, reading.values);
                let many = Reading { lists: vec![source.clone()], ..element };
                self.or_missing(test, &many, limits)
            }
        }
    }

    fn objects_atom(&mut self, reading: &Reading, fields: &'static [Field]) -> String {
        self.use_("list of objects");
        let source = &reading.source;
        let numbers: Vec<&Field> = fields.iter().filter(|it| matches!(it.form, Form::Int)).collect();
        let texts: Vec<&Field> =
            fields.iter().filter(|it| matches!(it.form, Form::Text | Form::Enum)).collect();
        match self.random.below(9) {
            0 => format!("has {source}"),
            1 => format!("empty {source}"),
            2 if !numbers.is_empty() => {
                self.use_("sum, min, max");
                let field = *self.random.pick(&numbers);
                let call = *self.random.pick(&["sum", "min", "max"]);
                format!("{call}({source}.{}) {} {}", field.path, self.ordering(), self.random.pick(&INTEGERS))
            }
            3 if !texts.is_empty() => {
                let field = *self.random.pick(&texts);
                let wanted = *self.random.pick(field.values.first().map_or(&TEXTS[..], |_| field.values));
                format!(
                    "{} {} {source}.{}",
                    text::quoted(wanted),
                    self.random.pick(&["in", "not in"]),
                    field.path
                )
            }
            4 if !texts.is_empty() => {
                self.use_("comprehension");
                let field = *self.random.pick(&texts);
                let other = *self.random.pick(&texts);
                let wanted = *self.random.pick(field.values.first().map_or(&TEXTS[..], |_| field.values));
                format!(
                    "count([y.{} for y in {source} where y.{} == {}]) {} {}",
                    other.path,
                    field.path,
                    text::quoted(wanted),
                    self.ordering(),
                    self.random.below(3)
                )
            }
            5 if !texts.is_empty() => {
                self.use_("distinct");
                let field = *self.random.pick(&texts);
                format!(
                    "count(distinct({source}.{})) {} count({source})",
                    field.path,
                    self.random.pick(&["==", "<"])
                )
            }
            6 if !texts.is_empty() => {
                self.use_("element by number");
                let field = *self.random.pick(&texts);
                let wanted = *self.random.pick(field.values.first().map_or(&TEXTS[..], |_| field.values));
                format!(
                    "{source}[{}].{} == {}",
                    self.random.pick(&[0, 1, -1]),
                    field.path,
                    text::quoted(wanted)
                )
            }
            _ => {
                self.use_("count");
                format!("count({source}) {} {}", self.ordering(), self.random.below(4))
            }
        }
    }
}
