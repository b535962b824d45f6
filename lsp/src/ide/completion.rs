//! What may stand at the cursor.
//!
//! The word at the cursor is replaced by [`CURSOR`], and the file analysed with it: the compiler records what it would have
//! taken there, also within text that is not finished.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aipc_compiler::hir::Ty;
use aipc_compiler::hir::cursor::{InScope, ScopeKind, Site};
use aipc_compiler::kubernetes::{Cluster, ObjectId, Type, well_known_keys};
use aipc_compiler::source::FileId;
use aipc_compiler::syntax::ast::Item as AstItem;
use aipc_compiler::syntax::token::{Keyword, Tok, Token};
use aipc_compiler::vocabulary::functions::{FUNCTIONS, Parameter};
use aipc_compiler::vocabulary::names::{IMAGE_PARTS, PREDEFINED};
use aipc_compiler::vocabulary::types::TYPES;
use aipc_compiler::{stdlib, syntax};
use serde_json::{Value, json};

use super::hover;
use super::names::{self, DeclarationKind};
use crate::workspace::{PolicyFile, Workspace};

/// The word that stands for the cursor.
const CURSOR: &str = "aipcCursor";

/// Something that may stand at the cursor.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    pub label: String,
    pub kind: ItemKind,
    /// A few words beside the label: a type, mostly.
    pub detail: String,
    /// What is put in; with `${1:…}` for what is to be filled in, where `snippet`.
    pub insert: String,
    pub snippet: bool,
    /// Required fields come first, then what is declared nearest.
    pub rank: Rank,
    pub deprecated: bool,
    /// What to say about it once it is looked at.
    pub about: About,
    /// Put in at the top of the file, with it.
    pub import: Option<String>,
}

impl Item {
    /// One that puts in its label.
    fn new(label: &str, kind: ItemKind, detail: impl Into<String>, rank: Rank) -> Item {
        Item {
            label: label.to_string(),
            kind,
            detail: detail.into(),
            insert: label.to_string(),
            snippet: false,
            rank,
            deprecated: false,
            about: About::Nothing,
            import: None,
        }
    }
}

/// The order in which items are offered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    Required,
    Near,
    Field,
    Declared,
    Word,
    Function,
    Far,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemKind {
    Field,
    Value,
    Variable,
    Function,
    View,
    Kind,
    Keyword,
    Snippet,
    Module,
    Policy,
    Type,
}

/// Where the words about an item come from.
#[derive(Clone, PartialEq, Debug)]
pub enum About {
    Nothing,
    Field(ObjectId, String),
    Kind(String),
    Words(String),
}

impl About {
    /// As the editor keeps it until it asks for the words.
    pub fn to_json(&self) -> Value {
        match self {
            About::Nothing => Value::Null,
            About::Field(object, field) => json!({ "object": object.number(), "field": field }),
            About::Kind(name) => json!({ "kind": name }),
            About::Words(words) => json!({ "words": words }),
        }
    }

    pub fn from_json(value: &Value) -> Option<About> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_string);
        if let Some(object) = value.get("object").and_then(Value::as_u64) {
            return Some(About::Field(ObjectId::from_number(object as u32), text("field")?));
        }
        text("kind").map(About::Kind).or_else(|| text("words").map(About::Words))
    }
}

/// What may stand at the cursor, and the word that it takes the place of.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Completion {
    pub replace: Range<usize>,
    pub items: Vec<Item>,
}

/// The part of a text that is the word at the cursor, and the text with [`CURSOR`] in its place.
fn with_cursor(text: &str, offset: usize) -> (Range<usize>, String) {
    let is_word = |ch: char| ch.is_alphanumeric() || ch == '_' || ch == '-';
    let start = text[..offset].char_indices().rev().take_while(|(_, ch)| is_word(*ch)).last();
    let start = start.map_or(offset, |(at, _)| at);
    let end = text[offset..].find(|ch: char| !is_word(ch)).map_or(text.len(), |at| offset + at);
    // Of `label.app/na|me` in quotes, the whole text.
    let mut replaced = String::with_capacity(text.len() + CURSOR.len());
    replaced.push_str(&text[..start]);
    replaced.push_str(CURSOR);
    replaced.push_str(&text[end..]);
    (start..end, replaced)
}

/// What may stand at a byte of a policy file. The text as it is need not be analysed for that.
pub fn at(workspace: &mut Workspace, path: &Path, offset: usize) -> Option<Completion> {
    let text = workspace.text(path)?;
    let (replace, with_word) = with_cursor(&text, offset);
    let tokens = syntax::tokens(ONLY_FILE, &text);
    if let Some(inner) = used_path(&tokens, &text, replace.start) {
        let items = modules(path, &workspace.project_files(path));
        return Some(Completion { replace: inner, items });
    }
    let mut marked = workspace.policy_with(path, with_word.as_str().into(), CURSOR);
    if marked.analysis.module.sites.is_empty() && follows_policy(&tokens, replace.start) {
        // `policy x = library.|` is no item without its arguments.
        let with_call = with_word.replacen(CURSOR, &format!("{CURSOR}()"), 1);
        marked = workspace.policy_with(path, with_call.into(), CURSOR);
    }
    let is_of_map = |it: &Site| match it {
        Site::Field(ty) | Site::Key { of: ty, .. } => matches!(ty, Ty::Map(_)),
        _ => false,
    };
    let keys = match marked.analysis.module.sites.iter().any(is_of_map) {
        true => workspace.label_keys(path),
        false => Rc::default(),
    };
    let others = workspace.known_policies(path);
    let in_text = text_around(&tokens, &text, replace.start);
    let items = complete(&text[..replace.start], &marked, &others, &keys, in_text.is_some());
    // Within quotes the whole text is replaced: values and labels may have signs in them.
    Some(Completion { replace: in_text.unwrap_or(replace), items })
}

/// Tokens are asked for their bytes alone.
const ONLY_FILE: FileId = FileId(0);

/// What may stand behind a text. `marked` is the file with [`CURSOR`] there; `others` are the files of its project, and
/// `keys` those of labels in its manifests.
fn complete(
    before: &str,
    marked: &PolicyFile,
    others: &[Rc<PolicyFile>],
    keys: &BTreeSet<String>,
    in_text: bool,
) -> Vec<Item> {
    let mut offers = Offers { file: marked, keys, items: Vec::new() };
    let options = marked.project.options.borrow();
    for site in &marked.analysis.module.sites {
        offers.site(site, &options.cluster, others, in_text);
    }
    let is_after_dot = before.trim_end().ends_with('.');
    let is_settled =
        |it: &Site| matches!(it, Site::Key { .. } | Site::Word(_) | Site::Value(_) | Site::Subject(_));
    let is_settled = marked.analysis.module.sites.iter().any(is_settled);
    if !in_text && !is_after_dot && !is_settled {
        offers.keywords(before);
    }
    offers.items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    offers.items.dedup_by(|a, b| a.label == b.label && a.import == b.import);
    offers.items
}

/// Whether the word `policy` stands shortly before a byte.
fn follows_policy(tokens: &[Token], offset: usize) -> bool {
    let before = tokens.partition_point(|it| it.end as usize <= offset);
    tokens[..before].iter().rev().take(INSTANCE_TOKENS).any(|it| it.tok.is_keyword(Keyword::Policy))
}

/// `policy`, name, `=`, alias, `.`, with room for a name of several words.
const INSTANCE_TOKENS: usize = 8;

/// The inner part of a string that a byte is in, but for interpolations.
fn text_around(tokens: &[Token], text: &str, offset: usize) -> Option<Range<usize>> {
    let it = tokens
        .iter()
        .find(|it| it.tok == Tok::Str && (it.start as usize) < offset && offset <= it.end as usize)?;
    let written = text.get(it.start as usize..it.end as usize)?;
    let is_closed = written.len() > 1 && written.ends_with('"');
    if is_closed && offset == it.end as usize {
        return None;
    }
    let inner = it.start as usize + 1..it.end as usize - usize::from(is_closed);
    let within = text.get(inner.clone())?;
    let is_plain = !within.contains(['{', '\n', '\\']) && text[it.start as usize..].starts_with('"');
    is_plain.then_some(inner)
}

/// The path of a `use` that a byte is in, within its quotes.
fn used_path(tokens: &[Token], text: &str, offset: usize) -> Option<Range<usize>> {
    let at = tokens
        .iter()
        .position(|it| it.tok == Tok::Str && (it.start as usize) < offset && offset < it.end as usize)?;
    let before = tokens[..at].last()?;
    let is_of_use = before.tok.is_keyword(Keyword::Use);
    is_of_use.then(|| text_around(tokens, text, offset)).flatten()
}

/// The files that a `use` may name.
fn modules(path: &Path, files: &[PathBuf]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |label: &str, detail| items.push(Item::new(label, ItemKind::Module, detail, Rank::Near));
    for name in stdlib::names().filter(|it| *it != "prelude") {
        add(&format!("std/{name}"), "library");
    }
    let folder = path.parent();
    for other in files.iter().filter(|it| **it != path) {
        if let Some(below) = folder.and_then(|folder| other.strip_prefix(folder).ok()) {
            add(format!("./{}", below.to_string_lossy()).trim_end_matches(".aip"), "file");
        }
    }
    items
}

struct Offers<'a> {
    /// With [`CURSOR`] in it.
    file: &'a PolicyFile,
    keys: &'a BTreeSet<String>,
    items: Vec<Item>,
}

impl Offers<'_> {
    fn add(&mut self, label: &str, kind: ItemKind, detail: impl Into<String>, rank: Rank) -> &mut Item {
        self.items.push(Item::new(label, kind, detail, rank));
        let last = self.items.len() - 1;
        &mut self.items[last]
    }

    fn site(&mut self, site: &Site, cluster: &Cluster, others: &[Rc<PolicyFile>], in_text: bool) {
        match site {
            Site::Name { this, names } => {
                if let Some(this) = this {
                    self.fields(this, cluster, &[], false);
                }
                self.names(names);
                self.functions();
                self.imports(others);
            }
            Site::Field(ty) => self.fields(ty, cluster, &[], false),
            Site::OfFile(names) | Site::Template(names) => self.names(names),
            Site::Key { of, present } => self.fields(of, cluster, present, true),
            Site::Value(ty) => self.values(ty, cluster, in_text),
            Site::Subject(names) => {
                self.names(names);
                self.kinds(cluster);
            }
            Site::Word(words) => {
                for word in *words {
                    self.add(word, ItemKind::Value, "", Rank::Near);
                }
            }
            Site::Type => {
                for it in TYPES {
                    let item = self.add(it.name, ItemKind::Type, "", Rank::Near);
                    item.about = About::Words(it.summary.to_string());
                }
                self.add("list of", ItemKind::Type, "", Rank::Near).insert = "list of ".to_string();
                self.add("map of", ItemKind::Type, "", Rank::Near).insert = "map of ".to_string();
            }
        }
    }

    /// The fields of a value; as keys, with their colon.
    fn fields(&mut self, ty: &Ty, cluster: &Cluster, present: &[String], as_key: bool) {
        match ty {
            Ty::Object(ids) => {
                let Some((first, rest)) = ids.split_first() else { return };
                for field in cluster.fields(*first) {
                    let in_all = rest.iter().all(|id| cluster.fields(*id).any(|it| it.name == field.name));
                    if !in_all || present.iter().any(|it| *it == field.name) {
                        continue;
                    }
                    // In a manifest they are there by the kind that is written.
                    if as_key && matches!(field.name.as_ref(), "apiVersion" | "kind" | "status") {
                        continue;
                    }
                    let words = Ty::of(cluster, field.ty).display(cluster);
                    let rank =
                        if field.effectively_required && as_key { Rank::Required } else { Rank::Field };
                    let mark = if field.effectively_required { "required " } else { "" };
                    let item = self.add(&field.name, ItemKind::Field, format!("{mark}{words}"), rank);
                    item.about = About::Field(*first, field.name.to_string());
                    item.deprecated = field.removed.is_some();
                    if as_key {
                        (item.insert, item.snippet) = key(&field.name, cluster.ty(field.ty));
                    }
                }
            }
            Ty::List(item) => self.fields(item, cluster, present, as_key),
            Ty::Record(record) => {
                for field in record.fields() {
                    let words = field.ty.display(cluster);
                    self.add(field.name, ItemKind::Field, words, Rank::Field);
                }
            }
            Ty::Image => {
                for part in IMAGE_PARTS {
                    self.add(part, ItemKind::Field, "string", Rank::Field);
                }
            }
            Ty::Map(_) => {
                // Labels and annotations: those that the workspace has, and those that Kubernetes knows.
                let keys = self.keys;
                let seen = keys.iter().map(|it| (it.as_str(), "in the workspace", Rank::Near));
                let known = well_known_keys().filter(|it| !keys.contains(*it));
                for (name, words, rank) in seen.chain(known.map(|it| (it, "well-known key", Rank::Far))) {
                    let item = self.add(name, ItemKind::Field, words, rank);
                    item.insert = format!("\"{name}\"{}", if as_key { ": " } else { "" });
                }
            }
            _ => {}
        }
    }

    fn values(&mut self, ty: &Ty, cluster: &Cluster, in_text: bool) {
        let values: Vec<String> = match ty {
            Ty::Enum(id) => cluster.enumeration(*id).values.iter().map(ToString::to_string).collect(),
            Ty::Bool => vec!["true".to_string(), "false".to_string()],
            _ => Vec::new(),
        };
        for value in values {
            let item = self.add(&value, ItemKind::Value, ty.display(cluster), Rank::Near);
            if !in_text && *ty != Ty::Bool {
                item.insert = format!("\"{value}\"");
            }
        }
    }

    fn names(&mut self, names: &[InScope]) {
        let declared = names::declarations(self.file.analysis.ast());
        for it in names {
            let (kind, rank, word) = match it.kind {
                ScopeKind::Local => (ItemKind::Variable, Rank::Near, ""),
                ScopeKind::Let => (ItemKind::Variable, Rank::Declared, "let"),
                ScopeKind::View => (ItemKind::View, Rank::Declared, "view"),
                ScopeKind::Function => (ItemKind::Function, Rank::Declared, "fn"),
                ScopeKind::Predefined => (ItemKind::Variable, Rank::Word, ""),
                ScopeKind::Alias => (ItemKind::Module, Rank::Declared, "use"),
                ScopeKind::Kind => (ItemKind::Kind, Rank::Declared, "kind"),
                ScopeKind::Policy => (ItemKind::Policy, Rank::Declared, "policy"),
            };
            let doc = declared.iter().find(|known| Some(known.span) == it.span).and_then(|it| it.doc);
            let predefined =
                PREDEFINED.iter().find(|known| it.kind == ScopeKind::Predefined && known.name == it.name);
            let words = doc.or(predefined.map(|it| it.summary));
            let item = self.add(&it.name, kind, word, rank);
            item.about = words.map_or(About::Nothing, |it| About::Words(it.to_string()));
            if it.kind == ScopeKind::Function {
                item.insert = format!("{}($1)", it.name);
                item.snippet = true;
            }
        }
    }

    fn functions(&mut self) {
        for it in FUNCTIONS {
            let item = self.add(it.name, ItemKind::Function, it.gives(), Rank::Function);
            item.about = About::Words(format!("`{}`\n\n{}", it.signature(), it.summary));
            let holes: Vec<String> = it.parameters[..it.required]
                .iter()
                .enumerate()
                .map(|(index, it): (usize, &Parameter)| format!("${{{}:{}}}", index + 1, it.name))
                .collect();
            item.insert = format!("{}({})", it.name, holes.join(", "));
            item.snippet = true;
        }
    }

    /// What other files of the project declare: taken with a `use` at the top.
    fn imports(&mut self, others: &[Rc<PolicyFile>]) {
        let folder = self.file.path.parent();
        for other in others.iter().filter(|it| it.path != self.file.path) {
            let below = folder.and_then(|folder| other.path.strip_prefix(folder).ok());
            let Some(below) = below.and_then(|it| it.to_str()) else { continue };
            let path = format!("./{}", below.trim_end_matches(".aip"));
            let alias = below.trim_end_matches(".aip").rsplit('/').next().unwrap_or_default();
            let is_used = self.file.analysis.ast().items.iter().any(
                |item| matches!(item, AstItem::Use(it) if it.path.value.trim_end_matches(".aip") == path),
            );
            if is_used {
                continue;
            }
            let declared = names::declarations(other.analysis.ast());
            let top = declared.iter().filter(|it| {
                matches!(it.kind, DeclarationKind::Let | DeclarationKind::Function)
                    && other.analysis.ast().items.iter().any(|item| item.span() == it.whole)
            });
            for it in top {
                let kind = match it.kind {
                    DeclarationKind::Function => ItemKind::Function,
                    _ => ItemKind::Variable,
                };
                let label = format!("{alias}.{}", it.name);
                let item = self.add(&label, kind, format!("use \"{path}\""), Rank::Far);
                item.about = it.doc.map_or(About::Nothing, |it| About::Words(it.to_string()));
                item.import = Some(format!("use \"{path}\" as {alias}\n"));
            }
        }
    }

    fn kinds(&mut self, cluster: &Cluster) {
        for (_, kind) in cluster.kinds() {
            let full = kind.full_name();
            // A bare name finds the newest stable version.
            let is_found =
                cluster.find_kind(&kind.kind).is_some_and(|it| cluster.kind_of(it).full_name() == full);
            if is_found {
                let item = self.add(&kind.kind, ItemKind::Kind, kind.api_version(), Rank::Far);
                item.about = About::Kind(full);
                item.deprecated = kind.removed.is_some();
            }
        }
    }

    fn keywords(&mut self, before: &str) {
        let words = syntax::keywords_at(ONLY_FILE, before, before.len());
        for word in &words {
            self.add(word.as_str(), ItemKind::Keyword, "", Rank::Word);
        }
        for (label, wanted, body, about) in SNIPPETS {
            if words.contains(wanted) {
                let item = self.add(label, ItemKind::Snippet, *about, Rank::Near);
                item.insert = (*body).to_string();
                item.snippet = true;
            }
        }
    }
}

/// A key of an object as it is put in, and whether there is something to fill in.
fn key(name: &str, ty: &Type) -> (String, bool) {
    match ty {
        Type::Object(_) | Type::Map(_) => (format!("{name}: {{ $1 }}"), true),
        Type::List(_) => (format!("{name}: [$1]"), true),
        Type::String | Type::Enum(_) | Type::Image | Type::Duration | Type::Time => {
            (format!("{name}: \"$1\""), true)
        }
        _ => (format!("{name}: "), false),
    }
}

/// Label, the word that must be possible there, what is put in, and words about it.
const SNIPPETS: &[(&str, Keyword, &str, &str)] = &[
    (
        "policy …",
        Keyword::Policy,
        "policy ${1:name} \"${2:title}\" {\n  severity ${3|medium,info,low,high,critical|}\n\n  deny ${4:pod} if ${5:condition}\n    message \"${6:why}\"\n}",
        "a policy with a rule",
    ),
    (
        "deny …",
        Keyword::Deny,
        "deny ${1:pod} if ${2:condition}\n  message \"${3:why}\"",
        "a rule that forbids",
    ),
    (
        "require …",
        Keyword::Require,
        "require ${1:pod} that ${2:condition}\n  message \"${3:why}\"",
        "a rule that demands",
    ),
    (
        "mutate …",
        Keyword::Mutate,
        "mutate ${1:pod} {\n  default ${2:path} = ${3:value}\n}",
        "a rule that changes",
    ),
    (
        "generate …",
        Keyword::Generate,
        "generate ${1:NetworkPolicy} \"${2:name}\" in trigger.metadata.name for ${3:Namespace} {\n  spec: { $4 }\n}",
        "a rule that makes another object",
    ),
    (
        "verify …",
        Keyword::Verify,
        "verify image where image ~ \"${1:registry/*}\" signed by key(file(\"${2:cosign.pub}\"))",
        "a rule about signatures",
    ),
    (
        "delete …",
        Keyword::Delete,
        "delete ${1:Job} if ${2:condition} every \"${3:0 3 * * *}\"",
        "a rule that cleans up",
    ),
    (
        "exempt …",
        Keyword::Exempt,
        "exempt ${1:policy} for ${2:pod} where ${3:namespace == \"\"} until ${4:2027-01-31} because \"${5:owner: reason}\"",
        "an exemption with an end and a reason",
    ),
    (
        "test …",
        Keyword::Test,
        "test \"${1:title}\" {\n  expect ${2|deny,allow,skip|} ${3:Pod} { $4 }\n}",
        "a test",
    ),
    ("view …", Keyword::View, "view ${1:name} of ${2:pod} = ${3:path}", "a name for a part of objects"),
    ("fn …", Keyword::Fn, "fn ${1:name}(${2:c}: ${3:Container}) = ${4:condition}", "a condition with a name"),
];

/// The words about an item, in Markdown.
pub fn about(item: &About, cluster: &Cluster) -> Option<String> {
    match item {
        About::Nothing => None,
        About::Field(object, _) if !cluster.has_object(*object) => None,
        About::Field(object, field) => hover::field_words(cluster, *object, field, None),
        About::Kind(name) => {
            let id = cluster.find_kind(name)?;
            cluster.kind_doc(id).map(str::to_string)
        }
        About::Words(words) => Some(words.clone()),
    }
}
