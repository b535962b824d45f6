//! Rules of ClusterPolicy and Policy: the shape of what is read, without a word about what it means.

use std::collections::BTreeMap;

use aipc_runtime::document::{NodeId, Position};

use crate::condition::Operator;
use crate::json::{Json, View};
use crate::pod_security::{self, PodSecurity};

use super::fields::{FaultKind, Fields, Reader};
use super::filter::{Filters, read_filters};
use super::mutate::{Mutate, read_mutate};
use super::selector::{LabelSelector, read_selector};

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    /// Where it is written; for a generated rule, where its original is.
    pub position: Position,
    pub matches: Filters,
    pub exclude: Option<Filters>,
    pub context: Vec<ContextEntry>,
    pub preconditions: Option<Conditions>,
    pub body: Body,
    pub report_properties: BTreeMap<String, Template>,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Body {
    Validate(Box<Validate>),
    Mutate(Box<Mutate>),
    /// As it is written.
    Generate(Json<'static>),
    /// As it is written.
    VerifyImages(Json<'static>),
}

/// A value whose texts may have variables.
#[derive(Clone, Debug)]
pub struct Template {
    pub value: Json<'static>,
    /// Whether any text in it has something to fill in or to unescape.
    pub is_dynamic: bool,
}

#[derive(Clone, Debug)]
pub struct Validate {
    pub message: Option<String>,
    pub action: Option<Action>,
    pub overrides: Vec<ActionOverride>,
    /// An update of an object that was wrong before is let through.
    pub allow_existing_violations: bool,
    pub check: Check,
}

/// What happens to an object that fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Audit,
    Enforce,
}

/// Another action in some namespaces.
#[derive(Clone, Debug)]
pub struct ActionOverride {
    pub action: Option<Action>,
    pub namespaces: Vec<String>,
    pub namespace_selector: Option<LabelSelector>,
}

#[derive(Clone, Debug)]
pub enum Check {
    Deny(Option<Conditions>),
    Pattern(Template),
    AnyPattern(Template),
    ForEach(Vec<ForEach>),
    PodSecurity(PodSecurity),
    /// As it is written.
    Cel(Json<'static>),
    /// As it is written.
    Manifests(Json<'static>),
    /// Nothing of it: the rule has no result.
    Nothing,
}

#[derive(Clone, Debug)]
pub struct ForEach {
    /// A query, without braces.
    pub list: String,
    pub element_scope: Option<bool>,
    pub context: Vec<ContextEntry>,
    pub preconditions: Option<Conditions>,
    pub check: Check,
}

#[derive(Clone, Debug)]
pub enum Conditions {
    /// At least one of `any`, if there is such a list, and all of `all`.
    AnyAll { any: Option<Vec<Condition>>, all: Vec<Condition> },
    /// The older form, a list of which all have to hold.
    List(Vec<Condition>),
}

#[derive(Clone, Debug)]
pub struct Condition {
    pub key: Template,
    pub operator: Operator,
    pub value: Template,
    pub message: String,
}

/// A name with what it stands for.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    pub name: String,
    pub position: Position,
    pub source: ContextSource,
}

#[derive(Clone, Debug)]
pub enum ContextSource {
    Variable { value: Option<Template>, query: Option<String>, default: Option<Template> },
    ConfigMap { name: String, namespace: String },
    ApiCall(ApiCall),
    ImageRegistry { reference: String, query: Option<String> },
    GlobalReference { name: String, query: Option<String> },
}

#[derive(Clone, Debug)]
pub struct ApiCall {
    /// A path of the API server.
    pub url_path: Option<String>,
    /// The address of another service.
    pub service: Option<String>,
    pub is_post: bool,
    pub data: Vec<(String, Template)>,
    pub query: Option<String>,
    pub default: Option<Template>,
}

impl Rule {
    /// What it makes of the object of a request, if that is what it does.
    pub fn mutation(&self) -> Option<&Mutate> {
        self.mutate().filter(|mutate| mutate.targets.is_empty())
    }

    /// What it makes of existing objects, if that is what it does.
    pub fn mutation_of_existing(&self) -> Option<&Mutate> {
        self.mutate().filter(|mutate| !mutate.targets.is_empty())
    }

    fn mutate(&self) -> Option<&Mutate> {
        match &self.body {
            Body::Mutate(mutate) => Some(mutate),
            Body::Validate(_) | Body::Generate(_) | Body::VerifyImages(_) => None,
        }
    }
}

impl Template {
    pub fn new(value: Json<'static>) -> Template {
        let is_dynamic = is_dynamic(&value);
        Template { value, is_dynamic }
    }
}

/// Whether a text has a variable, a reference or an escape.
pub fn is_dynamic_text(text: &str) -> bool {
    text.contains("{{") || text.contains("$(")
}

/// Whether any text in a value has one, keys included.
pub fn is_dynamic(value: &Json<'_>) -> bool {
    match value.view() {
        View::Text(text) => is_dynamic_text(text),
        View::List { .. } => value.elements().any(|element| is_dynamic(&element)),
        View::Map { .. } => {
            value.entries().iter().any(|(key, value)| is_dynamic_text(key) || is_dynamic(value))
        }
        View::Null | View::Bool(_) | View::Int(_) | View::Float(_) => false,
    }
}

pub const ACTIONS: &[(&str, Action)] = &[
    ("Audit", Action::Audit),
    ("Enforce", Action::Enforce),
    // The older spelling.
    ("audit", Action::Audit),
    ("enforce", Action::Enforce),
];

/// Reads one rule.
pub fn read_rule(reader: &mut Reader<'_>, node: NodeId) -> Option<Rule> {
    let mut fields = reader.fields(node)?;
    let position = reader.document.position(node);
    let name = fields.text(reader, "name").unwrap_or_default().to_owned();
    if name.is_empty() {
        reader.fault(node, FaultKind::Shape, "a rule needs a `name`");
    }
    if name.len() > 63 {
        reader.fault(node, FaultKind::Refused, "the name of a rule has at most 63 characters");
    }
    let context = read_context(reader, &mut fields);
    let matches = fields.get(reader, "match").and_then(|node| read_filters(reader, node));
    if matches.is_none() {
        reader.fault(node, FaultKind::Shape, "a rule needs a `match`");
    }
    let exclude = fields.get(reader, "exclude").and_then(|node| read_filters(reader, node));
    let preconditions = fields.get(reader, "preconditions").and_then(|node| read_conditions(reader, node));
    let report_properties = fields.text_map(reader, "reportProperties");
    let report_properties =
        report_properties.into_iter().map(|(key, text)| (key, Template::new(Json::text(text)))).collect();
    fields.allow(&["imageExtractors", "celPreconditions", "skipBackgroundRequests"]);
    let body = read_body(reader, &mut fields);
    fields.finish(reader);
    Some(Rule {
        name,
        position,
        matches: matches?,
        exclude,
        context,
        preconditions,
        body: body?,
        report_properties,
    })
}

fn read_body(reader: &mut Reader<'_>, fields: &mut Fields) -> Option<Body> {
    let mut bodies = Vec::new();
    let is_some = |node: NodeId, reader: &Reader<'_>| !reader.document.is_empty(node);
    if let Some(node) = fields.get(reader, "validate").filter(|node| is_some(*node, reader)) {
        bodies.extend(read_validate(reader, node).map(|validate| Body::Validate(Box::new(validate))));
    }
    if let Some(node) = fields.get(reader, "mutate").filter(|node| is_some(*node, reader)) {
        bodies.extend(read_mutate(reader, node, fields.node).map(|mutate| Body::Mutate(Box::new(mutate))));
    }
    if let Some(node) = fields.get(reader, "generate").filter(|node| is_some(*node, reader)) {
        bodies.push(Body::Generate(reader.json(node)));
    }
    if let Some(node) = fields.get(reader, "verifyImages").filter(|node| is_some(*node, reader)) {
        bodies.push(Body::VerifyImages(reader.json(node)));
    }
    if bodies.len() != 1 {
        let message = "a rule has exactly one of `validate`, `mutate`, `generate` and `verifyImages`";
        reader.fault(fields.node, FaultKind::Refused, message);
    }
    bodies.pop()
}

fn read_validate(reader: &mut Reader<'_>, node: NodeId) -> Option<Validate> {
    let mut fields = reader.fields(node)?;
    let message = fields.text(reader, "message").filter(|text| !text.is_empty()).map(str::to_owned);
    let action = fields.word(reader, "failureAction", &ACTIONS[..2]);
    let overrides = read_overrides(reader, &mut fields, "failureActionOverrides");
    let allow_existing_violations = fields.bool(reader, "allowExistingViolations").unwrap_or(true);
    let check = read_check(reader, &mut fields, true);
    // It has no effect any more.
    fields.allow(&["assert"]);
    fields.finish(reader);
    Some(Validate { message, action, overrides, allow_existing_violations, check })
}

/// Reads `failureActionOverrides` and its older form.
pub fn read_overrides(
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    name: &'static str,
) -> Vec<ActionOverride> {
    let mut overrides = Vec::new();
    for node in fields.elements(reader, name) {
        let Some(mut fields) = reader.fields(node) else { continue };
        overrides.push(ActionOverride {
            action: fields.word(reader, "action", ACTIONS),
            namespaces: fields.texts(reader, "namespaces"),
            namespace_selector: fields
                .get(reader, "namespaceSelector")
                .and_then(|node| read_selector(reader, node)),
        });
        fields.finish(reader);
    }
    overrides
}

/// Reads what is checked. Of several the first counts that Kyverno would take.
fn read_check(reader: &mut Reader<'_>, fields: &mut Fields, is_rule: bool) -> Check {
    let deny = fields.get(reader, "deny");
    let pattern = fields.get(reader, "pattern");
    let any_pattern = fields.get(reader, "anyPattern");
    let for_each = fields.get(reader, "foreach");
    let mut given: Vec<(&str, NodeId)> = Vec::new();
    let mut note = |name, node: Option<NodeId>| given.extend(node.map(|node| (name, node)));
    note("deny", deny);
    note("pattern", pattern);
    note("anyPattern", any_pattern);
    note("foreach", for_each);
    let (mut security, mut cel, mut manifests) = (None, None, None);
    if is_rule {
        security = fields.get(reader, "podSecurity");
        cel = fields.get(reader, "cel");
        manifests = fields.get(reader, "manifests");
        note("podSecurity", security);
        note("cel", cel);
        note("manifests", manifests);
    }
    if let [_, (name, node), ..] = given.as_slice() {
        reader.fault(*node, FaultKind::Refused, format!("`{name}` cannot stand beside `{}`", given[0].0));
    }
    if let Some(node) = manifests {
        return Check::Manifests(reader.json(node));
    }
    if let Some(node) = security {
        return pod_security::read(reader, node).map_or(Check::Nothing, Check::PodSecurity);
    }
    if let Some(node) = cel {
        return Check::Cel(reader.json(node));
    }
    if let Some(node) = deny {
        return Check::Deny(read_deny(reader, node));
    }
    if let Some(node) = pattern {
        return Check::Pattern(Template::new(reader.json(node)));
    }
    if let Some(node) = any_pattern {
        reader.elements(node);
        // Kyverno passes these through JSON text once more, which leaves floats only.
        return Check::AnyPattern(Template::new(reader.json(node).with_floats()));
    }
    if let Some(node) = for_each {
        let elements = reader.elements(node);
        return Check::ForEach(elements.into_iter().filter_map(|node| read_for_each(reader, node)).collect());
    }
    Check::Nothing
}

fn read_deny(reader: &mut Reader<'_>, node: NodeId) -> Option<Conditions> {
    let mut fields = reader.fields(node)?;
    let conditions = fields.get(reader, "conditions").and_then(|node| read_conditions(reader, node));
    fields.finish(reader);
    conditions
}

fn read_for_each(reader: &mut Reader<'_>, node: NodeId) -> Option<ForEach> {
    let mut fields = reader.fields(node)?;
    let for_each = ForEach {
        list: fields.text(reader, "list").unwrap_or_default().to_owned(),
        element_scope: fields.bool(reader, "elementScope"),
        context: read_context(reader, &mut fields),
        preconditions: fields.get(reader, "preconditions").and_then(|node| read_any_all(reader, node)),
        check: read_check(reader, &mut fields, false),
    };
    fields.finish(reader);
    Some(for_each)
}

/// Reads conditions in either form.
pub fn read_conditions(reader: &mut Reader<'_>, node: NodeId) -> Option<Conditions> {
    use aipc_runtime::document::NodeValue;
    match reader.document.value(node) {
        NodeValue::Seq { .. } => {
            let elements = reader.elements(node);
            Some(Conditions::List(
                elements.into_iter().filter_map(|node| read_condition(reader, node)).collect(),
            ))
        }
        _ => read_any_all(reader, node),
    }
}

/// Reads conditions with `any` and `all`.
pub fn read_any_all(reader: &mut Reader<'_>, node: NodeId) -> Option<Conditions> {
    let mut fields = reader.fields(node)?;
    let mut list = |reader: &mut Reader<'_>, name: &'static str| {
        let node = fields.get(reader, name)?;
        let elements = reader.elements(node);
        Some(elements.into_iter().filter_map(|node| read_condition(reader, node)).collect::<Vec<_>>())
    };
    let any = list(reader, "any");
    let all = list(reader, "all").unwrap_or_default();
    fields.finish(reader);
    Some(Conditions::AnyAll { any, all })
}

fn read_condition(reader: &mut Reader<'_>, node: NodeId) -> Option<Condition> {
    let mut fields = reader.fields(node)?;
    let key = fields.get(reader, "key").map(|node| reader.json(node));
    let value = fields.get(reader, "value").map(|node| reader.json(node));
    let operator_node = fields.get(reader, "operator");
    let message = fields.text(reader, "message").unwrap_or_default().to_owned();
    fields.finish(reader);
    let word = operator_node.and_then(|node| reader.text(node));
    let operator = word.and_then(Operator::parse);
    if let (Some(word), None, Some(node)) = (word, operator, operator_node) {
        let known: Vec<&str> = Operator::words().collect();
        reader.fault(
            node,
            FaultKind::Shape,
            format!("`{word}` is none of the operators {}", known.join(", ")),
        );
    }
    if key.is_none() || value.is_none() || operator_node.is_none() {
        reader.fault(node, FaultKind::Refused, "a condition needs `key`, `operator` and `value`");
    }
    Some(Condition {
        key: Template::new(scalar_with_floats(key?)),
        operator: operator?,
        value: Template::new(scalar_with_floats(value?)),
        message,
    })
}

/// A number that stands alone goes through JSON text in Kyverno, and comes out as a float; in lists and maps it stays.
fn scalar_with_floats(value: Json<'static>) -> Json<'static> {
    match value.view() {
        View::Int(number) => Json::Float(number as f64),
        _ => value,
    }
}

/// Reads the entries of `context`.
pub fn read_context(reader: &mut Reader<'_>, fields: &mut Fields) -> Vec<ContextEntry> {
    let elements = fields.elements(reader, "context");
    elements.into_iter().filter_map(|node| read_context_entry(reader, node)).collect()
}

fn read_context_entry(reader: &mut Reader<'_>, node: NodeId) -> Option<ContextEntry> {
    let mut fields = reader.fields(node)?;
    let position = reader.document.position(node);
    let name = fields.text(reader, "name").unwrap_or_default().to_owned();
    if name.is_empty() {
        reader.fault(node, FaultKind::Shape, "an entry of `context` needs a `name`");
    }
    let mut sources = Vec::new();
    if let Some(node) = fields.get(reader, "variable") {
        sources.extend(read_variable(reader, node));
    }
    if let Some(node) = fields.get(reader, "configMap")
        && let Some(mut fields) = reader.fields(node)
    {
        let name = fields.text(reader, "name").unwrap_or_default().to_owned();
        let namespace = fields.text(reader, "namespace").unwrap_or_default().to_owned();
        fields.finish(reader);
        sources.push(ContextSource::ConfigMap { name, namespace });
    }
    if let Some(node) = fields.get(reader, "apiCall") {
        sources.extend(read_api_call(reader, node));
    }
    if let Some(node) = fields.get(reader, "imageRegistry")
        && let Some(mut fields) = reader.fields(node)
    {
        let reference = fields.text(reader, "reference").unwrap_or_default().to_owned();
        let query = fields.text(reader, "jmesPath").map(str::to_owned);
        fields.allow(&["imageRegistryCredentials"]);
        fields.finish(reader);
        sources.push(ContextSource::ImageRegistry { reference, query });
    }
    if let Some(node) = fields.get(reader, "globalReference")
        && let Some(mut fields) = reader.fields(node)
    {
        let name = fields.text(reader, "name").unwrap_or_default().to_owned();
        let query = fields.text(reader, "jmesPath").map(str::to_owned);
        fields.finish(reader);
        sources.push(ContextSource::GlobalReference { name, query });
    }
    fields.finish(reader);
    if sources.len() != 1 {
        let message = "an entry of `context` has exactly one of `variable`, `configMap`, `apiCall`, `imageRegistry` and `globalReference`";
        reader.fault(node, FaultKind::Refused, message);
    }
    Some(ContextEntry { name, position, source: sources.pop()? })
}

fn read_variable(reader: &mut Reader<'_>, node: NodeId) -> Option<ContextSource> {
    let mut fields = reader.fields(node)?;
    let template = |reader: &Reader<'_>, node: Option<NodeId>| {
        node.map(|node| Template::new(scalar_with_floats(reader.json(node))))
    };
    let node = fields.get(reader, "value");
    let value = template(reader, node);
    let node = fields.get(reader, "default");
    let default = template(reader, node);
    let query = fields.text(reader, "jmesPath").filter(|text| !text.is_empty()).map(str::to_owned);
    fields.finish(reader);
    Some(ContextSource::Variable { value, query, default })
}

fn read_api_call(reader: &mut Reader<'_>, node: NodeId) -> Option<ContextSource> {
    let mut fields = reader.fields(node)?;
    let url_path = fields.text(reader, "urlPath").filter(|text| !text.is_empty()).map(str::to_owned);
    let is_post = fields.word(reader, "method", &[("GET", false), ("POST", true)]).unwrap_or(false);
    let mut data = Vec::new();
    for node in fields.elements(reader, "data") {
        let Some(mut fields) = reader.fields(node) else { continue };
        let key = fields.text(reader, "key").unwrap_or_default().to_owned();
        let value = fields.get(reader, "value").map_or(Json::Null, |node| reader.json(node));
        fields.finish(reader);
        data.push((key, Template::new(value)));
    }
    let mut service = None;
    if let Some(node) = fields.get(reader, "service")
        && let Some(mut fields) = reader.fields(node)
    {
        service = fields.text(reader, "url").map(str::to_owned);
        fields.allow(&["headers", "caBundle"]);
        fields.finish(reader);
    }
    let query = fields.text(reader, "jmesPath").filter(|text| !text.is_empty()).map(str::to_owned);
    let default = fields.get(reader, "default").map(|node| Template::new(reader.json(node)));
    fields.finish(reader);
    Some(ContextSource::ApiCall(ApiCall { url_path, service, is_post, data, query, default }))
}
