//! Paths: fields of places, views opened, lists on the way.

use super::check::Checker;
use super::{Branch, Expr, ExprKind, Field, Place, Record, Step, Ty, errors};
use crate::hir::cursor::Site;
use crate::hir::occurrence::Definition;
use crate::ir::{self, Operation, Root};
use crate::kubernetes::{self, FieldLookup, ObjectId};
use crate::source::Span;
use crate::syntax::ast;
use crate::vocabulary::foreign;

impl Place {
    pub fn root(root: Root) -> Place {
        Place { branches: vec![Branch { root, steps: Vec::new() }] }
    }

    /// Each branch one step further.
    pub fn then(&self, step: Step) -> Place {
        let mut place = self.clone();
        for branch in &mut place.branches {
            branch.steps.push(step.clone());
        }
        place
    }

    /// Stands for many values: a list is opened on the way, or there are several branches.
    pub fn is_many(&self) -> bool {
        self.branches.len() > 1 || self.branches.iter().any(|branch| branch.steps.contains(&Step::Each))
    }
}

impl Branch {
    /// The lists that are opened, each as a comparable text: `subject.spec.containers[]`.
    pub fn list_prefixes(&self) -> Vec<String> {
        let mut prefixes = Vec::new();
        let mut text = format!("{:?}", self.root);
        for step in &self.steps {
            match step {
                Step::Field(field) => {
                    text.push('.');
                    text.push_str(&field.name);
                }
                Step::Key(_) => text.push_str("[*]"),
                Step::Element(index) => text.push_str(&format!("[{index}]")),
                Step::Each => {
                    text.push_str("[]");
                    prefixes.push(text.clone());
                }
            }
        }
        prefixes
    }
}

impl Checker<'_> {
    /// `base.name`
    pub(super) fn field(&mut self, base: Expr, name: &ast::Name) -> Expr {
        let span = base.span.to(name.span);
        if name.text.is_empty() {
            return Expr::error(span);
        }
        if self.is_cursor(&name.text) {
            self.at_cursor(Site::Field(base.ty));
            return Expr::error(span);
        }
        match base.ty.clone() {
            Ty::Error => Expr::error(span),
            Ty::List(item) => {
                let Some(place) = base.as_place() else {
                    self.report(errors::field_of_computed_list(&name.text, name.span));
                    return Expr::error(span);
                };
                let each = Expr::new(ExprKind::Place(place.then(Step::Each)), *item, base.span);
                self.field(each, name)
            }
            Ty::Map(item) => self.step(&base, &name.text, false, *item, span),
            Ty::Json => self.step(&base, &name.text, false, Ty::Json, span),
            Ty::Object(ids) => self.object_field(&base, &ids, name, span),
            Ty::Record(record) => self.record_field(&base, record, name, span),
            Ty::Image => self.image_part(base, name, span),
            other => {
                let key = self.last_map_key(&base);
                let text = &self.sources.get(name.span.file).text;
                let behind = text.get(name.span.end as usize..).unwrap_or_default();
                let diagnostic = errors::no_fields(self.cluster, &other, &base, name, key, behind);
                self.report(diagnostic);
                Expr::error(span)
            }
        }
    }

    /// The map and key, where the expression is an entry of a map: `label.app` in `label.app.name`.
    fn last_map_key(&self, base: &Expr) -> Option<String> {
        let place = base.as_place()?;
        match place.branches.first()?.steps.last()? {
            Step::Field(field) if base.ty == Ty::Text => Some(field.name.clone()),
            _ => None,
        }
    }

    fn step(&mut self, base: &Expr, name: &str, required: bool, ty: Ty, span: Span) -> Expr {
        let shape = ty.shape();
        let kind = match base.as_place() {
            Some(place) => {
                ExprKind::Place(place.then(Step::Field(Field { name: name.to_string(), required, shape })))
            }
            None => {
                let key = Expr::new(ExprKind::Literal(ir::Literal::Text(name.to_string())), Ty::Text, span);
                ExprKind::Operation(Operation::Index, vec![base.clone(), key])
            }
        };
        Expr::new(kind, ty, span)
    }

    fn object_field(&mut self, base: &Expr, ids: &[ObjectId], name: &ast::Name, span: Span) -> Expr {
        let mut ty: Option<Ty> = None;
        let mut required = true;
        for id in ids {
            let (found, is_required) = match self.cluster.field(*id, &name.text) {
                FieldLookup::Found(field) => {
                    let refined = self.refined(*id, &name.text);
                    (refined.unwrap_or_else(|| Ty::of(self.cluster, field.ty)), field.effectively_required)
                }
                FieldLookup::Open => (Ty::Json, false),
                FieldLookup::NotInThisVersion { since, removed } => {
                    let diagnostic = errors::field_not_in_version(self.cluster, *id, name, since, removed);
                    self.report(diagnostic);
                    return Expr::error(span);
                }
                FieldLookup::Unknown { suggestion } => {
                    let suggestion = suggestion.map(str::to_string);
                    let of_each = base.as_place().and_then(|it| it.branches.first()?.steps.last());
                    if let (Some(Step::Each), Some(ours)) = (of_each, foreign::call(&name.text, 1)) {
                        let text = self.sources.text(base.span);
                        self.report(errors::foreign_field(base.span, text, name, ours));
                        return Expr::error(span);
                    }
                    let diagnostic =
                        errors::unknown_field(self.cluster, *id, ids.len() > 1, name, suggestion.as_deref());
                    self.report(diagnostic);
                    return Expr::error(span);
                }
            };
            required &= is_required;
            ty = Some(match ty {
                Some(before) => before.join(found),
                None => found,
            });
        }
        let ty = ty.unwrap_or(Ty::Error);
        if let Some(&object) = ids.first() {
            self.occur(name.span, Definition::Field { object, field: name.text.clone() }, Some(&ty));
        }
        self.lint_template_identity(base, name, span);
        self.step(base, &name.text, required, ty, span)
    }

    /// `metadata.namespace` of a Pod template, which has none: that of the object is meant.
    fn lint_template_identity(&mut self, base: &Expr, name: &ast::Name, span: Span) {
        let meant = match name.text.as_str() {
            "namespace" => "namespace",
            "name" => "resource.metadata.name",
            _ => return,
        };
        let (Some(place), Some(scope)) = (base.as_place(), self.subject.clone()) else { return };
        let is_its_metadata = |of: &Expr| {
            self.is_of(&of.ty, &["core/v1/PodTemplateSpec"])
                && of.as_place().is_some_and(|of| {
                    of.branches.len() == place.branches.len()
                        && of.branches.iter().zip(&place.branches).all(|(of, it)| {
                            of.root == it.root
                                && it.steps.split_last().is_some_and(|(last, before)| {
                                    before == of.steps
                                        && matches!(last, Step::Field(field) if field.name == "metadata")
                                })
                        })
                })
        };
        if std::iter::once(&scope.this).chain(scope.chain.iter().map(|it| &it.1)).any(is_its_metadata) {
            self.report(errors::template_identity(span, self.sources.text(span), meant));
        }
    }

    fn record_field(&mut self, base: &Expr, record: Record, name: &ast::Name, span: Span) -> Expr {
        let Some(field) = record.fields().into_iter().find(|field| field.name == name.text) else {
            let diagnostic = errors::unknown_record_field(self.cluster, record, base.span, name);
            self.report(diagnostic);
            return Expr::error(span);
        };
        match (record, base.as_place().and_then(|place| place.branches.first())) {
            // The labels of a namespace are those of its object.
            (Record::Namespace, Some(branch)) if branch.root == Root::Namespace => {
                let metadata = Field { name: "metadata".into(), required: true, shape: ir::Shape::Object };
                let place = Place::root(Root::NamespaceObject).then(Step::Field(metadata));
                let base = Expr::new(ExprKind::Place(place), base.ty.clone(), base.span);
                self.step(&base, field.name, false, field.ty, span)
            }
            (Record::WrittenImage, _) => {
                let image = match &base.kind {
                    ExprKind::Operation(_, args) if args.len() == 1 => args[0].clone(),
                    _ => base.clone(),
                };
                Expr::new(ExprKind::Operation(Operation::ImageWrittenTag, vec![image]), Ty::Text, span)
            }
            _ => self.step(base, field.name, false, field.ty, span),
        }
    }

    fn image_part(&mut self, base: Expr, name: &ast::Name, span: Span) -> Expr {
        let operation = match name.text.as_str() {
            "registry" => Operation::ImageRegistry,
            "repository" => Operation::ImageRepository,
            "tag" => Operation::ImageTag,
            "digest" => Operation::ImageDigest,
            "name" => Operation::ImageName,
            "reference" => Operation::ImageReference,
            // `image.written` alone has no value; `.tag` follows.
            "written" => {
                let kind = ExprKind::Operation(Operation::ImageWrittenTag, vec![base]);
                return Expr::new(kind, Ty::Record(Record::WrittenImage), span);
            }
            "remote" => {
                return self.lookup("image.remote", vec![Some(base)], Ty::Json, span);
            }
            _ => {
                let diagnostic = errors::unknown_image_part(name);
                self.report(diagnostic);
                return Expr::error(span);
            }
        };
        Expr::new(ExprKind::Operation(operation, vec![base]), Ty::Text, span)
    }

    /// `base[index]`
    pub(super) fn index(&mut self, base: Expr, index: &ast::Expr, span: Span) -> Expr {
        if base.is_error() {
            let _ = self.expr(index);
            return Expr::error(span);
        }
        let index_expr = self.expr(index);
        if index_expr.is_error() {
            return Expr::error(span);
        }
        let literal = match &index_expr.kind {
            ExprKind::Literal(literal) => Some(literal.clone()),
            _ => None,
        };
        match (base.ty.clone(), literal) {
            (Ty::List(item), Some(ir::Literal::Int(number))) => match base.as_place() {
                Some(place) if self.is_container(&item) => {
                    let (text, list) = (self.sources.text(span), self.sources.text(base.span));
                    let brackets = Span { start: base.span.end, ..span };
                    self.report(errors::one_element(span, text, list, brackets));
                    Expr::new(ExprKind::Place(place.then(Step::Element(number))), *item, span)
                }
                Some(place) => Expr::new(ExprKind::Place(place.then(Step::Element(number))), *item, span),
                None => Expr::new(ExprKind::Operation(Operation::Index, vec![base, index_expr]), *item, span),
            },
            (Ty::Json, Some(ir::Literal::Int(number))) => match base.as_place() {
                Some(place) => Expr::new(ExprKind::Place(place.then(Step::Element(number))), Ty::Json, span),
                None => {
                    Expr::new(ExprKind::Operation(Operation::Index, vec![base, index_expr]), Ty::Json, span)
                }
            },
            // A key of a map within each element: `containers.resources.limits["cpu"]` has opened the list before.
            (Ty::Map(item), Some(ir::Literal::Text(key))) => {
                self.lint_well_known_key(&base, &key, index.span);
                self.step(&base, &key, false, *item, span)
            }
            (Ty::Json, Some(ir::Literal::Text(key))) => self.step(&base, &key, false, Ty::Json, span),
            (Ty::Object(ids), Some(ir::Literal::Text(key))) => {
                let name = ast::Name { text: key, span: index.span };
                self.object_field(&base, &ids, &name, span)
            }
            (Ty::Map(item), _) if index_expr.ty.is_textual() => self.keyed(base, index_expr, *item, span),
            (Ty::Json, _) if index_expr.ty.is_textual() => self.keyed(base, index_expr, Ty::Json, span),
            (Ty::List(item), _) if index_expr.ty == Ty::Int => {
                Expr::new(ExprKind::Operation(Operation::Index, vec![base, index_expr]), *item, span)
            }
            (ty, _) => {
                let diagnostic = errors::cannot_index(self.cluster, &ty, &index_expr);
                self.report(diagnostic);
                Expr::error(span)
            }
        }
    }

    fn is_container(&self, ty: &Ty) -> bool {
        self.is_of(ty, &["core/v1/Container", "core/v1/EphemeralContainer"])
    }

    /// Whether values of a type may be one of these objects.
    pub(super) fn is_of(&self, ty: &Ty, names: &[&str]) -> bool {
        let named = |id: &ObjectId| names.contains(&&*self.cluster.object(*id).name);
        matches!(ty, Ty::Object(ids) if ids.iter().any(named))
    }

    /// A key of labels, annotations or a node selector that is nearly a well-known one.
    fn lint_well_known_key(&mut self, base: &Expr, key: &str, span: Span) {
        let is_metadata = base.as_place().is_some_and(|place| {
            place.branches.iter().any(|branch| {
                matches!(branch.steps.last(), Some(Step::Field(field))
                    if matches!(field.name.as_str(), "labels" | "annotations" | "nodeSelector" | "matchLabels"))
            })
        });
        if !is_metadata {
            return;
        }
        if let Some(suggestion) = kubernetes::well_known_key_suggestion(key) {
            self.report(errors::well_known_key(key, span, suggestion));
        }
    }

    fn keyed(&mut self, base: Expr, key: Expr, item: Ty, span: Span) -> Expr {
        let kind = match base.as_place() {
            Some(place) => ExprKind::Place(place.then(Step::Key(Box::new(key)))),
            None => ExprKind::Operation(Operation::Index, vec![base, key]),
        };
        Expr::new(kind, item, span)
    }

    /// Opens a place that ends in a list where one value is wanted: `capabilities.drop == "ALL"`.
    pub(super) fn opened(&mut self, expr: Expr) -> Expr {
        match (&expr.ty, expr.as_place()) {
            (Ty::List(item), Some(place)) => {
                let ty = (**item).clone();
                let opened = Expr::new(ExprKind::Place(place.then(Step::Each)), ty, expr.span);
                self.opened(opened)
            }
            _ => expr,
        }
    }
}
