//! The wording of what the checker finds: one constructor a diagnostic.

mod call;
mod lint;
mod test;

use super::ty::Record;
use super::{Expr, Ty};
use crate::diagnostic::{Code, Diagnostic};
use crate::kubernetes::{Cluster, EnumId, KindLookup, ObjectId, ResourceLookup, Version};
use crate::source::{Sources, Span};
use crate::syntax::ast;

pub use call::*;
pub use lint::*;
pub use test::*;

fn did_you_mean(diagnostic: Diagnostic, span: Span, suggestion: Option<&str>) -> Diagnostic {
    match suggestion {
        Some(word) => {
            diagnostic.help(format!("did you mean `{word}`?")).safe_fix(format!("write `{word}`"), span, word)
        }
        None => diagnostic,
    }
}

fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

// Names and modules

pub fn declared_twice(name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("`{name}` is declared twice"))
        .at("declared again here")
        .also(first, "first declared here")
        .help("give one of them another name")
}

pub fn unknown_name(name: &str, span: Span, here: &str, suggestion: Option<&str>) -> Diagnostic {
    let message = match here {
        "here" => format!("nothing here is called `{name}`"),
        ty => format!("nothing here is called `{name}`: {ty} has no such field"),
    };
    did_you_mean(Diagnostic::new(Code::UnknownName, span, message).at("unknown name"), span, suggestion)
}

/// A word that names nothing, where text may stand.
pub fn unquoted_text(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownName, span, format!("nothing here is called `{name}`"))
        .at("unknown name")
        .help("text is written in double quotes")
        .safe_fix(format!("write `\"{name}\"`"), span, format!("\"{name}\""))
}

pub fn unknown_name_of_module(alias: &str, field: &ast::Name, suggestion: Option<&str>) -> Diagnostic {
    let message = format!("`{alias}` declares no value `{}`", field.text);
    did_you_mean(Diagnostic::new(Code::UnknownName, field.span, message), field.span, suggestion)
}

pub fn ambiguous_name(name: &str, span: Span, one: &str, other: &str) -> Diagnostic {
    let message =
        format!("`{name}` is ambiguous: it is a {one} of what the rule speaks of, and also a {other}");
    Diagnostic::new(Code::AmbiguousName, span, message)
        .help(format!("write `self.{name}` for the field"))
        .fix(format!("write `self.{name}`"), span, format!("self.{name}"))
}

pub fn predefined_name(name: &ast::Name) -> Diagnostic {
    Diagnostic::new(Code::PredefinedName, name.span, format!("`{}` has a meaning of its own", name.text))
        .at("this name cannot be given again")
        .help("choose another name")
}

pub fn no_subject_here(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, format!("`{name}` is known only inside a rule"))
        .help("pass what you need as a parameter")
}

pub fn no_trigger_here(span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, "`trigger` is known only in the body of rules with `for`")
        .help("behind `for` fields are those of the trigger itself: `where metadata.name ~ \"team-*\"`")
}

pub fn no_predicate_here(span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, "`predicate` is known only after `attested … that`")
}

pub fn namespace_of_functions(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, format!("`{name}` is no value: it holds functions"))
        .help(format!("call one of them, such as `{name}.get(…)`"))
}

pub fn old_on_create(span: Span, on: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, "there is no old object when an object is created")
        .also(on, "the rule speaks only on create")
        .help("add `update`, or drop the comparison with the old object")
}

pub fn old_of_element(span: Span) -> Diagnostic {
    Diagnostic::new(Code::OutOfPlace, span, "`old` is not known in a rule about elements")
        .help("make the whole object or `pod` the subject, and find the old element by its name")
}

pub fn declared_by_itself(span: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredByItself, span, "this is declared by way of itself")
        .help("functions, views and lets cannot refer to themselves")
}

pub fn too_large(span: Span) -> Diagnostic {
    Diagnostic::new(Code::TooLarge, span, "this expands to more than the compiler takes")
        .help("declarations that use each other several times multiply; write fewer uses")
}

pub fn bad_kind_name(name: &str, span: Span, reason: &str) -> Diagnostic {
    Diagnostic::new(Code::UnknownKind, span, format!("`{name}` cannot be a kind: {reason}"))
        .help("write group, version and kind: `tekton.dev/v1/TaskRun`")
}

pub fn kind_without_schema(name: &str, it: &ast::Kind, suggestion: Option<&str>) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(Code::UnknownKind, it.target.span, format!("no schema knows the kind `{name}`"))
            .help("name its CustomResourceDefinition under `crds` in aip.toml")
            .help("or write `untyped` behind it, and its fields are not checked")
            .fix("declare it untyped", it.span.at_end(), " untyped");
    match suggestion {
        Some(word) => diagnostic.help(format!("did you mean `{word}`?")).fix(
            format!("write `{word}`"),
            it.target.span,
            format!("{word:?}"),
        ),
        None => diagnostic,
    }
}

pub fn unknown_kind(name: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownKind, span, format!("there is no kind or view `{name}`"));
    match suggestion {
        // A full name is no word of the language: it is what a declaration says.
        Some(full) if full.contains('/') => diagnostic
            .at("unknown kind")
            .help(format!("did you mean `{full}`? declare it: `kind Name = \"{full}\"`")),
        Some(_) => did_you_mean(diagnostic.at("unknown kind"), span, suggestion),
        None => diagnostic
            .at("unknown kind")
            .help("for a custom resource, declare it: `kind Name = \"group/version/Kind\"`"),
    }
}

pub fn kind_lookup(cluster: &Cluster, name: &str, span: Span, found: &ResourceLookup) -> Diagnostic {
    match found {
        ResourceLookup::Kind(KindLookup::Ambiguous(ids)) => {
            let names: Vec<String> = ids.iter().map(|id| cluster.kind_of(*id).full_name()).collect();
            let first = names.first().cloned().unwrap_or_default();
            Diagnostic::new(Code::AmbiguousKind, span, format!("`{name}` is ambiguous: {}", names.join(", ")))
                .help(format!("declare the one you mean: `kind My{} = \"{first}\"`", short(name)))
        }
        ResourceLookup::Kind(KindLookup::NotInThisVersion { full_name, since, removed }) => {
            let when = versions(*since, *removed);
            Diagnostic::new(
                Code::NotInThisVersion,
                span,
                format!("`{full_name}` is not in Kubernetes {}: {when}", cluster.version()),
            )
            .help("set `kubernetes` under `[cluster]` in aip.toml to the version of your clusters")
        }
        ResourceLookup::UnknownSubresource { kind, suggestion } => {
            let kind = cluster.kind_of(*kind);
            let known: Vec<&str> = kind.subresources.iter().map(|it| it.name.as_ref()).collect();
            let diagnostic = Diagnostic::new(
                Code::UnknownKind,
                span,
                format!("{} has no subresource `{}`", kind.full_name(), short(name)),
            );
            let diagnostic = match known.is_empty() {
                true => diagnostic.help("it has none at all"),
                false => diagnostic.help(format!("it has {}", known.join(", "))),
            };
            match suggestion {
                Some(word) => diagnostic.help(format!("did you mean `{word}`?")),
                None => diagnostic,
            }
        }
        ResourceLookup::Kind(KindLookup::Unknown { suggestion }) => {
            unknown_kind(name, span, suggestion.as_ref().map(|it| it.name.as_str()))
        }
        ResourceLookup::Kind(KindLookup::Found(_)) | ResourceLookup::Found(_) => {
            unknown_kind(name, span, None)
        }
    }
}

fn versions(since: Version, removed: Option<Version>) -> String {
    match removed {
        Some(removed) => format!("it was removed in {removed}"),
        None => format!("it came with {since}"),
    }
}

pub fn unknown_module(path: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownModule, span, format!("there is no library file `{path}`"));
    match suggestion {
        Some(word) => diagnostic.help(format!("did you mean `{word}`?")).safe_fix(
            format!("write `{word}`"),
            span,
            format!("{word:?}"),
        ),
        None => diagnostic,
    }
}

/// The sentence is the loader's, or says which bound is passed.
pub fn unreadable_module(span: Span, sentence: &str) -> Diagnostic {
    Diagnostic::new(Code::UnknownModule, span, sentence)
}

pub fn module_cycle(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredByItself, span, format!("`{name}` uses itself, by way of what it uses"))
}

/// The sentence is the loader's, or that of the reader of manifests.
pub fn unreadable_file(span: Span, sentence: &str) -> Diagnostic {
    Diagnostic::new(Code::UnreadableFile, span, sentence)
}

// Fields and paths

pub fn unknown_field(
    cluster: &Cluster,
    object: ObjectId,
    several: bool,
    name: &ast::Name,
    suggestion: Option<&str>,
) -> Diagnostic {
    let owner = owner_text(&cluster.object(object).name);
    let message = no_such_field(cluster, object, &name.text);
    let mut diagnostic = Diagnostic::new(Code::UnknownField, name.span, message)
        .at(format!("{owner} has no such field in Kubernetes {}", cluster.version()));
    if several {
        diagnostic = diagnostic.help("every kind that the rule speaks of must have the field");
    }
    did_you_mean(diagnostic, name.span, suggestion)
}

/// That an object has no such field, in policies and in manifests.
pub fn no_such_field(cluster: &Cluster, object: ObjectId, name: &str) -> String {
    format!("field `{name}` is not in {}", owner_text(&cluster.object(object).name))
}

/// That an object has such a field in other versions of Kubernetes only.
pub fn field_of_another_version(
    cluster: &Cluster,
    object: ObjectId,
    name: &str,
    since: Version,
    removed: Option<Version>,
) -> String {
    let owner = owner_text(&cluster.object(object).name);
    let when = versions(since, removed);
    format!("field `{name}` of {owner} is not in Kubernetes {}: {when}", cluster.version())
}

/// `spec.volumes.length`
pub fn foreign_field(base: Span, base_text: &str, name: &ast::Name, ours: &str) -> Diagnostic {
    let meant = ours.replace("$1", base_text);
    Diagnostic::new(Code::UnknownField, name.span, format!("a list has no field `{}`", name.text))
        .at(format!("write `{meant}`"))
        .safe_fix(format!("write `{meant}`"), base.to(name.span), meant)
}

/// `apps/v1/DeploymentSpec` reads `DeploymentSpec (apps/v1)`; names of users' definitions stay as they are.
fn owner_text(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((group, object)) => format!("{object} ({group})"),
        None => name.to_string(),
    }
}

/// `base` is the record. What an admission review holds has names of its own here.
pub fn unknown_record_field(cluster: &Cluster, record: Record, base: Span, name: &ast::Name) -> Diagnostic {
    let fields = record.fields();
    let names: Vec<&str> = fields.iter().map(|it| it.name).collect();
    let suggestion = crate::suggest::closest(&name.text, names.iter().copied());
    let owner = Ty::Record(record).display(cluster);
    let diagnostic =
        Diagnostic::new(Code::UnknownField, name.span, format!("field `{}` is not in {owner}", name.text))
            .help(format!("it has {}", names.join(", ")));
    let ours = match (record, name.text.as_str()) {
        (Record::Namespace, "name") => Some("namespace"),
        (Record::Request, "object") => Some("resource"),
        (Record::Request, "oldObject") => Some("old"),
        (Record::Request, "userInfo") => Some("user"),
        (Record::Request, "namespace") => Some("namespace"),
        _ => None,
    };
    match ours {
        Some(ours) => diagnostic.safe_fix(format!("write `{ours}`"), base.to(name.span), ours),
        None => did_you_mean(diagnostic, name.span, suggestion),
    }
}

pub fn unknown_image_part(name: &ast::Name) -> Diagnostic {
    let parts = crate::vocabulary::names::IMAGE_PARTS;
    let suggestion = crate::suggest::closest(&name.text, parts.iter().copied());
    let diagnostic =
        Diagnostic::new(Code::UnknownField, name.span, format!("an image has no part `{}`", name.text))
            .help(format!("its parts are {}", parts.join(", ")));
    did_you_mean(diagnostic, name.span, suggestion)
}

pub fn field_not_in_version(
    cluster: &Cluster,
    object: ObjectId,
    name: &ast::Name,
    since: Version,
    removed: Option<Version>,
) -> Diagnostic {
    let message = field_of_another_version(cluster, object, &name.text, since, removed);
    Diagnostic::new(Code::NotInThisVersion, name.span, message)
        .help("set `kubernetes` under `[cluster]` in aip.toml to the version of your clusters")
}

pub fn no_fields(
    cluster: &Cluster,
    ty: &Ty,
    base: &Expr,
    name: &ast::Name,
    map_key: Option<String>,
    behind: &str,
) -> Diagnostic {
    let ty = ty.display(cluster);
    let message = format!("`.{}` asks for a field, but this is a {ty}", name.text);
    let diagnostic = Diagnostic::new(Code::NoFields, name.span, message).also(base.span, format!("a {ty}"));
    match map_key {
        Some(key) => {
            // Names of labels have dots, and a slash behind them: all of it is the key.
            let is_of_key = |ch: char| ch.is_ascii_alphanumeric() || "._-/".contains(ch);
            let rest = &behind[..behind.find(|ch| !is_of_key(ch)).unwrap_or(behind.len())];
            let rest = rest.trim_end_matches(['.', '/', '-']);
            let full = format!("{key}.{}{rest}", name.text);
            let end = name.span.end + rest.len() as u32;
            let edit = Span { start: base.span.end - key.len() as u32 - 1, end, ..base.span };
            diagnostic.help(format!("a key with dots or slashes is written in brackets: `[\"{full}\"]`")).fix(
                format!("write `[\"{full}\"]`"),
                edit,
                format!("[\"{full}\"]"),
            )
        }
        None => diagnostic,
    }
}

pub fn field_of_computed_list(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NoFields, span, format!("`.{name}` asks for a field of a computed list"))
        .help("bind its elements: `any x in …: x.field …`, or `[x.field for x in …]`")
}

pub fn cannot_index(cluster: &Cluster, ty: &Ty, index: &Expr) -> Diagnostic {
    let message = format!("a {} has no entry by {}", ty.display(cluster), index.ty.display(cluster));
    Diagnostic::new(Code::CannotIndex, index.span, message)
        .help("lists are indexed by whole numbers, maps by text")
}

pub fn view_needs_path(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsPath, span, "a view consists of paths")
}

pub fn refine_needs_field(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NeedsPath,
        span,
        "`refine` names a field of an object type: `refine Container.image as image`",
    )
}

pub fn changed_needs_path(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsPath, span, "`changed` takes a path of the object that the rule speaks of")
}

pub fn edit_needs_path(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsPath, span, "an edit changes a path of the object")
}

pub fn asks_of_condition(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsPath, span, format!("`{word}` asks of a value, and this is a condition"))
        .help("a condition is true or false, never missing: write the condition itself")
}

pub fn edit_through_list(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ManyValues, span, "an edit changes one place, and this path runs through a list")
        .help("name one place, as `metadata.labels.owner`; for elements of a list make them the subject, or use `for x in … { … }`")
}

pub fn edit_of_other(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NeedsPath,
        span,
        "an edit changes the object that the rule speaks of, and this is none of its places",
    )
}

// Subjects

pub fn mixed_subject(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::MixedSubject,
        span,
        "these cannot be spoken of in one rule: they lie in different places",
    )
    .help("write one rule for each")
}

pub fn subresource_of_view(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownKind, span, format!("the view `{name}` has no subresources"))
        .help("subresources belong to kinds: `Pod/exec`")
}

pub fn view_of_nothing(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownKind, span, format!("no kind of this project has a `{name}`"))
        .help("the view is declared only for kinds whose schema the project does not know")
}

pub fn bare_pod(name: Span, part: Span, verb: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BarePod,
        name,
        "this speaks of bare Pods only, not of the Pods of Deployments and other workloads",
    )
    .at("the kind, not the view")
    .help(format!(
        "`{verb} pod` speaks of every place a Pod comes from; `{verb} Pod only` says that bare Pods are meant"
    ))
    .fix("speak of every pod", name, "pod")
    .fix("mean bare Pods", part.at_end(), " only")
}

// Types

pub fn unknown_type(name: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    did_you_mean(
        Diagnostic::new(Code::UnknownType, span, format!("there is no type `{name}`")),
        span,
        suggestion,
    )
}

pub fn bad_literal(kind: &str, text: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::BadLiteral, span, format!("`{text}` is no {kind}"));
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    match kind {
        "time" if is_date => {
            diagnostic.at("a date is written without quotes").safe_fix(format!("write `{text}`"), span, text)
        }
        _ => diagnostic,
    }
}

pub fn cannot_compare(
    cluster: &Cluster,
    left: &Expr,
    right: &Expr,
    op: Span,
    right_text: &str,
) -> Diagnostic {
    let (a, b) = (left.ty.display(cluster), right.ty.display(cluster));
    let mut diagnostic = Diagnostic::new(Code::CannotCompare, op, format!("{a} cannot be compared with {b}"))
        .also(left.span, a.clone())
        .also(right.span, b);
    // A number in quotes beside a number.
    if let (Some(text), true) = (right.as_text(), left.ty.is_numeric()) {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.') {
            diagnostic = diagnostic.help(format!("write the number without quotes: `{text}`")).safe_fix(
                format!("write `{text}`"),
                right.span,
                text,
            );
        }
    } else if left.ty == Ty::Text && right.ty.is_exact_number() {
        diagnostic = diagnostic.help(format!("write text in quotes: `\"{right_text}\"`")).fix(
            "put it in quotes",
            right.span,
            format!("\"{right_text}\""),
        );
    } else if left.ty == Ty::Duration && right.ty == Ty::Int {
        diagnostic = diagnostic.help(format!(
            "say the unit: `{right_text}s`, `{right_text}min`, `{right_text}h`, `{right_text}d`"
        ));
        for unit in ["s", "min", "h", "d"] {
            let meant = format!("{right_text}{unit}");
            diagnostic = diagnostic.fix(format!("write `{meant}`"), right.span, meant);
        }
    } else if let (Ty::Duration, Ty::Quantity, Some(number)) =
        (&left.ty, &right.ty, right_text.strip_suffix('m'))
    {
        diagnostic = diagnostic.help("`m` means a thousandth; minutes are `min`").fix(
            format!("write `{number}min`"),
            right.span,
            format!("{number}min"),
        );
    } else if left.ty == Ty::Json {
        diagnostic = diagnostic.help("convert the value first: `int(…)`, `quantity(…)`, `time(…)`");
    }
    match (&left.ty, &right.kind) {
        (Ty::Int, super::ExprKind::Literal(super::Literal::Duration(time))) => {
            let seconds = time / 1_000_000_000;
            diagnostic
                .help(format!(
                    "a plain number is compared with one; if it counts seconds, `{right_text}` is `{seconds}`"
                ))
                .fix(format!("write `{seconds}`"), right.span, seconds.to_string())
        }
        _ => diagnostic,
    }
}

/// `x == null`
pub fn compared_with_null(span: Span, text: &str, is_operand: bool, negated: bool) -> Diagnostic {
    let word = if negated { format!("has {text}") } else { format!("not has {text}") };
    let diagnostic =
        Diagnostic::new(Code::CannotCompare, span, "what is missing is no value to compare with")
            .help(format!("`has {text}` asks whether it is there"));
    match is_operand {
        true => diagnostic.safe_fix(format!("write `{word}`"), span, word),
        false => diagnostic,
    }
}

pub fn no_order(cluster: &Cluster, left: &Expr, op: Span) -> Diagnostic {
    let message = format!("a {} has no order: it is equal or not", left.ty.display(cluster));
    Diagnostic::new(Code::CannotCompare, op, message).help("compare with `==` or `!=`")
}

pub fn cannot_default(cluster: &Cluster, value: &Expr, fallback: &Expr) -> Diagnostic {
    let (a, b) = (value.ty.display(cluster), fallback.ty.display(cluster));
    Diagnostic::new(Code::CannotCompare, fallback.span, format!("a {b} cannot stand in for a {a}"))
        .also(value.span, a)
}

pub fn cannot_calculate(
    cluster: &Cluster,
    op: ast::BinaryOp,
    span: Span,
    left: &Expr,
    right: &Expr,
) -> Diagnostic {
    let (a, b) = (left.ty.display(cluster), right.ty.display(cluster));
    Diagnostic::new(Code::CannotCalculate, span, format!("`{}` is not defined for {a} and {b}", op.as_str()))
        .also(left.span, a)
        .also(right.span, b)
}

pub fn not_a_number(cluster: &Cluster, value: &Expr) -> Diagnostic {
    Diagnostic::new(
        Code::CannotCalculate,
        value.span,
        format!("a {} has no negative", value.ty.display(cluster)),
    )
}

pub fn unknown_enum_value(
    cluster: &Cluster,
    id: EnumId,
    text: &str,
    span: Span,
    suggestion: Option<&str>,
    elsewhere: Option<Version>,
) -> Diagnostic {
    let set = cluster.enumeration(id);
    let name = set.name.as_deref().unwrap_or("this field");
    let mut diagnostic = Diagnostic::new(Code::UnknownValue, span, format!("`{text}` is no value of {name}"))
        .at(format!("one of {}", set.values.join(", ")));
    if let Some(since) = elsewhere {
        diagnostic = diagnostic.help(format!("Kubernetes {since} has it, {} does not", cluster.version()));
    }
    match suggestion {
        Some(word) => diagnostic.help(format!("did you mean `{word}`?")).safe_fix(
            format!("write `{word}`"),
            span,
            format!("\"{word}\""),
        ),
        None => diagnostic,
    }
}

pub fn not_matchable(cluster: &Cluster, left: &Expr, op: &str) -> Diagnostic {
    let message = format!("`{op}` matches text, and this is {}", left.ty.display(cluster));
    Diagnostic::new(Code::NotText, left.span, message)
}

pub fn not_text(cluster: &Cluster, value: &Expr) -> Diagnostic {
    let message = format!("{} cannot stand in text", value.ty.display(cluster));
    Diagnostic::new(Code::NotText, value.span, message).help("name one of its fields, or write `toJson(…)`")
}

pub fn not_a_glob(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsConstant, span, "the right side of `~` is a glob that is written out")
        .help("write a string such as `\"ghcr.io/acme/*\"`, or a list of them; `\"{x}-*\"` puts a value into one")
        .help("to compare with a value as it is, use `==`")
}

pub fn not_a_constant_regex(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsConstant, span, "the right side of `matches` is a constant regular expression")
        .help("write a raw string such as `r\"^v\\d+$\"`, or a list of them")
}

pub fn glob_is_regex(glob: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::GlobOrRegex,
        span,
        format!("`{glob}` is a regular expression, and `~` takes a glob"),
    )
    .help("use `matches`; in globs only `*` and `?` are special")
}

pub fn regex_is_glob(pattern: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::GlobOrRegex,
        span,
        format!("`{pattern}` is a glob, and `matches` takes a regular expression"),
    )
    .help("use `~`")
}

pub fn bad_regex(pattern: &str, span: Span, reason: &str) -> Diagnostic {
    Diagnostic::new(Code::BadLiteral, span, format!("`{pattern}` is no regular expression here: {reason}"))
}

pub fn not_a_container(cluster: &Cluster, right: &Expr) -> Diagnostic {
    let message = format!(
        "`in` looks into a list, a map, text or a network, and this is {}",
        right.ty.display(cluster)
    );
    Diagnostic::new(Code::CannotCompare, right.span, message)
}

pub fn not_a_list(cluster: &Cluster, ty: &Ty, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotAList,
        span,
        format!("a list or map is wanted here, and this is {}", ty.display(cluster)),
    )
}

pub fn not_a_condition(cluster: &Cluster, expr: &Expr, text: &str) -> Diagnostic {
    let message = format!("a condition is wanted here, and this is {}", expr.ty.display(cluster));
    let diagnostic = Diagnostic::new(Code::NotACondition, expr.span, message);
    let diagnostic = match &expr.ty {
        ty if ty.is_numeric() => diagnostic.help(format!("compare it, as in `{text} > 0`")),
        _ => diagnostic,
    };
    diagnostic.help(format!("`has {text}` asks whether it is there")).fix(
        format!("write `has {text}`"),
        expr.span.at_start(),
        "has ",
    )
}

pub fn computed_key(span: Span) -> Diagnostic {
    Diagnostic::new(Code::NeedsConstant, span, "a key of an object is constant text")
        .help("for computed keys write `{ \"{k}\": v for … }`")
}

pub fn key_twice(key: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("`{key}` stands twice in this object"))
}

pub fn wrong_value(cluster: &Cluster, value: &Expr, wanted: &Ty, text: &str) -> Diagnostic {
    let (is, wanted_text) = (value.ty.display(cluster), wanted.display(cluster));
    let diagnostic = Diagnostic::new(
        Code::WrongValue,
        value.span,
        format!("{wanted_text} is wanted here, and this is {is}"),
    );
    match (wanted, &value.ty) {
        (Ty::Text, ty) if ty.is_exact_number() || *ty == Ty::Bool => match value.kind {
            super::ExprKind::Literal(_) => diagnostic
                .help(format!("write it in quotes: `\"{text}\"`"))
                .safe_fix("put it in quotes", value.span, format!("\"{text}\"")),
            _ => diagnostic.help(format!("write it as text: `text({text})`")),
        },
        _ => diagnostic,
    }
}

pub fn append_to_no_list(cluster: &Cluster, target: &Expr) -> Diagnostic {
    let message = format!("only a list can be appended to, and this is {}", target.ty.display(cluster));
    Diagnostic::new(Code::NotAList, target.span, message).help("use `set`")
}

// Rules of other verbs

pub fn generate_without_trigger(verb: Span, kind: Span) -> Diagnostic {
    Diagnostic::new(Code::VerbClause, verb.to(kind), "nothing says when this is generated")
        .help("add `for KIND`: whenever such an object is admitted")
}

pub fn generate_no_kind(span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownKind, span, "one kind of whole objects is generated, and this is none")
        .help("name a kind, such as `ConfigMap`")
}

/// `of` is where the trigger names the namespace.
pub fn generate_without_namespace(kind: &str, of: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VerbClause,
        span.at_end(),
        format!("a {kind} lives in a namespace, and none is named"),
    )
    .help("add `in NAMESPACE`")
    .fix(format!("add `in {of}`"), span.at_end(), format!(" in {of}"))
}

pub fn generate_in_no_namespace(kind: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::VerbClause, span, format!("a {kind} lives in no namespace"))
        .help("leave out `in …`")
}

pub fn delete_of_elements(view: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VerbClause,
        span,
        format!("whole objects are deleted, and `{view}` is a part of one"),
    )
    .help("name the kind, and ask for the part: `delete Pod if any c in container: …`")
}

pub fn delete_on(span: Span) -> Diagnostic {
    Diagnostic::new(Code::VerbClause, span, "a clean-up runs at times, not on operations")
        .help("leave out `on …`")
}

pub fn delete_of_subresource(part: &str, span: Span) -> Diagnostic {
    let part = part.trim_start_matches('/');
    Diagnostic::new(
        Code::VerbClause,
        span,
        format!("whole objects are deleted, and `{part}` is a subresource of one"),
    )
    .help("name the kind alone")
}

pub fn delete_without_request(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VerbClause,
        span,
        "a clean-up runs by itself: there is no request and no object before it",
    )
    .help("ask for what the object itself says")
}

pub fn exempt_of_elements(view: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VerbClause,
        span,
        format!("whole objects are exempted, and `{view}` is a part of one"),
    )
    .help("name the kind: `for Pod where …`, `for pod where …`")
}

pub fn bad_cron(text: &str, fault: String, span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadLiteral, span, format!("`{text}` is no cron line")).at(fault)
}

pub fn no_cron_for(text: &str, near: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadLiteral, span, format!("cron cannot say `every {text}`"))
        .at("this divides no hour, day or week")
        .help(format!("near it is `every \"{near}\"`"))
}

// Quantifiers

pub fn pairing(left: &Expr, right: &Expr, left_text: &str, right_text: &str, is_and: bool) -> Diagnostic {
    let (word, elements) =
        if is_and { ("and", "two different elements") } else { ("or", "different elements") };
    Diagnostic::new(
        Code::MayBeDifferent,
        left.span.to(right.span),
        format!("`{left_text}` and `{right_text}` may be {elements} of one list"),
    )
    .at(format!("joined by `{word}`, each side looks through the list for itself"))
    .also(left.span, "one element")
    .also(right.span, "perhaps another")
    .help("make the element the subject: `deny container if …`")
    .help("or bind it: `any c in container: c.… and c.…`")
}

pub fn two_lists(first: &Expr, second: &Expr) -> Diagnostic {
    Diagnostic::new(
        Code::MayBeDifferent,
        first.span.to(second.span),
        "two paths through lists in one comparison",
    )
    .also(first.span, "each of these")
    .also(second.span, "with each of those?")
    .help("bind the element: `any c in …: c.a == c.b`, or `every c in …: …`")
}

pub fn any_or_every(expr: &Expr, text: &str) -> Diagnostic {
    Diagnostic::new(
        Code::ManyValues,
        expr.span,
        format!("`{text}` stands for many values: any of them, or every one?"),
    )
    .help("write `any x in …: …` or `every x in …: …`")
}

pub fn many_values(expr: &Expr) -> Diagnostic {
    Diagnostic::new(
        Code::ManyValues,
        expr.span,
        "one value is wanted here, and this path runs through a list",
    )
    .help("name an element, or collect them: `join([x.… for x in …], \", \")`")
}

pub fn passes_in_silence(expr: &Expr, text: &str, atom: Option<&Expr>, sources: &Sources) -> Diagnostic {
    let _ = sources;
    let diagnostic = Diagnostic::new(
        Code::PassesInSilence,
        expr.span,
        format!("where the list of `{text}` is absent, this requirement is met by nothing"),
    )
    .at("may be absent")
    .help("write `or missing` behind the comparison if absence is fine")
    .help("write `has … and …` in front if it is not");
    match atom {
        Some(atom) => diagnostic.fix("absence is fine", atom.span.at_end(), " or missing"),
        None => diagnostic,
    }
}

// Policies

/// For an exemption from what is not there.
pub fn exempt_of_nothing(name: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    let message = format!("the exemption is from `{name}`, which names no rule of these policies");
    Diagnostic::new(Code::UnknownPolicy, span, message).help(match suggestion {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name the file of the policy too: its exemptions are compiled with it".to_owned(),
    })
}

pub fn unknown_policy(name: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    did_you_mean(
        Diagnostic::new(Code::UnknownPolicy, span, format!("there is no policy `{name}`")),
        span,
        suggestion,
    )
}

pub fn bad_policy_name(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadName, span, format!("`{name}` cannot name an object of Kubernetes"))
        .help("use lower-case letters, digits, `-` and `.`; begin and end with a letter or digit")
}

pub fn rule_name_twice(name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DeclaredTwice, span, format!("two rules of this policy are called `{name}`"))
        .also(first, "the first one")
        .help("name them: `rule NAME: …`")
}

pub fn policy_without_rules(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::PolicyWithoutRules, span, format!("the policy `{name}` has no rules"))
}

pub fn unknown_word(what: &str, word: &ast::Name, known: &[&str]) -> Diagnostic {
    let suggestion = crate::suggest::closest(&word.text, known.iter().copied());
    let diagnostic = Diagnostic::new(Code::UnknownWord, word.span, format!("`{}` is no {what}", word.text))
        .help(format!("one of {}", known.join(", ")));
    did_you_mean(diagnostic, word.span, suggestion)
}

pub fn unknown_knob(key: &str, span: Span, suggestion: Option<&str>) -> Diagnostic {
    did_you_mean(
        Diagnostic::new(Code::UnknownKnob, span, format!("there is no setting `{key}`")),
        span,
        suggestion,
    )
}

pub fn bad_knob(key: &str, expected: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, format!("`{key}` takes {expected}"))
}

pub fn namespace_of_rule(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownKnob,
        span,
        "a policy lives in a namespace, and a rule of it lives where it does",
    )
    .help("write it into the policy: `policy … { settings { namespace: … } … }`")
}

pub fn empty_because(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, "an exemption says why")
}
