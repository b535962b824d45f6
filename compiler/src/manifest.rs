//! Objects of YAML text as JSON values: for tests that name files.

use aipc_runtime::document::{self, ReadOptions};

/// The objects of a YAML or JSON text, lists flattened.
///
/// # Errors
/// The first thing that is wrong with the text, with its line.
pub fn objects(name: &str, text: &str) -> Result<Vec<serde_json::Value>, String> {
    let read = document::read(name, text.as_bytes(), &ReadOptions::default());
    if let Some(finding) = read.findings.iter().find(|it| it.is_error()) {
        return Err(format!("line {}: {}", finding.position.line, finding.message));
    }
    Ok(read.resources.iter().map(|it| it.document().to_json(it.root())).collect())
}
