//! Questions to the cluster, as context variables.
//!
//! Kyverno: a GET of an object that is not there is an error, as one that may not be asked for is. So an object is the
//! first of a list that its name selects. A variable is asked for where an expression names it, whether or not the
//! expression comes to it; so text that is no name has another in its place, and the answer is not looked at.

use aipc_runtime::machine::{LABEL_VALUE, OBJECT_NAME};

use super::Unsupported;
use super::scope::{Context, Scope};
use super::term::Term;
use super::value::{raw, text};
use crate::formats::jmespath::{self, Expr};
use crate::formats::yaml_write::Map;
use crate::ir::*;

/// Whether a value is a question.
pub fn is_lookup(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Lookup(_))
}

/// The answer to a question.
pub fn lookup(context: &Context, scope: &Scope, lookup: &Lookup, value: &Value) -> Result<Term, Unsupported> {
    let refused = |reason| Err(Unsupported { span: value.origin, reason });
    if !scope.is_top() {
        return refused(
            "a lookup for each element is written where the whole condition is about the element",
        );
    }
    let mut url = Url::default();
    let kind = match lookup {
        Lookup::Get { kind, name, namespace } => {
            url.collection(context, scope, kind, namespace.as_ref())?;
            url.text("?fieldSelector=metadata.name=");
            url.value(context, scope, name, OBJECT_NAME)?;
            kind
        }
        Lookup::List { kind, namespace, labels } => {
            url.collection(context, scope, kind, namespace.as_ref())?;
            if let Some(Value { kind: ValueKind::Object(entries), .. }) = labels {
                for (number, (key, value)) in entries.iter().enumerate() {
                    url.text(if number == 0 { "?labelSelector=" } else { "," });
                    url.text(&format!("{key}="));
                    url.value(context, scope, value, LABEL_VALUE)?;
                }
            }
            kind
        }
        // legalize refuses the others
        Lookup::Post { .. }
        | Lookup::HttpGet { .. }
        | Lookup::HttpPost { .. }
        | Lookup::Cache { .. }
        | Lookup::ImageRemote { .. }
        | Lookup::Random { .. } => return refused("aipc does not write this lookup here yet"),
    };
    // Items of a list do not say what they are.
    let api_version = ("apiVersion".to_owned(), Expr::text(kind.api_version()));
    let what = Expr::Object(vec![api_version, ("kind".to_owned(), Expr::text(kind.kind.as_str()))]);
    let whole = format!("items[].merge(@, {}) || `[]`", jmespath::text(&what));
    let question = Map::new().with("urlPath", url.text).with("jmesPath", whole);
    let of_element = measure::any_root_within(value, &mut |root| matches!(root, Root::Local(_)));
    let Some(name) = context.ask(of_element, question) else {
        return refused("aipc writes lookups of `deny` and `require` only there yet");
    };
    let list = Expr::path([name.as_str()]);
    Ok(match lookup {
        Lookup::Get { .. } => {
            Term { guards: [url.given, url.sound].concat(), expr: list.index(0), total: false }
        }
        _ if url.sound.is_empty() => Term { guards: url.given, expr: list, total: true },
        // What can be the label or the namespace of nothing selects nothing.
        _ => {
            let found = Expr::all(url.sound.into_iter().chain([list]));
            Term { guards: url.given, expr: found.or(Expr::empty_list()), total: true }
        }
    })
}

/// A path that no text of an object can lead elsewhere.
#[derive(Default)]
struct Url {
    text: String,
    /// That there is a question: each of its parts is there.
    given: Vec<Expr>,
    /// That each of them is what it can be.
    sound: Vec<Expr>,
}

impl Url {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// `/apis/apps/v1/namespaces/prod/deployments`
    fn collection(
        &mut self,
        context: &Context,
        scope: &Scope,
        kind: &KindRef,
        namespace: Option<&Value>,
    ) -> Result<(), Unsupported> {
        let root = if kind.group.is_empty() { "api" } else { "apis" };
        self.text(&format!("/{root}/{}/", kind.api_version()));
        if let Some(namespace) = namespace {
            self.text("namespaces/");
            self.value(context, scope, namespace, OBJECT_NAME)?;
            self.text("/");
        }
        self.text(&kind.plural);
        Ok(())
    }

    /// Text that matches the pattern, which leaves nothing that means more than itself in a URL; a text in its place
    /// where it does not.
    fn value(
        &mut self,
        context: &Context,
        scope: &Scope,
        value: &Value,
        pattern: &'static str,
    ) -> Result<(), Unsupported> {
        if let Some(Literal::Text(text)) = value.as_literal() {
            let fits = match pattern {
                OBJECT_NAME => aipc_runtime::machine::is_object_name(text),
                _ => aipc_runtime::machine::is_label_value(text),
            };
            if fits {
                self.text(text);
                return Ok(());
            }
        }
        let term = text(context, scope, value)?;
        let matches = Expr::call("regex_match", [Expr::text(pattern), term.expr.clone()]);
        let guards = term.presence();
        // `||` passes over the empty text, which can be a label's value.
        let instead = if pattern == LABEL_VALUE { "" } else { "none" };
        let some = Expr::all(guards.iter().cloned().chain([matches.clone(), term.expr]));
        self.text(&format!("{{{{ {} }}}}", jmespath::text(&some.or(Expr::text(instead)))));
        // A label value that is there and no text is one that nothing has.
        let given =
            if pattern == LABEL_VALUE { raw(context, scope, value)?.presence() } else { guards.clone() };
        self.sound.extend(guards.into_iter().filter(|guard| !given.contains(guard)));
        self.sound.push(matches);
        self.given.extend(given);
        Ok(())
    }
}
