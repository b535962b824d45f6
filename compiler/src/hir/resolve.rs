//! What files declare and use: the names that are in scope, before anything is typed.
//!
//! The prelude is in force everywhere. `use` brings another file's names under an alias, and its views,
//! refinements and kinds into force. A file is read once however often it is used.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::errors;
use crate::diagnostic::Diagnostic;
use crate::kubernetes::{Cluster, KindLookup, ResourceLookup};
use crate::source::{FileId, Loader, Sources, Span};
use crate::syntax::{self, ast};
use crate::{stdlib, suggest};

/// One of [`Modules`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ModuleId(usize);

/// The prelude: the first module of all.
pub const PRELUDE: ModuleId = ModuleId(0);

/// The files of one compilation, by what they declare.
#[derive(Default)]
pub struct Modules {
    list: Vec<Rc<Declared>>,
}

/// What one file declares. Later declarations of a name that was taken have been reported and are left out.
#[derive(Default)]
pub struct Declared {
    pub name: String,
    pub lets: HashMap<String, Rc<ast::Let>>,
    pub functions: HashMap<String, Rc<ast::Function>>,
    pub policies: HashMap<String, Arc<ast::Policy>>,
    /// By name; several with one name, for different subjects, in their order.
    pub views: HashMap<String, Vec<Rc<ast::View>>>,
    pub kinds: HashMap<String, DeclaredKind>,
    pub refinements: Vec<Rc<ast::Refine>>,
    /// Alias to module.
    pub uses: HashMap<String, ModuleId>,
    /// Where each alias is written; the path, where it gives the alias.
    pub aliases: HashMap<String, Span>,
    /// What [`Modules::in_force`] gives, once it was asked for.
    in_force: OnceCell<Vec<ModuleId>>,
}

/// `kind NAME = "…"`: the name that [`Cluster::resource`] finds.
pub struct DeclaredKind {
    pub target: String,
    pub span: Span,
    /// Nothing is known by the target; that was reported, and uses of the name stay silent.
    pub broken: bool,
}

impl Modules {
    pub fn get(&self, id: ModuleId) -> &Declared {
        &self.list[id.0]
    }

    /// The module itself, what it uses, what that uses, and the prelude; each once, the nearest first.
    ///
    /// To be asked once all files are read.
    pub fn in_force(&self, id: ModuleId) -> &[ModuleId] {
        self.get(id).in_force.get_or_init(|| self.reached_from(id))
    }

    fn reached_from(&self, id: ModuleId) -> Vec<ModuleId> {
        let mut found = vec![id];
        let mut next = 0;
        while next < found.len() {
            let mut used: Vec<ModuleId> = self.get(found[next]).uses.values().copied().collect();
            used.sort_by_key(|id| id.0);
            for id in used {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            next += 1;
        }
        if !found.contains(&PRELUDE) {
            found.push(PRELUDE);
        }
        found
    }
}

/// What the prelude declares, kept from one analysis to the next.
#[derive(Clone, Default)]
pub struct Prelude {
    /// Under the number that the prelude had among the files: its spans have it too.
    known: Option<(FileId, Rc<Declared>)>,
}

/// How deeply files may use files.
const USE_DEPTH_MAX: usize = 64;

/// Reads what a file and the files that it uses declare. Kinds declared `untyped` are added to the cluster.
pub struct Resolver<'a> {
    pub sources: &'a mut Sources,
    pub loader: &'a dyn Loader,
    pub cluster: &'a mut Cluster,
    pub modules: Modules,
    pub diagnostics: Vec<Diagnostic>,
    /// The file behind each `use`, by the place of its path.
    pub used: Vec<(Span, FileId)>,
    by_name: HashMap<String, ModuleId>,
    files: HashMap<ModuleId, FileId>,
    /// Files that are being read: a file among them that is used again closes a cycle.
    open: Vec<String>,
}

impl<'a> Resolver<'a> {
    pub fn new(
        sources: &'a mut Sources,
        loader: &'a dyn Loader,
        cluster: &'a mut Cluster,
        prelude: &mut Prelude,
    ) -> Resolver<'a> {
        let mut resolver = Resolver {
            sources,
            loader,
            cluster,
            modules: Modules::default(),
            diagnostics: Vec::new(),
            used: Vec::new(),
            by_name: HashMap::new(),
            files: HashMap::new(),
            open: Vec::new(),
        };
        let file = resolver.sources.add("<std/prelude>", stdlib::PRELUDE);
        match &prelude.known {
            Some((at, declared)) if *at == file => {
                resolver.modules.list.push(Rc::clone(declared));
                resolver.by_name.insert(declared.name.clone(), PRELUDE);
                resolver.files.insert(PRELUDE, file);
            }
            _ => {
                let parsed = syntax::parse(file, stdlib::PRELUDE);
                resolver.diagnostics.extend(parsed.diagnostics);
                let id = resolver.declare("std/prelude", file, &parsed.module);
                // One that said something says it each time.
                if resolver.diagnostics.is_empty() {
                    prelude.known = Some((file, Rc::clone(&resolver.modules.list[id.0])));
                }
            }
        }
        resolver
    }

    /// Declares the names of a parsed file.
    pub fn declare(&mut self, name: &str, file: FileId, module: &ast::Module) -> ModuleId {
        let id = ModuleId(self.modules.list.len());
        self.files.insert(id, file);
        self.modules.list.push(Rc::new(Declared { name: name.to_string(), ..Declared::default() }));
        self.by_name.insert(name.to_string(), id);
        self.open.push(name.to_string());
        let mut declared = Declared { name: name.to_string(), ..Declared::default() };
        let mut taken: HashMap<String, Span> = HashMap::new();
        for item in &module.items {
            self.declare_item(item, &mut declared, &mut taken);
        }
        self.open.pop();
        self.modules.list[id.0] = Rc::new(declared);
        id
    }

    fn declare_item(&mut self, item: &ast::Item, declared: &mut Declared, taken: &mut HashMap<String, Span>) {
        match item {
            ast::Item::Let(it) => {
                if self.take(&it.name, taken) {
                    declared.lets.insert(it.name.text.clone(), Rc::new(it.clone()));
                }
            }
            ast::Item::Fn(it) => {
                if self.take(&it.name, taken) {
                    declared.functions.insert(it.name.text.clone(), Rc::new(it.clone()));
                }
            }
            ast::Item::View(it) => {
                declared.views.entry(it.name.text.clone()).or_default().push(Rc::new(it.clone()));
            }
            ast::Item::Refine(it) => declared.refinements.push(Rc::new(it.clone())),
            ast::Item::Kind(it) => self.declare_kind(it, declared, taken),
            ast::Item::Use(it) => self.declare_use(it, declared, taken),
            ast::Item::Policy(it) => {
                let name = ast::Name { text: it.name.text.clone(), span: it.name.span };
                if self.take(&name, taken) {
                    declared.policies.insert(it.name.text.clone(), Arc::clone(it));
                }
            }
            ast::Item::PolicyInstance(it) => {
                let name = ast::Name { text: it.name.text.clone(), span: it.name.span };
                self.take(&name, taken);
            }
            ast::Item::Rule(_) | ast::Item::Exempt(_) | ast::Item::Test(_) | ast::Item::Error(_) => {}
        }
    }

    /// Whether the name was free; if not, that is reported.
    fn take(&mut self, name: &ast::Name, taken: &mut HashMap<String, Span>) -> bool {
        if name.text.is_empty() {
            return false;
        }
        if let Some(first) = taken.get(&name.text) {
            self.diagnostics.push(errors::declared_twice(&name.text, name.span, *first));
            return false;
        }
        taken.insert(name.text.clone(), name.span);
        true
    }

    fn declare_kind(&mut self, it: &ast::Kind, declared: &mut Declared, taken: &mut HashMap<String, Span>) {
        if !self.take(&it.name, taken) {
            return;
        }
        let target = &it.target.value;
        // The parser has said that there is no name.
        if it.target.span.start == it.target.span.end {
            return;
        }
        let problem = match it.untyped {
            Some(_) => self
                .cluster
                .add_untyped(target)
                .err()
                .map(|reason| errors::bad_kind_name(target, it.target.span, &reason)),
            None => match self.cluster.resource(target) {
                ResourceLookup::Found(_) => None,
                ResourceLookup::Kind(KindLookup::Unknown { suggestion }) => {
                    let suggestion = suggestion.map(|it| it.name);
                    Some(errors::kind_without_schema(target, it, suggestion.as_deref()))
                }
                other => Some(errors::kind_lookup(self.cluster, target, it.target.span, &other)),
            },
        };
        let kind = DeclaredKind { target: target.clone(), span: it.name.span, broken: problem.is_some() };
        declared.kinds.insert(it.name.text.clone(), kind);
        self.diagnostics.extend(problem);
    }

    fn declare_use(&mut self, it: &ast::Use, declared: &mut Declared, taken: &mut HashMap<String, Span>) {
        let path = it.path.value.as_str();
        let alias = match &it.alias {
            Some(alias) => alias.clone(),
            None => {
                let last = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".aip");
                ast::Name { text: last.to_string(), span: it.path.span }
            }
        };
        if !self.take(&alias, taken) {
            return;
        }
        declared.aliases.insert(alias.text.clone(), alias.span);
        if let Some(id) = self.load(path, &declared.name, it.path.span) {
            self.used.extend(self.files.get(&id).map(|file| (it.path.span, *file)));
            declared.uses.insert(alias.text, id);
        }
    }

    fn load(&mut self, path: &str, from: &str, span: Span) -> Option<ModuleId> {
        let (name, text) = if let Some(std) = path.strip_prefix("std/") {
            match stdlib::find(std) {
                Some(text) => (path.to_string(), text.into()),
                None => {
                    let known = suggest::closest(std, stdlib::names()).map(|name| format!("std/{name}"));
                    self.diagnostics.push(errors::unknown_module(path, span, known.as_deref()));
                    return None;
                }
            }
        } else {
            let file = if path.ends_with(".aip") { path.to_string() } else { format!("{path}.aip") };
            match self.loader.load(from, &file) {
                Ok(found) => found,
                Err(reason) => {
                    self.diagnostics.push(errors::unreadable_module(span, &reason));
                    return None;
                }
            }
        };
        if self.open.contains(&name) {
            self.diagnostics.push(errors::module_cycle(&name, span));
            return None;
        }
        if let Some(id) = self.by_name.get(&name) {
            return Some(*id);
        }
        if self.open.len() >= USE_DEPTH_MAX {
            self.diagnostics.push(errors::unreadable_module(span, "files use files too deeply"));
            return None;
        }
        let shown = if path.starts_with("std/") { format!("<{name}>") } else { name.clone() };
        let file = self.sources.add(shown, text.clone());
        let parsed = syntax::parse(file, &text);
        self.diagnostics.extend(parsed.diagnostics);
        Some(self.declare(&name, file, &parsed.module))
    }
}

/// The name under which the file's own bare rules go: its name without folder and ending.
pub fn file_policy_name(sources: &Sources, file: FileId) -> String {
    let name = &sources.get(file).name;
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = last.strip_suffix(".aip").unwrap_or(last);
    // Kubernetes takes lower-case letters, digits, `-` and `.` as names.
    let plain = |ch: char| match ch.to_ascii_lowercase() {
        ch if ch.is_ascii_alphanumeric() || ch == '.' => ch,
        _ => '-',
    };
    let name: String = stem.chars().map(plain).collect();
    match name.trim_matches(['-', '.']) {
        "" => "policy".to_string(),
        name => name.to_string(),
    }
}
