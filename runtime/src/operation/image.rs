//! Parts of image references.

use super::Operation;
use crate::value::{Image, Value};

/// The part that the operation names; missing where the text is no reference or lacks the part.
pub(super) fn part<'a>(operation: Operation, a: &Value<'a>) -> Value<'a> {
    let Some(image) = a.as_text().and_then(Image::parse) else { return Value::Missing };
    let part = match operation {
        Operation::ImageRegistry => Some(image.registry.to_owned()),
        Operation::ImageRepository => Some(image.repository.to_owned()),
        Operation::ImageTag => image.tag().map(str::to_owned),
        Operation::ImageDigest => image.digest.map(str::to_owned),
        Operation::ImageName => Some(image.name()),
        Operation::ImageReference => Some(image.reference()),
        Operation::ImageWrittenTag => image.written_tag.map(str::to_owned),
        _ => None,
    };
    part.map_or(Value::Missing, Value::text)
}
