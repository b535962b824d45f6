//! The images of Pods and of what holds them, as rules find them under the name `images`.

use aipc_runtime::value::{Image, Shared};

use crate::json::{Entry, Json, View};

/// The lists of containers, each a part of `images`.
const LISTS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];

/// Where the specification of a Pod is in an object of a kind.
fn pod_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&["spec"]),
        "DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "ReplicationController" | "StatefulSet" => {
            Some(&["spec", "template", "spec"])
        }
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// `images` of an object: by list of containers, then by name of container; `None` if there is none.
///
/// # Errors
/// A container without name, or an image that is none.
pub fn extract<'a>(object: &Json<'a>) -> Result<Option<Json<'a>>, String> {
    let kind = object.get("kind");
    let Some(path) = kind.as_ref().and_then(Json::as_text).and_then(pod_path) else { return Ok(None) };
    let mut lists: Vec<Entry<'a>> = Vec::new();
    for list in LISTS {
        let mut found: Vec<Entry<'a>> = Vec::new();
        let mut at = object.clone();
        let mut pointer = String::new();
        for step in path.iter().chain([list]) {
            if at.is_null() {
                break;
            }
            if !at.is_map() {
                return Err("invalid image config".to_owned());
            }
            at = at.get(step).unwrap_or(Json::Null);
            pointer.push('/');
            pointer.push_str(step);
        }
        walk(&at, &pointer, &mut found)?;
        if !found.is_empty() {
            lists.push((Shared::Borrowed(list), Json::map(found)));
        }
    }
    Ok((!lists.is_empty()).then(|| Json::map(lists)))
}

fn walk<'a>(containers: &Json<'a>, pointer: &str, found: &mut Vec<Entry<'a>>) -> Result<(), String> {
    match containers.view() {
        View::Null => return Ok(()),
        View::List { .. } => {
            for (index, element) in containers.elements().enumerate() {
                let pointer = format!("{pointer}/{index}");
                match element.view() {
                    View::Map { .. } => container(&element, &pointer, found)?,
                    View::List { .. } => walk(&element, &pointer, found)?,
                    _ => {}
                }
            }
        }
        View::Map { .. } => {
            for (key, value) in containers.entries() {
                match value.view() {
                    View::Map { .. } => container(&value, &format!("{pointer}/{}", &*key), found)?,
                    View::List { .. } => return Err("invalid image config".to_owned()),
                    _ => {}
                }
            }
        }
        _ => return Err("invalid image config".to_owned()),
    }
    Ok(())
}

/// What Kyverno says of an image that is none.
fn refusal(image: &str) -> String {
    let first = image.split_once('/').map(|(first, _)| first);
    let is_registry = first.is_some_and(|first| {
        first.contains(['.', ':']) || first == "localhost" || first != first.to_lowercase()
    });
    let full = if is_registry { image.to_owned() } else { format!("docker.io/{image}") };
    let why = match Image::parse(&full.to_lowercase()) {
        Some(_) => "repository name must be lowercase",
        None => "invalid reference format",
    };
    let settings = "defaultRegistry: docker.io, enableDefaultRegistryMutation: true";
    format!("invalid image '{image}' (bad image: {full}, {settings}: {why})")
}

fn container<'a>(container: &Json<'a>, pointer: &str, found: &mut Vec<Entry<'a>>) -> Result<(), String> {
    let name = container.get("name");
    let Some(name) = name.as_ref().and_then(Json::to_text) else { return Err("invalid key".to_owned()) };
    let image = container.get("image");
    let Some(image) = image.as_ref().and_then(Json::as_text).filter(|image| !image.trim().is_empty()) else {
        return Ok(());
    };
    let Some(parts) = Image::parse(image) else { return Err(refusal(image)) };
    found.push((name, info(&parts, &format!("{pointer}/image"))));
    Ok(())
}

/// What rules find about one image. What is empty is not there.
fn info<'a>(image: &Image<'_>, pointer: &str) -> Json<'a> {
    let tag = image.tag().unwrap_or("");
    let name = image.repository.rsplit('/').next().unwrap_or(image.repository);
    let fields = [
        ("registry", image.registry.to_owned()),
        ("name", name.to_owned()),
        ("path", image.repository.to_owned()),
        ("tag", tag.to_owned()),
        ("digest", image.digest.unwrap_or("").to_owned()),
        ("reference", image.reference()),
        ("referenceWithTag", format!("{}:{tag}", image.name())),
        ("jsonPointer", pointer.to_owned()),
    ];
    let present = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Json::map(present.map(|(key, text)| (Shared::Borrowed(key), Json::text(text))).collect())
}
