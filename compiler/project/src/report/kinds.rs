//! What the findings of a run mean that have words for a code: one row each, which `aipc explain` shows.

/// A kind of finding.
#[derive(Debug)]
pub struct Kind {
    pub code: &'static str,
    /// A few words, for lists.
    pub title: &'static str,
    /// What it means, and what to do.
    pub text: &'static str,
}

/// The kind of that code.
pub fn find(code: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}

macro_rules! kinds {
    ($($code:literal $title:literal $text:literal;)*) => {
        /// All kinds: of policies, of runs, of the reader of manifests.
        pub const KINDS: &[Kind] = &[$(Kind { code: $code, title: $title, text: $text },)*];
    };
}

kinds! {
    "no-policies" "no policies were found"
        "No file with policies was given or found. Name files that end in `.aip`, or folders with such files.";
    "no-rules" "the policies hold no rules"
        "The files were read, and no rule is in them: nothing would be judged. `deny pod if …` is a rule.";
    "no-resources" "nothing to judge"
        "No Kubernetes object was found in the input. An empty input passes no check: the run is incomplete.";
    "unreadable" "a file that cannot be opened"
        "The file does not exist, is no file, is too large, or may not be read.";
    "unsupported-policy" "a policy that is not evaluated"
        "The policy is of a kind, or says something, that `run` does not evaluate. The place and the reason are named, and the run is incomplete.";
    "unknown-field" "a field that no schema knows"
        "The kind of the object, or of the policy as YAML, has no such field: a typing mistake, which no rule sees. A cluster would refuse \
         it, or drop the field in silence.";
    "nothing-evaluated" "no rule came to a verdict"
        "All that was asked needs what the run does not know. A check that looked at nothing proves nothing, so the run is incomplete.";
    "wrong-shape" "a policy of Kyverno of another shape"
        "A value in the policy as YAML is of another type than its kind says.";
    "refused-policy" "a policy that Kyverno refuses"
        "Kyverno itself would not take the policy when it is created. The reason is named.";
    "wrong-test" "a kyverno-test.yaml that cannot be read"
        "The file of tests names what is not there, or has another shape than Kyverno's. The place and the reason are named.";
    "unsupported-test" "a test that is not run"
        "The kyverno-test.yaml asks for something that aipc does not run. It is named, and the run is incomplete.";
    "damaged-program" "a program that cannot be used"
        "A file `.aipb` is damaged, or was built by another version of aipc. Build it again.";
    "not-a-manifest" "a file of another kind"
        "The file was named as a manifest, and its name says that it is something else. Manifests end in `.yaml`, `.yml` or `.json`.";
    "manifest-invalid" "an object that the API server would refuse"
        "A field is unknown, has a value of a wrong type, or is required and missing. Verdicts are the same everywhere on objects that \
         the API server would let through, so the run is incomplete until the manifest is mended.";
    "unknown-kind" "no schema for the kind"
        "The kind of the object is neither of Kubernetes nor defined by a CustomResourceDefinition that the project names under `crds` \
         in aip.toml. Its fields are not checked. With `--strict` this makes the run incomplete.";
    "unmatched-rule" "a rule that matched nothing"
        "No object of the input is one that the rule speaks of. With `--strict` this makes the run incomplete: a check that looked at \
         nothing proves nothing.";
    "not-evaluated" "a rule without a verdict"
        "The rule asks for what the run does not know: who the user is (`--user`), what a registry says, what is in the cluster, or what \
         a service answers (`--context`). With `--strict` this makes the run incomplete.";
    "ended-exemption" "an exemption that is over"
        "The day after `until` has passed, so the exemption spares nothing any more. Renew it, or take it out.";
    "wrong-context" "a recorded world that cannot be used"
        "The file of `--context` holds `objects` by kind and `answers`, or what `kubectl get … -o yaml` prints.";
    "helm-template" "a template of Helm"
        "The file is a template, not a manifest. Render it first: `helm template CHART | aipc run -p POLICY -`.";
    "encoding" "no UTF-8"
        "The bytes are not UTF-8, or hold characters that YAML forbids.";
    "too-large" "too large"
        "The file, a scalar or the nesting is larger than what is read. Bounds keep hostile input from stopping a run.";
    "syntax" "neither YAML nor JSON"
        "The text cannot be read. The other documents of the file are judged all the same, and the run is incomplete.";
    "separator-text" "text behind `---`"
        "A line begins with `---` and goes on with something else than a comment. Readers differ in what they make of it.";
    "trailing-document" "text behind the end of a document"
        "No `---` separates it from the document before; a cluster would drop it.";
    "duplicate-key" "one key twice"
        "A map has a key twice, and readers differ in which of them counts. `--duplicate-keys=last` takes the last one, as Kubernetes does.";
    "merge-override" "a merge key that replaces"
        "A merge key `<<` replaces a key that stands before it.";
    "merge-value" "a merge key of nothing"
        "The value of a merge key `<<` is neither a map nor a list of maps.";
    "alias" "an alias that cannot be followed"
        "The alias has no anchor, lies inside its own anchor, or makes the document larger than what is read.";
    "key" "a key that JSON cannot hold"
        "The key is null, a list, a map or too large a number.";
    "value" "a value that cannot be"
        "The value is not what its tag says, or JSON cannot hold it.";
    "unknown-tag" "a tag without a meaning"
        "The tag means nothing to Kubernetes.";
    "ambiguous-scalar" "read differently by others"
        "YAML 1.1 and YAML 1.2 read the plain value differently, such as `yes` or `0777`. The value is the one that Kubernetes reads; quotes \
         make it plain to everybody.";
    "precision" "a number that is not kept exactly"
        "Kubernetes cannot keep the number exactly. Write fewer digits, or a text.";
    "not-a-resource" "no Kubernetes object"
        "The document has no `apiVersion` and `kind`, or is a List whose items are no objects.";
    "suppressed" "more of the same"
        "There are more findings of one kind than are listed.";
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The codes in a folder of sources: what stands behind `Finding::error(`.
    fn codes(folder: &Path, found: &mut Vec<String>) {
        for path in fs::read_dir(folder).expect("the sources are there").flatten().map(|it| it.path()) {
            if path.is_dir() {
                codes(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).expect("sources are text");
                let calls = text.split(concat!("Finding::", "error(")).skip(1);
                let code = |it: &str| Some(it.trim_start().strip_prefix('"')?.split('"').next()?.to_owned());
                found.extend(calls.filter_map(code).filter(|code| !code.is_empty()));
            }
        }
    }

    #[test]
    fn every_code_has_a_row() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        codes(&sources.join("src"), &mut found);
        codes(&sources.join("../cli/src"), &mut found);
        found.retain(|code| find(code).is_none());
        assert!(found.is_empty(), "without a row: {found:?}");
    }

    #[test]
    fn a_code_stands_once() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert_eq!(KINDS.iter().position(|it| it.code == kind.code), Some(at), "{}", kind.code);
        }
    }
}
