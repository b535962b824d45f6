//! `aipc init`: the start of a project, to be run and changed.
//!
//! What is there already stays as it is, so that a second `init` only adds what is missing.

use std::path::Path;

use crate::arguments::Init;
use crate::console::Console;
use aipc_project::files::{read, write};
use aipc_project::outcome::Outcome;
use aipc_project::project::FILE_NAME;
use aipc_project::report::escape::visible;

/// Path below the project and text of each file.
const FILES: [(&str, &str); 4] = [
    (FILE_NAME, include_str!("init/aip.toml")),
    ("policies/images.aip", include_str!("init/images.aip")),
    ("manifests/good.yaml", include_str!("init/good.yaml")),
    ("manifests/bad.yaml", include_str!("init/bad.yaml")),
];

/// What stands in the settings for the name of the project.
const NAME: &str = "\"policies\"";

/// The name of the folder, quoted for the settings.
fn project_name(dir: &Path) -> String {
    let folder = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let name = folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => format!("\"{name}\""),
        false => NAME.to_string(),
    }
}

pub fn init(arguments: &Init, console: &Console) -> Outcome {
    let dir = &arguments.dir;
    if dir.exists() && !dir.is_dir() {
        console.error(&format!("`{}` is not a folder", visible(&read::name(dir))));
        return Outcome::Usage;
    }
    for (name, text) in FILES {
        let text = text.replacen(NAME, &project_name(dir), 1);
        let path = if dir.as_os_str() == "." { name.into() } else { dir.join(name) };
        let shown = read::name(&path);
        match write::new(&path, text.as_bytes()) {
            Ok(true) => console.say(&format!("  {} {}", console.err_style.good("created"), visible(&shown))),
            Ok(false) => {
                console.say(&format!("  {} {}", console.err_style.faint("kept   "), visible(&shown)))
            }
            Err(error) => {
                console.error(&visible(&error));
                return Outcome::Incomplete;
            }
        }
    }
    let mut steps = String::from("\nNext steps:\n");
    let change_folder = match dir.as_os_str() == "." {
        true => None,
        false => Some((format!("cd {}", read::name(dir)), "go there")),
    };
    let others = [
        ("aipc check", "find mistakes in the policies"),
        ("aipc test", "run their tests"),
        ("aipc run manifests", "judge manifests: one is denied, with file, line and column"),
        ("aipc build", "print the policies as Kyverno YAML"),
    ];
    let others = others.map(|(command, words)| (command.to_string(), words));
    for (command, words) in change_folder.into_iter().chain(others) {
        steps.push_str(&format!("  {:<22}{words}\n", visible(&command)));
    }
    console.say(steps.trim_end());
    Outcome::Clean
}
