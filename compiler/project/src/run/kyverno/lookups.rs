//! What rules look up in the cluster, answered from what is recorded.

use aipc_compiler::kubernetes::Cluster;
use aipc_kyverno::context::{Failure, World};
use aipc_kyverno::json::Json;
use aipc_runtime::document::Document;
use aipc_runtime::machine;
use aipc_runtime::value::Shared;

/// The objects of `--context`.
pub struct Recorded<'w> {
    world: &'w machine::World,
    cluster: &'w Cluster,
}

const HELP: &str = "record it in the file of `--context`";

impl<'w> Recorded<'w> {
    pub fn new(world: &'w machine::World, cluster: &'w Cluster) -> Recorded<'w> {
        Recorded { world, cluster }
    }

    fn objects(&self, kind: &str, what: &str) -> Result<Vec<&'w Document>, Failure> {
        if !self.world.knows(kind) {
            return Err(Failure::needs(format!("{what}; {HELP}")));
        }
        Ok(self.world.objects(kind).collect())
    }
}

fn text<'d>(document: &'d Document, path: &[&str]) -> &'d str {
    let node = document.get_path(document.root(), path);
    node.and_then(|node| document.as_str(node)).unwrap_or_default()
}

impl World for Recorded<'_> {
    fn config_map(&self, namespace: &str, name: &str) -> Result<Option<Json<'static>>, Failure> {
        let objects = self.objects("v1/ConfigMap", &format!("the ConfigMap {namespace}/{name}"))?;
        let is_it = |object: &&Document| {
            text(object, &["metadata", "name"]) == name
                && text(object, &["metadata", "namespace"]) == namespace
        };
        Ok(objects.iter().copied().find(is_it).map(|object| {
            let whole = Json::of(object);
            let part = |key: &'static str| {
                let value = whole.get(key).map_or_else(|| Json::map(Vec::new()), |value| value.to_owned());
                (Shared::Borrowed(key), value)
            };
            Json::map(vec![part("data"), part("metadata")])
        }))
    }

    fn api_call(&self, url: &str, is_post: bool) -> Result<Json<'static>, Failure> {
        let what = format!("the answer to {} {url}", if is_post { "POST" } else { "GET" });
        let unknown = || Failure::needs(format!("{what}, which is not recorded"));
        if is_post {
            return Err(unknown());
        }
        let Some(path) = ApiPath::parse(url) else { return Err(unknown()) };
        let mut kinds = self.cluster.kinds().map(|(_, kind)| kind);
        let is_kind = |plural: &str, group: &str, version: &str| {
            plural == path.plural && group == path.group && version == path.version
        };
        let Some(kind) = kinds.find(|kind| is_kind(&kind.plural, &kind.group, &kind.version)) else {
            return Err(unknown());
        };
        let api_version = match path.group {
            "" => path.version.to_owned(),
            group => format!("{group}/{}", path.version),
        };
        let objects =
            self.objects(&format!("{api_version}/{}", kind.kind), &format!("all {}", path.plural))?;
        let in_namespace = |object: &&Document| {
            path.namespace.is_none_or(|namespace| text(object, &["metadata", "namespace"]) == namespace)
        };
        let mut objects = objects.into_iter().filter(in_namespace);
        if let Some(name) = path.name {
            let found = objects.find(|object| text(object, &["metadata", "name"]) == name);
            let missing = || Failure::new(format!("{} \"{name}\" not found", path.plural));
            return found.map(|object| Json::of(object).to_owned()).ok_or_else(missing);
        }
        if path.has_query {
            return Err(Failure::needs(format!("{what}: selectors of a list are not answered")));
        }
        let items = objects.map(|object| Json::of(object).to_owned()).collect();
        Ok(Json::map(vec![
            (Shared::Borrowed("apiVersion"), Json::text(api_version)),
            (Shared::Borrowed("kind"), Json::text(format!("{}List", kind.kind))),
            (Shared::Borrowed("items"), Json::list(items)),
        ]))
    }
}

/// A path of the API server that names a kind of objects, or one of them.
#[derive(Debug, PartialEq)]
struct ApiPath<'p> {
    group: &'p str,
    version: &'p str,
    namespace: Option<&'p str>,
    plural: &'p str,
    name: Option<&'p str>,
    has_query: bool,
}

impl<'p> ApiPath<'p> {
    fn parse(url: &'p str) -> Option<ApiPath<'p>> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let parts: Vec<&str> = path.trim_start_matches('/').trim_end_matches('/').split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, plural, name) = match *rest {
            ["namespaces"] => (None, "namespaces", None),
            ["namespaces", name] => (None, "namespaces", Some(name)),
            ["namespaces", namespace, plural] => (Some(namespace), plural, None),
            ["namespaces", namespace, plural, name] => (Some(namespace), plural, Some(name)),
            [plural] => (None, plural, None),
            [plural, name] => (None, plural, Some(name)),
            _ => return None,
        };
        Some(ApiPath { group, version, namespace, plural, name, has_query: !query.is_empty() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let path = ApiPath::parse("/apis/apps/v1/namespaces/shop/deployments/web").unwrap();
        assert_eq!((path.group, path.version, path.plural), ("apps", "v1", "deployments"));
        assert_eq!((path.namespace, path.name), (Some("shop"), Some("web")));
        let path = ApiPath::parse("/api/v1/namespaces/shop").unwrap();
        assert_eq!((path.plural, path.name, path.namespace), ("namespaces", Some("shop"), None));
        assert!(ApiPath::parse("/api/v1/pods?labelSelector=a").unwrap().has_query);
        assert_eq!(ApiPath::parse("https://example.com"), None);
    }
}
