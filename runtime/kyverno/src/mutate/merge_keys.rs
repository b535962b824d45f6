//! Which lists of Kubernetes' objects are merged, and by which keys.
//!
//! The table is what kustomize goes by, written by `tests/oracle/mergekeys`:
//!
//! ```text
//! cd tests/oracle && go run ./mergekeys | cmp - ../../runtime/kyverno/src/mutate/merge_keys.txt
//! ```

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known about the value at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// An object of a type.
    Object(&'static str),
    /// A list whose elements are told by keys, or, without keys, by themselves.
    Merged(&'static [&'static str], &'static Schema),
    /// A map of such values.
    MapOf(&'static Schema),
    /// An object of any kind.
    Free,
    /// Nothing in it is merged.
    Sealed,
}

impl Schema {
    /// The schema of a built-in kind.
    pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<Schema> {
        TABLE.kinds.get(&(api_version, kind)).copied()
    }

    /// What is known about a field; `None` if nothing is.
    pub(super) fn field(self, name: &str) -> Option<Schema> {
        match self {
            Schema::Object(of) => TABLE.types.get(of)?.get(name).copied(),
            Schema::MapOf(values) => Some(*values),
            Schema::Sealed => Some(Schema::Sealed),
            Schema::Free | Schema::Merged(..) => None,
        }
    }

    /// What is known about the elements of a list.
    pub(super) fn elements(self) -> Option<Schema> {
        if let Schema::Merged(_, elements) = self { Some(*elements) } else { None }
    }
}

struct Table {
    kinds: HashMap<(&'static str, &'static str), Schema>,
    types: HashMap<&'static str, HashMap<&'static str, Schema>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("merge_keys.txt")));

impl Table {
    fn read(text: &'static str) -> Table {
        let mut table = Table { kinds: HashMap::new(), types: HashMap::new() };
        let mut of = "";
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "kind" => {
                    let mut parts = rest.splitn(3, ' ');
                    let mut next = || parts.next().unwrap_or("");
                    table.kinds.insert((next(), next()), schema(next()));
                }
                "type" => of = rest,
                _ => {
                    let (field, meaning) = rest.split_once(' ').unwrap_or((rest, ""));
                    table.types.entry(of).or_default().insert(field, schema(meaning));
                }
            }
        }
        table
    }
}

fn schema(meaning: &'static str) -> Schema {
    // The table is read once and lives as long as the program.
    fn kept(schema: Schema) -> &'static Schema {
        Box::leak(Box::new(schema))
    }
    if let Some(values) = meaning.strip_prefix("{} ") {
        return Schema::MapOf(kept(schema(values)));
    }
    if let Some((keys, elements)) = meaning.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let keys: Vec<&'static str> = keys.split(',').filter(|key| !key.is_empty()).collect();
        return Schema::Merged(keys.leak(), kept(schema(elements.trim_start())));
    }
    match meaning {
        "?" => Schema::Free,
        "-" | "" => Schema::Sealed,
        name => Schema::Object(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_the_keys_of_the_table() {
        let pod = Schema::of_kind("v1", "Pod").unwrap().field("spec").unwrap();
        let containers = pod.field("containers").unwrap();
        assert!(matches!(containers, Schema::Merged(["name"], _)));
        let ports = containers.elements().unwrap().field("ports").unwrap();
        assert!(matches!(ports, Schema::Merged(["containerPort", "protocol"], _)));
        assert_eq!(pod.field("tolerations"), None);
        let metadata = Schema::of_kind("apps/v1", "Deployment").unwrap().field("metadata").unwrap();
        assert!(matches!(metadata.field("finalizers"), Some(Schema::Merged([], _))));
        assert_eq!(Schema::of_kind("example.com/v1", "Deployment"), None);
        assert_eq!(
            Schema::of_kind("apps/v1", "ControllerRevision").unwrap().field("data"),
            Some(Schema::Free)
        );
    }
}
