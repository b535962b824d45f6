//! Expressions from seeds: of every function and operator, mostly of the types that they want, over values at the edges.

use super::values::*;
use crate::support::random::Random;
use serde_json::{Value, json};

/// An expression, and the document that it is asked of.
#[derive(Clone, Debug)]
pub struct Question {
    pub expression: String,
    pub document: Value,
    /// Whether integers of the document are Go's, as in a cluster.
    pub integers: bool,
}

impl Question {
    /// As the oracle wants it.
    pub fn to_json(&self) -> Value {
        let numbers = if self.integers { "int64" } else { "float64" };
        json!({"query": self.expression, "document": self.document, "numbers": numbers})
    }
}

/// Questions that seeds rarely come to, with how the cause begins why the answers differ; nothing where they are one.
pub fn by_hand() -> Vec<(Question, &'static str)> {
    let document = json!({
        "maps": [{"n": "b", "p": -1}, {"n": "a", "p": 2}], "map": {"a": 1, "b": 2, "c": 3}, "minus": -1,
        "certificate": include_str!("certificate.pem"), "request": include_str!("request.pem"),
    });
    let table = [
        ("[sort_by(maps, &n)[0].n, maps[0].n]", false, "`sort_by` sorts"),
        ("sort_by(maps, &n)", false, ""),
        ("compare('a', 'b') == minus", true, "Go's int"),
        ("compare('a', 'b')", true, ""),
        ("keys(map)", false, "maps have any order"),
        ("map.*", false, "maps have any order"),
        ("sort(keys(map))", false, ""),
        ("maps[*].p", true, ""),
        ("max_by(maps, &p)", true, ""),
        ("contains(maps, maps[0])", false, ""),
        ("merge(map, 'x')", false, ""),
        ("random('[a-z]{9}')", false, "not evaluated"),
        ("random('')", false, ""),
        ("type(&n)", false, "not evaluated"),
        ("base64_decode('/w==')", false, "not evaluated"),
        ("multiply('7Ei', `1e300`)", false, "not evaluated"),
        ("semver_compare('1.0.0', '<1.0.0 || || >2.0.0')", false, ""),
        ("maps[0:9223372036854775807:9223372036854775807]", false, ""),
        ("maps[1:9223372036854775807:9223372036854775807]", false, ""),
        ("f(x)('abc')", false, ""),
        ("abs(`1`)(`-2`)", false, ""),
        ("'length'('abc')", false, ""),
        ("[1", false, ""),
        ("[99999999999999999999]", false, ""),
        ("maps[99999999999999999999]", false, ""),
        ("\"length\"(maps)", false, ""),
        ("a\u{80}b", false, ""),
        ("minus\u{80}", false, ""),
        ("`\"\\ud800\"`", false, ""),
        ("{a: map b: maps}", false, ""),
        ("length('a' 'b')", false, ""),
        ("[map, maps,]", false, ""),
        ("time_parse('1', '1700000000')", false, ""),
        ("x509_decode(certificate)", false, ""),
        ("x509_decode(request)", false, ""),
        ("x509_decode(replace_all(certificate, 'MII', 'MIJ'))", false, ""),
    ];
    let question = |(expression, integers, cause): (&str, bool, &'static str)| {
        (Question { expression: expression.to_owned(), document: document.clone(), integers }, cause)
    };
    table.into_iter().map(question).collect()
}

/// What is wanted of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Any,
    Bool,
    Number,
    /// A small whole number.
    Count,
    Text,
    Numbers,
    Texts,
    Maps,
    List,
    Map,
    Quantity,
    Duration,
    /// A number, a quantity or a duration.
    Operand,
    Time,
    Version,
    Range,
    Regex,
    Template,
    Glob,
    Image,
    Path,
    Url,
    JsonText,
    YamlText,
    Base64,
    BoolText,
    /// An expression for each element of a list of maps.
    Key,
}

use Kind::*;

/// Each function with what it wants and what it gives. Layouts go with their texts, so `time_parse` and `time_since`
/// are made by hand.
pub const FUNCTIONS: &[(&str, &[Kind], Kind)] = &[
    ("abs", &[Number], Number),
    ("add", &[Operand, Operand], Operand),
    ("add", &[Quantity, Quantity], Quantity),
    ("add", &[Duration, Duration], Duration),
    ("avg", &[Numbers], Number),
    ("base64_decode", &[Base64], Text),
    ("base64_encode", &[Text], Base64),
    ("ceil", &[Number], Number),
    ("compare", &[Text, Text], Any),
    ("contains", &[List, Any], Bool),
    ("contains", &[Texts, Text], Bool),
    ("contains", &[Text, Text], Bool),
    ("divide", &[Operand, Operand], Operand),
    ("divide", &[Quantity, Number], Quantity),
    ("divide", &[Quantity, Quantity], Number),
    ("divide", &[Duration, Number], Duration),
    ("ends_with", &[Text, Text], Bool),
    ("equal_fold", &[Text, Text], Bool),
    ("floor", &[Number], Number),
    ("image_normalize", &[Image], Text),
    ("is_external_url", &[Url], Bool),
    ("items", &[Map, Text, Text], Maps),
    ("items", &[List, Text, Text], Maps),
    ("join", &[Text, Texts], Text),
    ("keys", &[Map], Texts),
    ("label_match", &[Map, Map], Bool),
    ("length", &[List], Number),
    ("length", &[Text], Number),
    ("length", &[Map], Number),
    ("lookup", &[Map, Text], Any),
    ("lookup", &[List, Count], Any),
    ("map", &[Key, Maps], List),
    ("max", &[Numbers], Number),
    ("max", &[Texts], Text),
    ("max_by", &[Maps, Key], Map),
    ("md5", &[Text], Text),
    ("merge", &[Map, Map], Map),
    ("min", &[Numbers], Number),
    ("min", &[Texts], Text),
    ("min_by", &[Maps, Key], Map),
    ("modulo", &[Operand, Operand], Operand),
    ("modulo", &[Number, Number], Number),
    ("modulo", &[Duration, Duration], Duration),
    ("multiply", &[Operand, Operand], Operand),
    ("multiply", &[Quantity, Number], Quantity),
    ("multiply", &[Number, Duration], Duration),
    ("not_null", &[Any, Any], Any),
    ("not_null", &[Text, Text], Text),
    ("object_from_lists", &[Texts, List], Map),
    ("object_from_lists", &[List, List], Map),
    ("parse_json", &[JsonText], Any),
    ("parse_yaml", &[YamlText], Any),
    ("path_canonicalize", &[Path], Text),
    ("pattern_match", &[Glob, Text], Bool),
    ("pattern_match", &[Glob, Number], Bool),
    ("random", &[Regex], Text),
    ("regex_match", &[Regex, Text], Bool),
    ("regex_match", &[Regex, Number], Bool),
    ("regex_replace_all", &[Regex, Text, Template], Text),
    ("regex_replace_all_literal", &[Regex, Text, Template], Text),
    ("replace", &[Text, Text, Text, Number], Text),
    ("replace_all", &[Text, Text, Text], Text),
    ("reverse", &[List], List),
    ("reverse", &[Text], Text),
    ("round", &[Number, Count], Number),
    ("semver_compare", &[Version, Range], Bool),
    ("sha1", &[Text], Text),
    ("sha256", &[Text], Text),
    ("sort", &[Numbers], Numbers),
    ("sort", &[Texts], Texts),
    ("sort_by", &[Maps, Key], Maps),
    ("split", &[Text, Text], Texts),
    ("starts_with", &[Text, Text], Bool),
    ("subtract", &[Operand, Operand], Operand),
    ("subtract", &[Quantity, Quantity], Quantity),
    ("subtract", &[Duration, Duration], Duration),
    ("sum", &[Numbers], Number),
    ("sum", &[List], Any),
    ("time_add", &[Time, Duration], Time),
    ("time_after", &[Time, Time], Bool),
    ("time_before", &[Time, Time], Bool),
    ("time_between", &[Time, Time, Time], Bool),
    ("time_diff", &[Time, Time], Duration),
    ("time_to_cron", &[Time], Text),
    ("time_truncate", &[Time, Duration], Time),
    ("time_utc", &[Time], Time),
    ("to_array", &[Any], List),
    ("to_boolean", &[BoolText], Bool),
    ("to_lower", &[Text], Text),
    ("to_number", &[Text], Number),
    ("to_number", &[Any], Number),
    ("to_string", &[Any], Text),
    ("to_upper", &[Text], Text),
    ("trim", &[Text, Text], Text),
    ("trim_prefix", &[Text, Text], Text),
    ("truncate", &[Text, Count], Text),
    ("type", &[Any], Text),
    ("values", &[Map], List),
    ("x509_decode", &[Text], Map),
    ("nope", &[Any], Any),
];

/// Fields of the document that hold what is wanted, and some that do not exist.
fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Any => &[
            "text", "num", "nul", "yes", "list", "maps", "map", "none", "empty", "gone", "nested.a",
            "map.gone",
        ],
        Bool => &["yes", "no"],
        Number | Count => &["num", "int", "maps[0].p"],
        Text => &["text", "name", "maps[0].n", "texts[0]", "labels.app"],
        Numbers => &["nums", "none"],
        Texts => &["texts", "none"],
        Maps => &["maps", "maps[:2]"],
        List => &["list", "nums", "texts", "none"],
        Map => &["map", "labels", "empty", "maps[0]", "@", "nested.a"],
        Quantity => &["quantity"],
        Duration => &["duration"],
        Operand => &["quantity", "duration", "num", "int"],
        Time => &["time"],
        Version => &["version"],
        Image => &["image"],
        Range | Regex | Template | Glob | Path | Url | JsonText | YamlText | Base64 | BoolText | Key => {
            &["text"]
        }
    }
}

fn raw(text: &str) -> String {
    // A backslash at the end, or before a quote, cannot be said between single quotes.
    if text.contains('\\') {
        return literal(&json!(text));
    }
    format!("'{}'", text.replace('\'', "\\'"))
}

fn literal(value: &Value) -> String {
    format!("`{}`", value.to_string().replace('`', "\\`"))
}

pub fn question(seed: u64) -> Question {
    let mut make = Make { random: Random::new(seed ^ 0x6a6d_6573) };
    let integers = make.random.chance(15);
    let document = make.document();
    let depth = 1 + make.random.below(3);
    let mut expression = if make.random.chance(50) {
        let row = *make.random.pick(FUNCTIONS);
        make.call_of(row, depth - 1)
    } else {
        let kind = *make.random.pick(&[
            Any, Any, Bool, Bool, Number, Text, Text, Numbers, Texts, Maps, List, Map, Quantity, Duration,
            Time, Operand,
        ]);
        make.of(kind, depth)
    };
    if make.random.chance(4) {
        expression = make.damaged(&expression);
    }
    Question { expression, document, integers }
}

struct Make {
    random: Random,
}

impl Make {
    fn text(&mut self) -> &'static str {
        *self.random.pick(TEXTS)
    }

    /// A number of a document; not one that Go's readers take for different ones.
    fn number(&mut self) -> Value {
        let numbers =
            [json!(0), json!(1), json!(-3), json!(7), json!(2.5), json!(-0.5), json!(100), json!(1e21)];
        self.random.pick(&numbers).clone()
    }

    fn scalar(&mut self) -> Value {
        match self.random.below(5) {
            0 => Value::Null,
            1 => json!(self.random.chance(50)),
            2 => self.number(),
            _ => json!(self.text()),
        }
    }

    fn some<T>(&mut self, max: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.random.below(max + 1)).map(|_| make(self)).collect()
    }

    fn document(&mut self) -> Value {
        let maps = self.some(4, |make| {
            let mut map =
                json!({"n": make.text(), "p": make.number(), "tags": make.some(3, |make| make.text())});
            if make.random.chance(15) {
                map.as_object_mut().expect("a map").remove(*make.random.pick(&["n", "p", "tags"]));
            }
            map
        });
        json!({
            "text": self.text(),
            "name": self.random.pick(&["web", "db-0", "Web"]),
            "num": self.number(),
            "int": self.random.below(10),
            "nul": null,
            "yes": true,
            "no": false,
            "list": self.some(4, |make| if make.random.chance(20) { json!([make.scalar()]) } else { make.scalar() }),
            "nums": self.some(4, Make::number),
            "texts": self.some(4, Make::text),
            "maps": maps,
            "map": {"k": self.scalar(), *self.random.pick(&["l", "é", "a b"]): self.scalar()},
            "labels": {"app": self.text(), "tier": self.random.pick(&["a", "b"])},
            "none": [],
            "empty": {},
            "nested": {"a": {"b": [{"c": self.scalar()}, self.scalar()]}},
            "quantity": self.random.pick(QUANTITIES),
            "duration": self.random.pick(DURATIONS),
            "time": self.random.pick(TIMES),
            "version": self.random.pick(VERSIONS),
            "image": self.random.pick(IMAGES),
        })
    }

    fn of(&mut self, kind: Kind, depth: usize) -> String {
        // Now and then it is of another type than the one that is wanted.
        let kind = if self.random.chance(4) && kind != Key {
            *self.random.pick(&[Any, Bool, Number, Text, Texts, List, Map, Maps])
        } else {
            kind
        };
        if kind == Key {
            return format!("&{}", self.key(depth));
        }
        match self.random.below(10) {
            0..=1 => (*self.random.pick(fields(kind))).to_owned(),
            2..=4 if depth > 0 => self.call(kind, depth - 1),
            5..=6 if depth > 0 => self.operator(kind, depth - 1),
            _ => self.constant(kind, depth),
        }
    }

    /// A text that is put together; nothing for kinds whose texts are all in the tables.
    fn put_together(&mut self, kind: Kind) -> Option<String> {
        let digits = |make: &mut Self| {
            (0..=make.random.below(4)).map(|_| make.random.below(10).to_string()).collect::<String>()
        };
        Some(match kind {
            Quantity => {
                let suffixes = [
                    "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
                    "e2", "E-4", "e10",
                ];
                let sign = *self.random.pick(&["", "", "", "-", "+"]);
                let point = if self.random.chance(40) { format!(".{}", digits(self)) } else { String::new() };
                format!("{sign}{}{point}{}", digits(self), self.random.pick(&suffixes))
            }
            Duration => {
                let units = ["h", "m", "s", "ms", "us", "ns"];
                let parts = self.some(3, |make| {
                    let point =
                        if make.random.chance(30) { format!(".{}", digits(make)) } else { String::new() };
                    format!("{}{point}{}", digits(make), make.random.pick(&units))
                });
                format!("{}{}", self.random.pick(&["", "", "-"]), parts.concat())
            }
            Number => format!(
                "{}{}.{}e{}",
                self.random.pick(&["", "-"]),
                self.random.below(1000),
                digits(self),
                self.random.below(8)
            ),
            Time => {
                let zone = *self.random.pick(&["Z", "+01:00", "-07:30", "+14:00", "Z", "+0100"]);
                let fraction =
                    if self.random.chance(30) { format!(".{}", digits(self)) } else { String::new() };
                let date = format!(
                    "{:04}-{:02}-{:02}",
                    self.random.below(3000),
                    1 + self.random.below(12),
                    1 + self.random.below(31)
                );
                format!(
                    "{date}T{:02}:{:02}:{:02}{fraction}{zone}",
                    self.random.below(24),
                    self.random.below(60),
                    self.random.below(61)
                )
            }
            Version | Range => {
                let version = |make: &mut Self| {
                    let pre = *make.random.pick(&["", "", "", "-rc.1", "-1", "+b", "-x"]);
                    let part = |make: &mut Self| match make.random.below(12) {
                        0 => "x".to_owned(),
                        number => (number % 3).to_string(),
                    };
                    let parts: Vec<String> =
                        (0..2 + make.random.below(9).min(1)).map(|_| part(make)).collect();
                    format!("{}{pre}", parts.join("."))
                };
                if kind == Version {
                    return Some(version(self));
                }
                let words = self.some(3, |make| {
                    let comparison =
                        *make.random.pick(&["", "=", "==", ">", ">=", "<", "<=", "!", "!=", "> "]);
                    let or = if make.random.chance(20) { " ||" } else { "" };
                    format!("{comparison}{}{or}", version(make))
                });
                words.join(" ")
            }
            Regex => {
                let pieces = [
                    "a",
                    "b",
                    ".",
                    "^",
                    "$",
                    "*",
                    "+",
                    "?",
                    "|",
                    "(",
                    ")",
                    "[a-c]",
                    "[^b]",
                    r"\d",
                    r"\w",
                    r"\b",
                    "{2}",
                    "{1,3}",
                    "(?i)",
                    "(?:",
                    "(?P<n>",
                    "é",
                    "-",
                    "[",
                    "]",
                    r"\.",
                    r"\pL",
                    "[[:alpha:]]",
                    "(?U)",
                    "(?s:",
                    "{",
                    "/",
                ];
                (0..1 + self.random.below(6)).map(|_| *self.random.pick(&pieces)).collect()
            }
            Image => {
                let pieces = [
                    "nginx",
                    "/",
                    ":",
                    "@",
                    ".",
                    "-",
                    "a",
                    "B",
                    "_",
                    "1",
                    "localhost",
                    "sha256",
                    "ghcr.io",
                    ":5000",
                ];
                (0..1 + self.random.below(6)).map(|_| *self.random.pick(&pieces)).collect()
            }
            Path | Glob => {
                let pieces = ["/", ".", "..", "a", "b", "*", "?", "é"];
                (0..self.random.below(8)).map(|_| *self.random.pick(&pieces)).collect()
            }
            Text => {
                let pieces = [
                    "a", "b", "c", "é", "/", ",", ".", "-", " ", "A", "1", "0", "ß", "😀", "\u{300}", "Σ",
                    "ς", "ﬀ", "ŉ",
                ];
                (0..self.random.below(8)).map(|_| *self.random.pick(&pieces)).collect()
            }
            JsonText => {
                let pieces = [
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "\"a\"",
                    "1",
                    "-0.5e2",
                    "null",
                    "true",
                    " ",
                    "\"\\u00e9\"",
                ];
                (0..self.random.below(7)).map(|_| *self.random.pick(&pieces)).collect()
            }
            Base64 => {
                let pieces = ["YQ", "==", "=", "A", "b", "0", "/", "+", "\n", "w6k"];
                (0..self.random.below(6)).map(|_| *self.random.pick(&pieces)).collect()
            }
            _ => return None,
        })
    }

    fn constant(&mut self, kind: Kind, depth: usize) -> String {
        if self.random.chance(50)
            && let Some(text) = self.put_together(kind)
        {
            return if kind == Number { format!("`{text}`") } else { raw(&text) };
        }
        let texts = |make: &mut Self, texts: &[&str]| raw(*make.random.pick(texts));
        match kind {
            Any => {
                let value = self.scalar();
                literal(&value)
            }
            Bool => (*self.random.pick(&["`true`", "`false`"])).to_owned(),
            Number => format!("`{}`", self.random.pick(NUMBERS)),
            Count => format!("`{}`", self.random.pick(COUNTS)),
            Text | Key => texts(self, TEXTS),
            Numbers => format!("`[{}]`", self.some(4, |make| *make.random.pick(NUMBERS)).join(",")),
            Texts => literal(&json!(self.some(4, Make::text))),
            Maps if depth == 0 => "`[{\"n\":\"b\",\"p\":2},{\"n\":\"a\",\"p\":1}]`".to_owned(),
            Maps => {
                let of = self.of(Map, depth - 1);
                format!("[{of}, {{n: 'x', p: `1`}}]")
            }
            List => literal(&json!(self.some(4, Make::scalar))),
            Map => literal(&json!({"k": self.scalar(), "app": self.text()})),
            Quantity => texts(self, QUANTITIES),
            Duration => texts(self, DURATIONS),
            Operand => {
                let kind = *self.random.pick(&[Number, Quantity, Duration]);
                self.constant(kind, depth)
            }
            Time => texts(self, TIMES),
            Version => texts(self, VERSIONS),
            Range => texts(self, RANGES),
            Regex => texts(self, REGEXES),
            Template => texts(self, TEMPLATES),
            Glob => texts(self, GLOBS),
            Image => texts(self, IMAGES),
            Path => texts(self, PATHS),
            Url => texts(self, URLS),
            JsonText => texts(self, JSON_TEXTS),
            YamlText => texts(self, YAML_TEXTS),
            Base64 => texts(self, BASE64_TEXTS),
            BoolText => texts(self, BOOL_TEXTS),
        }
    }

    fn call(&mut self, kind: Kind, depth: usize) -> String {
        if matches!(kind, Time | Any) && self.random.chance(40) {
            return self.with_layout("time_parse", 1);
        }
        if kind == Duration && self.random.chance(30) {
            return self.with_layout("time_since", 2);
        }
        if kind == Text && self.random.chance(2) {
            return (*self.random.pick(&["type(time_now())", "type(time_now_utc('x'))"])).to_owned();
        }
        let fits = |given: Kind| {
            given == kind
                || kind == Any
                || kind == List && matches!(given, Numbers | Texts | Maps)
                || kind == Operand && matches!(given, Number | Quantity | Duration)
        };
        let choices: Vec<_> = FUNCTIONS.iter().filter(|(.., given)| fits(*given)).collect();
        if choices.is_empty() {
            return self.constant(kind, depth);
        }
        let row = **self.random.pick(&choices);
        self.call_of(row, depth)
    }

    fn call_of(&mut self, (name, wanted, _): (&str, &[Kind], Kind), depth: usize) -> String {
        let mut arguments: Vec<String> = wanted.iter().map(|kind| self.of(*kind, depth)).collect();
        match self.random.below(80) {
            0 => drop(arguments.pop()),
            1 => arguments.push("@".to_owned()),
            _ => {}
        }
        let separator = if self.random.chance(3) { " " } else { ", " };
        let call = format!("{name}({})", arguments.join(separator));
        // Kyverno gives keys and values in any order.
        match name {
            "keys" if self.random.chance(90) => format!("sort({call})"),
            "values" if self.random.chance(90) => format!("length({call})"),
            _ => call,
        }
    }

    fn with_layout(&mut self, function: &str, values: usize) -> String {
        let &(layout, texts) = self.random.pick(LAYOUTS);
        let mut arguments = vec![raw(layout)];
        arguments.extend((0..values).map(|_| raw(*self.random.pick(texts))));
        format!("{function}({})", arguments.join(", "))
    }

    fn key(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            0..=2 => "n".to_owned(),
            3..=4 => "p".to_owned(),
            5 => "gone".to_owned(),
            6 => "tags[0]".to_owned(),
            _ if depth > 0 => {
                let call =
                    self.random.pick(&["to_string(p)", "length(n)", "to_upper(n)", "type(@)", "n || p", "@"]);
                (*call).to_owned()
            }
            _ => "@".to_owned(),
        }
    }

    fn operator(&mut self, kind: Kind, depth: usize) -> String {
        let of = |make: &mut Self, kind| make.of(kind, depth);
        match kind {
            Bool => match self.random.below(8) {
                0 => format!("!{}", of(self, Any)),
                1 => format!("!({})", of(self, Any)),
                2 => format!("{} == {}", of(self, Any), of(self, Any)),
                3 => format!("{} != {}", of(self, Text), of(self, Text)),
                4..=5 => {
                    let comparison = *self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
                    format!("{} {comparison} {}", of(self, Number), of(self, Number))
                }
                6 => format!("{} && {}", of(self, Bool), of(self, Bool)),
                _ => format!("{} || {}", of(self, Bool), of(self, Bool)),
            },
            Numbers => match self.random.below(3) {
                0 => format!("{}[*].p", of(self, Maps)),
                1 => format!("[{}, {}]", of(self, Number), of(self, Number)),
                _ => format!("{}[?@ > `1`]", of(self, Numbers)),
            },
            Texts => match self.random.below(5) {
                0 => format!("{}[*].n", of(self, Maps)),
                1 => format!("{}[].tags[]", of(self, Maps)),
                2 => format!("[{}, {}]", of(self, Text), of(self, Text)),
                3 => format!("{}[?starts_with(@, 'a')]", of(self, Texts)),
                _ => format!("map(&to_string(@), {})", of(self, List)),
            },
            Maps => match self.random.below(4) {
                0 => format!("{}[?p == `1` || n]", of(self, Maps)),
                1 => format!("{}[*].{{n: n, p: p}}", of(self, Maps)),
                2 => format!("{}[::-1]", of(self, Maps)),
                _ => format!("{}[?{}]", of(self, Maps), of(self, Bool)),
            },
            List => match self.random.below(9) {
                0 => format!("{}[]", of(self, List)),
                1 => {
                    let parts = ["", "0", "1", "-1", "-2", "10", "3"];
                    let (start, stop) = (*self.random.pick(&parts), *self.random.pick(&parts));
                    let step = *self.random.pick(&["", ":", ":2", ":-1", ":0", ":-2", ":99"]);
                    format!("{}[{start}:{stop}{step}]", of(self, List))
                }
                2 => format!("[{}, {}]", of(self, Any), of(self, Any)),
                3 => format!("{}[*].[n, gone]", of(self, Maps)),
                4 => format!("{}.[k, gone]", of(self, Map)),
                5 => format!("length({}.*)", of(self, Map)),
                6 => format!("{}[?@]", of(self, List)),
                7 => format!("{}[*].tags[0]", of(self, Maps)),
                _ => format!("{}[*][]", of(self, List)),
            },
            Map => match self.random.below(4) {
                0 => format!("{{a: {}, \"b c\": {}}}", of(self, Any), of(self, Text)),
                1 => format!("{}[0]", of(self, Maps)),
                2 => format!("{}[?n] | [0]", of(self, Maps)),
                _ => format!("{}.{{k: k, gone: gone}}", of(self, Map)),
            },
            Any => match self.random.below(12) {
                0 => format!("{}[{}]", of(self, List), self.random.pick(&["0", "-1", "7", "1"])),
                1 => format!("{}.{}", of(self, Map), self.random.pick(&["k", "gone", "app", "\"é\"", "a.b"])),
                2 => format!("{}.gone", of(self, Any)),
                3 => format!("{} | @", of(self, Any)),
                4 => format!("{} | [0]", of(self, List)),
                5 => format!("({} || {}).k", of(self, Map), of(self, Map)),
                6 => format!("{}.*.type(@)", of(self, Map)),
                7 => format!("{}[*].*", of(self, Maps)),
                8 => format!("{} < {}", of(self, Any), of(self, Any)),
                9 => format!("&{}", of(self, Any)),
                10 => format!("{} && {}", of(self, Any), of(self, Any)),
                _ => format!("{} == {}", of(self, List), of(self, List)),
            },
            kind => match self.random.below(4) {
                0 => format!("{} || {}", of(self, kind), of(self, kind)),
                1 => format!("{} && {}", of(self, Bool), of(self, kind)),
                2 => format!("({})", of(self, kind)),
                _ => format!("{} | @", of(self, kind)),
            },
        }
    }

    /// With a character less, more or elsewhere.
    fn damaged(&mut self, expression: &str) -> String {
        let mut chars: Vec<char> = expression.chars().collect();
        let at = self.random.below(chars.len() + 1);
        match self.random.below(3) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 if at + 1 < chars.len() => chars.swap(at, at + 1),
            _ => chars.insert(
                at,
                *self.random.pick(&[
                    '[', ']', '(', ')', '.', '*', '&', '|', '`', '\'', '"', ',', '1', '-', '@', '!', '\\',
                    '\u{80}', '=', '?',
                ]),
            ),
        }
        chars.into_iter().collect()
    }
}
