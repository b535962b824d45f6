//! Pages about the types of Kubernetes, which are declared in no file: where the type of a value is defined.

use std::fmt::Write;

use aipc_compiler::hir::{Definition, Ty};
use aipc_compiler::kubernetes::{Cluster, ObjectId};

use super::hover::field_words;
use super::names::{self, Found};
use super::{Place, range};
use crate::workspace::PolicyFile;

/// What names of pages begin with, between `<` and `>`.
pub const FOLDER: &str = "types/";

/// Where the type of what stands at a byte is declared: by a `kind` item of the file, else on the page of the type.
pub fn definition(file: &PolicyFile, offset: usize) -> Option<Place> {
    let found = names::at(file, offset)?;
    if let Some(place) = declared(file, &found) {
        return Some(place);
    }
    let options = file.project.options.borrow();
    let cluster = &options.cluster;
    let object = match &found.meaning {
        Definition::Kind(name) => {
            let kind = cluster.kind_of(cluster.find_kind(name)?);
            object_in(&Ty::of(cluster, kind.ty))
        }
        Definition::Source(_)
        | Definition::Field { .. }
        | Definition::Function(_)
        | Definition::Rule { .. }
        | Definition::Predefined(_) => object_in(found.ty.as_ref()?),
    }?;
    let name = &cluster.object(object).name;
    Some(Place { path: format!("<{FOLDER}{name}>").into(), text: page(cluster, object).into(), range: 0..0 })
}

/// The `kind` item that names a kind.
fn declared(file: &PolicyFile, found: &Found) -> Option<Place> {
    let Definition::Kind(full) = &found.meaning else { return None };
    let (_, kind) = full.rsplit_once('/')?;
    let declared = names::declarations(file.analysis.ast());
    let it = declared.into_iter().find(|it| it.kind == names::DeclarationKind::Kind && it.name == kind)?;
    let source = file.sources.get(it.span.file);
    Some(Place { path: source.name.clone().into(), text: source.text.clone(), range: range(it.span) })
}

/// The objects that a value is, or holds; of several the first.
fn object_in(ty: &Ty) -> Option<ObjectId> {
    match ty {
        Ty::Object(ids) => ids.first().copied(),
        Ty::List(item) | Ty::Map(item) => object_in(item),
        _ => None,
    }
}

/// The page of a type, in Markdown.
pub fn page(cluster: &Cluster, object: ObjectId) -> String {
    let name = &cluster.object(object).name;
    let mut out = format!(
        "# {}\n\n`{name}`, Kubernetes {}\n",
        name.rsplit('/').next().unwrap_or(name),
        cluster.version()
    );
    if let Some(doc) = cluster.object_doc(object) {
        let _ = write!(out, "\n{doc}\n");
    }
    for field in cluster.fields(object) {
        let words = field_words(cluster, object, &field.name, None).unwrap_or_default();
        let _ = write!(out, "\n## {}\n\n{}\n", field.name, words.trim_end());
    }
    out
}

/// The page of the type with a name.
pub fn named(cluster: &Cluster, name: &str) -> Option<String> {
    let is_it = |id: &ObjectId| *cluster.object(*id).name == *name;
    let built_in = cluster.named_object(name).and_then(|it| object_in(&Ty::of(cluster, it)));
    let ids = || (0..).map(ObjectId::from_number).take_while(|it| cluster.has_object(*it));
    let object = built_in.or_else(|| ids().find(is_it))?;
    Some(page(cluster, object))
}
