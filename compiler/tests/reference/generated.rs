//! Pages of the reference that are made from tables. `AIPC_BLESS=1` writes them; otherwise they are compared.

use std::path::{Path, PathBuf};

use aipc_compiler::diagnostic::{Code, Severity};
use aipc_compiler::formats::support::support_page;
use aipc_compiler::hir::check::SIMPLE_TYPES;
use aipc_compiler::source::FileId;
use aipc_compiler::stdlib;
use aipc_compiler::syntax::{ast, parse};
use aipc_compiler::vocabulary::functions::{FUNCTIONS, Function, Meaning};
use aipc_compiler::vocabulary::names::{KNOBS, PREDEFINED};
use aipc_compiler::vocabulary::operators::{Form, OPERATORS, Precedence};
use aipc_compiler::vocabulary::types::TYPES;

#[test]
fn generated_pages_are_up_to_date() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference");
    let pages = [
        ("functions.md", functions()),
        ("operators.md", operators()),
        ("types.md", types()),
        ("views.md", views()),
        ("diagnostics.md", diagnostics()),
        ("targets.md", support_page()),
        ("differences.md", super::differences::page()),
        ("../../stdlib/README.md", super::library::page()),
    ];
    let bless = std::env::var_os("AIPC_BLESS").is_some();
    let stale: Vec<&str> = pages
        .iter()
        .filter(|(name, page)| !is_same(&folder.join(name), page, bless))
        .map(|(name, _)| *name)
        .collect();
    assert!(
        stale.is_empty(),
        "{stale:?} are stale: AIPC_BLESS=1 cargo test -p aipc-compiler --test reference"
    );
}

fn is_same(path: &Path, page: &str, bless: bool) -> bool {
    if bless {
        std::fs::write(path, page).expect("the page can be written");
    }
    std::fs::read_to_string(path).is_ok_and(|text| text == page)
}

#[test]
fn the_table_of_types_has_every_named_type() {
    let names: Vec<&str> = TYPES.iter().map(|it| it.name).collect();
    let known: Vec<&str> = SIMPLE_TYPES.iter().map(|it| it.0).collect();
    assert_eq!(names, known);
}

/// A cell of a table: `|` would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        _ if text.contains('`') => format!("`` {} ``", cell(text)),
        _ => format!("`{}`", cell(text)),
    }
}

fn functions() -> String {
    let mut page = String::from(
        "# Functions\n\nA parameter after `;` may be left out. Arguments go by position or by name: `cluster.get(Deployment, \
         \"web\", in: \"shop\")`. A function gives nothing where an argument that it needs is missing. A function of a single \
         value, given a path of many values, is applied to each of them; a function of a list takes them all.\n\n\
         | function | gives | | example |\n|---|---|---|---|\n",
    );
    let carried = |it: &&Function| it.meaning != Meaning::External || it.name == "image";
    for it in FUNCTIONS.iter().filter(carried) {
        let example = format!("{} is {}", code(it.example.0), code(it.example.1));
        page.push_str(&format!(
            "| {} | {} | {} | {example} |\n",
            code(&it.signature()),
            it.gives(),
            cell(it.summary)
        ));
    }
    page.push_str(
        "\n## Of more than the object\n\nThese ask a cluster, a network or a registry, say who signs, or are a target's own. \
         [targets](targets.md) tells which output carries which; where one does not, to build or run the rule is an error \
         (AIP0407, AIP0601).\n\n| function | gives | |\n|---|---|---|\n",
    );
    for it in FUNCTIONS.iter().filter(|it| !carried(it)) {
        page.push_str(&format!("| {} | {} | {} |\n", code(&it.signature()), it.gives(), cell(it.summary)));
    }
    page
}

fn operators() -> String {
    let mut page = String::from(
        "# Operators\n\nFrom the tightest to the loosest. Operators of one section bind equally. A comparison or match with a \
         missing operand is false; `!=`, `!~`, `not in` and `not matches` are the negations, so they are true.\n",
    );
    let mut section: Option<Precedence> = None;
    for it in OPERATORS {
        if section != Some(it.precedence) {
            section = Some(it.precedence);
            page.push_str(&format!("\n## {}\n\n{}\n\n", title(it.precedence), grouping(it.precedence)));
            page.push_str("| operator | takes | | example |\n|---|---|---|---|\n");
        }
        let example = match it.example {
            ("", _) => String::new(),
            (expression, value) => format!("{} is {}", code(expression), code(value)),
        };
        let name = if it.form == Form::Prefix && it.sign == "-" { "- (prefix)" } else { it.sign };
        page.push_str(&format!(
            "| {} | {} | {} | {example} |\n",
            code(name),
            cell(it.types),
            cell(it.summary)
        ));
    }
    page
}

fn title(precedence: Precedence) -> &'static str {
    match precedence {
        Precedence::Postfix => "Fields, entries, calls",
        Precedence::Prefix => "Prefixes",
        Precedence::Product => "Products",
        Precedence::Sum => "Sums",
        Precedence::Default => "Defaults",
        Precedence::Range => "Ranges",
        Precedence::Comparison => "Comparisons",
        Precedence::Not => "Negation",
        Precedence::And => "And",
        Precedence::Or => "Or",
        Precedence::Open => "Quantifiers and choices",
    }
}

fn grouping(precedence: Precedence) -> &'static str {
    match precedence {
        Precedence::Postfix | Precedence::Product | Precedence::Sum | Precedence::And | Precedence::Or => {
            "Several in a row group from the left."
        }
        Precedence::Prefix | Precedence::Not => "They stand in front of what they take.",
        Precedence::Default => "Several in a row group from the right.",
        Precedence::Range | Precedence::Comparison => {
            "There are no several in a row: `a < b < c` is an error."
        }
        Precedence::Open => {
            "They reach as far to the right as possible, and stand only at the right end of an expression; elsewhere in \
             parentheses."
        }
    }
}

fn types() -> String {
    let mut page = String::from(
        "# Types\n\nThe types that parameters and `refine` may name. `list of T` and `map of T` take any of them. Objects of \
         the schemas go by their names: `Container`, `LabelSelector`, `Deployment`. The schemas also have closed sets of \
         strings (an unknown value is an error) and two mixtures: *int or percent*, *int or string*.\n\n\
         | type | values | written | in the schemas |\n|---|---|---|---|\n",
    );
    for it in TYPES {
        page.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            it.name,
            cell(it.summary),
            code(it.literal),
            it.schema
        ));
    }
    page
}

/// The prelude's views and functions, as it declares them, and the predefined names.
fn views() -> String {
    let text = stdlib::PRELUDE;
    let parsed = parse(FileId(0), text);
    let source = |start: u32, end: u32| {
        text[start as usize..end as usize].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut page = String::from(
        "# Names that every file knows\n\n## Views\n\nThey are declared in `stdlib/prelude.aip`, in the language itself.\n\n\
         | view | of | is | |\n|---|---|---|---|\n",
    );
    let mut functions = String::new();
    let mut described: Vec<(&str, &str)> = Vec::new();
    for item in &parsed.module.items {
        match item {
            ast::Item::View(view) => {
                let of: Vec<String> = view.of.iter().map(|it| it.name.text()).collect();
                let paths: Vec<String> =
                    view.paths.iter().map(|it| code(&source(it.span.start, it.span.end))).collect();
                if let Some(doc) = &view.doc {
                    described.push((&view.name.text, &doc.text));
                }
                let doc = described.iter().find(|it| it.0 == view.name.text).map_or("", |it| it.1);
                page.push_str(&format!(
                    "| `{}` | {} | {} | {} |\n",
                    view.name.text,
                    of.join(", "),
                    paths.join(", "),
                    cell(&doc.replace('\n', " "))
                ));
            }
            ast::Item::Fn(function) => {
                let params = match (function.params.first(), function.params.last()) {
                    (Some(first), Some(last)) => source(first.span.start, last.span.end),
                    _ => String::new(),
                };
                let doc = function.doc.as_ref().map_or("", |it| it.text.as_str());
                functions.push_str(&format!(
                    "| `{}({params})` | {} |\n",
                    function.name.text,
                    cell(&doc.replace('\n', " "))
                ));
            }
            _ => {}
        }
    }
    page.push_str("\n## Functions of the prelude\n\n| function | |\n|---|---|\n");
    page.push_str(&functions);
    page.push_str(
        "\n## Predefined names\n\nNothing can take these names for itself.\n\n| name | |\n|---|---|\n",
    );
    for it in PREDEFINED {
        page.push_str(&format!("| `{}` | {} |\n", it.name, cell(it.summary)));
    }
    let knobs: Vec<String> = KNOBS.iter().map(|it| format!("`{it}`")).collect();
    page.push_str(&format!("\n## Settings\n\n{}.\n", knobs.join(", ")));
    page
}

fn diagnostics() -> String {
    let mut page = String::from(
        "# Diagnostics\n\n`aipc explain CODE` prints the page of a code. The level of a warning, and of any lint (AIP05xx), can be set \
         under `[lint]` in `aip.toml`; other errors stay errors. Codes are never used for anything else.\n",
    );
    let mut section = "";
    for it in Code::ALL {
        let block = &it.as_str()[..5];
        if block != section {
            section = block;
            page.push_str(&format!("\n## {}\n\n| code | | |\n|---|---|---|\n", subject(block)));
        }
        let level = match it.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let name = it.as_str();
        page.push_str(&format!(
            "| [{name}](../src/diagnostic/explain/{name}.md) | {} | {level} |\n",
            cell(it.title())
        ));
    }
    page
}

fn subject(block: &str) -> &'static str {
    match block {
        "AIP01" => "Text and grammar",
        "AIP02" => "Names",
        "AIP03" => "Types",
        "AIP04" => "Meaning",
        "AIP05" => "Lints",
        "AIP06" => "Targets",
        "AIP07" => "The project",
        _ => "Others",
    }
}
