//! Every file of the library checks, and its policies have an IR.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::source::{NoFiles, Sources};
use aipc_compiler::stdlib;

#[test]
fn library_files_check_and_lower() {
    let prelude = ("prelude", stdlib::PRELUDE);
    let files: Vec<(&str, &str)> =
        stdlib::names().map(|name| (name, stdlib::find(name).unwrap())).chain([prelude]).collect();
    for (name, text) in files {
        let mut sources = Sources::default();
        let file = sources.add(format!("<std/{name}>"), text);
        let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
        let said: Vec<String> = analysis
            .diagnostics
            .iter()
            .map(|it| {
                let (line, _) = sources.get(it.primary().file).line_column(it.primary().start);
                format!("{name}:{line}: {} {}", it.code.as_str(), it.message)
            })
            .collect();
        assert!(said.is_empty(), "{said:#?}");
        let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
        assert!(refused.is_empty(), "{name}: {refused:#?}");
        if std::env::var_os("SHOW_IR").is_some() {
            println!("{set:#?}");
        }
    }
}
