//! `aipc dump`: what each stage of the compiler makes of a file, as text.

use aipc_compiler::diagnostic::has_errors;
use aipc_compiler::{hir, ir, syntax};
use aipc_runtime::program::Program;

use crate::arguments::{Dump, Stage};
use crate::console::Console;
use aipc_project::compile::Compilation;
use aipc_project::files::discover::has_extension;
use aipc_project::files::read;
use aipc_project::outcome::Outcome;
use aipc_project::report::Finding;

pub fn dump(arguments: &Dump, console: &Console) -> Outcome {
    if arguments.stage == Stage::Bytecode && has_extension(&arguments.file, &["aipb"]) {
        return show_program(arguments, console);
    }
    let mut compilation = Compilation::default();
    compilation.add(&arguments.file);
    let policies = match arguments.stage {
        Stage::Ir | Stage::Bytecode => compilation.lower(),
        Stage::Tokens | Stage::Ast | Stage::Hir => ir::PolicySet::default(),
    };
    let program = match arguments.stage {
        Stage::Bytecode => compilation.program(&policies),
        Stage::Tokens | Stage::Ast | Stage::Hir | Stage::Ir => None,
    };
    let text = compilation.files.first().map(|file| {
        let source = &compilation.sources.get(file.file).text;
        match arguments.stage {
            Stage::Tokens => syntax::dump_tokens(source),
            Stage::Ast => syntax::dump_ast(&file.analysis.parsed),
            Stage::Hir => match compilation.cluster_of(&file.project) {
                Some(cluster) => hir::print::print(&file.analysis.module, cluster),
                None => String::new(),
            },
            Stage::Ir => ir::print::print(&policies),
            Stage::Bytecode => program.as_ref().map_or_else(String::new, Program::disassemble),
        }
    });
    super::show_problems(&compilation, console);
    // A stage prints what there is, mistakes and all; what comes after lowering is nothing where there are some.
    let is_partial = has_errors(&compilation.diagnostics);
    match (text, arguments.stage) {
        (None, _) => Outcome::Incomplete,
        (Some(_), Stage::Ir | Stage::Bytecode) if is_partial => Outcome::Incomplete,
        (Some(text), _) => {
            console.out(&text);
            if is_partial { Outcome::Incomplete } else { Outcome::Clean }
        }
    }
}

/// A program that was built before.
fn show_program(arguments: &Dump, console: &Console) -> Outcome {
    let name = read::name(&arguments.file);
    let decoded = read::bytes(&arguments.file, read::SOURCE_BYTES_MAX)
        .and_then(|bytes| Program::decode(&bytes).map_err(|it| it.to_string()));
    match decoded {
        Ok(program) => {
            console.out(&program.disassemble());
            Outcome::Clean
        }
        Err(why) => {
            console.finding(&Finding::error("damaged-program", format!("`{name}` cannot be shown: {why}")));
            Outcome::Incomplete
        }
    }
}
