//! What the user sets in the editor: `aip.*`.

use aipc_compiler::formats::support::Target;
use serde_json::Value;

use crate::ide::inlay::Wanted;

/// The settings of the editor. A key that is missing or wrong leaves its default.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settings {
    pub hints: Wanted,
    /// The target whose limits and output are shown; without one, that of `aip.toml`.
    pub target: Option<Target>,
    /// No lenses about tests and verdicts.
    pub without_lenses: bool,
    /// No findings of policies in manifests.
    pub without_manifests: bool,
}

impl Settings {
    /// Reads the object under `aip`.
    pub fn read(value: &Value) -> Settings {
        let switch = |path: &[&str]| {
            let found = path.iter().try_fold(value, |value, key| value.get(key));
            found.and_then(Value::as_bool).unwrap_or(true)
        };
        Settings {
            hints: Wanted {
                types: switch(&["inlayHints", "types"]),
                kinds: switch(&["inlayHints", "kinds"]),
                quantifiers: switch(&["inlayHints", "quantifiers"]),
            },
            target: value.get("target").and_then(Value::as_str).and_then(Target::parse),
            without_lenses: !switch(&["codeLens", "enabled"]),
            without_manifests: !switch(&["manifests", "enabled"]),
        }
    }
}
