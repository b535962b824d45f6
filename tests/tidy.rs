//! The repository looks at itself: rooms and their doors, strays, and what has no place outside tests.
//!
//! Each check is a function from texts to faults, tried on a small text that has the fault, then run over the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A room of the compiler and the rooms that it may use. The same table, with words, is in `compiler/README.md`.
const ROOMS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diagnostic", &["source", "syntax"]),
    ("suggest", &[]),
    ("vocabulary", &[]),
    ("syntax", &["source", "diagnostic", "suggest", "vocabulary"]),
    ("kubernetes", &["suggest", "vocabulary"]),
    ("stdlib", &[]),
    ("manifest", &["source"]),
    (
        "hir",
        &[
            "source",
            "diagnostic",
            "suggest",
            "vocabulary",
            "syntax",
            "kubernetes",
            "stdlib",
            "manifest",
            "ir",
        ],
    ),
    ("ir", &["source"]),
    ("lower", &["source", "diagnostic", "hir", "ir"]),
    ("formats", &["source", "diagnostic", "ir"]),
    ("analysis", &["source", "diagnostic", "syntax", "kubernetes", "hir", "ir", "lower"]),
];

/// What one format may use of the others: expressions and the writer of YAML are shared, formats are not.
const FORMATS_SHARED: &[&str] = &[
    "cel",
    "edits",
    "existing",
    "exempted",
    "objects",
    "images",
    "jmespath",
    "literal",
    "yaml_write",
    "support",
    "Emitted",
    "EmittedRule",
    "Unsupported",
    "metadata",
    "patch",
];

/// The most lines that a file of Rust may have; one idea fits.
const LINES_MAX: usize = 1000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// Files below a folder with one of the endings, by their paths from the repository's root, sorted.
fn files(folder: &str, endings: &[&str]) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, endings: &[&str], found: &mut BTreeMap<String, String>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "node_modules"].contains(&name.as_str()) {
                    walk(&path, root, endings, found);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let short = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                found.insert(short, text);
            }
        }
    }
    let root = root();
    let mut found = BTreeMap::new();
    walk(&root.join(folder), &root, endings, &mut found);
    found
}

/// The text without comments and without its unit tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules behind each `crate::`, with the one below where one is written: (`formats`, `cel`).
fn uses(text: &str) -> BTreeSet<(String, String)> {
    let code = code(text);
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // `use crate::{ir, hir::Expr};`
            let mut depth = 0;
            let mut part = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert((word(part.trim()), String::new()));
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
            found.insert((word(part.trim()), String::new()));
            continue;
        }
        let first = word(rest);
        let below = rest[first.len()..].strip_prefix("::").map(word).unwrap_or_default();
        found.insert((first, below));
    }
    found.retain(|(first, _)| !first.is_empty() && first != "self");
    found
}

/// Uses of rooms through doors that the table does not have.
fn wrong_doors(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in files {
        let Some(inside) = path.strip_prefix("compiler/src/") else { continue };
        if inside.ends_with("tests.rs") || inside.contains("/tests/") {
            continue;
        }
        let mut parts = inside.trim_end_matches(".rs").split('/');
        let room = parts.next().unwrap_or_default();
        if room == "lib" {
            continue;
        }
        let format = parts.next().unwrap_or_default();
        let Some((_, doors)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: the room `{room}` is not in the table"));
            continue;
        };
        for (used, below) in uses(text) {
            if used == room {
                let own = below.is_empty() || below == format || FORMATS_SHARED.contains(&below.as_str());
                // The table of features asks each format what it cannot say.
                if room == "formats" && !own && format != "support" {
                    wrong.push(format!("{path}: `formats::{below}` is another format"));
                }
            } else if !doors.contains(&used.as_str()) {
                wrong.push(format!("{path}: `{room}` may not use `{used}`"));
            }
        }
    }
    wrong
}

/// What the compiler and the runtime do not know: files, clocks, networks, processes.
fn outside_world(files: &BTreeMap<String, String>) -> Vec<String> {
    const WORLD: &[&str] = &[
        "std::fs",
        "SystemTime",
        "Instant::now",
        "TcpStream",
        "UdpSocket",
        "std::process",
        "std::env",
        "println!",
        "eprintln!",
    ];
    let pure = |path: &str| {
        ["compiler/src/", "runtime/src/", "runtime/kyverno/src/"]
            .iter()
            .any(|folder| path.starts_with(folder))
            && !path.contains("/tests/")
    };
    let mut wrong = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| pure(path)) {
        let code = code(text);
        for word in WORLD.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{path}: `{word}` in what knows nothing of the world"));
        }
    }
    wrong
}

/// Words that have no place outside tests.
fn unfinished(files: &BTreeMap<String, String>) -> Vec<String> {
    const WORDS: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", ".unwrap()", "TODO", "FIXME", "#[allow("];
    let mut wrong = Vec::new();
    for (path, text) in files {
        let product = [
            "compiler/src/",
            "compiler/project/src/",
            "compiler/cli/src/",
            "lsp/src/",
            "runtime/src/",
            "runtime/kyverno/src/",
        ];
        if !product.iter().any(|folder| path.starts_with(folder)) || path.contains("/tests") {
            continue;
        }
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            for word in WORDS {
                let in_comments_too = word.chars().all(|c| c.is_ascii_uppercase());
                let found = if in_comments_too { line.contains(word) } else { code.contains(word) };
                // A lint may be silenced for a reason.
                if found && !(*word == "#[allow(" && line.contains("reason = ")) {
                    wrong.push(format!("{path}:{}: `{word}`", number + 1));
                }
            }
        }
    }
    wrong
}

/// Files of product code that do not say what they are, or that hold more than one idea.
fn shapeless(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in files {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{path}: {lines} lines, and {LINES_MAX} are enough for one idea"));
        }
        if path.contains("/src/") && !text.starts_with("//!") {
            wrong.push(format!("{path}: it does not begin by saying what it is (`//! …`)"));
        }
    }
    wrong
}

/// Source files that no `mod` names.
fn dead(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in files.keys() {
        let at = Path::new(path);
        let (Some(stem), Some(folder)) = (at.file_stem().and_then(|it| it.to_str()), at.parent()) else {
            continue;
        };
        if ["main", "lib", "build"].contains(&stem) {
            continue;
        }
        // `a/mod.rs` is named by whoever lies beside `a`.
        let (stem, folder) = match stem {
            "mod" => (folder.file_name().and_then(|it| it.to_str()).unwrap_or_default(), folder.parent()),
            stem => (stem, Some(folder)),
        };
        let Some(folder) = folder else { continue };
        let beside = format!("{}.rs", folder.display());
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|name| folder.join(name).display().to_string());
        let names = |text: &String| {
            let modules = [format!("mod {stem};"), format!("/{stem}.rs\"]"), format!("\"{stem}.rs\"]")];
            modules.iter().any(|module| text.contains(module))
        };
        let is_named = parents.iter().chain([&beside]).filter_map(|path| files.get(path)).any(names);
        // Test binaries and benches are found by cargo itself.
        let by_cargo = folder.ends_with("tests") || folder.ends_with("benches");
        let elsewhere =
            files.iter().any(|(other, text)| other != path && text.contains(&format!("/{stem}.rs\"]")));
        if !is_named && !by_cargo && !elsewhere {
            wrong.push(format!("{path}: no module names it"));
        }
    }
    wrong
}

/// Snapshots that nobody asks for any more, and what editors and runs leave behind.
fn strays(paths: &[String], code: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.rsplit('/').next().unwrap_or(path);
        if [".snap.new", ".pending-snap", ".orig", ".rej", ".bak", "~", ".swp"]
            .iter()
            .any(|it| name.ends_with(it))
        {
            wrong.push(format!("{path}: left behind"));
        }
        let Some(snapshot) = name.strip_suffix(".snap") else { continue };
        // `crate__module__name.snap`, or the plain name of a setting with its own path.
        let last = snapshot.rsplit("__").next().unwrap_or(snapshot);
        let last = last.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        let asked = code
            .values()
            .any(|text| text.contains(&format!("\"{last}\"")) || text.contains(&format!("fn {last}")))
            || paths
                .iter()
                .any(|it| it.rsplit('/').next().is_some_and(|it| it.starts_with(&format!("{last}."))));
        if !asked {
            wrong.push(format!("{path}: no test has this snapshot"));
        }
    }
    wrong
}

fn one(path: &str, text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(path.to_owned(), text.to_owned())])
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn rooms_are_entered_through_their_doors() {
    assert_eq!(wrong_doors(&one("compiler/src/ir/a.rs", "use crate::hir::Expr;")).len(), 1);
    assert_eq!(wrong_doors(&one("compiler/src/ir/a.rs", "use crate::{lower::x, source};")).len(), 1);
    assert_eq!(
        wrong_doors(&one("compiler/src/formats/cel/a.rs", "use crate::formats::cluster_policy::x;")).len(),
        1
    );
    assert_eq!(wrong_doors(&one("compiler/src/elsewhere.rs", "")).len(), 1);
    assert!(wrong_doors(&one("compiler/src/ir/a.rs", "// crate::hir\nuse crate::source::Span;")).is_empty());
    none(wrong_doors(&files("compiler/src", &[".rs"])));
}

#[test]
fn compiler_and_runtime_know_nothing_of_the_world() {
    assert_eq!(outside_world(&one("runtime/src/a.rs", "fn f() { std::fs::read(\"a\"); }")).len(), 1);
    assert!(outside_world(&one("compiler/cli/src/a.rs", "std::fs::read")).is_empty());
    let mut all = files("compiler/src", &[".rs"]);
    all.extend(files("runtime/src", &[".rs"]));
    none(outside_world(&all));
    let runtime = std::fs::read_to_string(root().join("runtime/Cargo.toml")).expect("the runtime's manifest");
    assert!(!runtime.contains("aipc-compiler"), "the runtime needs no compiler");
}

#[test]
fn nothing_is_unfinished() {
    assert_eq!(unfinished(&one("runtime/src/a.rs", "fn f() { x.unwrap() }")).len(), 1);
    assert_eq!(unfinished(&one("runtime/src/a.rs", "// TODO: more")).len(), 1);
    assert!(unfinished(&one("runtime/src/a.rs", "\n#[cfg(test)]\nmod tests { x.unwrap() }")).is_empty());
    none(unfinished(&files("", &[".rs"])));
}

#[test]
fn files_hold_one_idea_and_say_which() {
    assert_eq!(shapeless(&one("runtime/src/a.rs", "fn f() {}")).len(), 1);
    assert_eq!(shapeless(&one("tests/a.rs", &"\n".repeat(LINES_MAX + 1))).len(), 1);
    none(shapeless(&files("", &[".rs"])));
}

#[test]
fn every_file_is_in_a_module() {
    let mut two = one("compiler/src/lib.rs", "mod a;");
    two.insert("compiler/src/b.rs".into(), String::new());
    two.insert("compiler/src/a.rs".into(), String::new());
    assert_eq!(dead(&two), ["compiler/src/b.rs: no module names it"]);
    none(dead(&files("", &[".rs"])));
}

#[test]
fn nothing_is_left_behind() {
    let code = one("tests/a.rs", "#[test]\nfn known() {}");
    let paths =
        ["snapshots/e2e__a__known.snap", "snapshots/e2e__a__gone.snap", "a.snap.new"].map(String::from);
    assert_eq!(strays(&paths, &code).len(), 2);
    let paths: Vec<String> = files("", &[""]).into_keys().collect();
    none(strays(&paths, &files("", &[".rs"])));
}
