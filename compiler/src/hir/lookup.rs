//! Questions to the cluster, to services and to registries: what they ask for, and what comes back.

use super::check::Checker;
use super::{Expr, ExprKind, Lookup, LookupKind, TextPart, Ty, errors};
use crate::ir;
use crate::kubernetes::{KindId, KindLookup, ResourceLookup};
use crate::source::Span;

/// The functions that ask, and `image.remote`.
const ASKING: &[&str] =
    &["cluster.get", "cluster.list", "cluster.post", "http.get", "http.post", "cache", "random"];

/// So many kinds may a computed one be of.
const KINDS_MAX: usize = 40;

pub(super) fn asks(function: &str) -> bool {
    ASKING.contains(&function)
}

impl Checker<'_> {
    /// A call of a function that asks; its arguments as its parameters have them.
    pub(super) fn lookup(
        &mut self,
        name: &'static str,
        mut arguments: Vec<Option<Expr>>,
        otherwise: Ty,
        span: Span,
    ) -> Expr {
        if !name.starts_with("cluster.") {
            if let Some(url) =
                arguments.first().and_then(Option::as_ref).filter(|_| name.starts_with("http."))
                && !has_own_host(url)
            {
                self.report(errors::computed_url(url.span));
                return Expr::error(span);
            }
            let lookup = Lookup { name, kind: LookupKind::None, arguments };
            return Expr::new(ExprKind::Lookup(Box::new(lookup)), otherwise, span);
        }
        let Some(of) = arguments.first_mut().and_then(Option::take) else { return Expr::error(span) };
        arguments.remove(0);
        let Some((kind, ty)) = self.asked_kind(name, of) else { return Expr::error(span) };
        let kinds = match &kind {
            LookupKind::None => &[],
            LookupKind::Known(kind) => std::slice::from_ref(kind),
            LookupKind::OneOf(kinds, _) => kinds.as_slice(),
        };
        // Only a list may be of all namespaces.
        let namespace = arguments.get(1).filter(|_| name == "cluster.get").map(Option::is_some);
        let in_cluster = kinds.iter().any(|kind| !kind.namespaced);
        match (namespace, in_cluster) {
            (Some(false), false) => {
                self.report(errors::missing_argument(name, "in", span));
                return Expr::error(span);
            }
            (Some(true), true) => {
                self.report(errors::kind_without_namespace(&kinds[0].kind, span));
                return Expr::error(span);
            }
            _ => {}
        }
        let ty = match (name, ty) {
            ("cluster.get", Some(ty)) => ty,
            ("cluster.list", Some(ty)) => Ty::List(Box::new(ty)),
            ("cluster.list", None) => Ty::List(Box::new(Ty::Json)),
            _ => otherwise,
        };
        Expr::new(ExprKind::Lookup(Box::new(Lookup { name, kind, arguments })), ty, span)
    }

    /// The kind that an argument names, and the type of its objects if it is one kind.
    fn asked_kind(&mut self, function: &str, of: Expr) -> Option<(LookupKind, Option<Ty>)> {
        if let Some(text) = of.as_text() {
            let id = self.kind_of_text(text, of.span)?;
            let ty = Ty::of(self.cluster, self.cluster.kind_of(id).ty);
            return Some((LookupKind::Known(self.kind_ref(id)), Some(ty)));
        }
        // `"apps/v1/{…}"`: the kinds of a group and version are known, and with them their URLs.
        let prefix = match &of.kind {
            ExprKind::Text(parts) => match parts.first() {
                Some(TextPart::Text(text)) => text.rsplit_once('/').map(|(prefix, _)| prefix.to_string()),
                _ => None,
            },
            _ => None,
        };
        let kinds: Vec<ir::KindRef> = match &prefix {
            Some(prefix) => {
                let ids: Vec<KindId> = self.cluster.kinds().map(|(id, _)| id).collect();
                let kinds = ids.into_iter().map(|id| self.kind_ref(id));
                let of_group = kinds.filter(|kind| kind.api_version() == *prefix);
                // In namespaces, unless it is asked without one.
                let posted = function == "cluster.post";
                of_group.filter(|kind| posted || kind.namespaced).collect()
            }
            None => Vec::new(),
        };
        if kinds.is_empty() || kinds.len() > KINDS_MAX || !of.ty.is_textual() {
            self.report(errors::computed_kind(function, of.span));
            return None;
        }
        Some((LookupKind::OneOf(kinds, Box::new(of)), None))
    }

    fn kind_of_text(&mut self, text: &str, span: Span) -> Option<KindId> {
        match self.cluster.resource(text) {
            ResourceLookup::Found(found) if found.subresource.is_none() => Some(found.kind),
            ResourceLookup::Found(_) => {
                self.report(errors::unknown_kind(text, span, None));
                None
            }
            ResourceLookup::Kind(KindLookup::Unknown { suggestion }) => {
                let suggestion = suggestion.map(|it| it.name);
                self.report(errors::unknown_kind(text, span, suggestion.as_deref()));
                None
            }
            other => {
                self.report(errors::kind_lookup(self.cluster, text, span, &other));
                None
            }
        }
    }
}

/// Whether the policy says whom to ask: a URL begins with a scheme and a host, and a slash if more is computed.
fn has_own_host(url: &Expr) -> bool {
    let (text, is_whole) = match &url.kind {
        ExprKind::Literal(ir::Literal::Text(text)) => (text, true),
        ExprKind::Text(parts) => match parts.first() {
            Some(TextPart::Text(text)) => (text, false),
            _ => return false,
        },
        _ => return false,
    };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    host.is_some_and(|host| {
        !host.is_empty() && (is_whole || rest.is_some_and(|it| it[host.len()..].starts_with('/')))
    })
}
