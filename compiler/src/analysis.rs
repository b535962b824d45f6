//! Everything known about one file, for the command line and the editor alike.

use std::collections::BTreeMap;

use crate::diagnostic::{self, Code, Diagnostic, Severity};
use crate::hir::{self, resolve::Prelude, resolve::Resolver};
use crate::kubernetes::Cluster;
use crate::source::{FileId, Loader, Sources, Span};
use crate::syntax::{self, ast};
use crate::{ir, lower};

/// What a project sets: the cluster that sources are checked against, lint levels, values of policies' parameters.
pub struct Options {
    pub cluster: Cluster,
    /// The severity of a code instead of its own; `None` switches it off. Only warnings can be set.
    pub lints: BTreeMap<Code, Option<Severity>>,
    pub parameters: hir::check::Parameters,
    /// A word that stands where an editor's cursor is: [`hir::Module::sites`] says what may stand there.
    pub cursor: Option<&'static str>,
    /// Filled by the first analysis.
    pub prelude: Prelude,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cluster: Cluster::newest(),
            lints: BTreeMap::new(),
            parameters: Default::default(),
            cursor: None,
            prelude: Prelude::default(),
        }
    }
}

/// One file, parsed and typed.
pub struct Analysis {
    pub file: FileId,
    pub parsed: syntax::Parsed,
    /// The file behind each `use`, by the place of its path.
    pub uses: Vec<(Span, FileId)>,
    pub module: hir::Module,
    /// What its policies mean. Empty where there are errors; a rule that no output carries is left out.
    pub policies: ir::PolicySet,
    /// The rules that no output carries, with the reasons.
    pub not_carried: Vec<Diagnostic>,
    /// Of the file and of the files that it uses, in the order of their places; lint levels are applied.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    pub fn ast(&self) -> &ast::Module {
        &self.parsed.module
    }

    pub fn has_errors(&self) -> bool {
        diagnostic::has_errors(&self.diagnostics)
    }
}

/// Parses and checks a file and what it uses.
pub fn analyze(sources: &mut Sources, file: FileId, loader: &dyn Loader, options: &mut Options) -> Analysis {
    let text = sources.get(file).text.clone();
    let name = sources.get(file).name.clone();
    let parsed = syntax::parse(file, &text);
    let mut resolver = Resolver::new(sources, loader, &mut options.cluster, &mut options.prelude);
    let id = resolver.declare(&name, file, &parsed.module);
    let uses = std::mem::take(&mut resolver.used);
    let modules = std::mem::take(&mut resolver.modules);
    let mut diagnostics = parsed.diagnostics.clone();
    diagnostics.append(&mut resolver.diagnostics);
    let outside = hir::check::Outside { parameters: &options.parameters, cursor: options.cursor };
    let (module, found) =
        hir::check(&parsed.module, id, &modules, &options.cluster, sources, loader, outside);
    diagnostics.extend(found.into_iter().filter(|it| !repeats_a_repair(it, &parsed.diagnostics)));
    if diagnostic::has_errors(&parsed.diagnostics) {
        names_may_be_misread(&mut diagnostics);
    }
    let mut diagnostics = levelled(diagnostics, &options.lints);
    // Who asks what may stand at a place has no use for what the file means.
    let is_unfinished = options.cursor.is_some() || diagnostic::has_errors(&diagnostics);
    let (policies, found) = match is_unfinished {
        true => Default::default(),
        false => lower::lower(&module, sources),
    };
    // What is right and not carried is for those to say who build or run it.
    let (not_carried, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|it| it.code == Code::NotCarriedYet);
    diagnostics.extend(levelled(found, &options.lints));
    diagnostics.sort_by_key(|it| (it.primary().file, it.primary().start));
    diagnostics.dedup();
    Analysis { file, parsed, uses, module, policies, not_carried, diagnostics }
}

/// What a repair put in has no text. A finding there says once more what the repair has said.
fn repeats_a_repair(found: &Diagnostic, repairs: &[Diagnostic]) -> bool {
    let place = found.primary();
    let is_at =
        |repair: &Diagnostic| repair.primary().file == place.file && repair.primary().contains(place.start);
    place.start == place.end && repairs.iter().any(is_at)
}

/// Where the grammar found mistakes, what follows may have been read otherwise than it was meant. A fix of a name that
/// rests on it is offered, and not made unasked.
fn names_may_be_misread(diagnostics: &mut [Diagnostic]) {
    let of_grammar = |it: &Diagnostic| it.code.as_str().starts_with("AIP01");
    for diagnostic in diagnostics.iter_mut().filter(|it| !of_grammar(it)) {
        diagnostic.fixes.iter_mut().for_each(|fix| fix.safe = false);
    }
}

fn levelled(diagnostics: Vec<Diagnostic>, lints: &BTreeMap<Code, Option<Severity>>) -> Vec<Diagnostic> {
    let level = |mut it: Diagnostic| {
        if it.code.has_level()
            && let Some(level) = lints.get(&it.code)
        {
            it.severity = (*level)?;
        }
        Some(it)
    };
    diagnostics.into_iter().filter_map(level).collect()
}
