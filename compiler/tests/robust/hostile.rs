//! Texts made to exhaust time, memory or the stack.

use super::judge::judge;

/// Each ends in time with a diagnostic or a result; [`judge`] measures.
#[track_caller]
fn ends(name: &str, text: String) {
    if let Err(fault) = judge(&text) {
        panic!("{name}: {}", fault.chars().take(2000).collect::<String>());
    }
}

/// A debug build takes ten times as long for each.
const DEEP: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

/// `before` many times, then `middle`, then `after` as often.
fn nested(start: &str, before: &str, middle: &str, after: &str) -> String {
    format!("{start}{}{middle}{}", before.repeat(DEEP), after.repeat(DEEP))
}

fn joined(count: usize, between: &str, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(between)
}

#[test]
fn nesting() {
    ends("parentheses", nested("deny pod if ", "(", "true", ")"));
    ends("unclosed parentheses", nested("deny pod if ", "(", "", ""));
    ends("lists", nested("let a = ", "[", "", "]"));
    ends("objects", nested("let a = ", "{ a: ", "1", " }"));
    ends("braces", nested("policy a ", "{", "", "}"));
    ends("closers", nested("", "", "", ")]}"));
    ends("not", nested("deny pod if ", "not ", "true", ""));
    ends("has", nested("deny pod if ", "has ", "self", ""));
    ends("minus", nested("deny pod if 1 == ", "- ", "1", ""));
    ends("dots", nested("deny pod if spec", ".a", "", ""));
    ends("indices", nested("deny pod if spec", "[0]", "", ""));
    ends("index in index", nested("deny pod if spec", "[spec", "", "]"));
    ends("calls", nested("deny pod if ", "count(", "", ")"));
    ends("calls of calls", nested("deny pod if a", "(a)", "", ""));
    ends("quantifiers", nested("deny pod if ", "any x in spec.containers: ", "true", ""));
    ends("if", nested("deny pod if ", "if true then ", "true", " else false"));
    ends("else", nested("deny pod if ", "if true then true else ", "true", ""));
    ends("comprehensions", nested("let a = ", "[x for x in ", "[1]", "]"));
    ends("comprehension bodies", nested("let a = ", "[", "1", " for x in [1]]"));
    ends("interpolations", nested("deny pod message ", "\"{", "1", "}\""));
    ends("edits", nested("mutate pod { ", "for c in spec.containers { ", "", "}"));
    ends("edits under if", nested("mutate pod { ", "if true { ", "", "}"));
    ends("types", nested("fn f(a: ", "list of ", "int", ") = a"));
    ends("attestors", nested("verify pod signed by ", "all([", "", "])"));
    ends("attestor counts", nested("verify pod signed by ", "1 of [", "", "]"));
}

#[test]
fn chains() {
    for operator in ["and", "or", "+", "-", "*", "??", "==", "~", "in", "..", "matches", "or missing"] {
        ends(operator, format!("deny pod if {}", joined(DEEP, &format!(" {operator} "), |_| "a".into())));
    }
    ends("strings", format!("let a = {}", joined(DEEP, " + ", |_| "\"{a}\"".into())));
    ends("kinds", format!("deny {} if true", joined(DEEP, ", ", |_| "Pod".into())));
    ends("clauses", format!("deny pod {} if true", "where true ".repeat(DEEP)));
    ends("operations", format!("deny pod on {} if true", joined(DEEP, ", ", |_| "create".into())));
    ends("qualified names", format!("exempt {} for pod because \"x\"", joined(DEEP, ".", |_| "a".into())));
    ends("subresources", format!("deny {} if true", joined(DEEP, "/", |_| "Pod".into())));
}

#[test]
fn expressions_that_others_read() {
    ends("regex of groups", format!("deny pod if image matches \"{}\"", "(".repeat(DEEP)));
    ends(
        "balanced groups",
        format!("deny pod if image matches \"{}a{}\"", "(".repeat(DEEP), ")".repeat(DEEP)),
    );
    ends("regex that counts", "deny pod if image matches r\"((a{1000}){1000}){1000}\"".into());
    ends("regex of classes", format!("deny pod if image matches r\"{}\"", r"\p{L}".repeat(20_000)));
    ends(
        "regex of branches",
        format!("deny pod if image matches \"{}\"", joined(50_000, "|", |n| format!("a{n}"))),
    );
    ends(
        "many regexes",
        format!(
            "deny pod if image matches [{}]",
            joined(2_000, ", ", |n| format!("r\"^a{n}[a-z]+\\p{{L}}*$\""))
        ),
    );
    ends("json", format!("deny pod if json(\"{}\") == 1", "[".repeat(DEEP)));
    ends("json in a let", format!("let a = json(\"{}{}\")", "[".repeat(DEEP), "]".repeat(DEEP)));
    ends("cron", format!("delete Pod if true every \"{}\"", "* ".repeat(DEEP)));
    ends("kind name", format!("kind A = \"{}\"", "a/".repeat(DEEP)));
}

#[test]
fn conditions_that_multiply() {
    // Each `if` stands in its condition's place and, negated, beside its other branch.
    let nested_if = (0..60).fold("spec.hostPID".to_string(), |inner, _| {
        format!("(if {inner} then spec.hostIPC else spec.hostNetwork)")
    });
    ends("if within if", format!("deny pod if {nested_if}"));
    let else_if =
        (0..120).map(|n| format!("if spec.nodeName == \"{n}\" then spec.hostPID else ")).collect::<String>();
    ends("else if", format!("deny pod if {else_if}false"));
    let branches = joined(100, " or ", |_| "security.runAsUser == 0".into());
    ends("views of several places", format!("deny pod if {branches}"));
    let functions = joined(30, "\n", |n| match n {
        0 => "fn f0(c: Container) = c.securityContext.privileged".to_string(),
        n => format!("fn f{n}(c: Container) = f{0}(c) or f{0}(c)", n - 1),
    });
    ends("functions that double", format!("{functions}\ndeny container if f29(self)"));
    let quantified = joined(20, "\n", |n| match n {
        0 => "fn f0(c: Container) = c.securityContext.privileged".to_string(),
        n => format!("fn f{n}(c: Container) = any x in [c, c]: f{}(x)", n - 1),
    });
    ends("functions under quantifiers", format!("{quantified}\ndeny container if f19(self)"));
    let lets = joined(30, "\n", |n| match n {
        0 => "let a0 = [\"a\"]".to_string(),
        n => format!("let a{n} = a{0} + a{0}", n - 1),
    });
    ends("lets that double", format!("{lets}\ndeny pod if spec.nodeName in a29"));
    let texts = joined(30, "\n", |n| match n {
        0 => "let a0 = \"a\"".to_string(),
        n => format!("let a{n} = \"{{a{0}}}{{a{0}}}\"", n - 1),
    });
    ends("texts that double", format!("{texts}\ndeny pod if spec.nodeName == a29"));
    let comprehensions = joined(30, "\n", |n| match n {
        0 => "let a0 = [\"a\"]".to_string(),
        n => format!("let a{n} = [x for x in a{0} where x in a{0}]", n - 1),
    });
    ends("comprehensions that double", format!("{comprehensions}\ndeny pod if spec.nodeName in a29"));
    let objects = joined(40, "\n", |n| match n {
        0 => "let a0 = { a: 1 }".to_string(),
        n => format!("let a{n} = {{ a: a{0}, b: a{0} }}", n - 1),
    });
    ends("objects that double", format!("{objects}\ntest \"t\" {{ expect deny Pod {{ metadata: a39 }} }}"));
}

#[test]
fn declarations_that_lean_on_themselves() {
    ends("let", "let a = a\ndeny pod if a".into());
    ends("function", "fn f(c: Container) = f(c)\ndeny container if f(self)".into());
    ends(
        "two functions",
        "fn f(c: Container) = g(c)\nfn g(c: Container) = f(c) or f(c)\ndeny container if f(self)".into(),
    );
    ends("view", "view v of v = self\ndeny v if true".into());
    ends("two views", "view v of w = self\nview w of v = self\ndeny v if true".into());
    ends("view over itself", "view v of pod = v\ndeny v if true".into());
    ends("view of views", "view v of pod = w, w\nview w of pod = v, v\ndeny v if has w.name".into());
    ends("policy", "policy a = a()".into());
    ends("two policies", "policy a = b()\npolicy b = a()".into());
    ends("parameter", "policy a(n: int = n) { deny Deployment if spec.replicas > n }".into());
    let chain = joined(2_000, "\n", |n| match n {
        0 => "view v0 of pod = spec".to_string(),
        n => format!("view v{n} of v{} = self", n - 1),
    });
    ends("chain of views", format!("{chain}\ndeny v1999 if true"));
    let branching = joined(40, "\n", |n| match n {
        0 => "view v0 of pod = spec.containers, spec.initContainers".to_string(),
        n => format!("view v{n} of pod = v{0}, v{0}", n - 1),
    });
    ends("views that double", format!("{branching}\ndeny v39 if true"));
    let below = joined(40, "\n", |n| match n {
        0 => "view v0 of pod = spec.containers, spec.initContainers".to_string(),
        n => format!("view v{n} of v{} = self, self", n - 1),
    });
    ends("views below views that double", format!("{below}\ndeny v39 if true"));
    let functions = joined(5_000, "\n", |n| match n {
        0 => "fn f0(c: Container) = c.name == \"a\"".to_string(),
        n => format!("fn f{n}(c: Container) = f{}(c)", n - 1),
    });
    ends("chain of functions", format!("{functions}\ndeny container if f4999(self)"));
}
