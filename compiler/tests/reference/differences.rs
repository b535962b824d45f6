//! `differences.md`: where verdicts may differ, from the table of features and from the rows of the manifest reader.

use aipc_compiler::formats::support::{ROWS, Support, Target};

const INTRODUCTION: &str = "# Where verdicts may differ

One source gives the same verdict everywhere: from bytecode, from Kyverno on the ClusterPolicy, from Kyverno on the policies of
`policies.kyverno.io`. *Pass*, *does not apply* and *no result* count as one verdict here; *fail* and *error* are the others. This page
lists all that the sentence leaves out. The comparisons behind it are in `tests/agreement`, and run against Kyverno 1.19.1.

## Objects that the API server refuses

Verdicts are equal on *admissible* objects: those with the right types and the required fields of their kind, as the API server asks. On
other objects a value of a wrong type, or a null in a list, reads as missing, and `aipc run` adds the finding `manifest-invalid` at its
place and exits with 3. It never ends with 0 where Kyverno fails.

## What only a cluster knows

- **The namespace.** The API server writes `metadata.namespace` into an object before anyone judges it. `aipc run` takes `--namespace`,
  or else `default`, for the namespace of an object that names none, and leaves `metadata.namespace` itself missing. Kyverno's command
  line writes `default` there.
- **Users.** Where no user is known (in CI, in background scans), a `where` about the user takes the value that makes the rule apply, and
  a condition about the user makes it not apply. Reports say so.
- **Labels of namespaces.** They come from the Namespace objects among the inputs. Where there is none, a `where` about them takes the
  value that makes the rule apply, and a condition about them is *not evaluated*.
- **Signatures.** Who signed an image or an object is *not evaluated*. Which images are asked for is compared on objects all of whose
  images can be read as references.

## Numbers

Integers beyond 2^53 are not exact in every reader of JSON. As literals they are an error for Kyverno's targets. In manifests they are
compared exactly by bytecode, and rounded by Kyverno's command line.

## Texts that look like variables

Kyverno reads a text that a variable brings only once, but the texts and keys inside of a list or map once more. So where a
ClusterPolicy of a `generate` rule takes over a list or map from the trigger, it ends in an error if a text in it holds `{{` or `$(`.
The bytecode and GeneratingPolicy make the object.
";

/// The page.
pub fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str(
        "\n## Features that a target carries but for some cases\n\n`aipc build` warns of them (AIP0602).\n\n\
         | feature | target | differs for |\n|---|---|---|\n",
    );
    for row in ROWS {
        for target in Target::ALL {
            if let Support::Differs(cases) = row.of(target) {
                page.push_str(&format!(
                    "| {} | `{}` | {} |\n",
                    row.name,
                    target.name(),
                    cases.replace('|', "\\|")
                ));
            }
        }
    }
    page.push_str(
        "\n## YAML that is read otherwise\n\n\
         Manifests have the values that Kubernetes reads from them. In these cases Kubernetes' own reader (`sigs.k8s.io/yaml`) reads a text \
         and this one refuses it with an error. There is no text that this one reads and Kubernetes refuses.\n\n",
    );
    for row in rows() {
        page.push_str(&format!("- {row}\n"));
    }
    page
}

/// The reasons of the rows that the tests of the reader hold.
fn rows() -> Vec<String> {
    let text = include_str!("../../../runtime/tests/reader/differences.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(text).expect("the rows are JSON");
    rows.iter().map(|row| row["reason"].as_str().expect("each row has a reason").to_owned()).collect()
}
