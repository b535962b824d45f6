//! Parts of image references, by regular expressions: Kyverno's own image library calls Docker Hub
//! `index.docker.io` and `nginx` `library/nginx`, which is not what a policy says.

use super::ast::{Expr, Op, Ty, Typed};
use super::text::escape_regex;
use super::translate::Translator;
use super::value::push;
use crate::ir::{Operation, Value};

/// A reference that the grammar of container registries allows. A component that holds a point or a colon or
/// an upper-case letter, or is `localhost`, can only be a registry if another one follows.
const REFERENCE: &str = concat!(
    r"^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)+(?::[0-9]+)?",
    r"|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?:[0-9]+",
    r"|localhost|(?:[a-z0-9][a-z0-9-]*)?[A-Z](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\](?::[0-9]+)?)/",
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*",
    r"|[a-z0-9]+(?:(?:__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)+",
    r"|[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)",
    r"(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?",
    r"(?:@(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?$",
);
/// Where a registry is written: its name is the group.
const REGISTRY: &str = "^([^/@]*[.:A-Z][^/@]*|localhost)/.*$";
/// The group is the repository.
const REPOSITORY: &str = "^(?:(?:[^/@]*[.:A-Z][^/@]*|localhost)/)?([^:@]+).*$";
/// Where a tag is written: it is the group.
const TAG: &str = "^[^@]*:([^/:@]+)(?:@.*)?$";

impl Translator {
    /// A text that is an image reference; others are missing.
    pub(super) fn reference(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        match self.never_null(value) {
            Some(path) => {
                // no reference is empty, so that the test of it says that it is there
                let reference = self.is_reference(Expr::Or(path.clone(), Box::new(Expr::str(""))));
                push(guards, reference);
                self.learn(&path);
                Expr::Direct(path)
            }
            None => {
                let image = self.text_value(value, guards);
                push(guards, self.is_reference(image.clone()));
                image
            }
        }
    }

    /// Whether a text is an image reference.
    fn is_reference(&mut self, image: Expr) -> Expr {
        let pattern = Expr::Regex(REFERENCE.to_owned());
        let pattern = self.hoist("imageReference", &pattern).unwrap_or(pattern);
        image.method("matches", vec![pattern])
    }

    /// A part of an image reference; `operation` is one of those about images.
    pub(super) fn image(&mut self, operation: Operation, image: Expr, guards: &mut Vec<Expr>) -> Typed {
        let has_digest = image.clone().method("contains", vec![Expr::str("@")]);
        let has_tag = image.clone().matches(TAG);
        let expr = match operation {
            Operation::ImageRegistry => registry(&image),
            Operation::ImageRepository => group(&image, REPOSITORY),
            Operation::ImageDigest => {
                push(guards, has_digest);
                digest(&image)
            }
            Operation::ImageWrittenTag => {
                push(guards, has_tag);
                group(&image, TAG)
            }
            Operation::ImageTag => {
                push(guards, Expr::any([has_tag.clone(), has_digest.negate()]));
                Expr::if_else(has_tag, group(&image, TAG), Expr::str("latest"))
            }
            Operation::ImageName => name(&image),
            _ => {
                let tag = Expr::if_else(has_tag, group(&image, TAG), Expr::str("latest"));
                let by_tag = Expr::binary(Op::Add, Expr::str(":"), tag);
                let by_digest = Expr::binary(Op::Add, Expr::str("@"), digest(&image));
                Expr::binary(Op::Add, name(&image), Expr::if_else(has_digest, by_digest, by_tag))
            }
        };
        Typed::new(expr, Ty::Str)
    }
}

/// The reference has that tag; without any tag and digest it has `latest`.
pub(super) fn has_tag(image: Expr, tag: &str) -> Expr {
    let written = format!("[^@]*:{}(?:@.*)?", escape_regex(tag));
    image.matches(match tag {
        "latest" => format!("^(?:{written}|(?:[^@]*/)?[^/:@]+)$"),
        _ => format!("^{written}$"),
    })
}

fn group(image: &Expr, pattern: &str) -> Expr {
    let pattern = Expr::Regex(pattern.to_owned());
    Expr::Call("regex.replace", vec![image.clone(), pattern, Expr::str(r"\1")])
}

fn registry(image: &Expr) -> Expr {
    Expr::if_else(image.clone().matches(REGISTRY), group(image, REGISTRY), Expr::str("docker.io"))
}

fn name(image: &Expr) -> Expr {
    let slash = Expr::binary(Op::Add, registry(image), Expr::str("/"));
    Expr::binary(Op::Add, slash, group(image, REPOSITORY))
}

fn digest(image: &Expr) -> Expr {
    let parts = image.clone().method("split", vec![Expr::str("@")]);
    Expr::Index(Box::new(parts), Box::new(Expr::Int(1)))
}
