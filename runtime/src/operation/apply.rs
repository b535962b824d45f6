//! What each operation means.

use super::{Operation, collections, conversion, image, number, text};
use crate::budget::{Budget, OverBudget};
use crate::value::Value;

/// The result of an operation; missing if an argument is, or if the operation has no answer.
///
/// # Errors
/// The budget is used up: texts and lists cost by their length.
///
/// # Panics
/// Never; a wrong number of arguments gives missing.
pub fn apply<'a>(
    operation: Operation,
    arguments: &[Value<'a>],
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    if arguments.iter().any(Value::is_missing) {
        return Ok(Value::Missing);
    }
    match (operation.arity(), arguments) {
        (1, [a]) => unary(operation, a, budget),
        (2, [a, b]) => binary(operation, a, b, budget),
        (3, [a, b, c]) => ternary(operation, a, b, c, budget),
        _ => Ok(Value::Missing),
    }
}

fn unary<'a>(operation: Operation, a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    match operation {
        Operation::Negate => Ok(number::negate(a)),
        Operation::Count => Ok(collections::count(a, budget)?),
        Operation::Sum => collections::sum(a, budget),
        Operation::Min => collections::extreme(a, std::cmp::Ordering::Less, budget),
        Operation::Max => collections::extreme(a, std::cmp::Ordering::Greater, budget),
        Operation::Distinct => collections::distinct(a, budget),
        Operation::Sort => collections::sort(a, budget),
        Operation::Reverse => collections::reverse(a, budget),
        Operation::Keys => collections::keys(a, budget),
        Operation::Values => collections::values(a, budget),
        Operation::Lower => text::lower(a, budget),
        Operation::Upper => text::upper(a, budget),
        Operation::ToText => conversion::to_text(a, budget),
        Operation::ToInt => Ok(conversion::to_int(a)),
        Operation::ToFloat => Ok(conversion::to_float(a)),
        Operation::ToQuantity => Ok(conversion::to_quantity(a)),
        Operation::ToDuration => Ok(a.as_duration().map_or(Value::Missing, Value::Duration)),
        Operation::ToTime => Ok(a.as_time().map_or(Value::Missing, Value::Time)),
        Operation::ToSemver => Ok(a.as_semver().map_or(Value::Missing, Value::Semver)),
        Operation::ToVersion => Ok(conversion::to_version(a)),
        Operation::ToIp => Ok(a.as_ip().map_or(Value::Missing, Value::Ip)),
        Operation::ToCidr => Ok(a.as_cidr().map_or(Value::Missing, Value::Cidr)),
        Operation::ToJson => conversion::to_json(a, budget),
        Operation::FromJson => conversion::from_json(a, budget),
        Operation::FromYaml => conversion::from_yaml(a, budget),
        Operation::Base64Encode => conversion::base64_encode(a, budget),
        Operation::Base64Decode => conversion::base64_decode(a, budget),
        Operation::Sha256 | Operation::Sha1 | Operation::Md5 => conversion::hash(operation, a, budget),
        Operation::ImageRegistry
        | Operation::ImageRepository
        | Operation::ImageTag
        | Operation::ImageDigest
        | Operation::ImageName
        | Operation::ImageReference
        | Operation::ImageWrittenTag => Ok(image::part(operation, a)),
        _ => Ok(Value::Missing),
    }
}

fn binary<'a>(
    operation: Operation,
    a: &Value<'a>,
    b: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    match operation {
        Operation::Add => number::add(a, b, budget),
        Operation::Subtract => Ok(number::subtract(a, b)),
        Operation::Multiply => Ok(number::multiply(a, b)),
        Operation::Divide => Ok(number::divide(a, b)),
        Operation::Round => Ok(number::round(a, b)),
        Operation::Without => collections::without(a, b, budget),
        Operation::Merge => collections::merge(a, b, budget),
        Operation::Index => collections::index(a, b, budget),
        Operation::Join => text::join(a, b, budget),
        Operation::Split => text::split(a, b, budget),
        Operation::Trim => text::trim(a, b, budget),
        _ => Ok(Value::Missing),
    }
}

fn ternary<'a>(
    operation: Operation,
    a: &Value<'a>,
    b: &Value<'a>,
    c: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    match operation {
        Operation::Replace => text::replace(a, b, c, budget),
        Operation::Substring => text::substring(a, b, c, budget),
        Operation::MatchGroup => text::match_group(a, b, c, budget),
        _ => Ok(Value::Missing),
    }
}
