//! What may stand at the cursor: what an editor completes with.
//!
//! The editor puts a word of its own where the cursor is and analyses the file with it. Where the checker meets the word, it
//! records what it would have taken there.

use super::Ty;
use super::check::Checker;
use crate::source::Span;
use crate::syntax::ast;
use crate::vocabulary::names::PREDEFINED;

/// A place that the cursor's word was read at.
#[derive(Clone, PartialEq, Debug)]
pub enum Site {
    /// A name at the start of an expression: fields of `this`, and the names in scope.
    Name { this: Option<Ty>, names: Vec<InScope> },
    /// A field of something.
    Field(Ty),
    /// A name of another file, behind its alias.
    OfFile(Vec<InScope>),
    /// A key of an object that is written out; these are there already.
    Key { of: Ty, present: Vec<String> },
    /// A text that is compared with a value of the type, or written into a field of it.
    Value(Ty),
    /// A kind or view that a rule speaks of.
    Subject(Vec<InScope>),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A type.
    Type,
    /// A policy that has parameters.
    Template(Vec<InScope>),
}

/// A name that means something at the cursor.
#[derive(Clone, PartialEq, Debug)]
pub struct InScope {
    pub name: String,
    pub kind: ScopeKind,
    pub ty: Option<Ty>,
    /// Where it is declared; nothing for what is built into the language.
    pub span: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// Of a quantifier, `with`, `for`, or a parameter.
    Local,
    Let,
    View,
    Function,
    Predefined,
    Alias,
    Kind,
    Policy,
}

impl Checker<'_> {
    pub(super) fn is_cursor(&self, word: &str) -> bool {
        self.cursor.is_some_and(|it| it == word)
    }

    /// Records what may stand at the cursor.
    pub(super) fn at_cursor(&mut self, site: Site) {
        if !self.sites.contains(&site) {
            self.sites.push(site);
        }
    }

    /// Whether the cursor is in a name, and records what may stand there: `site`, or behind an alias what its file has.
    pub(super) fn has_cursor(&mut self, name: &ast::QualifiedName, site: fn(&Self) -> Site) -> bool {
        match name.parts.as_slice() {
            [only] if self.is_cursor(&only.text) => self.at_cursor(site(self)),
            [alias, of_file] if self.is_cursor(&of_file.text) => {
                if let Some(module) = self.modules.get(self.module).uses.get(&alias.text).copied() {
                    self.at_cursor(self.file_site(module));
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn name_site(&self) -> Site {
        let mut names: Vec<InScope> = Vec::new();
        let mut add = |name: &str, kind, ty: Option<Ty>, span| {
            if !names.iter().any(|it| it.name == name) {
                names.push(InScope { name: name.to_string(), kind, ty, span });
            }
        };
        for it in self.locals.iter().rev() {
            add(&it.name, ScopeKind::Local, Some(it.value.ty.clone()), Some(it.span));
        }
        for it in PREDEFINED {
            let fits = match it.name {
                "self" | "resource" => self.subject.is_some(),
                "old" => {
                    self.create_only.is_none() && self.subject.as_ref().is_some_and(|it| it.old.is_some())
                }
                "trigger" => self.trigger.is_some(),
                "predicate" => self.in_attestation,
                _ => true,
            };
            if fits {
                add(it.name, ScopeKind::Predefined, None, None);
            }
        }
        for it in self.policy_scope.iter().rev() {
            add(&it.name, ScopeKind::Let, None, Some(it.span));
        }
        for id in self.lookup_modules() {
            let declared = self.modules.get(id);
            for (name, it) in &declared.lets {
                add(name, ScopeKind::Let, None, Some(it.name.span));
            }
            for (name, it) in &declared.functions {
                add(name, ScopeKind::Function, None, Some(it.name.span));
            }
        }
        for (alias, span) in &self.modules.get(self.module).aliases {
            add(alias, ScopeKind::Alias, None, Some(*span));
        }
        if let Some(scope) = &self.subject {
            for (name, value) in &scope.chain {
                add(name, ScopeKind::View, Some(value.ty.clone()), None);
            }
            for view in self.views_in_force() {
                add(&view.name.text, ScopeKind::View, None, Some(view.name.span));
            }
        }
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Site::Name { this: self.subject.as_ref().map(|it| it.this.ty.clone()), names }
    }

    pub(super) fn subject_site(&self) -> Site {
        let mut names: Vec<InScope> = Vec::new();
        let mut add = |name: &str, kind, span| {
            if !names.iter().any(|it| it.name == name) {
                names.push(InScope { name: name.to_string(), kind, ty: None, span });
            }
        };
        for id in self.modules.in_force(self.module) {
            for (name, kind) in &self.modules.get(*id).kinds {
                add(name, ScopeKind::Kind, Some(kind.span));
            }
        }
        for view in self.views_in_force() {
            add(&view.name.text, ScopeKind::View, Some(view.name.span));
        }
        add("resource", ScopeKind::Predefined, None);
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Site::Subject(names)
    }

    /// What another file declares that an expression can name.
    pub(super) fn file_site(&self, module: super::resolve::ModuleId) -> Site {
        let declared = self.modules.get(module);
        let lets = declared.lets.iter().map(|(name, it)| (name, ScopeKind::Let, it.name.span));
        let functions = declared.functions.iter().map(|(name, it)| (name, ScopeKind::Function, it.name.span));
        let kinds = declared.kinds.iter().map(|(name, it)| (name, ScopeKind::Kind, it.span));
        let policies = declared.policies.iter().map(|(name, it)| (name, ScopeKind::Policy, it.name.span));
        let mut names: Vec<InScope> = lets
            .chain(functions)
            .chain(kinds)
            .chain(policies)
            .map(|(name, kind, span)| InScope { name: name.clone(), kind, ty: None, span: Some(span) })
            .collect();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Site::OfFile(names)
    }

    /// The policies of this file, and the files that may have some.
    pub(super) fn template_site(&self) -> Site {
        let declared = self.modules.get(self.module);
        let policies = declared.policies.iter().map(|(name, it)| (name, ScopeKind::Policy, it.name.span));
        let aliases = declared.aliases.iter().map(|(name, span)| (name, ScopeKind::Alias, *span));
        let names = policies.chain(aliases);
        let mut names: Vec<InScope> = names
            .map(|(name, kind, span)| InScope { name: name.clone(), kind, ty: None, span: Some(span) })
            .collect();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Site::Template(names)
    }
}
