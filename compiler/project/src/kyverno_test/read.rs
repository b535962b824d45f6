//! The shape of a `kyverno-test.yaml` and of the files of values and users beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aipc_kyverno::json::Json;
use aipc_kyverno::matching::UserInfo;
use aipc_kyverno::policy::fields::{Fields, Reader};
use aipc_runtime::document::{NodeId, Position, ReadOptions};

use crate::report::Finding;
use crate::run::kyverno;
use crate::run::manifests::{self, Manifest};

/// A test: what is given and what is expected.
pub struct TestFile {
    /// As it was found.
    pub name: String,
    pub title: String,
    pub policies: Vec<PathBuf>,
    pub resources: Vec<PathBuf>,
    pub user: Option<UserInfo>,
    pub values: Values,
    pub expected: Vec<Expected>,
    /// What is given that cannot be used.
    pub undone: Vec<String>,
}

/// One row of `results`, on each of its resources.
#[derive(Clone, Debug)]
pub struct Expected {
    pub position: Position,
    /// `name`, or `namespace/name`.
    pub policy: String,
    pub rule: Option<String>,
    /// Each `name` or `namespace/name`; all of the test if there are none.
    pub resources: Vec<String>,
    pub kind: Option<String>,
    pub result: String,
    pub operation: Option<String>,
    /// The file of the objects that the mutation should leave.
    pub patched: Option<PathBuf>,
    /// What the row wants beside a result, and we do not compare.
    pub undone: Option<&'static str>,
}

/// Values for variables that only a cluster knows.
#[derive(Default)]
pub struct Values {
    pub global: Vec<(String, Json<'static>)>,
    /// By policy and resource.
    pub of_resources: BTreeMap<(String, String), Vec<(String, Json<'static>)>>,
    /// By policy and rule.
    pub of_rules: BTreeMap<(String, String), Vec<(String, Json<'static>)>>,
    pub namespace_labels: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads a test file.
///
/// # Errors
/// What is wrong with it, or with a file of values or users that it names.
pub fn read(path: &Path) -> Result<TestFile, Vec<Finding>> {
    let manifest = load(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let Some(document) = manifest.read.documents.first() else {
        return Err(vec![Finding::error("wrong-test", format!("`{}` says nothing", manifest.name))]);
    };
    let mut reader = Reader::new(document);
    let mut test = TestFile {
        name: manifest.name.clone(),
        title: String::new(),
        policies: Vec::new(),
        resources: Vec::new(),
        user: None,
        values: Values::default(),
        expected: Vec::new(),
        undone: Vec::new(),
    };
    let mut findings = Vec::new();
    if let Some(mut fields) = reader.fields(document.root()) {
        fields.allow(&["apiVersion", "kind"]);
        let paths = |texts: Vec<String>| texts.iter().map(|text| folder.join(text)).collect();
        let metadata = fields.get(&reader, "metadata");
        let name =
            metadata.and_then(|node| document.get(node, "name")).and_then(|node| document.as_str(node));
        test.title = name.unwrap_or("test").to_owned();
        test.policies = paths(fields.texts(&mut reader, "policies"));
        test.resources = paths(fields.texts(&mut reader, "resources"));
        if let Some(user) = fields.text(&mut reader, "userinfo") {
            match read_user(&folder.join(user)) {
                Ok(user) => test.user = Some(user),
                Err(found) => findings.extend(found),
            }
        }
        if let Some(values) = fields.text(&mut reader, "variables") {
            match load(&folder.join(values)) {
                Ok(manifest) => {
                    if let Some(document) = manifest.read.documents.first() {
                        let mut inner = Reader::new(document);
                        read_values(&mut inner, document.root(), &mut test.values);
                        findings
                            .extend(inner.faults.iter().map(|it| kyverno::to_finding(&manifest.name, it)));
                    }
                }
                Err(found) => findings.extend(found),
            }
        }
        if let Some(node) = fields.get(&reader, "values") {
            read_values(&mut reader, node, &mut test.values);
        }
        for name in UNDONE {
            if fields.get(&reader, name).is_some() {
                test.undone.push(format!("`{name}`"));
            }
        }
        for node in fields.elements(&mut reader, "results") {
            test.expected.extend(read_expected(&mut reader, node, folder));
        }
        fields.finish(&mut reader);
    }
    findings.extend(reader.faults.iter().map(|it| kyverno::to_finding(&manifest.name, it)));
    if findings.is_empty() { Ok(test) } else { Err(findings) }
}

/// What a test can give and is not used.
const UNDONE: &[&str] = &[
    "targetResources",
    "paramResources",
    "clusterResources",
    "exceptions",
    "context",
    "jsonPayloads",
    "httpPayloads",
    "envoyPayloads",
    "apiCallResponses",
    "globalContextEntries",
    "httpMocks",
    "checks",
];

fn load(path: &Path) -> Result<Manifest, Vec<Finding>> {
    let manifest = manifests::load(path, &ReadOptions::default()).map_err(|finding| vec![finding])?;
    let is_wrong = |it: &&aipc_runtime::document::Finding| {
        it.is_error() && it.kind != aipc_runtime::document::FindingKind::NotAResource
    };
    let wrong: Vec<Finding> = manifest
        .read
        .findings
        .iter()
        .filter(is_wrong)
        .map(|it| manifests::to_finding(&manifest.name, it))
        .collect();
    if wrong.is_empty() { Ok(manifest) } else { Err(wrong) }
}

fn read_expected(reader: &mut Reader<'_>, node: NodeId, folder: &Path) -> Option<Expected> {
    const RESULTS: &[(&str, &str)] =
        &[("pass", "pass"), ("fail", "fail"), ("warn", "warn"), ("error", "error"), ("skip", "skip")];
    let mut fields = reader.fields(node)?;
    fields.allow(&[
        "isValidatingAdmissionPolicy",
        "isMutatingAdmissionPolicy",
        "isValidatingPolicy",
        "isMutatingPolicy",
        // Written so in public tests, and read by Go all the same.
        "isMUtatingPolicy",
        "isImageValidatingPolicy",
        "isGeneratingPolicy",
        "isDeletingPolicy",
        "failOnMissingResources",
        "namespace",
    ]);
    let policy = fields.text(reader, "policy").unwrap_or_default().to_owned();
    let rule = fields.text(reader, "rule").map(str::to_owned);
    let mut resources = fields.texts(reader, "resources");
    resources.extend(fields.text(reader, "resource").map(str::to_owned));
    let kind = fields.text(reader, "kind").map(str::to_owned);
    let result = fields.word(reader, "result", RESULTS);
    let operation = fields.text(reader, "operation").map(str::to_owned);
    let patched = fields.text(reader, "patchedResources").or_else(|| fields.text(reader, "patchedResource"));
    let patched = patched.map(|text| folder.join(text));
    let wanted = [
        ("generatedResource", "generated resources"),
        ("generatedResources", "generated resources"),
        ("cloneSourceResource", "cloned resources"),
        ("resourceSpecs", "resources by their version"),
    ];
    let undone =
        wanted.iter().filter(|(name, _)| fields.get(reader, name).is_some()).map(|(_, what)| *what).next();
    for (name, _) in wanted {
        fields.allow(&[name]);
    }
    fields.allow(&["patchedResource"]);
    fields.finish(reader);
    let position = reader.document.position(node);
    Some(Expected {
        patched,
        position,
        policy,
        rule,
        resources,
        kind,
        result: result?.to_owned(),
        operation,
        undone,
    })
}

fn read_user(path: &Path) -> Result<UserInfo, Vec<Finding>> {
    let manifest = load(path)?;
    let mut user = UserInfo::default();
    let Some(document) = manifest.read.documents.first() else { return Ok(user) };
    let mut reader = Reader::new(document);
    if let Some(mut fields) = reader.fields(document.root()) {
        fields.allow(&["apiVersion", "kind", "metadata"]);
        user.roles = fields.texts(&mut reader, "roles");
        user.cluster_roles = fields.texts(&mut reader, "clusterRoles");
        if let Some(mut fields) = fields.get(&reader, "userInfo").and_then(|node| reader.fields(node)) {
            fields.allow(&["uid", "extra"]);
            user.username = fields.text(&mut reader, "username").unwrap_or_default().to_owned();
            user.groups = fields.texts(&mut reader, "groups");
            fields.finish(&mut reader);
        }
        fields.finish(&mut reader);
    }
    let faults: Vec<Finding> =
        reader.faults.iter().map(|it| kyverno::to_finding(&manifest.name, it)).collect();
    if faults.is_empty() { Ok(user) } else { Err(faults) }
}

fn read_values(reader: &mut Reader<'_>, root: NodeId, values: &mut Values) {
    let Some(mut fields) = reader.fields(root) else { return };
    fields.allow(&["apiVersion", "kind", "metadata"]);
    values.global = read_map(reader, &mut fields, "globalValues");
    for node in fields.elements(reader, "policies") {
        let Some(mut fields) = reader.fields(node) else { continue };
        let policy = fields.text(reader, "name").unwrap_or_default().to_owned();
        for (list, is_rule) in [("resources", false), ("rules", true)] {
            for node in fields.elements(reader, list) {
                let Some(mut fields) = reader.fields(node) else { continue };
                let name = fields.text(reader, "name").unwrap_or_default().to_owned();
                let map = read_map(reader, &mut fields, "values");
                fields.finish(reader);
                let of = if is_rule { &mut values.of_rules } else { &mut values.of_resources };
                of.entry((policy.clone(), name)).or_default().extend(map);
            }
        }
        fields.finish(reader);
    }
    for list in ["namespaceSelector", "namespaces"] {
        for node in fields.elements(reader, list) {
            let Some(mut fields) = reader.fields(node) else { continue };
            let (name, labels) = match list {
                "namespaces" => {
                    fields.allow(&["apiVersion", "kind", "spec", "status"]);
                    let metadata = fields.get(reader, "metadata").and_then(|node| reader.fields(node));
                    metadata.map_or_else(Default::default, |mut fields| labelled(reader, &mut fields))
                }
                _ => labelled(reader, &mut fields),
            };
            fields.finish(reader);
            values.namespace_labels.insert(name, labels);
        }
    }
    fields.finish(reader);
}

fn labelled(reader: &mut Reader<'_>, fields: &mut Fields) -> (String, BTreeMap<String, String>) {
    let name = fields.text(reader, "name").unwrap_or_default().to_owned();
    (name, fields.text_map(reader, "labels"))
}

fn read_map(
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    name: &'static str,
) -> Vec<(String, Json<'static>)> {
    let Some(node) = fields.get(reader, name) else { return Vec::new() };
    if reader.fields(node).is_none() {
        return Vec::new();
    }
    let entries = reader.document.entries(node);
    entries.map(|(key, _, value)| (key.to_owned(), reader.json(value).with_floats())).collect()
}
