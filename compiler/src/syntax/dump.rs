//! Tokens and trees as stable text, for `aipc dump`, snapshots and reviews.
//!
//! A node is `(kind …)` with its parts; places are left out, so that a dump says what was understood and
//! not where.

use std::fmt::Write;

use super::ast::*;
use super::parse::Parsed;
use super::token::{Tok, Token};
use super::{adapter, lexer};
use crate::source::FileId;

/// One line for each token that the grammar sees: offset, length, kind, text.
pub fn dump_tokens(text: &str) -> String {
    let lexed = lexer::lex(FileId(0), text, 0);
    let adapted = adapter::adapt(FileId(0), text, 0, &lexed.tokens);
    let mut out = String::new();
    for Token { tok, start, end, .. } in adapted.tokens {
        let kind = match tok {
            Tok::Name => "name",
            Tok::Keyword(word) if word.is_reserved() => "keyword",
            Tok::Keyword(_) => "word",
            Tok::Str => "string",
            Tok::Int => "int",
            Tok::Float => "float",
            Tok::Quantity => "quantity",
            Tok::Duration => "duration",
            Tok::Percent => "percent",
            Tok::Date => "date",
            Tok::Hole => "hole",
            Tok::Error => "error",
            _ => "sign",
        };
        let written = text.get(start as usize..end as usize).unwrap_or("");
        // A token without text was put in by the adapter.
        let written = if written.is_empty() && kind == "sign" { tok.describe() } else { written };
        let _ = writeln!(out, "{start:>6} {:>4} {kind:<8} {}", end - start, written.escape_debug());
    }
    out
}

/// The tree, one item or statement on a line, members of blocks indented.
pub fn dump_ast(parsed: &Parsed) -> String {
    let mut dump = Dump { out: String::new(), indent: 0 };
    for item in &parsed.module.items {
        dump.item(item);
    }
    dump.out
}

/// One expression.
pub fn dump_expr(expr: &Expr) -> String {
    let mut dump = Dump { out: String::new(), indent: 0 };
    dump.expr(expr);
    dump.out
}

struct Dump {
    out: String,
    indent: usize,
}

impl Dump {
    fn line(&mut self, write: impl FnOnce(&mut Dump)) {
        self.out.push_str(&"  ".repeat(self.indent));
        write(self);
        self.out.push('\n');
    }

    fn word(&mut self, text: &str) {
        if !self.out.is_empty() && !self.out.ends_with([' ', '(', '\n', '[', '{']) {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn quoted(&mut self, text: &str) {
        self.word(&format!("{text:?}"));
    }

    /// `(head …)`
    fn node(&mut self, head: &str, write: impl FnOnce(&mut Dump)) {
        self.word("(");
        self.out.push_str(head);
        write(self);
        self.out.push(')');
    }

    fn name(&mut self, name: &Name) {
        self.word(if name.text.is_empty() { "<hole>" } else { &name.text });
    }

    fn doc(&mut self, doc: &Option<Doc>) {
        if let Some(doc) = doc {
            self.line(|d| d.node("doc", |d| d.quoted(&doc.text)));
        }
    }

    fn list<T>(&mut self, head: &str, items: &[T], mut write: impl FnMut(&mut Dump, &T)) {
        self.node(head, |d| items.iter().for_each(|item| write(d, item)));
    }

    fn option<T>(&mut self, head: &str, item: &Option<T>, write: impl FnOnce(&mut Dump, &T)) {
        if let Some(item) = item {
            self.node(head, |d| write(d, item));
        }
    }

    fn block<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Dump, &T)) {
        self.indent += 1;
        items.iter().for_each(|item| write(self, item));
        self.indent -= 1;
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Use(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("use", |d| {
                        d.quoted(&it.path.value);
                        d.option("as", &it.alias, Dump::name);
                    })
                });
            }
            Item::Kind(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("kind", |d| {
                        d.name(&it.name);
                        d.quoted(&it.target.value);
                        if it.untyped.is_some() {
                            d.word("untyped");
                        }
                    })
                });
            }
            Item::Refine(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("refine", |d| {
                        d.expr(&it.path);
                        d.ty(&it.ty);
                    })
                });
            }
            Item::Let(it) => self.binding(it),
            Item::View(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("view", |d| {
                        d.name(&it.name);
                        d.list("of", &it.of, Dump::kind);
                        d.list("paths", &it.paths, Dump::expr);
                    })
                });
            }
            Item::Fn(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("fn", |d| {
                        d.name(&it.name);
                        d.list("params", &it.params, Dump::param);
                        d.expr(&it.body);
                    })
                });
            }
            Item::Policy(it) => self.policy(it),
            Item::PolicyInstance(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("policy", |d| {
                        d.title(&it.name);
                        d.node("instance", |d| d.word(&it.of.text()));
                        d.list("args", &it.args, Dump::arg);
                    })
                });
                self.block(it.meta.as_deref().unwrap_or(&[]), Dump::meta);
            }
            Item::Rule(it) => self.rule(it),
            Item::Exempt(it) => {
                self.doc(&it.doc);
                self.line(|d| {
                    d.node("exempt", |d| {
                        d.list("targets", &it.targets, |d, target| match target {
                            ExemptTarget::Name(name) => d.word(&name.text()),
                            ExemptTarget::Glob(text) => d.quoted(&text.value),
                        });
                        d.option("for", &it.scope, Dump::trigger);
                        d.option("until", &it.until, |d, date| d.word(&date.value));
                        d.node("because", |d| d.quoted(&it.because.value));
                    })
                });
            }
            Item::Test(it) => {
                self.doc(&it.doc);
                self.line(|d| d.node("test", |d| d.quoted(&it.title.value)));
                self.block(&it.steps, Dump::step);
            }
            Item::Error(_) => self.line(|d| d.word("(error)")),
        }
    }

    fn binding(&mut self, it: &Let) {
        self.doc(&it.doc);
        self.line(|d| {
            d.node("let", |d| {
                d.name(&it.name);
                d.expr(&it.value);
            })
        });
    }

    fn title(&mut self, title: &Title) {
        if title.quoted { self.quoted(&title.text) } else { self.word(&title.text) }
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named { name, optional } => {
                self.word(&format!("{}{}", name.text, if *optional { "?" } else { "" }))
            }
            TypeKind::Of { constructor, element } => self.node(&constructor.text, |d| d.ty(element)),
        }
    }

    fn param(&mut self, param: &Param) {
        self.node("param", |d| {
            d.name(&param.name);
            d.ty(&param.ty);
            d.option("default", &param.default, Dump::expr);
        });
    }

    fn policy(&mut self, it: &Policy) {
        self.doc(&it.doc);
        self.line(|d| {
            d.node("policy", |d| {
                d.title(&it.name);
                if let Some(params) = &it.params {
                    d.list("params", params, Dump::param);
                }
                d.option("title", &it.title, |d, title| d.quoted(&title.value));
                d.scope(&it.scope);
            })
        });
        self.block(&it.meta, Dump::meta);
        self.block(&it.members, |d, member| match member {
            Member::Rule(rule) => d.rule(rule),
            Member::Let(binding) => d.binding(binding),
            Member::Error(_) => d.line(|d| d.word("(error)")),
        });
    }

    fn meta(&mut self, meta: &Meta) {
        self.line(|d| match meta {
            Meta::Severity { level, .. } => d.node("severity", |d| d.name(level)),
            Meta::Category { text, .. } => d.node("category", |d| d.quoted(&text.value)),
            Meta::Control { controls, .. } => d.list("control", controls, |d, control| {
                d.name(&control.framework);
                d.quoted(&control.id.value);
            }),
            Meta::Action(action) => d.action(action),
            Meta::Settings(settings) => d.settings(settings),
        });
    }

    fn action(&mut self, action: &Action) {
        self.node("action", |d| {
            action.actions.iter().for_each(|action| d.name(action));
            d.option("where", &action.filter, Dump::expr);
        });
    }

    fn settings(&mut self, settings: &Settings) {
        self.node("settings", |d| d.object(&settings.object));
    }

    fn rule(&mut self, rule: &Rule) {
        self.doc(&rule.doc);
        let name = rule.name.clone();
        let named = |d: &mut Dump| {
            if let Some(name) = &name {
                d.node("rule", |d| d.title(name));
            }
        };
        let mut edits: &[Edit] = &[];
        self.line(|d| match &rule.body {
            RuleBody::Deny(it) => d.node("deny", |d| {
                named(d);
                d.subject(&it.subject);
                d.scope(&it.scope);
                d.option("if", &it.condition, Dump::expr);
                d.tail(&it.tail);
            }),
            RuleBody::Require(it) => d.node("require", |d| {
                named(d);
                d.subject(&it.subject);
                d.scope(&it.scope);
                d.node("that", |d| d.expr(&it.condition));
                d.tail(&it.tail);
            }),
            RuleBody::Mutate(it) => {
                edits = &it.edits;
                d.node("mutate", |d| {
                    named(d);
                    d.subject(&it.subject);
                    d.scope(&it.scope);
                    d.option("for", &it.trigger, Dump::trigger);
                    d.option_settings(&it.settings);
                });
            }
            RuleBody::Generate(it) => d.node("generate", |d| {
                named(d);
                d.kind(&it.kind);
                d.expr(&it.name);
                d.option("in", &it.namespace, Dump::expr);
                d.option("for", &it.trigger, Dump::trigger);
                d.option("each", &it.each, Dump::each);
                d.option_settings(&it.settings);
                d.object(&it.body);
            }),
            RuleBody::GenerateCopy(it) => d.node("generate-copy", |d| {
                named(d);
                d.list("of", &it.kinds, Dump::kind);
                d.option("name", &it.name, Dump::expr);
                d.option("in", &it.namespace, Dump::expr);
                d.option("where", &it.filter, Dump::expr);
                d.node("into", |d| d.expr(&it.into));
                d.option("as", &it.rename, Dump::expr);
                d.node("for", |d| d.trigger(&it.trigger));
                d.option("each", &it.each, Dump::each);
                d.option_settings(&it.settings);
            }),
            RuleBody::Verify(it) => d.node("verify", |d| {
                named(d);
                d.subject(&it.subject);
                d.scope(&it.scope);
                it.checks.iter().for_each(|check| d.check(check));
                d.tail(&it.tail);
            }),
            RuleBody::Delete(it) => d.node("delete", |d| {
                named(d);
                d.subject(&it.subject);
                d.scope(&it.scope);
                d.option("if", &it.condition, Dump::expr);
                d.node("every", |d| match &it.schedule {
                    Schedule::Cron(text) => d.quoted(&text.value),
                    Schedule::Every(text) => d.word(&text.value),
                });
                d.option_settings(&it.settings);
            }),
            RuleBody::Error(_) => d.node("error", named),
        });
        self.block(edits, Dump::edit);
    }

    fn option_settings(&mut self, settings: &Option<Settings>) {
        if let Some(settings) = settings {
            self.settings(settings);
        }
    }

    fn tail(&mut self, tail: &Tail) {
        self.option("message", &tail.message, Dump::string);
        tail.actions.iter().for_each(|action| self.action(action));
        self.option_settings(&tail.settings);
    }

    fn subject(&mut self, subject: &Subject) {
        self.list("subject", &subject.parts, |d, part| {
            d.kind(&part.kind);
            if part.only.is_some() {
                d.word("only");
            }
        });
    }

    fn kind(&mut self, kind: &KindRef) {
        let mut text = kind.name.text();
        if let Some(subresource) = &kind.subresource {
            text = format!("{text}/{}", subresource.text);
        }
        self.word(if text.is_empty() { "<hole>" } else { &text });
    }

    fn on(&mut self, on: &Option<On>) {
        self.option("on", on, |d, on| on.operations.iter().for_each(|operation| d.name(operation)));
    }

    fn scope(&mut self, scope: &Scope) {
        self.on(&scope.on);
        for narrow in &scope.narrows {
            match narrow {
                Narrow::Where { condition, .. } => self.node("where", |d| d.expr(condition)),
                Narrow::With { name, value, .. } => self.node("with", |d| {
                    d.name(name);
                    d.expr(value);
                }),
            }
        }
    }

    fn trigger(&mut self, trigger: &Trigger) {
        self.subject(&trigger.subject);
        self.scope(&trigger.scope);
    }

    fn each(&mut self, each: &Each) {
        self.name(&each.name);
        self.node("in", |d| d.expr(&each.source));
        self.option("where", &each.filter, Dump::expr);
    }

    fn check(&mut self, check: &Check) {
        match check {
            Check::Signed { signers, .. } => self.node("signed", |d| d.signers(signers)),
            Check::Attested { predicate, signers, condition, .. } => self.node("attested", |d| {
                d.quoted(&predicate.value);
                d.signers(signers);
                d.option("that", condition, Dump::expr);
            }),
            Check::Ignoring { paths, .. } => self.list("ignoring", paths, Dump::expr),
        }
    }

    fn signers(&mut self, signers: &Signers) {
        match signers.count {
            Some((count, _)) => self.node("by", |d| {
                d.word(&count.to_string());
                d.node("of", |d| d.expr(&signers.of));
            }),
            None => self.node("by", |d| d.expr(&signers.of)),
        }
    }

    fn edit(&mut self, edit: &Edit) {
        let mut inner: &[Edit] = &[];
        match edit {
            Edit::Let(it) => return self.binding(it),
            Edit::Assign { verb, path, value, .. } => self.line(|d| {
                d.node(verb.as_str(), |d| {
                    d.expr(path);
                    d.expr(value);
                })
            }),
            Edit::Remove { path, .. } => self.line(|d| d.node("remove", |d| d.expr(path))),
            Edit::For { binder, source, filter, edits, .. } => {
                inner = edits;
                self.line(|d| {
                    d.node("for", |d| {
                        d.binder(binder);
                        d.node("in", |d| d.expr(source));
                        d.option("where", filter, Dump::expr);
                    })
                });
            }
            Edit::If { condition, edits, .. } => {
                inner = edits;
                self.line(|d| d.node("if", |d| d.expr(condition)));
            }
            Edit::Call { function, args, .. } => self.line(|d| {
                d.node("call", |d| {
                    d.word(&function.text());
                    args.iter().for_each(|arg| d.arg(arg));
                })
            }),
            Edit::Error(_) => self.line(|d| d.word("(error)")),
        }
        self.block(inner, Dump::edit);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Let(it) => self.binding(it),
            Step::GivenFile { file, .. } => self.line(|d| d.node("given", |d| d.quoted(&file.value))),
            Step::Given { kind, object, .. } => self.line(|d| {
                d.node("given", |d| {
                    d.kind(kind);
                    d.object(object);
                })
            }),
            Step::GivenTime { name, time, .. } => self.line(|d| {
                d.node("given", |d| {
                    d.kind(name);
                    d.word(&time.value);
                })
            }),
            Step::Expect(expect) => self.line(|d| d.node("expect", |d| d.expect(expect))),
            Step::Error(_) => self.line(|d| d.word("(error)")),
        }
    }

    fn expect(&mut self, expect: &Expect) {
        if let Outcome::Verdict { verdict, .. } = &expect.outcome {
            self.word(verdict.as_str());
        }
        self.on(&expect.on);
        self.kind(&expect.subject);
        self.document(&expect.document);
        self.option("from", &expect.old, Dump::document);
        match &expect.outcome {
            Outcome::Verdict { by, message, .. } => {
                self.option("by", by, |d, name| d.word(&name.text()));
                self.option("message", message, |d, text| d.quoted(&text.value));
            }
            Outcome::Becomes(document) => self.node("becomes", |d| d.document(document)),
            Outcome::Generates(kind, document) => self.node("generates", |d| {
                d.kind(kind);
                d.document(document);
            }),
            Outcome::Mutates(kind, document) => self.node("mutates", |d| {
                d.kind(kind);
                d.document(document);
            }),
        }
    }

    fn document(&mut self, document: &Document) {
        match document {
            Document::Object(object) => self.object(object),
            Document::File(file) => self.node("file", |d| d.quoted(&file.value)),
        }
    }

    fn binder(&mut self, binder: &Binder) {
        self.name(&binder.first);
        if let Some(second) = &binder.second {
            self.name(second);
        }
    }

    fn object(&mut self, object: &Object) {
        self.list("object", &object.entries, Dump::entry);
    }

    fn entry(&mut self, entry: &Entry) {
        self.word("(");
        match &entry.key {
            Key::Name(name) | Key::Int(name) => self.name(name),
            Key::String(string) => self.string(string),
        }
        self.expr(&entry.value);
        self.out.push(')');
    }

    fn arg(&mut self, arg: &Arg) {
        match &arg.name {
            Some(name) => self.node("named", |d| {
                d.name(name);
                d.expr(&arg.value);
            }),
            None => self.expr(&arg.value),
        }
    }

    fn string(&mut self, string: &StringLiteral) {
        if let Some(text) = string.constant() {
            return self.quoted(&text);
        }
        self.list("string", &string.parts, |d, part| match part {
            StringPart::Text(text) => d.quoted(text),
            StringPart::Interpolation(expr) => d.expr(expr),
        });
    }

    fn comprehension(&mut self, clause: &Comprehension) {
        self.node("for", |d| {
            d.binder(&clause.binder);
            d.node("in", |d| d.expr(&clause.source));
            d.option("where", &clause.filter, Dump::expr);
        });
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(text) => self.word(text),
            ExprKind::Field { base, field } => {
                self.expr(base);
                self.out.push('.');
                self.out.push_str(if field.text.is_empty() { "<hole>" } else { &field.text });
            }
            ExprKind::Index { base, index } => self.node("index", |d| {
                d.expr(base);
                d.expr(index);
            }),
            ExprKind::Call { callee, args } => self.node("call", |d| {
                d.expr(callee);
                args.iter().for_each(|arg| d.arg(arg));
            }),
            ExprKind::Unary { op, operand, .. } => self.node(op.as_str(), |d| d.expr(operand)),
            ExprKind::Binary { op, left, right, or_missing, .. } => self.node(op.as_str(), |d| {
                d.expr(left);
                d.expr(right);
                if *or_missing {
                    d.word("or-missing");
                }
            }),
            ExprKind::Quantified { quantifier, binder, source, body } => {
                self.node(quantifier.as_str(), |d| {
                    d.binder(binder);
                    d.node("in", |d| d.expr(source));
                    d.expr(body);
                })
            }
            ExprKind::If { condition, yes, no } => self.node("if", |d| {
                d.expr(condition);
                d.expr(yes);
                d.expr(no);
            }),
            ExprKind::List(elements) => self.list("list", elements, Dump::expr),
            ExprKind::ListComprehension { element, clause } => self.node("list", |d| {
                d.expr(element);
                d.comprehension(clause);
            }),
            ExprKind::Object(object) => self.object(object),
            ExprKind::ObjectComprehension { entry, clause } => self.node("object", |d| {
                d.entry(entry);
                d.comprehension(clause);
            }),
            ExprKind::String(string) => self.string(string),
            ExprKind::Int(value) => self.word(&value.to_string()),
            ExprKind::Float(value) => self.word(&format!("{value:?}")),
            ExprKind::Quantity(text) => self.node("quantity", |d| d.word(text)),
            ExprKind::Duration(text) => self.node("duration", |d| d.word(text)),
            ExprKind::Percent(text) => self.node("percent", |d| d.word(text)),
            ExprKind::Date(text) => self.node("date", |d| d.word(text)),
            ExprKind::Bool(value) => self.word(if *value { "true" } else { "false" }),
            ExprKind::Range { low, high } => self.node("..", |d| {
                d.expr(low);
                d.expr(high);
            }),
            ExprKind::Coalesce { value, fallback } => self.node("??", |d| {
                d.expr(value);
                d.expr(fallback);
            }),
            ExprKind::Paren(inner) => self.node("paren", |d| d.expr(inner)),
            ExprKind::Hole => self.word("<hole>"),
            ExprKind::Error => self.word("<error>"),
        }
    }
}
