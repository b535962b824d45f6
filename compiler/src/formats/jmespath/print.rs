//! The text of an expression.

use super::expr::Expr;
use super::literal::{identifier, json_literal, text_literal};

/// How tightly a form binds; a looser one inside a tighter one takes parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Pipe,
    Or,
    And,
    Compare,
    Primary,
}

/// The expression on one line.
pub fn text(expr: &Expr) -> String {
    at(expr, Level::Pipe)
}

/// The expression with a line for each part of its outermost `&&` or `||`, if it is longer than `width`.
pub fn lines(expr: &Expr, width: usize) -> Vec<String> {
    let whole = text(expr);
    let (parts, operator, level) = match expr {
        Expr::And(parts) => (parts, "&& ", Level::Compare),
        Expr::Or(parts) => (parts, "|| ", Level::And),
        _ => return vec![whole],
    };
    if whole.chars().count() <= width {
        return vec![whole];
    }
    let line = |(number, part)| format!("{}{}", if number == 0 { "" } else { operator }, at(part, level));
    parts.iter().enumerate().map(line).collect()
}

fn at(expr: &Expr, level: Level) -> String {
    let (text, own) = match expr {
        Expr::Pipe(base, next) => {
            (format!("{} | {}", at(base, Level::Pipe), at(next, Level::Or)), Level::Pipe)
        }
        Expr::Or(parts) => (joined(parts, " || ", Level::And), Level::Or),
        Expr::And(parts) => (joined(parts, " && ", Level::Compare), Level::And),
        Expr::Compare(left, order, right) => {
            let (left, right) = (at(left, Level::Primary), at(right, Level::Primary));
            (format!("{left} {} {right}", order.symbol()), Level::Compare)
        }
        // `!a.b` would be `(!a).b`; a call is one thing
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Call(..) => (format!("!{}", at(inner, Level::Primary)), Level::Compare),
            other => (format!("!({})", at(other, Level::Pipe)), Level::Compare),
        },
        primary => (primary_text(primary), Level::Primary),
    };
    if own < level { format!("({text})") } else { text }
}

fn joined(parts: &[Expr], operator: &str, level: Level) -> String {
    parts.iter().map(|part| at(part, level)).collect::<Vec<_>>().join(operator)
}

fn primary_text(expr: &Expr) -> String {
    match expr {
        Expr::Current => "@".to_owned(),
        Expr::Field(base, name) => match base.as_ref() {
            Expr::Current => identifier(name),
            base => format!("{}.{}", whole(base), identifier(name)),
        },
        Expr::Index(base, index) => format!("{}[{index}]", whole(base)),
        Expr::Slice(base, start, end) => {
            let bound = |bound: &Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
            format!("{}[{}:{}]", whole(base), bound(start), bound(end))
        }
        Expr::Select(base, items) => {
            let list = format!("[{}]", arguments(items));
            match base.as_ref() {
                Expr::Current => list,
                base => format!("{}.{list}", whole(base)),
            }
        }
        Expr::Object(entries) => {
            let values: Vec<String> = entries.iter().map(|(_, value)| text(value)).collect();
            // Kyverno finds the end of a variable only if braces in it are not nested.
            if values.iter().any(|value| value.contains(['{', '}'])) {
                let keys: Vec<String> = entries.iter().map(|(key, _)| text_literal(key)).collect();
                return format!("object_from_lists([{}], [{}])", keys.join(", "), values.join(", "));
            }
            let entries =
                entries.iter().zip(values).map(|((key, _), value)| format!("{}: {value}", identifier(key)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        // a flatten ends the projection before it
        Expr::Flatten(base) => match base.as_ref() {
            Expr::Current => "[]".to_owned(),
            base @ (Expr::Flatten(_) | Expr::Filter(..) | Expr::Project(..)) => {
                format!("{}[]", at(base, Level::Primary))
            }
            base => format!("{}[]", whole(base)),
        },
        // a projection of nothing but the elements changes nothing for a filter
        Expr::Filter(base, test) if is_copy(base) => match base.as_ref() {
            Expr::Project(list, _) => format!("{}[?{}]", whole(list), text(test)),
            _ => format!("{}[?{}]", whole(base), text(test)),
        },
        Expr::Filter(base, test) => format!("{}[?{}]", whole(base), text(test)),
        Expr::Project(base, body) => {
            let list = match base.as_ref() {
                list @ (Expr::Flatten(_) | Expr::Filter(..) | Expr::Project(..)) => at(list, Level::Primary),
                list => format!("{}[*]", whole(list)),
            };
            format!("{list}{}", suffix(body))
        }
        Expr::Call(name, items) => format!("{name}({})", arguments(items)),
        Expr::Reference(body) => format!("&{}", at(body, Level::Primary)),
        Expr::Text(text) => text_literal(text),
        Expr::Variable(name) => format!("'{{{{ {name} }}}}'"),
        Expr::Json(value) => json_literal(value),
        Expr::Pipe(..) | Expr::Compare(..) | Expr::Not(_) | Expr::And(_) | Expr::Or(_) => {
            at(expr, Level::Pipe)
        }
    }
}

/// The base of a step, in parentheses if the step would otherwise be asked of each of its elements.
fn whole(base: &Expr) -> String {
    match base {
        Expr::Current => String::new(),
        Expr::Flatten(_) | Expr::Filter(..) | Expr::Project(..) => format!("({})", at(base, Level::Primary)),
        other => at(other, Level::Primary),
    }
}

/// `list[*]`
fn is_copy(expr: &Expr) -> bool {
    matches!(expr, Expr::Project(_, body) if **body == Expr::Current)
}

/// Steps behind a projection.
fn suffix(body: &Expr) -> String {
    match body {
        Expr::Current => String::new(),
        Expr::Field(base, name) => format!("{}.{}", suffix(base), identifier(name)),
        Expr::Index(base, index) => format!("{}[{index}]", suffix(base)),
        other => format!(".{}", at(other, Level::Primary)),
    }
}

fn arguments(items: &[Expr]) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::expr::Order;
    use super::*;

    #[test]
    fn parentheses_keep_lists_whole() {
        let spec = Expr::path(["request", "object", "spec"]);
        let lists =
            Expr::Select(Box::new(spec.clone()), vec![Expr::path(["a"]), Expr::path(["b"])]).flatten();
        let filtered = lists.clone().filter(Expr::path(["image"]).equals(Expr::text("x")));
        assert_eq!(text(&filtered), "(request.object.spec.[a, b][])[?image == 'x']");
        assert_eq!(text(&filtered.clone().index(0)), "((request.object.spec.[a, b][])[?image == 'x'])[0]");
        let project = Expr::Project(Box::new(lists), Box::new(Expr::path(["image"])));
        assert_eq!(text(&project), "request.object.spec.[a, b][].image");
        assert_eq!(
            text(&Expr::Project(Box::new(spec), Box::new(Expr::path(["n"])))),
            "request.object.spec[*].n"
        );
    }

    #[test]
    fn operators_bind_as_they_are_meant() {
        let (a, b, c) = (Expr::path(["a"]), Expr::path(["b"]), Expr::path(["c"]));
        let or = a.clone().or(b.clone());
        assert_eq!(text(&Expr::And(vec![or.clone(), c.clone()])), "(a || b) && c");
        assert_eq!(text(&Expr::Not(Box::new(a.clone().field("x")))), "!(a.x)");
        assert_eq!(text(&or.compare(Order::Less, Expr::number(3))), "(a || b) < `3`");
        assert_eq!(text(&Expr::And(vec![a, b]).index(0)), "(a && b)[0]");
    }
}
