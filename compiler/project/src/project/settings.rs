//! `aip.toml`: text to settings, every mistake at once and with its place.
//!
//! The table is walked by hand rather than by derived readers, which stop at the first mistake and know no
//! suggestions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use aipc_compiler::diagnostic::{Code, Diagnostic, Severity};
use aipc_compiler::formats::support::Target;
use aipc_compiler::kubernetes::Version;
use aipc_compiler::source::{FileId, Sources, Span};
use aipc_compiler::suggest;
use ignore::gitignore::GitignoreBuilder;
use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::files::read;

/// What `aip.toml` says. No setting changes what a rule means, only which schemas it is checked against.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub name: Option<String>,
    /// The version of Kubernetes whose schemas count.
    pub kubernetes: Version,
    /// Files of CustomResourceDefinitions, as patterns below the root.
    pub crds: Vec<Located<String>>,
    /// Kinds without a schema, on purpose: `foo.io/v1/Bar`.
    pub untyped: Vec<Located<String>>,
    /// What `build` writes without `--target`.
    pub targets: Option<Vec<Target>>,
    /// Where `build` writes, below the root.
    pub out: Option<PathBuf>,
    /// `run` is strict without `--strict`.
    pub strict: bool,
    /// The recorded world of `run`, below the root.
    pub context: Option<PathBuf>,
    /// Which files are policies, as patterns below the root; empty for every `.aip`.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Values of policies' parameters.
    pub parameters: Vec<Parameter>,
    /// `None` switches a lint off.
    pub lints: BTreeMap<Code, Option<Severity>>,
}

/// A setting and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

/// `parameters.<policy>.<name> = value`
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    pub policy: Located<String>,
    pub name: Located<String>,
    pub value: Value,
}

/// The language's editions. There is one so far; the setting keeps old projects as they are once there are two.
const EDITIONS: [&str; 1] = ["2026"];

/// The name for each of the targets.
const ALL_TARGETS: &str = "all";

/// Reads the settings file at `path`; mistakes leave the defaults in place.
pub fn read(path: &Path, sources: &mut Sources) -> (Settings, Vec<Diagnostic>) {
    match read::text(path, read::SOURCE_BYTES_MAX) {
        Ok(text) => parse(&read::name(path), &text, sources),
        Err(why) => {
            let file = sources.add(read::name(path), "");
            let message = format!("the settings cannot be read: {why}");
            (Settings::default(), vec![Diagnostic::new(Code::SettingsSyntax, Span::new(file, 0, 0), message)])
        }
    }
}

/// Reads settings from text that is called `name`.
pub fn parse(name: &str, text: &str, sources: &mut Sources) -> (Settings, Vec<Diagnostic>) {
    let file = sources.add(name, text);
    let mut reader = Reader { file, diagnostics: Vec::new(), siblings: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = reader.span(error.span().unwrap_or(0..0));
        let message = format!("this is not TOML: {}", error.message());
        reader.diagnostics.push(Diagnostic::new(Code::SettingsSyntax, span, message));
    }
    let mut settings = Settings::default();
    reader.root(table.get_ref(), &mut settings);
    // Tables come in the order of their names.
    reader.diagnostics.sort_by_key(|it| it.primary().start);
    (settings, reader.diagnostics)
}

type Item<'a> = Spanned<DeValue<'a>>;
type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

struct Reader {
    file: FileId,
    diagnostics: Vec<Diagnostic>,
    /// The keys of the table being read: no fix may write one of them twice.
    siblings: Vec<String>,
}

impl Reader {
    fn root(&mut self, table: &DeTable<'_>, settings: &mut Settings) {
        self.siblings = keys(table);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "project" => self.each(value, |it, key, value| it.project(key, value, settings)),
                "cluster" => self.each(value, |it, key, value| it.cluster(key, value, settings)),
                "build" => self.each(value, |it, key, value| it.build(key, value, settings)),
                "run" => self.each(value, |it, key, value| it.run(key, value, settings)),
                "policies" => self.each(value, |it, key, value| it.policies(key, value, settings)),
                "lint" => self.each(value, |it, key, value| it.lint(key, value, settings)),
                _ => self.unknown(
                    key,
                    "the settings",
                    &["project", "cluster", "build", "run", "policies", "lint"],
                ),
            }
        }
    }

    fn project(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        match key.get_ref().as_ref() {
            "name" => settings.name = self.text(value),
            "edition" => {
                if let Some(edition) = self.text(value)
                    && !EDITIONS.contains(&edition.as_str())
                {
                    self.wrong(value, format!("there is no edition `{edition}`"), &EDITIONS, &edition);
                }
            }
            _ => self.unknown(key, "`[project]`", &["name", "edition"]),
        }
    }

    fn cluster(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        match key.get_ref().as_ref() {
            "kubernetes" => {
                let Some(text) = self.text(value) else { return };
                match Version::parse(&text) {
                    Some(version) => settings.kubernetes = version,
                    None => {
                        let message = format!("the shapes of Kubernetes `{text}` are not known");
                        let known = format!("known are {} to {}", Version::OLDEST, Version::NEWEST);
                        let diagnostic = self.diagnostic(Code::WrongSetting, value.span(), message);
                        self.diagnostics.push(diagnostic.help(known));
                    }
                }
            }
            "crds" => settings.crds = self.patterns(value),
            "untyped" => settings.untyped = self.texts(value),
            _ => self.unknown(key, "`[cluster]`", &["kubernetes", "crds", "untyped"]),
        }
    }

    fn build(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        match key.get_ref().as_ref() {
            "target" => {
                let Some(text) = self.text(value) else { return };
                match Target::parse(&text) {
                    Some(target) => settings.targets = Some(vec![target]),
                    None if text == ALL_TARGETS => settings.targets = Some(Target::ALL.to_vec()),
                    None => {
                        let names = Target::ALL.map(Target::name).into_iter().chain([ALL_TARGETS]);
                        let names: Vec<&str> = names.collect();
                        self.wrong(value, format!("there is no target `{text}`"), &names, &text);
                    }
                }
            }
            "out" => {
                if let Some(text) = self.text(value) {
                    match self.below_root(value, &text) {
                        true => settings.out = Some(PathBuf::from(text)),
                        false => settings.out = None,
                    }
                }
            }
            _ => self.unknown(key, "`[build]`", &["target", "out"]),
        }
    }

    fn run(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("context", _) => {
                let Some(text) = self.text(value) else { return };
                settings.context = self.below_root(value, &text).then(|| PathBuf::from(text));
            }
            ("strict", DeValue::Boolean(strict)) => settings.strict = *strict,
            ("strict", _) => self.mistyped(value, "true or false"),
            _ => self.unknown(key, "`[run]`", &["context", "strict"]),
        }
    }

    fn policies(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        match key.get_ref().as_ref() {
            "include" => settings.include = values(self.patterns(value)),
            "exclude" => settings.exclude = values(self.patterns(value)),
            "parameters" => self.each(value, |it, policy, value| {
                it.each(value, |it, name, value| {
                    if let Some(value) = it.parameter(value) {
                        let parameter =
                            Parameter { policy: it.located(policy), name: it.located(name), value };
                        settings.parameters.push(parameter);
                    }
                });
            }),
            _ => self.unknown(key, "`[policies]`", &["include", "exclude", "parameters"]),
        }
    }

    fn lint(&mut self, key: &Key<'_>, value: &Item<'_>, settings: &mut Settings) {
        let Some(code) = Code::parse(key.get_ref()) else {
            let codes: Vec<&str> = Code::ALL.iter().map(|it| it.as_str()).collect();
            return self.unknown(key, "`[lint]`", &codes);
        };
        let Some(level) = self.text(value) else { return };
        let severity = match level.as_str() {
            "off" => None,
            "warn" => Some(Severity::Warning),
            "error" => Some(Severity::Error),
            _ => {
                let message = format!("`{level}` is no level of a lint");
                return self.wrong(value, message, &["off", "warn", "error"], &level);
            }
        };
        if !code.has_level() && severity != Some(Severity::Error) {
            let message = format!("{} is an error, which settings do not change", code.as_str());
            let diagnostic = self.diagnostic(Code::WrongSetting, key.span(), message);
            self.diagnostics.push(diagnostic);
            return;
        }
        settings.lints.insert(code, severity);
    }

    fn parameter(&mut self, value: &Item<'_>) -> Option<Value> {
        let parameter = match value.get_ref() {
            DeValue::Boolean(it) => Value::Bool(*it),
            DeValue::String(it) => Value::String(it.to_string()),
            DeValue::Integer(it) => match i64::from_str_radix(it.as_str(), it.radix()) {
                Ok(it) => Value::from(it),
                Err(_) => {
                    self.mistyped(value, "a whole number of 64 bits");
                    return None;
                }
            },
            DeValue::Float(it) => match it.as_str().parse().ok().and_then(Number::from_f64) {
                Some(it) => Value::Number(it),
                None => {
                    self.mistyped(value, "a finite number");
                    return None;
                }
            },
            DeValue::Array(items) => {
                let items: Vec<_> = items.iter().map(|it| self.parameter(it)).collect();
                Value::Array(items.into_iter().collect::<Option<_>>()?)
            }
            DeValue::Table(table) => {
                let entries: Vec<_> = table
                    .iter()
                    .map(|(key, value)| Some((key.get_ref().to_string(), self.parameter(value)?)))
                    .collect();
                Value::Object(entries.into_iter().collect::<Option<_>>()?)
            }
            DeValue::Datetime(_) => {
                self.mistyped(value, "text, a number, true, false, a list or a table; write a time as text");
                return None;
            }
        };
        Some(parameter)
    }

    fn located(&self, key: &Key<'_>) -> Located<String> {
        Located { value: key.get_ref().to_string(), span: self.span(key.span()) }
    }

    /// Calls `take` for each entry of a table.
    fn each<'a>(&mut self, value: &Item<'a>, mut take: impl FnMut(&mut Reader, &Key<'a>, &Item<'a>)) {
        match value.get_ref() {
            DeValue::Table(table) => {
                let outer = std::mem::replace(&mut self.siblings, keys(table));
                for (key, value) in table {
                    take(self, key, value);
                }
                self.siblings = outer;
            }
            _ => self.mistyped(value, "a table"),
        }
    }

    fn text(&mut self, value: &Item<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(it) => Some(it.to_string()),
            _ => {
                self.mistyped(value, "text in quotes");
                None
            }
        }
    }

    fn texts(&mut self, value: &Item<'_>) -> Vec<Located<String>> {
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(value, "a list of texts");
            return Vec::new();
        };
        let located = |it: &Item<'_>, reader: &mut Reader| {
            let value = reader.text(it)?;
            Some(Located { value, span: reader.span(it.span()) })
        };
        items.iter().filter_map(|it| located(it, self)).collect()
    }

    /// Patterns in the manner of `.gitignore`.
    fn patterns(&mut self, value: &Item<'_>) -> Vec<Located<String>> {
        let mut texts = self.texts(value);
        texts.retain(|it| {
            let readable = GitignoreBuilder::new("").add_line(None, &it.value).is_ok();
            let plain = !it.value.starts_with(['!', '#']) && !it.value.trim().is_empty();
            if !(readable && plain) {
                let message = format!("`{}` is not a pattern of file names", it.value);
                self.diagnostics.push(
                    Diagnostic::new(Code::WrongSetting, it.span, message)
                        .help("write paths below this folder, such as `policies/` or `crds/*.yaml`"),
                );
            }
            readable && plain && self.below_root_at(it.span, &it.value)
        });
        texts
    }

    fn below_root(&mut self, value: &Item<'_>, path: &str) -> bool {
        let span = self.span(value.span());
        self.below_root_at(span, path)
    }

    fn below_root_at(&mut self, span: Span, path: &str) -> bool {
        let outside = Path::new(path).is_absolute() || path.split(['/', '\\']).any(|part| part == "..");
        if outside {
            let message = format!("`{path}` lies outside the project");
            self.diagnostics.push(
                Diagnostic::new(Code::WrongSetting, span, message)
                    .help("paths in the settings count from their folder and stay below it"),
            );
        }
        !outside
    }

    fn unknown(&mut self, key: &Key<'_>, table: &str, known: &[&str]) {
        let name = key.get_ref();
        let span = self.span(key.span());
        let mut diagnostic =
            Diagnostic::new(Code::UnknownSetting, span, format!("there is no setting `{name}` in {table}"));
        diagnostic = match suggest::closest(name, known.iter().copied()) {
            Some(meant) if self.siblings.iter().any(|it| it == meant) => {
                diagnostic.help(format!("did you mean `{meant}`, which is set already?"))
            }
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).safe_fix(
                format!("write `{meant}`"),
                span,
                meant,
            ),
            None if known.len() <= 8 => diagnostic.help(format!("there are {}", listed(known))),
            None => diagnostic.help("`aipc explain` lists the codes"),
        };
        self.diagnostics.push(diagnostic);
    }

    fn wrong(&mut self, value: &Item<'_>, message: String, known: &[&str], word: &str) {
        let diagnostic = self.diagnostic(Code::WrongSetting, value.span(), message);
        self.diagnostics.push(match suggest::closest(word, known.iter().copied()) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None if known.len() == 1 => diagnostic.help(format!("there is {}", listed(known))),
            None => diagnostic.help(format!("there are {}", listed(known))),
        });
    }

    fn mistyped(&mut self, value: &Item<'_>, expected: &str) {
        let message = format!("expected {expected}, found {}", value.get_ref().type_str());
        let diagnostic = self.diagnostic(Code::WrongSetting, value.span(), message);
        self.diagnostics.push(diagnostic);
    }

    fn diagnostic(&self, code: Code, range: Range<usize>, message: String) -> Diagnostic {
        Diagnostic::new(code, self.span(range), message)
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start as u32, range.end as u32)
    }
}

fn keys(table: &DeTable<'_>) -> Vec<String> {
    table.iter().map(|(key, _)| key.get_ref().to_string()).collect()
}

fn values(located: Vec<Located<String>>) -> Vec<String> {
    located.into_iter().map(|it| it.value).collect()
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> (Settings, Vec<String>) {
        let mut sources = Sources::default();
        let (settings, diagnostics) = parse("aip.toml", text, &mut sources);
        let said = diagnostics
            .iter()
            .map(|it| {
                let (line, column) = sources.get(it.primary().file).line_column(it.primary().start);
                format!("{line}:{column} {} {} | {}", it.code.as_str(), it.message, it.help.join("; "))
            })
            .collect();
        (settings, said)
    }

    #[test]
    fn every_setting_is_read() {
        let text = r#"
            [project]
            name = "guard"
            edition = "2026"
            [cluster]
            kubernetes = "1.34"
            crds = ["crds/*.yaml"]
            untyped = ["foo.io/v1/Bar"]
            [build]
            target = "kyverno-legacy"
            out = "kyverno/"
            [run]
            strict = true
            [policies]
            include = ["policies/"]
            exclude = ["policies/old/"]
            parameters.require-labels.keys = ["owner", "cost-centre"]
            parameters.require-labels.least = 0x10
        "#;
        let (settings, said) = said(text);
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(settings.name.as_deref(), Some("guard"));
        assert_eq!(settings.kubernetes.to_string(), "1.34");
        assert_eq!(settings.crds[0].value, "crds/*.yaml");
        assert_eq!(settings.untyped[0].value, "foo.io/v1/Bar");
        assert_eq!(settings.targets, Some(vec![Target::KyvernoLegacy]));
        assert_eq!(settings.out, Some(PathBuf::from("kyverno/")));
        assert!(settings.strict);
        assert_eq!(settings.include, ["policies/"]);
        let parameters: Vec<String> = settings
            .parameters
            .iter()
            .map(|it| format!("{}.{} = {}", it.policy.value, it.name.value, it.value))
            .collect();
        let expected = ["require-labels.keys = [\"owner\",\"cost-centre\"]", "require-labels.least = 16"];
        assert_eq!(parameters, expected);
    }

    #[test]
    fn all_mistakes_are_reported_with_place_and_suggestion() {
        let text = "[projct]\n[cluster]\nkubernets = \"1.34\"\nkubernetes = \"1.99\"\ncrds = \"x\"\n\
                    [build]\ntarget = \"bytecod\"\nout = \"../x\"\n[run]\nstrict = \"yes\"\n[lint]\nAIP9999 = \"off\"\n";
        let (_, said) = said(text);
        let expected = [
            "1:2 AIP0702 there is no setting `projct` in the settings | did you mean `project`?",
            "3:1 AIP0702 there is no setting `kubernets` in `[cluster]` | did you mean `kubernetes`, which is set already?",
            "4:14 AIP0703 the shapes of Kubernetes `1.99` are not known | known are 1.30 to 1.37",
            "5:8 AIP0703 expected a list of texts, found string | ",
            "7:10 AIP0703 there is no target `bytecod` | did you mean `bytecode`?",
            "8:7 AIP0703 `../x` lies outside the project | \
             paths in the settings count from their folder and stay below it",
            "10:10 AIP0703 expected true or false, found string | ",
        ];
        for line in expected {
            assert!(said.contains(&line.to_string()), "{line}\nin {said:#?}");
        }
        assert!(said.iter().any(|it| it.contains("`AIP9999`")), "{said:#?}");
        assert_eq!(said.len(), 8, "{said:#?}");
    }

    #[test]
    fn what_is_no_toml_is_an_error_with_its_place() {
        let (_, said) = said("[project]\nname = \n");
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("2:"), "{said:?}");
    }
}
