//! Expressions as text: parentheses only where CEL needs them, long ones over several lines.

use super::ast::{Expr, Key, Op, Path};
use super::text::{quote, quote_regex};

/// How wide a line may be before an expression is broken at its `&&`, `||` and macros.
const WIDTH: usize = 100;

/// Arguments of a macro that are no longer than this stay on the line, whatever stands before them.
const SHORT: usize = 30;

/// The text of an expression.
pub fn print(expr: &Expr) -> String {
    pretty(expr, 0, 0)
}

/// How tightly an expression binds: `?:` 0, `||` 1, `&&` 2, relations 3, `+` 4, `*` 5, unary 6, primary 7.
fn binding(expr: &Expr) -> u8 {
    match expr {
        Expr::If(..) => 0,
        Expr::Any(_) => 1,
        Expr::All(_) => 2,
        Expr::Present(_) => 3,
        Expr::Sum(_) => 4,
        Expr::Binary(op, ..) => match op {
            Op::Add | Op::Subtract => 4,
            Op::Multiply | Op::Divide => 5,
            _ => 3,
        },
        // a negated presence is printed as the opposite relation
        Expr::Not(inner) if matches!(**inner, Expr::Present(_)) => 3,
        Expr::Not(_) | Expr::Negative(_) => 6,
        Expr::Int(value) if *value < 0 => 6,
        Expr::Double(value) if value.is_sign_negative() => 6,
        _ => 7,
    }
}

/// The text of an expression in a place that asks for a binding of at least `least`.
fn flat(expr: &Expr, least: u8) -> String {
    let text = bare(expr);
    if binding(expr) < least { format!("({text})") } else { text }
}

fn bare(expr: &Expr) -> String {
    match expr {
        Expr::Null => "null".to_owned(),
        Expr::Bool(value) => value.to_string(),
        Expr::Int(value) => value.to_string(),
        Expr::Double(value) => double(*value),
        Expr::Str(text) => quote(text),
        Expr::Regex(pattern) => quote_regex(pattern),
        Expr::Name(name) => name.clone(),
        Expr::Direct(path) => steps(path, false),
        Expr::Optional(path) => steps(path, true),
        Expr::Or(path, default) => or_value(path, default),
        Expr::Present(path) => format!("{} != null", or_value(path, &Expr::Null)),
        Expr::Not(inner) => match &**inner {
            Expr::Present(path) => format!("{} == null", or_value(path, &Expr::Null)),
            inner => format!("!{}", flat(inner, 6)),
        },
        Expr::Negative(inner) => format!("-{}", flat(inner, 7)),
        Expr::Index(base, index) => format!("{}[{}]", flat(base, 7), flat(index, 0)),
        Expr::Call(name, arguments) => format!("{name}({})", list(arguments)),
        Expr::Method(base, name, arguments) => format!("{}.{name}({})", flat(base, 7), list(arguments)),
        Expr::Binary(op, left, right) => {
            let level = binding(expr);
            // relations do not chain: both sides of a relation bind tighter
            let least = if level == 3 { 4 } else { level };
            format!("{} {} {}", flat(left, least), op.symbol(), flat(right, level + 1))
        }
        Expr::All(parts) => joined(parts, " && ", 3),
        Expr::Any(parts) => joined(parts, " || ", 2),
        Expr::Sum(parts) => joined(parts, " + ", 4),
        Expr::If(test, then, otherwise) => {
            format!("{} ? {} : {}", flat(test, 1), flat(then, 1), flat(otherwise, 0))
        }
        Expr::List(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|(optional, item)| format!("{}{}", mark(*optional), flat(item, 0)))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Expr::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(optional, key, value)| {
                    format!("{}{}: {}", mark(*optional), quote(key), flat(value, 0))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Expr::Macro(range, name, variables, bodies) => {
            format!("{}.{name}({}, {})", flat(range, 7), variables.join(", "), list(bodies))
        }
        Expr::Message(name, fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(field, value)| format!("{field}: {}", flat(value, 0))).collect();
            format!("{name}{{{}}}", fields.join(", "))
        }
    }
}

fn joined(parts: &[Expr], operator: &str, least: u8) -> String {
    parts.iter().map(|part| flat(part, least)).collect::<Vec<_>>().join(operator)
}

fn list(items: &[Expr]) -> String {
    items.iter().map(|item| flat(item, 0)).collect::<Vec<_>>().join(", ")
}

fn mark(optional: bool) -> &'static str {
    if optional { "?" } else { "" }
}

fn double(value: f64) -> String {
    // Rust writes `1.0`, `0.25`, `1e300`, `-1.5e-7`; CEL reads all of them
    format!("{value:?}")
}

fn or_value(path: &Path, default: &Expr) -> String {
    match path.steps.is_empty() || path.is_certain() {
        true => steps(path, false),
        false => format!("{}.orValue({})", steps(path, true), flat(default, 0)),
    }
}

/// The steps of a path. With `optional` each one from the first that may be missing on is asked for.
fn steps(path: &Path, optional: bool) -> String {
    let mut out = flat(&path.base, 7);
    let mut asking = optional && !path.base_certain;
    for step in &path.steps {
        asking |= optional && !step.certain;
        let question = mark(asking);
        match &step.key {
            Key::Field(name) if step.key.is_dotted() => out.push_str(&format!(".{question}{name}")),
            Key::Field(name) | Key::Entry(name) => out.push_str(&format!("[{question}{}]", quote(name))),
            Key::Computed(key) => out.push_str(&format!("[{question}{}]", flat(key, 0))),
            Key::Element(number) => out.push_str(&format!("[{question}{number}]")),
        }
    }
    out
}

/// The path with all its steps taken for granted, as text: the identity of what it names.
pub fn identity(path: &Path) -> String {
    steps(path, false)
}

/// As [`flat`], over several lines where one is too long. `indent` is that of the line it stands in.
fn pretty(expr: &Expr, least: u8, indent: usize) -> String {
    let one_line = flat(expr, least);
    if indent + one_line.chars().count() <= WIDTH {
        return one_line;
    }
    if binding(expr) < least {
        let inner = pretty(expr, 0, indent + 2);
        return format!("(\n{}{inner}\n{})", blanks(indent + 2), blanks(indent));
    }
    match expr {
        Expr::All(parts) => broken(parts, " &&", 3, indent),
        // `&&` inside a broken `||` is put into parentheses, for the reader
        Expr::Any(parts) => broken(parts, " ||", 3, indent),
        Expr::Sum(parts) => broken(parts, " +", 4, indent),
        Expr::If(test, then, otherwise) if is_empty_list(otherwise) && matches!(**then, Expr::List(_)) => {
            let line = format!("\n{}", blanks(indent + 2));
            let lists = [then, otherwise].map(|list| pretty(list, 1, indent + 2));
            format!("{} ?{line}{} :{line}{}", pretty(test, 1, indent), lists[0], lists[1])
        }
        Expr::If(test, then, otherwise) => format!(
            "{} ? {} :\n{}{}",
            pretty(test, 1, indent),
            pretty(then, 1, indent + 2),
            blanks(indent),
            pretty(otherwise, 0, indent),
        ),
        Expr::Macro(range, name, variables, bodies) => {
            let arguments = format!("{}, {}", variables.join(", "), list(bodies));
            if arguments.chars().count() <= SHORT {
                return format!("{}.{name}({arguments})", pretty(range, 7, indent));
            }
            let line = format!("\n{}", blanks(indent + 2));
            let bodies: Vec<String> = bodies.iter().map(|body| pretty(body, 0, indent + 2)).collect();
            format!(
                "{}.{name}({},{line}{}\n{})",
                pretty(range, 7, indent),
                variables.join(", "),
                bodies.join(&format!(",{line}")),
                blanks(indent),
            )
        }
        Expr::List(items) if items.len() > 1 => {
            let line = format!("\n{}", blanks(indent + 2));
            let items: Vec<String> = items
                .iter()
                .map(|(optional, item)| format!("{}{}", mark(*optional), pretty(item, 0, indent + 2)))
                .collect();
            format!("[{line}{}\n{}]", items.join(&format!(",{line}")), blanks(indent))
        }
        Expr::List(items) if items.len() == 1 => {
            format!("[{}{}]", mark(items[0].0), pretty(&items[0].1, 0, indent))
        }
        Expr::Map(entries) if !entries.is_empty() => {
            let line = format!("\n{}", blanks(indent + 2));
            let entries: Vec<String> = entries
                .iter()
                .map(|(optional, key, value)| {
                    format!("{}{}: {}", mark(*optional), quote(key), pretty(value, 0, indent + 2))
                })
                .collect();
            format!("{{{line}{}\n{}}}", entries.join(&format!(",{line}")), blanks(indent))
        }
        Expr::Call(name, arguments) if ends_in_structure(arguments) => {
            format!("{name}({})", hugged(arguments, indent))
        }
        Expr::Message(name, fields) => {
            let line = format!("\n{}", blanks(indent + 2));
            let fields: Vec<String> = fields
                .iter()
                .map(|(field, value)| format!("{field}: {}", pretty(value, 0, indent + 2)))
                .collect();
            format!("{name}{{{line}{}\n{}}}", fields.join(&format!(",{line}")), blanks(indent))
        }
        Expr::Not(inner) if !matches!(**inner, Expr::Present(_)) => format!("!{}", pretty(inner, 6, indent)),
        Expr::Method(base, name, arguments) if ends_in_structure(arguments) => {
            format!("{}.{name}({})", pretty(base, 7, indent), hugged(arguments, indent))
        }
        Expr::Method(base, name, arguments) => {
            format!("{}.{name}({})", pretty(base, 7, indent), list(arguments))
        }
        Expr::Binary(op, left, right) if binding(expr) == 3 => {
            format!("{} {} {}", pretty(left, 4, indent), op.symbol(), pretty(right, 4, indent))
        }
        Expr::Binary(op, left, right) if *op == Op::Add => {
            format!("{} +\n{}{}", pretty(left, 4, indent), blanks(indent), pretty(right, 5, indent))
        }
        _ => one_line,
    }
}

fn broken(parts: &[Expr], operator: &str, least: u8, indent: usize) -> String {
    let lines: Vec<String> = parts.iter().map(|part| pretty(part, least, indent)).collect();
    lines.join(&format!("{operator}\n{}", blanks(indent)))
}

/// Whether the last argument has lines of its own.
fn ends_in_structure(arguments: &[Expr]) -> bool {
    match arguments.last() {
        Some(Expr::Map(entries)) => !entries.is_empty(),
        Some(Expr::List(items)) => !items.is_empty(),
        Some(Expr::Call(_, inner)) => ends_in_structure(inner),
        _ => false,
    }
}

/// Arguments on the line of the call, but for the last one, whose brackets hug those of the call.
fn hugged(arguments: &[Expr], indent: usize) -> String {
    let Some((last, others)) = arguments.split_last() else { return String::new() };
    let others: String = others.iter().map(|it| flat(it, 0) + ", ").collect();
    others + &pretty(last, 0, indent)
}

fn is_empty_list(expr: &Expr) -> bool {
    matches!(expr, Expr::List(items) if items.is_empty())
}

fn blanks(count: usize) -> String {
    " ".repeat(count)
}
