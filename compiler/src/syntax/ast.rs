//! The tree of one source file, as written: what the grammar saw, before names and types.
//!
//! Every node carries its [`Span`]. Parentheses are kept, and literals keep their spelling where the value
//! is settled by a later stage. Broken text leaves `Error` and `Hole` nodes; later stages stay silent
//! about them, since a diagnostic was given where they arose. Comments are not here but in
//! the side table of the parse.

use std::sync::Arc;

use crate::source::{FileId, Span};

/// One source file.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    pub file: FileId,
    pub items: Vec<Item>,
    /// The whole file.
    pub span: Span,
}

/// A word with its place. For a word that the repair inserted, `text` is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// Names joined by dots, at least one: `pod-baseline.host-paths`, `ai.restrict`.
#[derive(Clone, Debug, PartialEq)]
pub struct QualifiedName {
    pub parts: Vec<Name>,
    pub span: Span,
}

impl QualifiedName {
    /// The parts, each with its place.
    pub fn places(&self) -> Vec<(&str, Span)> {
        self.parts.iter().map(|part| (part.text.as_str(), part.span)).collect()
    }

    /// The parts joined by dots.
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.text.as_str()).collect();
        parts.join(".")
    }
}

/// The name of a policy or rule: a word, or a string for names that are no words (`"2024-baseline"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Title {
    pub text: String,
    pub quoted: bool,
    pub span: Span,
}

/// A constant string: where the grammar wants text that never depends on a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// After escapes and indentation.
    pub value: String,
    pub span: Span,
}

/// The `///` lines above a node, without the slashes and one space, joined by newlines.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    pub text: String,
    pub span: Span,
}

/// What stands at the top of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Use(Use),
    Kind(Kind),
    Refine(Refine),
    Let(Let),
    View(View),
    Fn(Function),
    Policy(Arc<Policy>),
    PolicyInstance(PolicyInstance),
    Rule(Box<Rule>),
    Exempt(Exempt),
    Test(Test),
    /// Text that is no item; the diagnostic has been given.
    Error(Span),
}

impl Item {
    pub fn span(&self) -> Span {
        match self {
            Item::Use(it) => it.span,
            Item::Kind(it) => it.span,
            Item::Refine(it) => it.span,
            Item::Let(it) => it.span,
            Item::View(it) => it.span,
            Item::Fn(it) => it.span,
            Item::Policy(it) => it.span,
            Item::PolicyInstance(it) => it.span,
            Item::Rule(it) => it.span,
            Item::Exempt(it) => it.span,
            Item::Test(it) => it.span,
            Item::Error(span) => *span,
        }
    }
}

/// `use "std/ai" as ai`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub doc: Option<Doc>,
    pub path: Text,
    pub alias: Option<Name>,
    pub span: Span,
}

/// `kind Cluster = "provisioning.cattle.io/v1/Cluster" untyped`
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    pub doc: Option<Doc>,
    pub name: Name,
    /// Group, version, kind and subresource as Kubernetes spells them; wildcards allowed.
    pub target: Text,
    /// The word `untyped`, where written.
    pub untyped: Option<Span>,
    pub span: Span,
}

/// `refine Container.image as image`
#[derive(Clone, Debug, PartialEq)]
pub struct Refine {
    pub doc: Option<Doc>,
    /// Only `Name`, `Field` and `Index` nodes.
    pub path: Expr,
    pub ty: Type,
    pub span: Span,
}

/// `let allowed = ["/var/log/*"]`, in files, policies, edits and tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub doc: Option<Doc>,
    pub name: Name,
    pub value: Expr,
    pub span: Span,
}

/// `view container of pod = spec.containers, spec.initContainers`
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub doc: Option<Doc>,
    pub name: Name,
    pub of: Vec<KindRef>,
    pub paths: Vec<Expr>,
    pub span: Span,
}

/// `fn privileged(c: Container) = …`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub doc: Option<Doc>,
    pub name: Name,
    pub params: Vec<Param>,
    pub body: Expr,
    pub span: Span,
}

/// `keys: list of string = ["owner"]`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    pub ty: Type,
    pub default: Option<Expr>,
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `string`, `string?`
    Named { name: Name, optional: bool },
    /// `list of T`, `map of T`
    Of { constructor: Name, element: Box<Type> },
}

/// `policy NAME(params) "title" scope { meta… members… }`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub doc: Option<Doc>,
    pub name: Title,
    /// `Some` where parentheses are written.
    pub params: Option<Vec<Param>>,
    pub title: Option<Text>,
    pub scope: Scope,
    pub meta: Vec<Meta>,
    pub members: Vec<Member>,
    /// From `{` to `}`, both included.
    pub body: Span,
    pub span: Span,
}

/// `policy our-labels = require-labels(keys: ["owner"]) { action enforce }`
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyInstance {
    pub doc: Option<Doc>,
    pub name: Title,
    pub of: QualifiedName,
    pub args: Vec<Arg>,
    /// `Some` where braces are written.
    pub meta: Option<Vec<Meta>>,
    pub span: Span,
}

/// What a policy says about itself, before its rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Meta {
    Severity { level: Name, span: Span },
    Category { text: Text, span: Span },
    Control { controls: Vec<Control>, span: Span },
    Action(Action),
    Settings(Settings),
}

impl Meta {
    pub fn span(&self) -> Span {
        match self {
            Meta::Severity { span, .. } | Meta::Category { span, .. } | Meta::Control { span, .. } => *span,
            Meta::Action(it) => it.span,
            Meta::Settings(it) => it.span,
        }
    }
}

/// `nist-ai-rmf "MANAGE 3.1"`
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    pub framework: Name,
    pub id: Text,
    pub span: Span,
}

/// `action enforce, warn where …`
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// As written; which words exist is for the checker.
    pub actions: Vec<Name>,
    pub filter: Option<Expr>,
    pub span: Span,
}

/// `settings { background: true }`
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub object: Object,
    pub span: Span,
}

/// What stands in a policy after its header.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    Rule(Box<Rule>),
    Let(Let),
    Error(Span),
}

impl Member {
    pub fn span(&self) -> Span {
        match self {
            Member::Rule(it) => it.span,
            Member::Let(it) => it.span,
            Member::Error(span) => *span,
        }
    }
}

/// `rule NAME: deny …`, or without the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub doc: Option<Doc>,
    pub name: Option<Title>,
    pub body: RuleBody,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RuleBody {
    Deny(Deny),
    Require(Require),
    Mutate(Mutate),
    Generate(Generate),
    GenerateCopy(GenerateCopy),
    Verify(Verify),
    Delete(Delete),
    /// `rule x:` without a body that can be read.
    Error(Span),
}

/// `deny SUBJECT scope if C` and what follows; without a condition: always, once the scope holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Deny {
    pub verb: Span,
    pub subject: Subject,
    pub scope: Scope,
    pub condition: Option<Expr>,
    pub tail: Tail,
}

/// `require SUBJECT scope that C` and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Require {
    pub verb: Span,
    pub subject: Subject,
    pub scope: Scope,
    pub condition: Expr,
    pub tail: Tail,
}

/// `mutate SUBJECT scope for … settings … { edits }`
#[derive(Clone, Debug, PartialEq)]
pub struct Mutate {
    pub verb: Span,
    pub subject: Subject,
    pub scope: Scope,
    /// With it the subject is an existing object, and this is what is admitted.
    pub trigger: Option<Trigger>,
    pub settings: Option<Settings>,
    pub edits: Vec<Edit>,
}

/// `generate KIND name in namespace for … each … settings … { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct Generate {
    pub verb: Span,
    pub kind: KindRef,
    pub name: Expr,
    pub namespace: Option<Expr>,
    pub trigger: Option<Trigger>,
    pub each: Option<Each>,
    pub settings: Option<Settings>,
    pub body: Object,
}

/// `generate copy of KINDS name in namespace where … into namespace as name for … each … settings …`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateCopy {
    pub verb: Span,
    pub kinds: Vec<KindRef>,
    pub name: Option<Expr>,
    pub namespace: Option<Expr>,
    pub filter: Option<Expr>,
    pub into: Expr,
    pub rename: Option<Expr>,
    pub trigger: Trigger,
    pub each: Option<Each>,
    pub settings: Option<Settings>,
}

/// `verify SUBJECT scope signed by … attested … ignoring …` and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Verify {
    pub verb: Span,
    pub subject: Subject,
    pub scope: Scope,
    pub checks: Vec<Check>,
    pub tail: Tail,
}

/// `delete SUBJECT scope if C every SCHEDULE settings …`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    pub verb: Span,
    pub subject: Subject,
    pub scope: Scope,
    pub condition: Option<Expr>,
    pub schedule: Schedule,
    pub settings: Option<Settings>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Five fields, as cron has them.
    Cron(Text),
    /// A duration as written: `10min`.
    Every(Text),
}

/// Who is spoken of; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub parts: Vec<SubjectPart>,
    pub span: Span,
}

/// `Deployment`, `pod`, `Deployment/scale`, `Pod only`
#[derive(Clone, Debug, PartialEq)]
pub struct SubjectPart {
    pub kind: KindRef,
    /// The word `only`, which says that the kind is meant and not the view.
    pub only: Option<Span>,
    pub span: Span,
}

/// A kind or view, with a subresource where one is written.
#[derive(Clone, Debug, PartialEq)]
pub struct KindRef {
    pub name: QualifiedName,
    pub subresource: Option<Name>,
    pub span: Span,
}

/// When a rule speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub on: Option<On>,
    /// In source order: each sees what stands above it.
    pub narrows: Vec<Narrow>,
    /// Empty, at the place where clauses would go, when nothing is written.
    pub span: Span,
}

/// `on create, update`
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// As written; which words exist is for the checker.
    pub operations: Vec<Name>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Narrow {
    /// `where C`
    Where { condition: Expr, span: Span },
    /// `with x = E`
    With { name: Name, value: Expr, span: Span },
}

impl Narrow {
    pub fn span(&self) -> Span {
        match self {
            Narrow::Where { span, .. } | Narrow::With { span, .. } => *span,
        }
    }
}

/// `for Secret on update where …`: what makes a mutation or generation happen, or what an exemption covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub subject: Subject,
    pub scope: Scope,
    pub span: Span,
}

/// `each team in split(…) where …`
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    pub name: Name,
    pub source: Expr,
    pub filter: Option<Expr>,
    pub span: Span,
}

/// What happens on a violation.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Tail {
    pub message: Option<StringLiteral>,
    pub actions: Vec<Action>,
    pub settings: Option<Settings>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// `signed by …`
    Signed { signers: Signers, span: Span },
    /// `attested TYPE by … that C`
    Attested { predicate: Text, signers: Signers, condition: Option<Expr>, span: Span },
    /// `ignoring spec.replicas, …`
    Ignoring { paths: Vec<Expr>, span: Span },
}

impl Check {
    pub fn span(&self) -> Span {
        match self {
            Check::Signed { span, .. } | Check::Attested { span, .. } | Check::Ignoring { span, .. } => *span,
        }
    }
}

/// `github`, `2 of [github, kms(…)]`
#[derive(Clone, Debug, PartialEq)]
pub struct Signers {
    /// How many of them must have signed; `None` for a plain expression.
    pub count: Option<(i64, Span)>,
    pub of: Expr,
    pub span: Span,
}

/// One statement of a mutation.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// `set path = value` and its relatives.
    Assign {
        verb: AssignVerb,
        path: Expr,
        value: Expr,
        span: Span,
    },
    /// `remove path`
    Remove {
        path: Expr,
        span: Span,
    },
    Let(Let),
    /// `for c in container where … { … }`
    For {
        binder: Binder,
        source: Expr,
        filter: Option<Expr>,
        edits: Vec<Edit>,
        span: Span,
    },
    /// `if C { … }`
    If {
        condition: Expr,
        edits: Vec<Edit>,
        span: Span,
    },
    /// `kyverno.jsonPatch([…])`
    Call {
        function: QualifiedName,
        args: Vec<Arg>,
        span: Span,
    },
    Error(Span),
}

impl Edit {
    pub fn span(&self) -> Span {
        match self {
            Edit::Assign { span, .. }
            | Edit::Remove { span, .. }
            | Edit::For { span, .. }
            | Edit::If { span, .. }
            | Edit::Call { span, .. }
            | Edit::Error(span) => *span,
            Edit::Let(it) => it.span,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignVerb {
    Set,
    Default,
    Append,
    Prepend,
}

impl AssignVerb {
    pub fn as_str(self) -> &'static str {
        match self {
            AssignVerb::Set => "set",
            AssignVerb::Default => "default",
            AssignVerb::Append => "append",
            AssignVerb::Prepend => "prepend",
        }
    }
}

/// `exempt NAMES for … until DATE because "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Exempt {
    pub doc: Option<Doc>,
    pub targets: Vec<ExemptTarget>,
    pub scope: Option<Trigger>,
    /// The date as written.
    pub until: Option<Text>,
    pub because: Text,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExemptTarget {
    /// `policy` or `policy.rule`
    Name(QualifiedName),
    /// A glob in a string.
    Glob(Text),
}

/// `test "…" { steps }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub doc: Option<Doc>,
    pub title: Text,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Let(Let),
    /// `given "world.yaml"`
    GivenFile {
        file: Text,
        span: Span,
    },
    /// `given user { … }`, `given ConfigMap { … }`
    Given {
        kind: KindRef,
        object: Object,
        span: Span,
    },
    /// `given now 2026-01-31T12:00:00Z`
    GivenTime {
        name: KindRef,
        time: Text,
        span: Span,
    },
    Expect(Box<Expect>),
    Error(Span),
}

impl Step {
    pub fn span(&self) -> Span {
        match self {
            Step::Let(it) => it.span,
            Step::GivenFile { span, .. }
            | Step::Given { span, .. }
            | Step::GivenTime { span, .. }
            | Step::Error(span) => *span,
            Step::Expect(it) => it.span,
        }
    }
}

/// `expect deny on update Deployment "new.yaml" from "old.yaml" by rule message "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    pub outcome: Outcome,
    pub on: Option<On>,
    pub subject: KindRef,
    pub document: Document,
    /// After `from`: the old object.
    pub old: Option<Document>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Verdict {
        verdict: Verdict,
        verdict_span: Span,
        by: Option<QualifiedName>,
        message: Option<Text>,
    },
    /// `becomes DOC`: the whole object after mutation.
    Becomes(Document),
    /// `generates KIND DOC`
    Generates(KindRef, Document),
    /// `mutates KIND DOC`: an existing object after it.
    Mutates(KindRef, Document),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Deny,
    Allow,
    Skip,
    Delete,
    Keep,
}

impl Verdict {
    /// The word behind `expect`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Deny => "deny",
            Verdict::Allow => "allow",
            Verdict::Skip => "skip",
            Verdict::Delete => "delete",
            Verdict::Keep => "keep",
        }
    }
}

/// An object of a test: written out, or the name of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    Object(Object),
    File(Text),
}

impl Document {
    pub fn span(&self) -> Span {
        match self {
            Document::Object(it) => it.span,
            Document::File(it) => it.span,
        }
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A bare name; its place is the expression's span.
    Name(String),
    /// `base.field`; the field is empty (a hole) in `spec.`
    Field {
        base: Box<Expr>,
        field: Name,
    },
    /// `base[index]`
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `callee(args)`; the callee is any expression to the grammar.
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
    },
    Unary {
        op: UnaryOp,
        op_span: Span,
        operand: Box<Expr>,
    },
    /// `or_missing` only after comparisons: `a == b or missing`.
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
        or_missing: bool,
    },
    /// `any k, v in source: body`
    Quantified {
        quantifier: Quantifier,
        binder: Binder,
        source: Box<Expr>,
        body: Box<Expr>,
    },
    /// `if condition then yes else no`
    If {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    List(Vec<Expr>),
    /// `[element for binder in source where filter]`
    ListComprehension {
        element: Box<Expr>,
        clause: Box<Comprehension>,
    },
    Object(Object),
    /// `{ key: value for binder in source where filter }`
    ObjectComprehension {
        entry: Box<Entry>,
        clause: Box<Comprehension>,
    },
    String(StringLiteral),
    /// A minus directly before the digits is part of it, here and in the following four.
    Int(i64),
    Float(f64),
    /// As written, without `_`: `64Gi`, `500m`.
    Quantity(String),
    /// As written, without `_`: `1h30min`.
    Duration(String),
    /// As written, without `_`: `50%`.
    Percent(String),
    /// As written: `2027-01-31`, `2027-01-31T12:00:00Z`.
    Date(String),
    Bool(bool),
    /// `low..high`, both included.
    Range {
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `value ?? fallback`
    Coalesce {
        value: Box<Expr>,
        fallback: Box<Expr>,
    },
    /// `(inner)`
    Paren(Box<Expr>),
    /// An expression that is not written yet: `if ` at the end of a line. The place is where it would go.
    Hole,
    /// Text that is no expression, or a literal without a value; the diagnostic has been given.
    Error,
}

/// `value` or `name: value`
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    pub name: Option<Name>,
    pub value: Expr,
}

/// `x`, or `k, v`
#[derive(Clone, Debug, PartialEq)]
pub struct Binder {
    pub first: Name,
    pub second: Option<Name>,
}

/// `for binder in source where filter`, inside `[]` and `{}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    pub binder: Binder,
    pub source: Expr,
    pub filter: Option<Expr>,
    pub span: Span,
}

/// `{ key: value, … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub entries: Vec<Entry>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub doc: Option<Doc>,
    pub key: Key,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Name(Name),
    String(StringLiteral),
    /// As written; keys are text.
    Int(Name),
}

impl Key {
    pub fn span(&self) -> Span {
        match self {
            Key::Name(it) | Key::Int(it) => it.span,
            Key::String(it) => it.span,
        }
    }

    /// The key where it is constant.
    pub fn constant(&self) -> Option<String> {
        match self {
            Key::Name(it) | Key::Int(it) => Some(it.text.clone()),
            Key::String(it) => it.constant(),
        }
    }
}

/// A string: text and interpolations in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct StringLiteral {
    /// No two `Text` parts are neighbours, and none is empty; `""` has no parts.
    pub parts: Vec<StringPart>,
    /// Written `r"…"`, `r#"…"#` or `r"""…"""`.
    pub raw: bool,
    pub span: Span,
}

impl StringLiteral {
    /// The text, unless the string has interpolations.
    pub fn constant(&self) -> Option<String> {
        match self.parts.as_slice() {
            [] => Some(String::new()),
            [StringPart::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum StringPart {
    /// After escapes and indentation.
    Text(String),
    /// `{expr}`
    Interpolation(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    Any,
    Every,
}

impl Quantifier {
    pub fn as_str(self) -> &'static str {
        match self {
            Quantifier::Any => "any",
            Quantifier::Every => "every",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Has,
    Empty,
    Changed,
    Try,
    Neg,
    Not,
}

impl UnaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Has => "has",
            UnaryOp::Empty => "empty",
            UnaryOp::Changed => "changed",
            UnaryOp::Try => "try",
            UnaryOp::Neg => "-",
            UnaryOp::Not => "not",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `~`
    Glob,
    /// `!~`
    NotGlob,
    Matches,
    NotMatches,
    In,
    NotIn,
    Add,
    Sub,
    Mul,
    Div,
}

impl BinaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Glob => "~",
            BinaryOp::NotGlob => "!~",
            BinaryOp::Matches => "matches",
            BinaryOp::NotMatches => "not matches",
            BinaryOp::In => "in",
            BinaryOp::NotIn => "not in",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
        }
    }

    /// `==` to `not in`: the operators that `or missing` may follow.
    pub fn is_comparison(self) -> bool {
        match self {
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Glob
            | BinaryOp::NotGlob
            | BinaryOp::Matches
            | BinaryOp::NotMatches
            | BinaryOp::In
            | BinaryOp::NotIn => true,
            BinaryOp::Or | BinaryOp::And | BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
                false
            }
        }
    }
}
