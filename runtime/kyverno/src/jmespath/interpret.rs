//! What an expression finds: a walk over its tree.
//!
//! Kyverno: its library knows two kinds of nothing. A key that a map does not have is an error, which most nodes forgive
//! and take for null; a field of what is no map is null at once. Which node forgives what is written at each.

use aipc_runtime::budget::{Budget, OverBudget};
use aipc_runtime::value::{Shared, Time};

use super::ast::{Ast, Callee, Comparator, Slice};
use super::functions::{Argument, Body, Function};
use super::{Root, SearchError};
use crate::json::{Entry, Json, View};
use crate::regular_expression::{Expression, Refusal};

/// What one search may spend: about as many nodes, elements and parts of texts. Kyverno has no such limit.
const STEPS_MAX: u64 = 2_000_000;
/// Steps that compiling a regular expression costs.
const COMPILE_COST: usize = 1_000;
/// How many of them are kept ready, for filters that ask for the same again and again.
const REGEXES_MAX: usize = 4;

/// What functions know besides their arguments.
pub(super) struct Evaluation {
    budget: Budget,
    now: Option<Time>,
    /// Expressions that were compiled last.
    regexes: Vec<(Box<str>, Expression)>,
}

impl Evaluation {
    fn new(now: Option<Time>) -> Evaluation {
        Evaluation { budget: Budget::new(STEPS_MAX), now, regexes: Vec::new() }
    }

    /// A regular expression that is ready to go through so many bytes.
    pub fn regex(
        &mut self,
        pattern: &str,
        text_len: usize,
    ) -> Result<Result<Expression, Refusal>, SearchError> {
        let place = match self.regexes.iter().position(|(known, _)| **known == *pattern) {
            Some(place) => place,
            None => {
                self.spend(COMPILE_COST)?;
                match Expression::parse(pattern) {
                    Err(refusal) => return Ok(Err(refusal)),
                    Ok(expression) => {
                        self.regexes.truncate(REGEXES_MAX - 1);
                        self.regexes.insert(0, (pattern.into(), expression));
                        0
                    }
                }
            }
        };
        let expression = self.regexes[place].1.clone();
        let cost = 1 + usize::try_from(expression.places / 32).unwrap_or(usize::MAX);
        self.spend(text_len.saturating_mul(cost) / 8)?;
        Ok(Ok(expression))
    }

    /// The point in time, for functions that ask for it.
    pub fn now(&self) -> Result<Time, SearchError> {
        self.now.ok_or_else(|| SearchError::NotEvaluated("the time is not known here".to_owned()))
    }

    pub fn spend(&mut self, steps: usize) -> Result<(), SearchError> {
        self.budget.spend(steps as u64).map_err(over_budget)
    }

    /// Checks the length of a text or list before it is made, and spends what making it takes.
    pub fn make(&mut self, len: usize) -> Result<(), SearchError> {
        self.budget.text_len(len).map_err(over_budget)?;
        self.budget.spend_text(len).map_err(over_budget)
    }

    /// Checks the length of a text that grows.
    pub fn fits(&self, len: usize) -> Result<(), SearchError> {
        self.budget.text_len(len).map_err(over_budget)
    }

    /// Spends what going through a value takes, so that what shares its parts with itself cannot outgrow us.
    pub fn walk(&mut self, value: &Json<'_>) -> Result<(), SearchError> {
        match value.view() {
            View::Text(text) => self.spend(1 + text.len() / 32),
            View::List { .. } => {
                self.spend(1)?;
                value.elements().try_for_each(|element| self.walk(&element))
            }
            View::Map { .. } => {
                self.spend(1)?;
                value.entries().iter().try_for_each(|(_, value)| self.walk(value))
            }
            View::Null | View::Bool(_) | View::Int(_) | View::Float(_) => self.spend(1),
        }
    }

    pub fn equal(&mut self, left: &Json<'_>, right: &Json<'_>) -> Result<bool, SearchError> {
        // Only as much is compared as both have.
        self.walk(left)?;
        Ok(left.deep_equal(right))
    }
}

fn over_budget(_: OverBudget) -> SearchError {
    SearchError::NotEvaluated("it takes more than we spend on one expression".to_owned())
}

pub(super) fn search<'a>(ast: &Ast, root: &dyn Root<'a>, now: Option<Time>) -> Result<Json<'a>, SearchError> {
    let mut interpreter = Interpreter { root, evaluation: Evaluation::new(now) };
    let found = interpreter.eval(ast, &At::Root).map_err(|stop| match stop {
        Stop::UnknownKey(key) => SearchError::UnknownKey(key.to_owned()),
        Stop::Failed(error) => error,
    })?;
    // What was put together may hold the same value any number of times.
    if matches!(found, Json::List(_) | Json::Records(_) | Json::Map(_)) && !matches!(ast, Ast::Literal(_)) {
        interpreter.evaluation.walk(&found)?;
    }
    Ok(found)
}

struct Interpreter<'r, 'a> {
    root: &'r dyn Root<'a>,
    evaluation: Evaluation,
}

/// What `@` is.
enum At<'a> {
    Root,
    Value(Json<'a>),
}

/// Why a node has no value.
enum Stop<'q> {
    /// Kept apart, and without a copy of the key, since it is forgiven most of the time.
    UnknownKey(&'q str),
    Failed(SearchError),
}

impl From<SearchError> for Stop<'_> {
    fn from(error: SearchError) -> Self {
        Stop::Failed(error)
    }
}

type Found<'q, 'a> = Result<Json<'a>, Stop<'q>>;

fn other<'q, 'a>(message: impl Into<String>) -> Found<'q, 'a> {
    Err(Stop::Failed(SearchError::Other(message.into())))
}

/// A key that is not there is null.
fn forgive<'q, 'a>(found: Found<'q, 'a>) -> Found<'q, 'a> {
    match found {
        Err(Stop::UnknownKey(_)) => Ok(Json::Null),
        found => found,
    }
}

/// Every error of Kyverno's is null.
fn forgive_all<'q, 'a>(found: Found<'q, 'a>) -> Found<'q, 'a> {
    match found {
        Err(Stop::UnknownKey(_) | Stop::Failed(SearchError::Other(_) | SearchError::UnknownKey(_))) => {
            Ok(Json::Null)
        }
        found => found,
    }
}

/// False are null, `false`, and what is empty; zero is not.
fn is_false(value: &Json<'_>) -> bool {
    match value.view() {
        View::Null | View::Bool(false) | View::Text("") => true,
        View::List { len: 0 } | View::Map { len: 0 } => true,
        View::Bool(_) | View::Int(_) | View::Float(_) => false,
        View::Text(_) | View::List { .. } | View::Map { .. } => false,
    }
}

impl<'a> Interpreter<'_, 'a> {
    fn eval<'q>(&mut self, node: &'q Ast, at: &At<'a>) -> Found<'q, 'a> {
        self.evaluation.spend(1)?;
        match node {
            Ast::Empty => other("Unknown AST node: ASTEmpty"),
            Ast::Current => self.current(at),
            Ast::Literal(value) => Ok(value.clone()),
            Ast::Field(key) => self.field(key, at),
            Ast::Index(index) => Ok(self.index(*index, at)?),
            Ast::Slice(slice) => self.slice(*slice, at),
            Ast::Path(steps) => self.path(steps, at),
            Ast::Pipe(sides) => {
                let left = forgive(self.eval(&sides[0], at))?;
                forgive(self.eval(&sides[1], &At::Value(left)))
            }
            Ast::Or(sides) => {
                let left = forgive(self.eval(&sides[0], at))?;
                if is_false(&left) { forgive(self.eval(&sides[1], at)) } else { Ok(left) }
            }
            Ast::And(sides) => {
                let left = forgive(self.eval(&sides[0], at))?;
                // The right side is not forgiven.
                if is_false(&left) { Ok(left) } else { self.eval(&sides[1], at) }
            }
            Ast::Not(of) => Ok(Json::Bool(is_false(&forgive(self.eval(of, at))?))),
            Ast::Compare(comparator, sides) => {
                let left = forgive(self.eval(&sides[0], at))?;
                let right = forgive(self.eval(&sides[1], at))?;
                self.compare(*comparator, &left, &right)
            }
            Ast::Projection(sides) => {
                let left = forgive(self.eval(&sides[0], at))?;
                self.project(&left, &sides[1])
            }
            Ast::ValueProjection(sides) => {
                let left = forgive_all(self.eval(&sides[0], at))?;
                self.project_values(&left, &sides[1])
            }
            Ast::FilterProjection(parts) => {
                let left = forgive_all(self.eval(&parts[0], at))?;
                self.filter(&left, &parts[1], &parts[2])
            }
            Ast::Flatten(of) => {
                let left = forgive_all(self.eval(of, at))?;
                self.flatten(&left)
            }
            Ast::List(elements) => self.list(elements, at),
            Ast::Map(entries) => self.map(entries, at),
            Ast::Call(callee, arguments) => self.call(callee, arguments, at),
            Ast::Reference(_) => Err(Stop::Failed(SearchError::NotEvaluated(
                "an expression reference that is no argument of a function".to_owned(),
            ))),
        }
    }

    fn current<'q>(&self, at: &At<'a>) -> Found<'q, 'a> {
        match at {
            At::Root => Ok(self.root.whole()?),
            At::Value(value) => Ok(value.clone()),
        }
    }

    fn field<'q>(&self, key: &'q str, at: &At<'a>) -> Found<'q, 'a> {
        let value = match at {
            At::Root => self.root.get(key)?,
            At::Value(value) if value.is_map() => value.get(key),
            At::Value(_) => Some(Json::Null),
        };
        value.ok_or(Stop::UnknownKey(key))
    }

    fn index(&self, index: i64, at: &At<'a>) -> Result<Json<'a>, SearchError> {
        let of = |value: &Json<'a>| {
            let len = value.list_len()? as i64;
            let index = if index < 0 { index + len } else { index };
            value.element(usize::try_from(index).ok()?)
        };
        let element = match at {
            At::Root => of(&self.root.whole()?),
            At::Value(value) => of(value),
        };
        Ok(element.unwrap_or(Json::Null))
    }

    fn path<'q>(&mut self, steps: &'q [Ast], at: &At<'a>) -> Found<'q, 'a> {
        let Some((first, rest)) = steps.split_first() else { return self.current(at) };
        let mut value = At::Value(self.eval(first, at)?);
        for step in rest {
            value = At::Value(self.eval(step, &value)?);
        }
        self.current(&value)
    }

    fn slice<'q>(&mut self, slice: Slice, at: &At<'a>) -> Found<'q, 'a> {
        let value = self.current(at)?;
        let Some(len) = value.list_len() else { return Ok(Json::Null) };
        let len = len as i64;
        let step = match slice.step {
            Some(0) => return other("Invalid slice, step cannot be 0"),
            step => step.unwrap_or(1),
        };
        let cap = |place: i64| match place {
            place if place < 0 && place + len < 0 => {
                if step < 0 {
                    -1
                } else {
                    0
                }
            }
            place if place < 0 => place + len,
            place if place >= len && step < 0 => len - 1,
            place if place >= len => len,
            place => place,
        };
        let start = slice.start.map_or(if step < 0 { len - 1 } else { 0 }, cap);
        let stop = slice.stop.map_or(if step < 0 { -1 } else { len }, cap);
        let mut elements = Vec::new();
        let mut at = start;
        while if step > 0 { at < stop } else { at > stop } {
            match usize::try_from(at).ok().and_then(|at| value.element(at)) {
                Some(element) => elements.push(element),
                // Kyverno: a step that large comes round to where no element is.
                None => return Err(SearchError::Panic("index out of range".to_owned()).into()),
            }
            at = at.wrapping_add(step);
        }
        self.evaluation.spend(elements.len())?;
        Ok(Json::list(elements))
    }

    /// What is made of each element; what is null is left out.
    fn project<'q>(&mut self, left: &Json<'a>, right: &'q Ast) -> Found<'q, 'a> {
        if left.list_len().is_none() {
            return Ok(Json::Null);
        }
        let mut collected = Vec::new();
        for element in left.elements() {
            self.collect(right, element, &mut collected)?;
        }
        Ok(Json::list(collected))
    }

    fn collect<'q>(
        &mut self,
        node: &'q Ast,
        element: Json<'a>,
        collected: &mut Vec<Json<'a>>,
    ) -> Result<(), Stop<'q>> {
        let made = forgive(self.eval(node, &At::Value(element)))?;
        if !made.is_null() {
            collected.push(made);
        }
        Ok(())
    }

    /// Kyverno: as many nulls as there are values come first, so what makes something of null makes it that often.
    fn project_values<'q>(&mut self, left: &Json<'a>, right: &'q Ast) -> Found<'q, 'a> {
        if !left.is_map() {
            return Ok(Json::Null);
        }
        let entries = left.entries();
        let mut collected = Vec::new();
        for _ in &entries {
            self.collect(right, Json::Null, &mut collected)?;
        }
        for (_, value) in entries {
            self.collect(right, value, &mut collected)?;
        }
        Ok(Json::list(collected))
    }

    fn filter<'q>(&mut self, left: &Json<'a>, right: &'q Ast, condition: &'q Ast) -> Found<'q, 'a> {
        if left.list_len().is_none() {
            return Ok(Json::Null);
        }
        let mut collected = Vec::new();
        for element in left.elements() {
            let at = At::Value(element);
            if is_false(&forgive(self.eval(condition, &at))?) {
                continue;
            }
            if let At::Value(element) = at {
                self.collect(right, element, &mut collected)?;
            }
        }
        Ok(Json::list(collected))
    }

    fn flatten<'q>(&mut self, left: &Json<'a>) -> Found<'q, 'a> {
        if left.list_len().is_none() {
            return Ok(Json::Null);
        }
        let mut flattened = Vec::new();
        for element in left.elements() {
            match element.list_len() {
                Some(_) => flattened.extend(element.elements()),
                None => flattened.push(element),
            }
        }
        self.evaluation.spend(flattened.len())?;
        Ok(Json::list(flattened))
    }

    fn list<'q>(&mut self, nodes: &'q [Ast], at: &At<'a>) -> Found<'q, 'a> {
        if self.is_null(at)? {
            return Ok(Json::Null);
        }
        let mut elements = Vec::with_capacity(nodes.len());
        for node in nodes {
            elements.push(forgive(self.eval(node, at))?);
        }
        Ok(Json::list(elements))
    }

    fn map<'q>(&mut self, nodes: &'q [(Box<str>, Ast)], at: &At<'a>) -> Found<'q, 'a> {
        if self.is_null(at)? {
            return Ok(Json::Null);
        }
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(nodes.len());
        for (key, node) in nodes {
            let value = forgive(self.eval(node, at))?;
            entries.push((Shared::Owned((&**key).into()), value));
        }
        Ok(Json::map(entries))
    }

    fn is_null(&self, at: &At<'a>) -> Result<bool, SearchError> {
        match at {
            At::Root => Ok(self.root.whole()?.is_null()),
            At::Value(value) => Ok(value.is_null()),
        }
    }

    /// Deep equality of any two values; an order of two floats, and null for any others.
    fn compare<'q>(&mut self, comparator: Comparator, left: &Json<'a>, right: &Json<'a>) -> Found<'q, 'a> {
        let ordered = |holds: fn(&f64, &f64) -> bool| match (left.view(), right.view()) {
            (View::Float(left), View::Float(right)) => Json::Bool(holds(&left, &right)),
            _ => Json::Null,
        };
        Ok(match comparator {
            Comparator::Equal => Json::Bool(self.evaluation.equal(left, right)?),
            Comparator::NotEqual => Json::Bool(!self.evaluation.equal(left, right)?),
            Comparator::Less => ordered(f64::lt),
            Comparator::LessOrEqual => ordered(f64::le),
            Comparator::Greater => ordered(f64::gt),
            Comparator::GreaterOrEqual => ordered(f64::ge),
        })
    }

    fn call<'q>(&mut self, callee: &'q Callee, nodes: &'q [Ast], at: &At<'a>) -> Found<'q, 'a> {
        if matches!(callee, Callee::Nameless) {
            return other("invalid node value type");
        }
        let mut arguments = Vec::with_capacity(nodes.len());
        for node in nodes {
            arguments.push(match node {
                Ast::Reference(of) => Argument::Expression(&**of),
                node => Argument::Value(forgive(self.eval(node, at))?),
            });
        }
        match callee {
            Callee::Known(function) => self.apply(function, arguments),
            Callee::Unknown(name) => other(format!("unknown function: {name}")),
            Callee::Nameless => other("invalid node value type"),
        }
    }

    fn apply<'q>(&mut self, function: &Function, arguments: Vec<Argument<'q, 'a>>) -> Found<'q, 'a> {
        function.check(&arguments, &mut self.evaluation)?;
        match function.body {
            Body::Plain(body) => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    match argument {
                        Argument::Value(value) => values.push(value),
                        Argument::Expression(_) => {
                            let what = format!("an expression reference as a value for `{}`", function.name);
                            return Err(SearchError::NotEvaluated(what).into());
                        }
                    }
                }
                Ok(body(&values, &mut self.evaluation)?)
            }
            Body::EachBy(body) => {
                let (mut of, mut node) = (Json::Null, None);
                for argument in arguments {
                    match argument {
                        Argument::Value(value) => of = value,
                        Argument::Expression(expression) => node = Some(expression),
                    }
                }
                let Some(node) = node else { return other("incorrect number of args") };
                // Only a list of Go's own kind is one here.
                if of.is_records() {
                    let what = "interface conversion: interface {} is []map[string]interface {}";
                    return Err(SearchError::Panic(what.to_owned()).into());
                }
                let mut each = |element: Json<'a>| match forgive(self.eval(node, &At::Value(element))) {
                    Ok(value) => Ok(value),
                    Err(Stop::Failed(error)) => Err(error),
                    Err(Stop::UnknownKey(key)) => Err(SearchError::UnknownKey(key.to_owned())),
                };
                Ok(body(&of, &mut each)?)
            }
        }
    }
}
