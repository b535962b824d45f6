//! Parts of image references, by regular expressions: Kyverno's own functions for images end in an error where
//! the text is no reference.

use super::scope::Context;
use super::term::Term;
use crate::formats::jmespath::Expr;
use crate::ir::Operation;

/// An image reference: 1 the registry, 2 the repository in it, 3 the repository where no registry is written, 4 the
/// tag, 5 the digest. The first component is a registry if it holds `.` or `:`, is `localhost`, or has upper case.
pub fn reference() -> String {
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let upper = "(?:[a-z0-9][a-z0-9-]*)?[A-Z](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let address = r"\[[0-9a-f]*[:A-F][0-9A-Fa-f:]*\](?::[0-9]+)?|\[[0-9A-Fa-f:]+\]:[0-9]+";
    let registry = format!(r"localhost|{upper}|{label}(?:\.{label})*:[0-9]+|{label}(?:\.{label})+|{address}");
    let component = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
    let first = "[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*";
    let repository = format!("{component}(?:/{component})*");
    let digest = "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}";
    format!(
        "^(?:({registry})/({repository})|({component}|{first}(?:/{component})+))\
         (?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?(?:@({digest}))?$"
    )
}

/// A part of the image; missing where the text is no reference, or lacks the part.
pub fn part(context: &Context, operation: Operation, image: Term) -> Term {
    let pattern = || context.image_reference();
    let guards = image.presence().into_iter();
    let is_reference = Expr::call("regex_match", [pattern(), image.expr.clone()]);
    let guards: Vec<Expr> = guards.chain([is_reference]).collect();
    let group = |template: &str| {
        Expr::call("regex_replace_all", [pattern(), image.expr.clone(), Expr::text(template)])
    };
    let total = |expr| Term { guards: guards.clone(), expr, total: true };
    // an empty group is one that is not there
    let optional = |expr: Expr| Term { guards: guards.clone(), expr: expr.or(Expr::null()), total: false };
    let registry = || group("$1").or(Expr::text("docker.io"));
    let name = || Expr::call("join", [Expr::text("/"), Expr::list(vec![registry(), group("$2$3")])]);
    // `latest` only where there is neither tag nor digest
    let tag = || group("$4").or(Expr::all([group("$5").equals(Expr::text("")), Expr::text("latest")]));
    match operation {
        Operation::ImageRegistry => total(registry()),
        Operation::ImageRepository => total(group("$2$3")),
        Operation::ImageTag => optional(tag()),
        Operation::ImageDigest => optional(group("$5")),
        Operation::ImageName => total(name()),
        Operation::ImageWrittenTag => optional(group("$4")),
        _ => {
            let digest = Expr::all([
                group("$5"),
                Expr::call("join", [Expr::text("@"), Expr::list(vec![name(), group("$5")])]),
            ]);
            let tagged = Expr::call("join", [Expr::text(":"), Expr::list(vec![name(), tag()])]);
            total(digest.or(tagged))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn references_are_taken_apart() {
        let regex = regex::Regex::new(&reference()).unwrap();
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let long = format!("ghcr.io/a/b:v1@{digest}");
        let table = [
            ("nginx", ["", "", "nginx", "", ""]),
            ("nginx:1.25", ["", "", "nginx", "1.25", ""]),
            ("a/b", ["", "", "a/b", "", ""]),
            ("localhost/b", ["localhost", "b", "", "", ""]),
            ("Foo/bar", ["Foo", "bar", "", "", ""]),
            ("localhost:5000/b:x", ["localhost:5000", "b", "", "x", ""]),
            ("[::1]:5000/a", ["[::1]:5000", "a", "", "", ""]),
            (long.as_str(), ["ghcr.io", "a/b", "", "v1", digest]),
        ];
        for (text, groups) in table {
            let captures = regex.captures(text).unwrap();
            let found: Vec<&str> = (1..6).map(|n| captures.get(n).map_or("", |m| m.as_str())).collect();
            assert_eq!(found, groups, "{text}");
        }
        for text in ["", ":latest", "a b", "a/", "a__b.c/x", "UPPER", "a@sha256:0", "a:"] {
            assert!(!regex.is_match(text), "{text}");
        }
    }
}
