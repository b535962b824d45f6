//! Questions to the cluster.
//!
//! CEL: `resource.Get` gives null where there is no such object. Names and label values that cannot be are not asked
//! for: the API server would answer them with an error, or with other objects.

use aipc_runtime::machine::{LABEL_VALUE, OBJECT_NAME};

use super::ast::{Expr, Key, Path, Step, Ty, Typed};
use super::json::as_written;
use super::translate::Translator;
use super::value::dynamic;
use crate::formats::objects::{Posted, posted};
use crate::ir::{KindRef, Lookup, Type, Value, ValueKind};

impl Translator {
    pub(super) fn lookup(&mut self, lookup: &Lookup, guards: &mut Vec<Expr>) -> Typed {
        match lookup {
            Lookup::Get { kind, name, namespace } => {
                let object = self.object_or_null(kind, name, namespace.as_ref());
                let path = Path { base: Box::new(object), base_certain: false, steps: Vec::new() };
                self.guard_present(&path, guards);
                Typed::new(Expr::Direct(path), Ty::Dyn)
            }
            Lookup::List { kind, namespace, labels } => {
                // A namespace that is none has nothing in it; one that is missing is no question.
                if let Some(namespace) = namespace {
                    let there = self.scope(|this, guards| this.value(namespace, guards)).0;
                    guards.extend(there);
                }
                let mut some = Vec::new();
                let [api, plural] = kind_parts(kind);
                let namespace = self.namespace_part(namespace.as_ref(), &mut some);
                let mut parts = vec![api, plural, namespace];
                if let Some(labels) = labels {
                    parts.push(self.labels_part(labels, guards, &mut some));
                }
                let list = Expr::name("resource").method("List", parts);
                let items = Path {
                    base: Box::new(list),
                    base_certain: true,
                    steps: vec![Step { key: Key::Field("items".to_owned()), certain: true }],
                };
                let items = Expr::call("dyn", Expr::Direct(items));
                let none = Expr::call("dyn", Expr::List(Vec::new()));
                let list = if some.is_empty() { items } else { Expr::if_else(Expr::all(some), items, none) };
                Typed::new(list, Ty::List)
            }
            Lookup::Post { kind, object } => {
                // INVARIANT: legalize refuses what is not written out.
                let Some(Posted { entries, namespace }) = posted(kind, object) else {
                    return Typed::new(Expr::Null, Ty::Dyn);
                };
                let sent = Value::new(ValueKind::Object(entries), Type::Object, object.origin);
                let [api, plural] = kind_parts(kind);
                let mut parts = vec![api, plural];
                if let Some(namespace) = &namespace {
                    parts.push(self.name_part(namespace, guards));
                }
                parts.push(self.value(&as_written(&sent), guards).expr);
                Typed::new(Expr::call("dyn", Expr::name("resource").method("Post", parts)), Ty::Dyn)
            }
            Lookup::Cache { name } => {
                let name = self.text_part(name, guards);
                let entry = Expr::call("dyn", Expr::name("globalContext").method("Get", vec![name]));
                let path = Path { base: Box::new(entry), base_certain: false, steps: Vec::new() };
                self.guard_present(&path, guards);
                Typed::new(Expr::Direct(path), Ty::Dyn)
            }
            // legalize refuses the others
            Lookup::HttpGet { .. }
            | Lookup::HttpPost { .. }
            | Lookup::ImageRemote { .. }
            | Lookup::Random { .. } => Typed::new(Expr::Null, Ty::Dyn),
        }
    }

    /// The object, or null where there is none.
    pub(super) fn object_or_null(&mut self, kind: &KindRef, name: &Value, namespace: Option<&Value>) -> Expr {
        let (inner, asked) = self.scope(|this, guards| {
            let namespace = this.namespace_part(namespace, guards);
            let name = this.name_part(name, guards);
            let [api, plural] = kind_parts(kind);
            Expr::name("resource").method("Get", vec![api, plural, namespace, name])
        });
        or_null(inner, Expr::call("dyn", asked))
    }

    fn namespace_part(&mut self, namespace: Option<&Value>, guards: &mut Vec<Expr>) -> Expr {
        match namespace {
            Some(namespace) => self.name_part(namespace, guards),
            None => Expr::str(""),
        }
    }

    /// A name as text that can be one.
    fn name_part(&mut self, name: &Value, guards: &mut Vec<Expr>) -> Expr {
        let name = self.text_part(name, guards);
        if !matches!(&name, Expr::Str(text) if aipc_runtime::machine::is_object_name(text)) {
            guards.push(name.clone().matches(OBJECT_NAME));
        }
        name
    }

    fn text_part(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        match typed.ty {
            Ty::Str => typed.expr,
            // The schema says that it is text.
            Ty::Dyn if matches!(value.ty, Type::Text | Type::Image) => typed.expr,
            _ => {
                let text = dynamic(typed);
                guards.push(Expr::call("type", text.clone()).equal(Expr::name("string")));
                Expr::call("string", text)
            }
        }
    }

    /// Labels that are written out: all there, or it is no question; all such that they can be, or nothing has them.
    fn labels_part(&mut self, labels: &Value, guards: &mut Vec<Expr>, some: &mut Vec<Expr>) -> Expr {
        let ValueKind::Object(entries) = &labels.kind else { return Expr::Map(Vec::new()) };
        let entries = entries.iter().map(|(key, value)| {
            let there = self.scope(|this, guards| this.value(value, guards)).0;
            guards.extend(there);
            let text = self.text_part(value, some);
            if !matches!(&text, Expr::Str(text) if aipc_runtime::machine::is_label_value(text)) {
                some.push(text.clone().matches(LABEL_VALUE));
            }
            (false, key.clone(), text)
        });
        Expr::Map(entries.collect())
    }
}

fn kind_parts(kind: &KindRef) -> [Expr; 2] {
    [Expr::str(kind.api_version()), Expr::str(kind.plural.as_str())]
}

fn or_null(guards: Vec<Expr>, value: Expr) -> Expr {
    match guards.is_empty() {
        true => value,
        false => Expr::if_else(Expr::all(guards), value, Expr::Null),
    }
}
