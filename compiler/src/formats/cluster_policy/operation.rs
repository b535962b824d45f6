//! Functions of values as functions of JMESPath.

use super::Unsupported;
use super::compare::{DURATION, QUANTITY, SEMVER, TIME, duration_text};
use super::image;
use super::lookup::is_lookup;
use super::scope::{Context, Scope};
use super::term::Term;
use super::value::{Form, as_text, canonical, raw, text, texts_of, to_number, value as term};
use crate::formats::jmespath::{Expr, Order};
use crate::ir::*;

type Result<T> = std::result::Result<T, Unsupported>;

/// The call in the form that is asked for.
pub fn call(
    context: &Context,
    scope: &Scope,
    operation: Operation,
    arguments: &[Value],
    whole: &Value,
    form: Form,
) -> Result<Term> {
    let call = Call { context, scope, arguments, whole };
    let (result, native) = call.result(operation, form)?;
    Ok(converted(result, native, form, &whole.ty))
}

/// A result in another form than the one that the function gives.
fn converted(term: Term, native: Form, form: Form, ty: &Type) -> Term {
    let regex = |term: Term, pattern: &str| {
        let guard = Expr::call("regex_match", [Expr::text(pattern), term.expr.clone()]);
        let guards = term.presence().into_iter().chain([guard]).collect();
        Term { guards, expr: term.expr, total: true }
    };
    match form {
        Form::Raw => term,
        _ if form == native => term,
        Form::Number => to_number(term, ty),
        Form::Quantity => {
            regex(Term::of(vec![term], |mut items| Expr::call("to_string", [items.remove(0)])), QUANTITY)
        }
        Form::Duration => duration_text(term),
        Form::Time | Form::Semver => Term { guards: term.presence(), expr: term.expr, total: true },
        Form::Percent => {
            let term = regex(term, "^[0-9]+%$");
            let trimmed = Expr::call("trim", [term.expr, Expr::text("%")]);
            Term { guards: term.guards, expr: Expr::call("to_number", [trimmed]), total: true }
        }
        Form::Canonical => canonical(term),
    }
}

struct Call<'a> {
    context: &'a Context<'a>,
    scope: &'a Scope,
    arguments: &'a [Value],
    whole: &'a Value,
}

impl Call<'_> {
    fn unsupported<T>(&self, reason: &'static str) -> Result<T> {
        Err(Unsupported { span: self.whole.origin, reason })
    }

    fn argument(&self, number: usize) -> Result<&Value> {
        let missing = Unsupported { span: self.whole.origin, reason: "a function lacks an argument" };
        self.arguments.get(number).ok_or(missing)
    }

    fn form(&self, number: usize, form: Form) -> Result<Term> {
        term(self.context, self.scope, self.argument(number)?, form)
    }

    fn text(&self, number: usize) -> Result<Term> {
        text(self.context, self.scope, self.argument(number)?)
    }

    fn raw(&self, number: usize) -> Result<Term> {
        raw(self.context, self.scope, self.argument(number)?)
    }

    /// A function of texts.
    fn of_texts(&self, name: &'static str, order: &[usize]) -> Result<Term> {
        let texts = order.iter().map(|number| self.text(*number)).collect::<Result<Vec<_>>>()?;
        Ok(Term::of(texts, |items| Expr::call(name, items)))
    }

    /// A text that has to look like something.
    fn matching(&self, pattern: &str) -> Result<Term> {
        let text = self.text(0)?;
        let guard = Expr::call("regex_match", [Expr::text(pattern), text.expr.clone()]);
        Ok(Term {
            guards: text.presence().into_iter().chain([guard]).collect(),
            expr: text.expr,
            total: true,
        })
    }

    /// A constant argument that is a whole number.
    fn constant(&self, number: usize) -> Result<i64> {
        match self.argument(number)?.as_literal() {
            Some(Literal::Int(int)) => Ok(*int),
            _ => self.unsupported("this needs constant numbers in JMESPath"),
        }
    }

    fn element_type(&self, number: usize) -> Result<Type> {
        Ok(match &self.argument(number)?.ty {
            Type::List(inner) => (**inner).clone(),
            _ => Type::Json,
        })
    }

    /// The result, and the form it has.
    fn result(&self, operation: Operation, form: Form) -> Result<(Term, Form)> {
        let plain = |term: Term| Ok((term, Form::Raw));
        match operation {
            Operation::Add | Operation::Subtract => self.sum(operation),
            Operation::Multiply => self.product(),
            Operation::Divide => self.quotient(),
            Operation::Negate => match &self.whole.ty {
                Type::Int | Type::Float => {
                    let negate =
                        |mut items: Vec<Expr>| Expr::call("multiply", [items.remove(0), Expr::number(-1)]);
                    Ok((Term::of(vec![self.form(0, Form::Number)?], negate), Form::Number))
                }
                _ => {
                    let form = if self.whole.ty == Type::Duration { Form::Duration } else { Form::Quantity };
                    let negate =
                        |mut items: Vec<Expr>| Expr::call("multiply", [items.remove(0), Expr::number(-1)]);
                    Ok((Term::of(vec![self.form(0, form)?], negate), form))
                }
            },
            Operation::Round => {
                let digits = self.constant(1)?;
                if digits < 0 {
                    return self.unsupported("JMESPath rounds to digits behind the point only");
                }
                let round =
                    |mut items: Vec<Expr>| Expr::call("round", [items.remove(0), Expr::number(digits)]);
                Ok((Term::of(vec![self.form(0, Form::Number)?], round), Form::Number))
            }
            Operation::Count => {
                let list = self.sorted_distinct(0)?.map_or_else(|| self.raw(0), Ok)?;
                Ok((Term::of(vec![list], |items| Expr::call("length", items)), Form::Number))
            }
            Operation::Sum => {
                let (items, form) = self.numbers(0)?;
                // the sum of nothing is an error to Kyverno
                let zero = if form == Form::Number { Expr::number(0) } else { Expr::text("0") };
                let summed = |mut items: Vec<Expr>| {
                    let list = items.remove(0);
                    let sum = Expr::list(vec![Expr::call("sum", [list.clone()])]);
                    Expr::any([Expr::all([list, sum]), Expr::list(vec![zero])]).index(0)
                };
                Ok((Term::of(vec![items], summed), form))
            }
            Operation::Min | Operation::Max => {
                let name = if operation == Operation::Min { "min" } else { "max" };
                match self.element_type(0)? {
                    Type::Int | Type::Float => {
                        let (items, form) = self.numbers(0)?;
                        let guards = items.presence();
                        Ok((Term { guards, expr: Expr::call(name, [items.expr]), total: false }, form))
                    }
                    Type::Text | Type::Image => {
                        let items = self.raw(0)?;
                        plain(Term {
                            guards: items.presence(),
                            expr: Expr::call(name, [items.expr]),
                            total: false,
                        })
                    }
                    _ => self.unsupported("JMESPath orders numbers and texts only"),
                }
            }
            Operation::Sort => match self.element_type(0)? {
                Type::Text | Type::Image => {
                    plain(Term::of(vec![self.raw(0)?], |items| Expr::call("sort", items)))
                }
                Type::Int | Type::Float => {
                    plain(Term::of(vec![self.numbers(0)?.0], |items| Expr::call("sort", items)))
                }
                _ => self.unsupported("JMESPath sorts numbers and texts only"),
            },
            Operation::Reverse => plain(Term::of(vec![self.raw(0)?], |items| Expr::call("reverse", items))),
            Operation::Distinct => self.unsupported(
                "JMESPath leaves out doubles only where their order does not count: in `count` and `join`",
            ),
            Operation::Keys => {
                plain(Term::of(vec![self.raw(0)?], |items| Expr::call("sort", [Expr::call("keys", items)])))
            }
            Operation::Values => plain(Term::of(vec![self.raw(0)?], |mut items| {
                let entries = Expr::call("items", [items.remove(0), Expr::text("key"), Expr::text("value")]);
                Expr::Project(Box::new(entries), Box::new(Expr::path(["value"])))
            })),
            Operation::Without => {
                let Some(Literal::Text(key)) = self.argument(1)?.as_literal() else {
                    return self.unsupported("this needs a constant key in JMESPath");
                };
                let other = Expr::path(["key"]).compare(Order::NotEqual, Expr::text(key.clone()));
                plain(Term::of(vec![self.raw(0)?], |mut items| {
                    let entries =
                        Expr::call("items", [items.remove(0), Expr::text("key"), Expr::text("value")]);
                    let rest = entries.filter(other);
                    let column = |name| Expr::Project(Box::new(rest.clone()), Box::new(Expr::path([name])));
                    Expr::call("object_from_lists", [column("key"), column("value")])
                }))
            }
            Operation::Merge => {
                plain(Term::of(vec![self.raw(0)?, self.raw(1)?], |items| Expr::call("merge", items)))
            }
            Operation::Index => match self.argument(0)?.ty {
                Type::List(_) => match self.argument(1)?.as_literal() {
                    Some(Literal::Int(index)) => {
                        let list = self.raw(0)?;
                        plain(Term { guards: list.guards, expr: list.expr.index(*index), total: false })
                    }
                    _ => self.unsupported("JMESPath takes elements by constant numbers only"),
                },
                _ => {
                    let terms = [self.raw(0)?, self.text(1)?];
                    // A field of what a question found, as of any object.
                    if let Some(Literal::Text(name)) = self.argument(1)?.as_literal()
                        && measure::any_value_within(self.argument(0)?, &mut is_lookup)
                        && terms[0].expr.is_chain()
                    {
                        let [Term { guards, expr, .. }, _] = terms;
                        return plain(Term { guards, expr: expr.field(name.clone()), total: false });
                    }
                    let guards = Term::guards_of(&terms);
                    let expr = Expr::call("lookup", terms.map(|term| term.expr));
                    plain(Term { guards, expr, total: false })
                }
            },
            Operation::Join if self.sorted_distinct(0)?.is_some() => {
                let list = self.sorted_distinct(0)?.map_or_else(|| self.raw(0), Ok)?;
                plain(Term::of(vec![self.text(1)?, list], |items| Expr::call("join", items)))
            }
            Operation::Join => {
                let ty = self.argument(0)?.ty.clone();
                let texts = |mut items: Vec<Expr>| {
                    let list = texts_of(items.remove(0), &ty);
                    Expr::call("join", [items.remove(0), list])
                };
                plain(Term::of(vec![self.raw(0)?, self.text(1)?], texts))
            }
            Operation::Split => plain(self.of_texts("split", &[0, 1])?),
            Operation::Lower => plain(self.of_texts("to_lower", &[0])?),
            Operation::Upper => plain(self.of_texts("to_upper", &[0])?),
            Operation::Trim => plain(self.of_texts("trim", &[0, 1])?),
            Operation::Replace => plain(self.of_texts("replace_all", &[0, 1, 2])?),
            Operation::Substring => {
                let (start, end) = (self.constant(1)?.max(0), self.constant(2)?.max(0));
                plain(Term::of(vec![self.text(0)?], |mut items| {
                    let letters = Expr::call("split", [items.remove(0), Expr::text("")]);
                    let slice = Expr::Slice(Box::new(letters), Some(start), Some(end.max(start)));
                    Expr::call("join", [Expr::text(""), slice])
                }))
            }
            Operation::MatchGroup => {
                let (Some(Literal::Text(pattern)), group) =
                    (self.argument(1)?.as_literal(), self.constant(2)?)
                else {
                    return self.unsupported("this needs a constant regular expression in JMESPath");
                };
                let found = self.matching(pattern)?;
                let around = Expr::text(format!("^(?s:.*?)(?:{pattern})(?s:.*)$"));
                let template = Expr::text(format!("${group}"));
                plain(Term::of(vec![found], |mut items| {
                    Expr::call("regex_replace_all", [around, items.remove(0), template])
                }))
            }
            Operation::ToText => plain(as_text(self.context, self.scope, self.argument(0)?)?),
            Operation::ToInt => {
                if self.argument(0)?.ty != Type::Text {
                    return self.unsupported("JMESPath reads whole numbers from texts only");
                }
                let text = self.matching("^[+-]?[0-9]+$")?;
                Ok((Term::of(vec![text], |items| Expr::call("to_number", items)), Form::Number))
            }
            Operation::ToFloat => {
                let text = match self.argument(0)?.ty {
                    Type::Int | Type::Float => return Ok((self.form(0, Form::Number)?, Form::Number)),
                    _ => self.matching(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$")?,
                };
                Ok((Term::of(vec![text], |items| Expr::call("to_number", items)), Form::Number))
            }
            Operation::ToQuantity => match self.argument(0)?.ty {
                Type::Int | Type::Float | Type::Quantity => {
                    Ok((self.form(0, Form::Quantity)?, Form::Quantity))
                }
                _ => Ok((self.matching(QUANTITY)?, Form::Quantity)),
            },
            Operation::ToDuration => match form {
                Form::Duration => Ok((duration_text(self.matching(DURATION)?), Form::Duration)),
                _ => plain(self.matching(DURATION)?),
            },
            Operation::ToTime => Ok((self.matching(TIME)?, Form::Time)),
            Operation::ToSemver => Ok((self.matching(SEMVER)?, Form::Semver)),
            Operation::ToVersion => Ok((self.version()?, Form::Semver)),
            Operation::ToIp | Operation::ToCidr => {
                self.unsupported("JMESPath knows no IP addresses and networks")
            }
            Operation::ToJson => self.unsupported("Kyverno writes JSON with other escapes"),
            Operation::FromJson | Operation::FromYaml => {
                self.unsupported("text that cannot be read would end the rule in an error")
            }
            Operation::Base64Encode => plain(self.of_texts("base64_encode", &[0])?),
            Operation::Base64Decode => {
                let text = self.matching("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")?;
                plain(Term::of(vec![text], |items| Expr::call("base64_decode", items)))
            }
            Operation::Sha256 => plain(self.of_texts("sha256", &[0])?),
            Operation::Sha1 => plain(self.of_texts("sha1", &[0])?),
            Operation::Md5 => plain(self.of_texts("md5", &[0])?),
            Operation::ImageRegistry
            | Operation::ImageRepository
            | Operation::ImageTag
            | Operation::ImageDigest
            | Operation::ImageName
            | Operation::ImageReference
            | Operation::ImageWrittenTag => plain(image::part(self.context, operation, self.text(0)?)),
        }
    }

    /// The texts of `distinct(list)`, sorted, if the argument is that. Keys of an object occur once.
    fn sorted_distinct(&self, number: usize) -> Result<Option<Term>> {
        let ValueKind::Call(Operation::Distinct, inner) = &self.argument(number)?.kind else {
            return Ok(None);
        };
        let Some(list) = inner.first() else { return Ok(None) };
        let ty = list.ty.clone();
        let list = raw(self.context, self.scope, list)?;
        Ok(Some(Term::of(vec![list], |mut items| {
            let texts = texts_of(items.remove(0), &ty);
            let once = Expr::call("object_from_lists", [Expr::Current, Expr::Current]);
            Expr::Pipe(Box::new(texts), Box::new(Expr::call("sort", [Expr::call("keys", [once])])))
        })))
    }

    /// A list of numbers as floats, or of quantities as texts.
    fn numbers(&self, number: usize) -> Result<(Term, Form)> {
        let list = self.raw(number)?;
        let text = Expr::call("to_string", [Expr::Current]);
        Ok(match self.element_type(number)? {
            Type::Quantity => {
                (Term::of(vec![list], |mut items| Expr::map(text, items.remove(0))), Form::Quantity)
            }
            _ => {
                let body = Expr::call("to_number", [text]);
                (Term::of(vec![list], |mut items| Expr::map(body, items.remove(0))), Form::Number)
            }
        })
    }

    fn sum(&self, operation: Operation) -> Result<(Term, Form)> {
        let name = if operation == Operation::Add { "add" } else { "subtract" };
        let [left, right] = [self.argument(0)?.ty.clone(), self.argument(1)?.ty.clone()];
        let both = |form| -> Result<(Term, Form)> {
            let terms = vec![self.form(0, form)?, self.form(1, form)?];
            Ok((Term::of(terms, |items| Expr::call(name, items)), form))
        };
        match (&left, &right) {
            (Type::Quantity, _) | (_, Type::Quantity) => both(Form::Quantity),
            (Type::Int | Type::Float, _) => both(Form::Number),
            (Type::Duration, Type::Duration) => both(Form::Duration),
            (Type::Time, Type::Time) => {
                // time_diff gives what has passed from the first to the second
                let terms = vec![self.form(1, Form::Time)?, self.form(0, Form::Time)?];
                Ok((Term::of(terms, |items| Expr::call("time_diff", items)), Form::Duration))
            }
            (Type::Time, Type::Duration) | (Type::Duration, Type::Time) => {
                let time = usize::from(left == Type::Duration);
                let mut duration = self.form(1 - time, Form::Duration)?;
                if operation == Operation::Subtract {
                    duration.expr = Expr::call("multiply", [duration.expr, Expr::number(-1)]);
                }
                let terms = vec![self.form(time, Form::Time)?, duration];
                Ok((Term::of(terms, |items| Expr::call("time_add", items)), Form::Time))
            }
            (Type::List(_), _) => {
                let lists = vec![self.raw(0)?, self.raw(1)?];
                Ok((Term::of(lists, |items| Expr::list(items).flatten()), Form::Raw))
            }
            (Type::Text | Type::Image, _) if operation == Operation::Add => {
                let texts = vec![self.text(0)?, self.text(1)?];
                let join = |items| Expr::call("join", [Expr::text(""), Expr::list(items)]);
                Ok((Term::of(texts, join), Form::Raw))
            }
            _ => self.unsupported("JMESPath cannot add these"),
        }
    }

    fn product(&self) -> Result<(Term, Form)> {
        let [left, right] = [self.argument(0)?.ty.clone(), self.argument(1)?.ty.clone()];
        let form = |ty: &Type| match ty {
            Type::Quantity => Form::Quantity,
            Type::Duration => Form::Duration,
            _ => Form::Number,
        };
        let (left, right) = (form(&left), form(&right));
        let result = match (left, right) {
            (Form::Number, Form::Number) => Form::Number,
            (Form::Number, other) | (other, Form::Number) => other,
            _ => return self.unsupported("Kyverno multiplies quantities with plain numbers only"),
        };
        let terms = vec![self.form(0, left)?, self.form(1, right)?];
        Ok((Term::of(terms, |items| Expr::call("multiply", items)), result))
    }

    fn quotient(&self) -> Result<(Term, Form)> {
        let [left, right] = [self.argument(0)?.ty.clone(), self.argument(1)?.ty.clone()];
        let form = match (&left, &right) {
            (Type::Int | Type::Float, Type::Int | Type::Float) => Form::Number,
            (Type::Duration, Type::Duration) => Form::Duration,
            _ => return self.unsupported("Kyverno rounds quotients of quantities and durations"),
        };
        let terms = [self.form(0, form)?, self.form(1, form)?];
        let mut guards = Term::guards_of(&terms);
        let zero = if form == Form::Number { Expr::number(0) } else { Expr::text("0s") };
        // the zero of a duration may be written in many ways, and taking nothing from it writes it as `0s`
        let divisor = match form {
            Form::Number => terms[1].expr.clone(),
            _ => Expr::call("subtract", [terms[1].expr.clone(), Expr::text("0s")]),
        };
        guards.push(divisor.compare(Order::NotEqual, zero));
        let expr = Expr::call("divide", terms.map(|term| term.expr));
        Ok((Term { guards, expr, total: true }, Form::Number))
    }

    /// A version as SemVer: without `v`, with three numbers.
    fn version(&self) -> Result<Term> {
        let lenient = r"^[vV]?[0-9]+(\.[0-9]+)?(\.[0-9]+)?(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$";
        let text = self.matching(lenient)?;
        Ok(Term::of(vec![text], |mut items| {
            // two more numbers behind those there are, then the first three
            let replace = |pattern: &str, text: Expr, template: &str| {
                Expr::call("regex_replace_all", [Expr::text(pattern), text, Expr::text(template)])
            };
            let filled = replace(r"^[vV]?([0-9]+(?:\.[0-9]+)*)(.*)$", items.remove(0), "$1.0.0$2");
            replace(r"^0*([0-9]+)\.0*([0-9]+)\.0*([0-9]+)[.0-9]*", filled, "$1.$2.$3")
        }))
    }
}
