//! Why a rule says what it says of an object, as a tree for people.
//!
//! ```text
//! FAIL images/deny-pod  Pod web  pods/bad.yaml:1:1
//!   true  spec.hostNetwork and image !~ "trusted/*"
//!     true  spec.hostNetwork  spec.hostNetwork = true
//!     true  image !~ "trusted/*"
//!       true  spec.containers[0].image = "nginx"  ◀
//! ```
//! What decided has a mark. Every text from a policy or a manifest is escaped.

use std::fmt::Write;

use aipc_project::report::Status;
use aipc_project::report::escape::visible;
use aipc_project::run::explain::{Explanation, Outcome, Step};

use crate::console::Style;

/// The trees, one after the other.
pub fn render(explanations: &[Explanation], style: Style) -> String {
    let mut out = String::new();
    for it in explanations {
        let status = it.status.as_str().to_uppercase();
        let status = match it.status {
            Status::Pass => style.good(&status),
            Status::Fail | Status::Error => style.error(&status),
            Status::Warn => style.warning(&status),
            Status::Skip => style.faint(&status),
        };
        let (rule, object) =
            (format!("{}/{}", it.policy, it.rule), format!("{} {}", it.resource.kind, it.resource.name));
        let place = format!("{}:{}:{}", it.location.file, it.location.line, it.location.column);
        let place = style.gutter(&visible(&place));
        let _ = writeln!(out, "{status} {}  {}  {place}", visible(&rule), visible(&object));
        if !it.because.is_empty() {
            let _ = writeln!(out, "  {}", visible(&it.because));
        }
        it.steps.iter().for_each(|step| add(step, 1, style, &mut out));
        out.push('\n');
    }
    out
}

fn add(step: &Step, depth: usize, style: Style, out: &mut String) {
    let outcome = match step.outcome {
        Outcome::True | Outcome::False => style.strong(step.outcome.as_str()),
        Outcome::Pass => style.good("pass"),
        Outcome::Fail => style.error("fail"),
        Outcome::NotAsked | Outcome::Skip => style.faint(step.outcome.as_str()),
    };
    let _ = write!(out, "{}{outcome}  {}", "  ".repeat(depth), visible(&step.label));
    if !step.detail.is_empty() {
        let _ = write!(out, "  {}", style.gutter(&visible(&step.detail)));
    }
    out.push_str(if step.deciding { "  ◀\n" } else { "\n" });
    step.children.iter().for_each(|it| add(it, depth + 1, style, out));
}
