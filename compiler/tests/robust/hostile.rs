//! Texts made to exhaust time, memory or the stack.

use super::judge::judge;

/// Each ends in time with a diagnostic or a result; [`judge`] measures.
#[track_caller]
fn ends(name: &str, text: String) {
    if let Err(fault) = judge(&text) {
        panic!("{name}: {}", fault.chars().take(2000).collect::<String>());
    }
}

const DEEP: usize = 100_000;

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
    ends("unclosed braces", nested("", "mutate pod {", "", ""));
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
fn lengths() {
    let long = "a".repeat(1 << 20);
    ends("name", format!("deny pod if {long}"));
    ends("field", format!("deny pod if spec.{long}"));
    ends("kind", format!("deny {long} if true"));
    ends("function", format!("deny pod if {long}(1)"));
    ends("string", format!("deny pod if spec.nodeName == \"{long}\""));
    ends("enum value", format!("deny container if imagePullPolicy == \"{long}\""));
    ends("label", format!("deny pod if label[\"kubernetes.io/{long}\"] == \"a\""));
    ends("glob", format!("deny pod if image ~ \"{}\"", "*a".repeat(1 << 19)));
    ends("glob of stars", format!("deny pod if image ~ \"{}\"", "*".repeat(1 << 20)));
    ends("number", format!("deny Deployment if spec.replicas == {}", "9".repeat(1 << 20)));
    ends("quantity", format!("deny container if resources.limits.cpu == {}Gi", "9".repeat(1 << 20)));
    ends("float", format!("let a = 0.{}", "1".repeat(1 << 20)));
    ends("duration", format!("let a = {}h", "9".repeat(1 << 20)));
    ends("message", format!("deny pod message \"{}\"", "{spec.nodeName}".repeat(20_000)));
    ends("comment", format!("// {long}\ndeny pod if true"));
    ends("doc comments", format!("{}deny pod if true", "/// a\n".repeat(DEEP)));
    ends("lines", format!("deny pod if\n{}true", "\n".repeat(1 << 20)));
    ends("spaces", format!("deny pod if {}true", " ".repeat(1 << 20)));
    ends("unknown characters", "\u{1F600}".repeat(DEEP));
    ends("hidden characters", "\u{202e}".repeat(DEEP));
    ends("quotes", "\"".repeat(DEEP));
    ends("triple quotes", "\"\"\"".repeat(DEEP + 1));
    ends("text block", format!("deny pod message \"\"\"\n{}\"\"\"", "  a\n".repeat(DEEP)));
    ends("backslashes", format!("let a = \"{}\"", "\\".repeat(DEEP)));
    ends("signs", "= ! ~ ? : ; , . / ".repeat(20_000));
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
fn numbers_of_things() {
    ends("rules", joined(DEEP, "\n", |_| "deny pod if spec.hostPID".into()));
    ends("wrong rules", joined(DEEP, "\n", |n| format!("deny pod if spec.hostPDI{n}")));
    ends("broken rules", joined(DEEP, "\n", |_| "deny pod if ( spec".into()));
    ends("named rules", joined(20_000, "\n", |n| format!("rule a{n}: deny pod if spec.hostPID")));
    ends("policies", joined(20_000, "\n", |n| format!("policy a{n} {{ deny pod if spec.hostPID }}")));
    ends(
        "one policy",
        format!("policy a {{\n{}\n}}", joined(DEEP, "\n", |_| "deny pod if spec.hostPID".into())),
    );
    ends("lets", joined(20_000, "\n", |n| format!("let a{n} = {n}")));
    ends(
        "lets and uses",
        format!("{}\ndeny pod if a0", joined(20_000, "\n", |n| format!("let a{n} = a{}", n + 1))),
    );
    ends("lets of one name", joined(20_000, "\n", |_| "let a = 1".into()));
    ends("functions", joined(20_000, "\n", |n| format!("fn f{n}(a: int) = a == {n}")));
    ends("views", joined(2_000, "\n", |n| format!("view v{n} of pod = spec.containers")));
    ends("views of one name", joined(2_000, "\n", |_| "view v of Pod = spec.containers".into()));
    ends("kinds", joined(5_000, "\n", |n| format!("kind K{n} = \"a.io/v1/K{n}\" untyped")));
    ends("refinements", joined(5_000, "\n", |_| "refine Container.image as image".into()));
    ends("uses", joined(5_000, "\n", |n| format!("use \"./a{n}\" as a{n}")));
    ends("exemptions", joined(5_000, "\n", |n| format!("exempt p{n} for pod because \"x\"")));
    ends(
        "tests",
        joined(5_000, "\n", |n| {
            format!("test \"t{n}\" {{ expect deny Pod {{ spec: {{ hostPID: true }} }} }}")
        }),
    );
    ends("parameters", format!("fn f({}) = true", joined(5_000, ", ", |n| format!("a{n}: int"))));
    ends("arguments", format!("deny pod if count({})", joined(20_000, ", ", |_| "1".into())));
    ends("fields", format!("let a = {{ {} }}", joined(20_000, ", ", |n| format!("a{n}: {n}"))));
    ends("fields of one name", format!("let a = {{ {} }}", joined(20_000, ", ", |_| "a: 1".into())));
    ends("edits", format!("mutate pod {{\n{}\n}}", "set spec.hostPID = true\n".repeat(20_000)));
    ends("expectations", format!("test \"t\" {{\n{}\n}}", "expect deny Pod { spec: {} }\n".repeat(20_000)));
}

#[test]
fn lists_that_are_written_out() {
    let long = joined(DEEP, ", ", |n| format!("\"a{n}\""));
    ends("in", format!("deny pod if spec.nodeName in [{long}]"));
    ends("globs", format!("deny pod if image ~ [{long}]"));
    ends("any", format!("deny pod if any x in [{long}]: spec.nodeName == x"));
    ends("durations", format!("let a = 1s in [{}]", joined(DEEP, ", ", |n| format!("{n}s"))));
    let hundred = joined(100, ", ", |n| format!("\"a{n}\""));
    let within = |depth: usize, middle: &str| {
        format!(
            "deny pod if {}{middle}",
            (0..depth).map(|n| format!("any x{n} in [{hundred}]: ")).collect::<String>()
        )
    };
    for depth in [2, 4, 8, 50] {
        ends("quantifiers over lists", within(depth, "spec.nodeName == x0"));
        ends(
            "quantifiers over lists, all used",
            within(depth, &joined(depth, " or ", |n| format!("spec.nodeName == x{n}"))),
        );
    }
    let two = (0..30).map(|n| format!("every x{n} in [1, 2]: ")).collect::<String>();
    ends("thirty pairs", format!("deny Deployment if {two}spec.replicas == x0"));
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
