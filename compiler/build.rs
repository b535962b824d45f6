//! Generates the parser from `src/syntax/grammar.lalrpop`, the list of library files, and the pages of diagnostics.

use std::path::{Path, PathBuf};

fn main() {
    let Some(out) = std::env::var_os("OUT_DIR").map(PathBuf::from) else {
        println!("cargo:error=OUT_DIR is not set");
        return;
    };
    println!("cargo:rerun-if-changed=src/syntax/grammar.lalrpop");
    let mut grammar = lalrpop::Configuration::new();
    grammar.set_in_dir("src/syntax").set_out_dir(&out).emit_rerun_directives(false);
    if let Err(error) = grammar.process() {
        println!("cargo:error=the grammar cannot be compiled: {error}");
        std::process::exit(1);
    }
    if let Err(error) = library(&out) {
        println!("cargo:error=the library cannot be listed: {error}");
        std::process::exit(1);
    }
    if let Err(error) = pages(&out) {
        println!("cargo:error=the pages of diagnostics cannot be listed: {error}");
        std::process::exit(1);
    }
}

/// Writes `explain.rs`: each page under its code.
fn pages(out: &Path) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/explain");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|it| it.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|it| it == "md"));
    files.sort();
    let mut text = String::from("const PAGES: &[(&str, &str)] = &[\n");
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        text.push_str(&format!("    ({name:?}, include_str!({:?})),\n", file.canonicalize()?));
    }
    text.push_str("];\n");
    std::fs::write(out.join("explain.rs"), text)
}

/// Writes `stdlib.rs`: the prelude, and each file of `stdlib` under its name without the ending.
fn library(out: &Path) -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut text = String::new();
    let mut library = String::from("const LIBRARY: &[(&str, &str)] = &[\n");
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).with_extension("");
        let name = name.to_string_lossy().replace('\\', "/");
        let include = format!("include_str!({:?})", file.canonicalize()?);
        if name == "prelude" {
            text.push_str(&format!("pub const PRELUDE: &str = {include};\n"));
        } else {
            library.push_str(&format!("    ({name:?}, {include}),\n"));
        }
    }
    text.push_str(&library);
    text.push_str("];\n");
    std::fs::write(out.join("stdlib.rs"), text)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|it| it == "aip") {
            files.push(path);
        }
    }
    Ok(())
}
