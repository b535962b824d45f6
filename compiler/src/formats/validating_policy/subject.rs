//! Where the subject lies in each kind: in the object, at one place, at a place by kind, or at several.

use crate::formats::cel::ast::{Expr, Key, Op, Path, Step};
use crate::formats::cel::translate::{NamespaceRoot, Namespaced, Roots};
use crate::formats::cel::{Base, Translator};
use crate::ir::{self, Cond, Field, Root, Rule, SubjectPath, SubjectStep, Target};

pub(in crate::formats) struct Places {
    /// The object, and how it is called inside validations.
    object: Base,
    old_object: Base,
    kind: Kind,
    namespace: NamespaceRoot,
    namespaced: Namespaced,
    mixed_delete: bool,
    mentions_subject: bool,
    mentions_old_subject: bool,
    /// Names that stand for variables.
    bindings: Vec<ir::Local>,
}

enum Kind {
    /// The object is the subject.
    Object,
    /// One path for all kinds.
    Same(Vec<Field>),
    /// Kinds by path, the most frequent path last.
    OneOf(Vec<(Vec<Target>, Vec<Field>)>),
    /// Lists of subjects.
    Several(Vec<Target>),
}

impl Places {
    pub(in crate::formats) fn of(rule: &Rule) -> Places {
        let delete = rule.operations.delete;
        let only_delete = delete && rule.operations.names().len() == 1;
        let object = match (delete, only_delete) {
            (false, _) => Expr::name("object"),
            (true, true) => Expr::name("oldObject"),
            (true, false) => deleted_or_new(),
        };
        let names = |target: &&Target| target.kind.kind == "Namespace" && target.kind.group.is_empty();
        let namespaces = rule.targets.iter().filter(names).count();
        let any = rule.targets.iter().any(|target| target.kind.is_any());
        let namespace = match (namespaces, any) {
            (0, false) => NamespaceRoot::Field,
            (count, false) if count == rule.targets.len() => NamespaceRoot::Name,
            _ => NamespaceRoot::Either,
        };
        let with_namespace = rule.targets.iter().filter(|target| target.kind.namespaced).count();
        let namespaced = match with_namespace {
            _ if any => Namespaced::Some,
            0 => Namespaced::None,
            count if count == rule.targets.len() => Namespaced::All,
            _ => Namespaced::Some,
        };
        Places {
            object: Base::certain(object),
            old_object: Base::maybe(Expr::name("oldObject")),
            kind: kind_of(&rule.targets),
            namespace,
            namespaced,
            mixed_delete: delete && !only_delete,
            mentions_subject: ir::rewrite::mentions(rule, Root::Subject),
            mentions_old_subject: ir::rewrite::mentions(rule, Root::OldSubject),
            bindings: rule.bindings.iter().map(|binding| binding.local).collect(),
        }
    }

    /// The roots without any variable.
    pub(in crate::formats) fn roots_for_matching(&self) -> Roots {
        let (subject, old_subject) = match &self.kind {
            Kind::Object => (self.object.clone(), self.old_object.clone()),
            Kind::Same(fields) => (at(&self.object, fields), at(&self.old_object, fields)),
            // these are given by variables, and `is_matchable` keeps them away
            Kind::OneOf(_) | Kind::Several(_) => (Base::maybe(Expr::Null), Base::maybe(Expr::Null)),
        };
        Roots {
            object: self.object.clone(),
            old_object: self.old_object.clone(),
            subject,
            old_subject,
            subject_is_scoped: matches!(self.kind, Kind::Several(_)),
            namespace: self.namespace,
            namespaced: self.namespaced,
        }
    }

    /// Whether the condition can be said without variables.
    pub(in crate::formats) fn is_matchable(&self, cond: &Cond) -> bool {
        let by_variable = matches!(self.kind, Kind::OneOf(_) | Kind::Several(_));
        !ir::measure::any_root(cond, &mut |root| match root {
            Root::Subject | Root::OldSubject => by_variable,
            Root::Local(local) => self.bindings.contains(&local),
            _ => false,
        })
    }

    /// Whether an admissible object may lack the subject: then the rule says nothing of it.
    pub(in crate::formats) fn subject_may_be_missing(&self) -> bool {
        let optional = |fields: &[Field]| fields.iter().any(|field| !field.required);
        match &self.kind {
            Kind::Object | Kind::Several(_) => false,
            Kind::Same(fields) => optional(fields),
            Kind::OneOf(groups) => groups.iter().any(|(_, fields)| optional(fields)),
        }
    }

    /// Declares the variables that the rule needs, and tells the translator. Returns the names of the list
    /// of subjects and of one of them, where there are several.
    pub(in crate::formats) fn declare(
        &self,
        translator: &mut Translator,
        variables: &mut Vec<(String, Expr)>,
    ) -> Option<(String, String)> {
        let mut object = self.object.clone();
        if self.mixed_delete {
            let name = translator.fresh("submitted");
            variables.push((name.clone(), deleted_or_new()));
            object = Base::certain(Expr::Name(format!("variables.{name}")));
        }
        let mut roots = Roots { object: object.clone(), ..self.roots_for_matching() };
        let mut several = None;
        match &self.kind {
            Kind::Object => roots.subject = object.clone(),
            Kind::Same(fields) => roots.subject = at(&object, fields),
            Kind::OneOf(groups) => {
                let may_be_missing = self.subject_may_be_missing();
                if self.mentions_subject || may_be_missing {
                    let name = translator.fresh("template");
                    variables.push((name.clone(), by_kind(groups, &object, &object)));
                    let base = Base::maybe(Expr::Name(format!("variables.{name}")));
                    roots.subject = Base { certain: !may_be_missing, ..base };
                }
                if self.mentions_old_subject {
                    let name = translator.fresh("oldTemplate");
                    variables.push((name.clone(), by_kind(groups, &object, &self.old_object)));
                    roots.old_subject = Base::maybe(Expr::Name(format!("variables.{name}")));
                }
            }
            Kind::Several(targets) => {
                let list = translator.fresh("templates");
                let one = translator.fresh("template");
                variables.push((list.clone(), lists_by_kind(targets, &object)));
                roots.subject = Base::certain(Expr::name(one.as_str()));
                several = Some((list, one));
            }
        }
        translator.set_roots(roots);
        several
    }
}

/// On delete the object is the old one.
fn deleted_or_new() -> Expr {
    let operation = step("operation", true);
    let request = Path { base: Box::new(Expr::name("request")), base_certain: true, steps: vec![operation] };
    let delete = Expr::Direct(request).equal(Expr::str("DELETE"));
    Expr::if_else(delete, Expr::name("oldObject"), Expr::name("object"))
}

fn kind_of(targets: &[Target]) -> Kind {
    let single = |target: &Target| match target.subjects.as_slice() {
        [place] => place.fields().map(|fields| fields.into_iter().cloned().collect::<Vec<Field>>()),
        _ => None,
    };
    let places: Option<Vec<Vec<Field>>> = targets.iter().map(single).collect();
    let Some(places) = places else { return Kind::Several(targets.to_vec()) };
    let mut groups: Vec<(Vec<Target>, Vec<Field>)> = Vec::new();
    for (target, place) in targets.iter().zip(places) {
        match groups.iter_mut().find(|(_, other)| same_fields(other, &place)) {
            Some((members, other)) => {
                members.push(target.clone());
                // a path is as certain as it is in the least certain kind
                for (field, same) in other.iter_mut().zip(&place) {
                    field.required &= same.required;
                }
            }
            None => groups.push((vec![target.clone()], place)),
        }
    }
    match groups.len() {
        0 => Kind::Object,
        1 if groups[0].1.is_empty() => Kind::Object,
        1 => Kind::Same(groups.remove(0).1),
        _ => {
            // the path of the most kinds needs no test and comes last
            let mut most = 0;
            for (number, (members, _)) in groups.iter().enumerate() {
                if members.len() > groups[most].0.len() {
                    most = number;
                }
            }
            let last = groups.remove(most);
            groups.push(last);
            Kind::OneOf(groups)
        }
    }
}

fn same_fields(a: &[Field], b: &[Field]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name)
}

fn step(name: &str, certain: bool) -> Step {
    Step { key: Key::Field(name.to_owned()), certain }
}

fn path_at(base: &Base, fields: &[Field]) -> Path {
    let fields = fields.iter().map(|field| step(&field.name, field.required));
    let steps = base.steps.iter().cloned().chain(fields).collect();
    Path { base: Box::new(base.expr.clone()), base_certain: base.certain, steps }
}

/// What lies at the fields, or null.
fn expr_at(base: &Base, fields: &[Field]) -> Expr {
    Expr::Or(path_at(base, fields), Box::new(Expr::Null))
}

fn at(base: &Base, fields: &[Field]) -> Base {
    Base { steps: path_at(base, fields).steps, ..base.clone() }
}

/// The object is of one of the kinds.
fn is_of_kind(targets: &[Target], object: &Base, ambiguous: bool) -> Expr {
    let field = |name: &str| {
        Expr::Direct(Path {
            base: Box::new(object.expr.clone()),
            base_certain: true,
            steps: vec![step(name, true)],
        })
    };
    if ambiguous {
        return Expr::any(targets.iter().map(|target| {
            Expr::all([
                field("kind").equal(Expr::str(target.kind.kind.as_str())),
                field("apiVersion").equal(Expr::Str(target.kind.api_version())),
            ])
        }));
    }
    let mut kinds: Vec<&str> = targets.iter().map(|target| target.kind.kind.as_str()).collect();
    kinds.dedup();
    match kinds.as_slice() {
        [kind] => field("kind").equal(Expr::str(*kind)),
        kinds => {
            let kinds = kinds.iter().map(|kind| (false, Expr::str(*kind))).collect();
            Expr::binary(Op::In, field("kind"), Expr::List(kinds))
        }
    }
}

/// Whether a kind's name stands for two different kinds of the groups.
fn is_ambiguous<'a>(targets: impl Iterator<Item = &'a Target> + Clone) -> bool {
    targets
        .clone()
        .any(|a| targets.clone().any(|b| a.kind.kind == b.kind.kind && a.kind.group != b.kind.group))
}

fn by_kind(groups: &[(Vec<Target>, Vec<Field>)], object: &Base, root: &Base) -> Expr {
    let ambiguous = is_ambiguous(groups.iter().flat_map(|(members, _)| members));
    let mut rest = groups.iter().rev();
    let last = rest.next().map_or(Expr::Null, |(_, fields)| expr_at(root, fields));
    rest.fold(last, |otherwise, (members, fields)| {
        Expr::if_else(is_of_kind(members, object, ambiguous), expr_at(root, fields), otherwise)
    })
}

fn lists_by_kind(targets: &[Target], object: &Base) -> Expr {
    let ambiguous = is_ambiguous(targets.iter());
    let mut groups: Vec<(Vec<Target>, Expr)> = Vec::new();
    for target in targets {
        let list = subjects_of(target, object);
        match groups.iter_mut().find(|(_, other)| *other == list) {
            Some((members, _)) => members.push(target.clone()),
            None => groups.push((vec![target.clone()], list)),
        }
    }
    let mut rest = groups.into_iter().rev();
    let last = rest.next().map_or(Expr::List(vec![]), |(_, list)| list);
    rest.fold(last, |otherwise, (members, list)| {
        Expr::if_else(is_of_kind(&members, object, ambiguous), list, otherwise)
    })
}

/// The list of the subjects of one kind.
fn subjects_of(target: &Target, object: &Base) -> Expr {
    let mut single = Vec::new();
    let mut lists = Vec::new();
    for place in &target.subjects {
        match place.fields() {
            Some(fields) => {
                let fields: Vec<Field> = fields.into_iter().cloned().collect();
                let path = path_at(object, &fields);
                single.push(match path.is_certain() {
                    true => (false, Expr::Direct(path)),
                    false => (true, Expr::Optional(path)),
                });
            }
            None => lists.push(opened(place, object)),
        }
    }
    let optional = single.iter().any(|(optional, _)| *optional);
    let mut parts = Vec::new();
    if !single.is_empty() || lists.is_empty() {
        let list = Expr::List(single);
        parts.push(if optional { without_null(list) } else { list });
    }
    parts.extend(lists);
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or(Expr::List(vec![]));
    parts.fold(first, |sum, part| Expr::binary(Op::Add, sum, part))
}

/// The subjects behind lists: `workers[*].template` becomes `workers.map(item, item.template)`.
fn opened(place: &SubjectPath, object: &Base) -> Expr {
    let mut fields: Vec<Field> = Vec::new();
    let mut steps = place.0.iter();
    while let Some(next) = steps.next() {
        match next {
            SubjectStep::Field(field) => fields.push(field.clone()),
            SubjectStep::Each => {
                let path = path_at(object, &fields);
                let list = match path.is_certain() {
                    true => Expr::Direct(path),
                    false => {
                        Expr::call("optional.ofNonZeroValue", Expr::Or(path, Box::new(Expr::List(vec![]))))
                            .method("orValue", vec![Expr::List(vec![])])
                    }
                };
                let rest = SubjectPath(steps.cloned().collect());
                if rest.0.is_empty() {
                    return list;
                }
                let name = "entry".to_owned();
                let inner = Base::certain(Expr::name(name.as_str()));
                let nested = rest.0.contains(&SubjectStep::Each);
                let body = opened(&rest, &inner);
                let each = Expr::macro_of(list, "map", &[name], vec![body]);
                return if nested { each.method("flatten", vec![]) } else { without_null(each) };
            }
        }
    }
    expr_at(object, &fields)
}

fn without_null(list: Expr) -> Expr {
    let present = Expr::binary(Op::NotEqual, Expr::name("it"), Expr::Null);
    Expr::macro_of(list, "filter", &["it".to_owned()], vec![present])
}
