//! Names: what stands at a place, where it is declared, where else it is used.

use aipc_compiler::hir::{Definition, Occurrence, Ty};
use aipc_compiler::kubernetes::ObjectId;
use aipc_compiler::source::{FileId, Span};
use aipc_compiler::syntax::ast::{self, Item, Member, Module};

use super::Place;
use crate::workspace::PolicyFile;

/// A name that a file declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declaration<'a> {
    pub name: &'a str,
    /// Of the name alone.
    pub span: Span,
    /// Of all that declares it.
    pub whole: Span,
    pub kind: DeclarationKind,
    pub doc: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeclarationKind {
    Alias,
    Kind,
    Let,
    View,
    Function,
    Parameter,
    Policy,
    Rule,
    Test,
}

impl DeclarationKind {
    /// The word of the language for it.
    pub fn word(self) -> &'static str {
        match self {
            DeclarationKind::Alias => "use",
            DeclarationKind::Kind => "kind",
            DeclarationKind::Let => "let",
            DeclarationKind::View => "view",
            DeclarationKind::Function => "fn",
            DeclarationKind::Parameter => "parameter",
            DeclarationKind::Policy => "policy",
            DeclarationKind::Rule => "rule",
            DeclarationKind::Test => "test",
        }
    }
}

/// The names that a file declares, in source order; tests are among them by their titles.
pub fn declarations(module: &Module) -> Vec<Declaration<'_>> {
    let mut found = Declarations(Vec::new());
    for item in &module.items {
        found.item(item);
    }
    found.0
}

struct Declarations<'a>(Vec<Declaration<'a>>);

impl<'a> Declarations<'a> {
    fn add(
        &mut self,
        kind: DeclarationKind,
        name: &'a str,
        span: Span,
        whole: Span,
        doc: &'a Option<ast::Doc>,
    ) {
        if !name.is_empty() {
            let doc = doc.as_ref().map(|it| it.text.as_str());
            self.0.push(Declaration { name, span, whole, kind, doc });
        }
    }

    fn item(&mut self, item: &'a Item) {
        use DeclarationKind::*;
        match item {
            Item::Use(it) => {
                if let Some(alias) = &it.alias {
                    self.add(Alias, &alias.text, alias.span, it.span, &it.doc);
                }
            }
            Item::Kind(it) => self.add(Kind, &it.name.text, it.name.span, it.span, &it.doc),
            Item::Let(it) => self.add(Let, &it.name.text, it.name.span, it.span, &it.doc),
            Item::View(it) => self.add(View, &it.name.text, it.name.span, it.span, &it.doc),
            Item::Fn(it) => {
                self.add(Function, &it.name.text, it.name.span, it.span, &it.doc);
                self.params(&it.params);
            }
            Item::Policy(it) => {
                self.add(Policy, &it.name.text, it.name.span, it.span, &it.doc);
                self.params(it.params.as_deref().unwrap_or_default());
                for member in &it.members {
                    match member {
                        Member::Rule(it) => self.rule(it),
                        Member::Let(it) => self.add(Let, &it.name.text, it.name.span, it.span, &it.doc),
                        Member::Error(_) => {}
                    }
                }
            }
            Item::PolicyInstance(it) => self.add(Policy, &it.name.text, it.name.span, it.span, &it.doc),
            Item::Rule(it) => self.rule(it),
            Item::Test(it) => self.add(Test, &it.title.value, it.title.span, it.span, &it.doc),
            Item::Refine(_) | Item::Exempt(_) | Item::Error(_) => {}
        }
    }

    fn params(&mut self, params: &'a [ast::Param]) {
        for it in params {
            self.add(DeclarationKind::Parameter, &it.name.text, it.name.span, it.span, &None);
        }
    }

    fn rule(&mut self, it: &'a ast::Rule) {
        if let Some(name) = &it.name {
            self.add(DeclarationKind::Rule, &name.text, name.span, it.span, &it.doc);
        }
    }
}

/// What stands at a place of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// Of the name.
    pub span: Span,
    pub meaning: Definition,
    pub ty: Option<Ty>,
}

/// The name at a byte of the file.
pub fn at(file: &PolicyFile, offset: usize) -> Option<Found> {
    let offset = offset as u32;
    let touches = |span: Span| file.is_own(span) && span.contains(offset) && span.start < span.end;
    let narrow = |it: &&Occurrence| it.span.end - it.span.start;
    let here = file.analysis.module.occurrences.iter().filter(|it| touches(it.span));
    if let Some(it) = here.min_by_key(narrow) {
        return Some(Found { span: it.span, meaning: it.definition.clone(), ty: it.ty.clone() });
    }
    let declared = declarations(file.analysis.ast());
    let it = declared.iter().find(|it| touches(it.span) && it.kind != DeclarationKind::Test)?;
    Some(Found { span: it.span, meaning: Definition::Source(it.span), ty: None })
}

/// Where what stands at a byte is declared. `files` are those of the project: a rule may be another file's.
pub fn definition(file: &PolicyFile, offset: usize, files: &[&PolicyFile]) -> Option<Place> {
    match at(file, offset)?.meaning {
        Definition::Source(span) => {
            // From an alias on to the file.
            let used = used_file(file, span);
            Some(used.unwrap_or_else(|| Place::of(file, span)))
        }
        Definition::Rule { policy, rule } => rule_place(files, &policy, rule.as_deref()),
        Definition::Kind(_)
        | Definition::Field { .. }
        | Definition::Function(_)
        | Definition::Predefined(_) => None,
    }
}

/// The file behind an alias, as its first byte.
fn used_file(file: &PolicyFile, alias: Span) -> Option<Place> {
    if !file.is_own(alias) {
        return None;
    }
    let item = file.analysis.ast().items.iter().find_map(|item| match item {
        Item::Use(it) if it.span.contains(alias.start) => Some(it),
        _ => None,
    })?;
    file_of_use(file, item)
}

/// The text that a `use` item brings in.
pub fn file_of_use(file: &PolicyFile, item: &ast::Use) -> Option<Place> {
    let (_, id) = file.analysis.uses.iter().find(|(span, _)| *span == item.path.span)?;
    let source = file.sources.get(*id);
    Some(Place { path: source.name.clone().into(), text: source.text.clone(), range: 0..0 })
}

fn rule_place(files: &[&PolicyFile], policy: &str, rule: Option<&str>) -> Option<Place> {
    for file in files {
        for item in &file.analysis.ast().items {
            let (name, members): (&ast::Title, &[Member]) = match item {
                Item::Policy(it) => (&it.name, &it.members),
                Item::PolicyInstance(it) => (&it.name, &[]),
                _ => continue,
            };
            if name.text != policy {
                continue;
            }
            let named = members.iter().find_map(|member| match member {
                Member::Rule(it) => it.name.as_ref().filter(|it| Some(it.text.as_str()) == rule),
                Member::Let(_) | Member::Error(_) => None,
            });
            return Some(Place::of(file, named.unwrap_or(name).span));
        }
    }
    None
}

/// Every place of `files` where the same is meant as at a byte of `file`, its declaration first where wanted. Places of
/// what is built in are left out.
pub fn references(file: &PolicyFile, offset: usize, files: &[&PolicyFile], declaration: bool) -> Vec<Place> {
    let Some(found) = at(file, offset) else { return Vec::new() };
    let Some(meaning) = Meaning::of(file, &found.meaning, files) else { return Vec::new() };
    let mut places: Vec<Place> = Vec::new();
    for file in files {
        let mut spans: Vec<Span> = file
            .analysis
            .module
            .occurrences
            .iter()
            .filter(|it| file.is_own(it.span))
            .filter(|it| Meaning::of(file, &it.definition, files).as_ref() == Some(&meaning))
            .map(|it| it.span)
            .collect();
        let declared = declarations(file.analysis.ast());
        let own = declared.iter().filter(|it| it.kind != DeclarationKind::Test).map(|it| it.span);
        let is_it =
            |span: &Span| Meaning::of(file, &Definition::Source(*span), files).as_ref() == Some(&meaning);
        spans.extend(own.filter(is_it));
        spans.sort();
        spans.dedup();
        let is_declaration = |span: &Span| meaning == Meaning::Declared(file.path.clone(), span.start);
        spans.retain(|it| declaration || !is_declaration(it));
        places.extend(spans.into_iter().map(|it| Place::of(file, it)));
    }
    places
}

/// What names of different files mean, so that it can be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Meaning {
    /// By the file and the first byte of the name.
    Declared(std::path::PathBuf, u32),
    Kind(String),
    Field(ObjectId, String),
    Word(&'static str),
}

impl Meaning {
    fn of(file: &PolicyFile, definition: &Definition, files: &[&PolicyFile]) -> Option<Meaning> {
        Some(match definition {
            Definition::Source(span) => Meaning::Declared(file.path_of(span.file), span.start),
            Definition::Kind(name) => Meaning::Kind(name.clone()),
            Definition::Field { object, field } => Meaning::Field(*object, field.clone()),
            Definition::Function(name) | Definition::Predefined(name) => Meaning::Word(name),
            Definition::Rule { policy, rule } => {
                let place = rule_place(files, policy, rule.as_deref())?;
                Meaning::Declared(place.path, place.range.start as u32)
            }
        })
    }
}

/// Whether a file is built in: it has no path.
pub fn is_built_in(file: &PolicyFile, id: FileId) -> bool {
    file.sources.get(id).name.starts_with('<')
}
