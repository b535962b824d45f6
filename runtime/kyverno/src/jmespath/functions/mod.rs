//! The functions: a row for each, with its name, what its parameters may be, and its meaning.
//!
//! Meanings are pure. What a function may have to know besides its arguments, and what it may spend, is in
//! [`Evaluation`].

mod arithmetic;
mod certificate;
mod der;
mod encoding;
mod golang;
mod layout;
mod list;
mod number;
mod object;
mod quantity;
mod regular_expression;
mod semver_range;
mod text;
mod time;
mod url;

use super::SearchError;
use super::ast::Ast;
use super::interpret::Evaluation;
use crate::go_text;
use crate::json::{Json, View};

pub(super) type Answer<'a> = Result<Json<'a>, SearchError>;

/// A function by its name.
#[derive(Debug)]
pub(super) struct Function {
    pub name: &'static str,
    parameters: Parameters,
    pub body: Body,
}

#[derive(Debug)]
enum Parameters {
    /// Kyverno: whatever is given is not looked at.
    Any,
    /// At least one argument, and no type is asked.
    AtLeastOne,
    /// An argument for each, of one of its types.
    Each(&'static [&'static [Type]]),
}

/// What an argument may be, by the names that messages use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Type {
    Number,
    Text,
    Array,
    Object,
    Numbers,
    Texts,
    Expression,
    Any,
}

#[derive(Debug)]
pub(super) enum Body {
    Plain(for<'a> fn(&[Json<'a>], &mut Evaluation) -> Answer<'a>),
    /// Of a list, and what an expression makes of an element.
    EachBy(for<'a> fn(&Json<'a>, Each<'_, 'a>) -> Answer<'a>),
}

pub(super) type Each<'f, 'a> = &'f mut dyn FnMut(Json<'a>) -> Answer<'a>;

/// What is given to a function.
pub(super) enum Argument<'q, 'a> {
    Value(Json<'a>),
    Expression(&'q Ast),
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok().map(|at| &FUNCTIONS[at])
}

use Type::{Any, Array, Expression, Number, Numbers, Object, Text, Texts};

const ANY: &[&[Type]] = &[&[Any]];
const ANY_ANY: &[&[Type]] = &[&[Any], &[Any]];
const NUMBER: &[&[Type]] = &[&[Number]];
const OBJECT: &[&[Type]] = &[&[Object]];
const TEXT: &[&[Type]] = &[&[Text]];
const TEXT_TEXT: &[&[Type]] = &[&[Text], &[Text]];
const TEXT_TEXT_TEXT: &[&[Type]] = &[&[Text], &[Text], &[Text]];
const PATTERN_TEXT: &[&[Type]] = &[&[Text], &[Text, Number]];
const PATTERN_TEXT_TEXT: &[&[Type]] = &[&[Text], &[Text, Number], &[Text, Number]];
const ARRAY_EXPRESSION: &[&[Type]] = &[&[Array], &[Expression]];

const fn row(
    name: &'static str,
    parameters: &'static [&'static [Type]],
    body: for<'a> fn(&[Json<'a>], &mut Evaluation) -> Answer<'a>,
) -> Function {
    Function { name, parameters: Parameters::Each(parameters), body: Body::Plain(body) }
}

const fn each_by(
    name: &'static str,
    parameters: &'static [&'static [Type]],
    body: for<'a> fn(&Json<'a>, Each<'_, 'a>) -> Answer<'a>,
) -> Function {
    Function { name, parameters: Parameters::Each(parameters), body: Body::EachBy(body) }
}

/// Sorted by name.
static FUNCTIONS: &[Function] = &[
    row("abs", NUMBER, number::abs),
    row("add", ANY_ANY, arithmetic::add),
    row("avg", &[&[Numbers]], number::avg),
    row("base64_decode", TEXT, encoding::base64_decode),
    row("base64_encode", TEXT, encoding::base64_encode),
    row("ceil", NUMBER, number::ceil),
    row("compare", TEXT_TEXT, text::compare),
    row("contains", &[&[Array, Text], &[Any]], list::contains),
    row("divide", ANY_ANY, arithmetic::divide),
    row("ends_with", TEXT_TEXT, text::ends_with),
    row("equal_fold", TEXT_TEXT, text::equal_fold),
    row("floor", NUMBER, number::floor),
    row("image_normalize", TEXT, text::image_normalize),
    row("is_external_url", TEXT, url::is_external_url),
    row("items", &[&[Object, Array], &[Text], &[Text]], object::items),
    row("join", &[&[Text], &[Texts]], list::join),
    row("keys", OBJECT, object::keys),
    row("label_match", &[&[Object], &[Object]], object::label_match),
    row("length", &[&[Text, Array, Object]], list::length),
    row("lookup", &[&[Object, Array], &[Text, Number]], object::lookup),
    each_by("map", &[&[Expression], &[Array]], list::map),
    row("max", &[&[Numbers, Texts]], list::max),
    each_by("max_by", ARRAY_EXPRESSION, list::max_by),
    row("md5", TEXT, encoding::md5),
    Function { name: "merge", parameters: Parameters::AtLeastOne, body: Body::Plain(object::merge) },
    row("min", &[&[Numbers, Texts]], list::min),
    each_by("min_by", ARRAY_EXPRESSION, list::min_by),
    row("modulo", ANY_ANY, arithmetic::modulo),
    row("multiply", ANY_ANY, arithmetic::multiply),
    Function { name: "not_null", parameters: Parameters::AtLeastOne, body: Body::Plain(list::not_null) },
    row("object_from_lists", &[&[Array], &[Array]], object::object_from_lists),
    row("parse_json", TEXT, encoding::parse_json),
    row("parse_yaml", TEXT, encoding::parse_yaml),
    row("path_canonicalize", TEXT, text::path_canonicalize),
    row("pattern_match", PATTERN_TEXT, text::pattern_match),
    row("random", TEXT, text::random),
    row("regex_match", PATTERN_TEXT, regular_expression::matches),
    row("regex_replace_all", PATTERN_TEXT_TEXT, regular_expression::replace_all),
    row("regex_replace_all_literal", PATTERN_TEXT_TEXT, regular_expression::replace_all_literal),
    row("replace", &[&[Text], &[Text], &[Text], &[Number]], text::replace),
    row("replace_all", TEXT_TEXT_TEXT, text::replace_all),
    row("reverse", &[&[Array, Text]], list::reverse),
    row("round", &[&[Number], &[Number]], number::round),
    row("semver_compare", TEXT_TEXT, semver_range::semver_compare),
    row("sha1", TEXT, encoding::sha1),
    row("sha256", TEXT, encoding::sha256),
    row("sort", &[&[Texts, Numbers]], list::sort),
    each_by("sort_by", ARRAY_EXPRESSION, list::sort_by),
    row("split", TEXT_TEXT, text::split),
    row("starts_with", TEXT_TEXT, text::starts_with),
    row("subtract", ANY_ANY, arithmetic::subtract),
    row("sum", &[&[Array]], arithmetic::sum),
    row("time_add", TEXT_TEXT, time::add),
    row("time_after", TEXT_TEXT, time::after),
    row("time_before", TEXT_TEXT, time::before),
    row("time_between", TEXT_TEXT_TEXT, time::between),
    row("time_diff", TEXT_TEXT, time::diff),
    Function { name: "time_now", parameters: Parameters::Any, body: Body::Plain(time::now) },
    Function { name: "time_now_utc", parameters: Parameters::Any, body: Body::Plain(time::now) },
    row("time_parse", TEXT_TEXT, time::parse),
    row("time_since", TEXT_TEXT_TEXT, time::since),
    row("time_to_cron", TEXT, time::to_cron),
    row("time_truncate", TEXT_TEXT, time::truncate),
    row("time_utc", TEXT, time::utc),
    row("to_array", ANY, list::to_array),
    row("to_boolean", TEXT, text::to_boolean),
    row("to_lower", TEXT, text::to_lower),
    row("to_number", ANY, number::to_number),
    row("to_string", ANY, encoding::to_string),
    row("to_upper", TEXT, text::to_upper),
    row("trim", TEXT_TEXT, text::trim),
    row("trim_prefix", TEXT_TEXT, text::trim_prefix),
    row("truncate", &[&[Text], &[Number]], text::truncate),
    row("type", ANY, object::type_name),
    row("values", OBJECT, object::values),
    row("x509_decode", TEXT, certificate::x509_decode),
];

impl Function {
    /// Whether it takes these arguments.
    pub fn check(
        &self,
        arguments: &[Argument<'_, '_>],
        evaluation: &mut Evaluation,
    ) -> Result<(), SearchError> {
        match self.parameters {
            Parameters::Any => Ok(()),
            Parameters::AtLeastOne if arguments.is_empty() => other("Invalid arity."),
            Parameters::AtLeastOne => Ok(()),
            Parameters::Each(parameters) if parameters.len() != arguments.len() => {
                other("incorrect number of args")
            }
            Parameters::Each(parameters) => {
                let mut pairs = parameters.iter().zip(arguments);
                match pairs.find(|(types, argument)| !types.iter().any(|of| of.takes(argument))) {
                    None => Ok(()),
                    Some((types, argument)) => other(format!(
                        "Invalid type for: {}, expected: []jmespath.JpType{{{}}}",
                        match argument {
                            Argument::Value(value) => {
                                evaluation.walk(value)?;
                                go_text::sprint(value)
                            }
                            Argument::Expression(_) => "{}".to_owned(),
                        },
                        types.iter().map(|of| format!("{:?}", of.name())).collect::<Vec<_>>().join(", ")
                    )),
                }
            }
        }
    }
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Number => "number",
            Type::Text => "string",
            Type::Array => "array",
            Type::Object => "object",
            Type::Numbers => "array[number]",
            Type::Texts => "array[string]",
            Type::Expression => "expref",
            Type::Any => "any",
        }
    }

    fn takes(self, argument: &Argument<'_, '_>) -> bool {
        let value = match argument {
            Argument::Expression(_) => return matches!(self, Type::Expression | Type::Any),
            Argument::Value(value) => value,
        };
        match self {
            Type::Any => true,
            Type::Expression => false,
            Type::Number => matches!(value.view(), View::Float(_)),
            Type::Text => value.as_text().is_some(),
            Type::Array => value.list_len().is_some(),
            Type::Object => value.is_map(),
            Type::Numbers => is_list(value) && value.elements().all(|it| matches!(it.view(), View::Float(_))),
            Type::Texts => is_list(value) && value.elements().all(|it| it.as_text().is_some()),
        }
    }
}

/// Whether it is a list of Go's own kind.
fn is_list(value: &Json<'_>) -> bool {
    value.list_len().is_some() && !value.is_records()
}

fn other<T>(message: impl Into<String>) -> Result<T, SearchError> {
    Err(SearchError::Other(message.into()))
}

fn panic<T>(message: impl Into<String>) -> Result<T, SearchError> {
    Err(SearchError::Panic(message.into()))
}

fn not_evaluated<T>(what: impl Into<String>) -> Result<T, SearchError> {
    Err(SearchError::NotEvaluated(what.into()))
}

/// The text at a place, which the parameters of the function promise.
fn text_at<'v>(arguments: &'v [Json<'_>], at: usize) -> Result<&'v str, SearchError> {
    match arguments.get(at).and_then(Json::as_text) {
        Some(text) => Ok(text),
        None => other(format!("argument #{} is not of type string", at + 1)),
    }
}

/// The number at a place, which the parameters of the function promise.
fn number_at(arguments: &[Json<'_>], at: usize) -> Result<f64, SearchError> {
    match arguments.get(at).map(Json::view) {
        Some(View::Float(number)) => Ok(number),
        _ => other(format!("argument #{} is not of type float64", at + 1)),
    }
}

/// The argument at a place.
fn argument_at<'v, 'a>(arguments: &'v [Json<'a>], at: usize) -> Result<&'v Json<'a>, SearchError> {
    arguments.get(at).ok_or_else(|| SearchError::Other("incorrect number of args".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name));
        assert!(FUNCTIONS.iter().all(|function| find(function.name).is_some()));
        assert!(find("nope").is_none());
    }
}
