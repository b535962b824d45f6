//! Questions to the cluster, as context variables.
//!
//! Kyverno: a GET of an object that is not there is an error, as one that may not be asked for is. So an object is the
//! first of a list that its name selects. A variable is asked for where an expression names it, whether or not the
//! expression comes to it; so text that is no name has another in its place, and the answer is not looked at.

use aipc_runtime::machine::{LABEL_VALUE, OBJECT_NAME, URL_PART, is_object_name};

use super::mutate::is_safe_text;
use super::scope::{Context, Scope};
use super::term::Term;
use super::value::{as_text, raw, text};
use super::{Unsupported, generate};
use crate::formats::jmespath::{self, Expr};
use crate::formats::objects::{Posted, posted};
use crate::formats::yaml_write::Map;
use crate::ir::present::certain;
use crate::ir::*;

const NO_VARIABLES: &str = "Kyverno declares no variables there, and a lookup is one";

/// Whether a value is a question.
pub fn is_lookup(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Lookup(_))
}

/// The answer to a question.
pub fn lookup(context: &Context, scope: &Scope, lookup: &Lookup, value: &Value) -> Result<Term, Unsupported> {
    let refused = |reason| Err(Unsupported { span: value.origin, reason });
    if context.cleans() && measure::any_root_within(value, &mut |_| true) {
        return refused(
            "Kyverno asks once for all objects of a clean-up, so a lookup there cannot speak of one of them",
        );
    }
    if !scope.is_top() {
        return refused(
            "a lookup for each element is written where the whole condition is about the element",
        );
    }
    let ask = Ask { context, scope, value };
    match lookup {
        Lookup::Get { kind, name, namespace } => {
            let mut url = Url::default();
            url.collection(context, scope, kind, namespace.as_ref())?;
            url.text("?fieldSelector=metadata.name=");
            url.value(context, scope, name, OBJECT_NAME)?;
            let list = ask.list(kind, &url)?;
            Ok(Term { guards: [url.given, url.sound].concat(), expr: list.index(0), total: false })
        }
        Lookup::List { kind, namespace, labels } => {
            let mut url = Url::default();
            url.collection(context, scope, kind, namespace.as_ref())?;
            if let Some(Value { kind: ValueKind::Object(entries), .. }) = labels {
                for (number, (key, value)) in entries.iter().enumerate() {
                    url.text(if number == 0 { "?labelSelector=" } else { "," });
                    url.text(&format!("{key}="));
                    url.value(context, scope, value, LABEL_VALUE)?;
                }
            }
            let list = ask.list(kind, &url)?;
            if url.sound.is_empty() {
                return Ok(Term { guards: url.given, expr: list, total: true });
            }
            // What can be the label or the namespace of nothing selects nothing.
            let found = Expr::all(url.sound.into_iter().chain([list]));
            Ok(Term { guards: url.given, expr: found.or(Expr::empty_list()), total: true })
        }
        Lookup::Post { kind, object } => ask.post(kind, object),
        Lookup::HttpGet { url, headers } => ask.http("GET", url, None, headers.as_ref()),
        Lookup::HttpPost { url, body, headers } => ask.http("POST", url, Some(body), headers.as_ref()),
        Lookup::Cache { name } => ask.cache(name),
        // legalize refuses these
        Lookup::ImageRemote { .. } | Lookup::Random { .. } => {
            refused("aipc does not write this lookup here yet")
        }
    }
}

/// A question at its place.
struct Ask<'a> {
    context: &'a Context<'a>,
    scope: &'a Scope,
    value: &'a Value,
}

impl Ask<'_> {
    /// The name of the context variable that asks.
    fn variable(&self, how: &'static str, question: Map) -> Result<Expr, Unsupported> {
        let of_element = measure::any_root_within(self.value, &mut |root| matches!(root, Root::Local(_)));
        match self.context.ask(of_element, how, question) {
            Some(name) => Ok(Expr::path([name.as_str()])),
            None => self.refused(NO_VARIABLES),
        }
    }

    fn refused<T>(&self, reason: &'static str) -> Result<T, Unsupported> {
        Err(Unsupported { span: self.value.origin, reason })
    }

    /// The objects of a collection, each with what it is: items of a list do not say.
    fn list(&self, kind: &KindRef, url: &Url) -> Result<Expr, Unsupported> {
        let api_version = ("apiVersion".to_owned(), Expr::text(kind.api_version()));
        let what = Expr::Object(vec![api_version, ("kind".to_owned(), Expr::text(kind.kind.as_str()))]);
        let whole = format!("items[].merge(@, {}) || `[]`", jmespath::text(&what));
        self.variable("apiCall", Map::new().with("urlPath", url.text.as_str()).with("jmesPath", whole))
    }

    /// What the API server answers to an object. It is sent as soon as an expression names the answer, so nothing in it
    /// may be missing at its top, and nothing of an object decides where it goes.
    fn post(&self, kind: &KindRef, object: &Value) -> Result<Term, Unsupported> {
        let Some(Posted { entries, namespace }) = posted(kind, object) else {
            return self.refused("what is sent, and to which namespace, has to be written out");
        };
        if kind.namespaced
            && !self.context.has_namespace()
            && namespace.iter().any(|it| it.as_literal().is_none())
        {
            return self.refused("the object may be in no namespace, and Kyverno asks all the same");
        }
        let mut url = Url::default();
        url.collection(self.context, self.scope, kind, namespace.as_ref())?;
        let question =
            Map::new().with("urlPath", url.text).with("method", "POST").with("data", self.data(&entries)?);
        Ok(Term { guards: Vec::new(), expr: self.variable("apiCall", question)?, total: false })
    }

    /// What a service answers.
    fn http(
        &self,
        method: &'static str,
        url: &Value,
        body: Option<&Value>,
        headers: Option<&Value>,
    ) -> Result<Term, Unsupported> {
        let mut service = Map::new().with("url", self.url(url)?);
        if let Some(headers) = headers {
            let ValueKind::Object(entries) = &headers.kind else {
                return self.refused("headers have to be written out: `{ Accept: \"application/json\" }`");
            };
            service.set("headers", self.data(entries)?);
        }
        let mut question = Map::new().with("method", method);
        if let Some(body) = body {
            let ValueKind::Object(entries) = &body.kind else {
                return self.refused("Kyverno posts objects only: write the body out, `{ … }`");
            };
            question.set("data", self.data(entries)?);
        }
        question.set("service", service);
        Ok(Term { guards: Vec::new(), expr: self.variable("apiCall", question)?, total: false })
    }

    /// Entries of an object as Kyverno's list of keys and values.
    fn data(&self, entries: &[(String, Value)]) -> Result<Vec<Map>, Unsupported> {
        let facts = self.context.facts();
        let entry = |(key, value): &(String, Value)| {
            if !certain(value, &facts) {
                return Err(missing(value));
            }
            let value = generate::node(self.context, self.scope, value, &facts)?;
            Ok(Map::new().with("key", key.as_str()).with("value", value))
        };
        entries.iter().map(entry).collect()
    }

    /// A URL, of which text of objects may be a part and nothing more; else the rule ends in an error.
    fn url(&self, url: &Value) -> Result<String, Unsupported> {
        if let Some(Literal::Text(text)) = url.as_literal() {
            return match is_safe_text(text) {
                true => Ok(text.clone()),
                false => self.refused("Kyverno would read a variable into this URL"),
            };
        }
        let ValueKind::Text(parts) = &url.kind else {
            return self.refused("a URL is written out, with `{…}` for its parts");
        };
        let mut written = String::new();
        for part in parts {
            match part {
                TextPart::Text(text) if is_safe_text(text) => written.push_str(text),
                TextPart::Text(_) => return self.refused("Kyverno would read a variable into this URL"),
                TextPart::Value(value) => {
                    if !certain(value, &self.context.facts()) {
                        return Err(missing(value));
                    }
                    let text = as_text(self.context, self.scope, value)?.expr;
                    let is_part = Expr::call("regex_match", [Expr::text(URL_PART), text.clone()]);
                    let error = Expr::call("to_boolean", [Expr::text("this text is no part of a URL")]);
                    let part = Expr::any([Expr::all([is_part, text]), error]);
                    written.push_str(&format!("{{{{ {} }}}}", jmespath::text(&part)));
                }
            }
        }
        Ok(written)
    }

    /// An entry of the global context.
    fn cache(&self, name: &Value) -> Result<Term, Unsupported> {
        match name.as_literal() {
            // What stands behind a dot is a part of an entry to Kyverno.
            Some(Literal::Text(name)) if is_object_name(name) && !name.contains('.') => {
                let question = Map::new().with("name", name.as_str());
                Ok(Term {
                    guards: Vec::new(),
                    expr: self.variable("globalReference", question)?,
                    total: false,
                })
            }
            _ => self.refused("the name of an entry is written out, and has no dot"),
        }
    }
}

fn missing(value: &Value) -> Unsupported {
    let reason = "this may be missing, and Kyverno asks all the same; ask for it in a `where`";
    Unsupported { span: value.origin, reason }
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
