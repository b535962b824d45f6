//! ClusterPolicy and Policy, read exactly.
//!
//! [`read`] gives a policy with its rules, those included that Kyverno generates for the controllers of Pods, or says
//! with places what is wrong with it: fields that the schema does not know, and what Kyverno itself refuses.

mod autogen;
pub mod fields;
pub mod filter;
pub mod mutate;
pub mod rule;
pub mod selector;

use std::collections::BTreeMap;

use aipc_runtime::document::{Document, NodeId, Position};

pub use autogen::written_name;
use fields::{Fault, FaultKind, Reader};
use rule::{Action, ActionOverride, Rule};

/// A ClusterPolicy or Policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    /// Of a Policy; a Policy without one is in `default`.
    pub namespace: Option<String>,
    pub position: Position,
    pub annotations: BTreeMap<String, String>,
    /// As they are written.
    pub rules: Vec<Rule>,
    /// Those for the controllers of Pods but CronJob, by the kinds that have them.
    generated: autogen::Generated,
    pub apply_one: bool,
    pub action: Option<Action>,
    pub overrides: Vec<ActionOverride>,
    pub background: bool,
    pub admission: bool,
}

impl Policy {
    /// `name`, or `namespace/name`.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether a failure counts; otherwise reports say `warn`.
    pub fn is_scored(&self) -> bool {
        self.annotations.get("policies.kyverno.io/scored").is_none_or(|text| text != "false")
    }

    /// Whether any rule makes something of the object of a request.
    pub fn mutates(&self) -> bool {
        self.rules.iter().any(|rule| rule.mutation().is_some())
    }

    /// The rules for objects of a kind: those that are written, and those generated for it.
    pub fn rules_for<'p>(&'p self, kind: &str) -> Box<dyn Iterator<Item = &'p Rule> + 'p> {
        let generated = self.generated.rules(kind);
        if generated.is_empty() {
            return Box::new(self.rules.iter());
        }
        Box::new(self.written_beside_generated().chain(generated))
    }

    /// The rules for objects of all kinds: those generated are for all controllers at once. Mutations go by them.
    pub fn rules_for_all<'p>(&'p self) -> Box<dyn Iterator<Item = &'p Rule> + 'p> {
        let generated = self.generated.rules_for_all();
        if generated.is_empty() {
            return Box::new(self.rules.iter());
        }
        Box::new(self.written_beside_generated().chain(generated))
    }

    fn written_beside_generated(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| !autogen::is_generated_name(&rule.name))
    }
}

/// The API versions of the kinds that are read here.
const API_VERSIONS: &[&str] = &["kyverno.io/v1", "kyverno.io/v2beta1"];

/// Whether an object is one that [`read`] reads.
pub fn is_policy(api_version: &str, kind: &str) -> bool {
    API_VERSIONS.contains(&api_version) && matches!(kind, "ClusterPolicy" | "Policy")
}

/// Reads a policy.
///
/// # Errors
/// All that is wrong with it, at least one fault.
pub fn read(document: &Document, root: NodeId) -> Result<Policy, Vec<Fault>> {
    let mut reader = Reader::new(document);
    let policy = read_policy(&mut reader, root);
    match policy {
        Some(policy) if reader.faults.is_empty() => Ok(policy),
        _ => {
            if reader.faults.is_empty() {
                reader.fault(root, FaultKind::Shape, "this is no policy");
            }
            Err(reader.faults)
        }
    }
}

fn read_policy(reader: &mut Reader<'_>, root: NodeId) -> Option<Policy> {
    let mut fields = reader.fields(root)?;
    let is_namespaced = fields.text(reader, "kind") == Some("Policy");
    fields.allow(&["apiVersion", "status"]);
    let metadata = fields.get(reader, "metadata");
    let spec = fields.get(reader, "spec");
    fields.finish(reader);
    let (mut name, mut namespace, mut annotations) = (String::new(), None, BTreeMap::new());
    if let Some(node) = metadata
        && let Some(mut fields) = reader.fields(node)
    {
        name = fields.text(reader, "name").unwrap_or_default().to_owned();
        namespace = fields.text(reader, "namespace").map(str::to_owned);
        annotations = fields.text_map(reader, "annotations");
        if !is_namespaced && namespace.as_deref().is_some_and(|namespace| !namespace.is_empty()) {
            reader.fault(node, FaultKind::Refused, "a ClusterPolicy has no namespace");
        }
    }
    let Some(spec) = spec else {
        reader.fault(root, FaultKind::Shape, "a policy needs a `spec`");
        return None;
    };
    let mut fields = reader.fields(spec)?;
    fields.allow(&[
        "emitWarning",
        "failurePolicy",
        "generateExisting",
        "generateExistingOnPolicyUpdate",
        "mutateExistingOnPolicyUpdate",
        "schemaValidation",
        "useServerSideApply",
        "webhookTimeoutSeconds",
        "webhookConfiguration",
    ]);
    let apply_one = fields.word(reader, "applyRules", &[("All", false), ("One", true)]).unwrap_or(false);
    let action = fields.word(reader, "validationFailureAction", rule::ACTIONS);
    let overrides = rule::read_overrides(reader, &mut fields, "validationFailureActionOverrides");
    let background = fields.bool(reader, "background").unwrap_or(true);
    let admission = fields.bool(reader, "admission").unwrap_or(true);
    if !admission && !background {
        reader.fault(
            spec,
            FaultKind::Refused,
            "a policy that runs neither at admission nor in the background runs never",
        );
    }
    let rule_nodes = fields.elements(reader, "rules");
    fields.finish(reader);
    if rule_nodes.is_empty() {
        reader.fault(spec, FaultKind::Refused, "a policy needs `rules`");
    }
    let mut rules: Vec<Rule> = Vec::new();
    for node in &rule_nodes {
        let Some(rule) = rule::read_rule(reader, *node) else { continue };
        if rules.iter().any(|known| known.name == rule.name) {
            reader.fault(*node, FaultKind::Refused, format!("there is a rule `{}` already", rule.name));
        }
        rules.push(rule);
    }
    let generated = if reader.faults.is_empty() {
        autogen::generate(reader, &rule_nodes, &rules, &annotations)
    } else {
        autogen::Generated::default()
    };
    let namespace = is_namespaced.then(|| match namespace {
        Some(namespace) if !namespace.is_empty() => namespace,
        _ => "default".to_owned(),
    });
    Some(Policy {
        name,
        namespace,
        position: reader.document.position(root),
        annotations,
        rules,
        generated,
        apply_one,
        action,
        overrides,
        background,
        admission,
    })
}
