//! Documents from JSON values, and back.

use serde_json::{Map, Number, Value};

use super::builder::{Builder, Scalar};
use super::node::{Document, NodeId, NodeValue};
use super::number::json_number;
use super::position::Position;

impl Document {
    /// A document with the values of `value` and no positions. Keys keep their order.
    pub fn from_json(value: &Value) -> Document {
        enum Step<'a> {
            Value(Option<&'a str>, &'a Value),
            Close,
        }
        let mut builder = Builder::new();
        let mut steps = vec![Step::Value(None, value)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Close => {
                    builder.close(0, &mut |_, _| {});
                }
                Step::Value(key, value) => {
                    if let Some(key) = key {
                        builder.key(key, Position::ABSENT);
                    }
                    match value {
                        Value::Null => {
                            builder.scalar(Scalar::Null, Position::ABSENT);
                        }
                        Value::Bool(it) => {
                            builder.scalar(Scalar::Bool(*it), Position::ABSENT);
                        }
                        Value::Number(it) => {
                            builder.scalar(number(it), Position::ABSENT);
                        }
                        Value::String(it) => {
                            builder.scalar(Scalar::Str(it), Position::ABSENT);
                        }
                        Value::Array(items) => {
                            builder.open_seq(Position::ABSENT);
                            steps.push(Step::Close);
                            steps.extend(items.iter().rev().map(|it| Step::Value(None, it)));
                        }
                        Value::Object(map) => {
                            builder.open_map(Position::ABSENT);
                            steps.push(Step::Close);
                            steps.extend(map.iter().rev().map(|(key, it)| Step::Value(Some(key), it)));
                        }
                    }
                }
            }
        }
        builder.finish()
    }

    /// The node as a JSON value, keys in source order. Aliases are written out in full.
    pub fn to_json(&self, node: NodeId) -> Value {
        let mut frames: Vec<Frame<'_>> = Vec::new();
        let mut node = node;
        loop {
            let mut done = match self.value(node) {
                NodeValue::Null => Value::Null,
                NodeValue::Bool(it) => Value::Bool(it),
                NodeValue::Int(it) => Value::from(it),
                NodeValue::Uint(it) => Value::from(it),
                NodeValue::Float(it) => Number::from_f64(it).map_or(Value::Null, Value::Number),
                NodeValue::Str(it) => Value::from(it),
                NodeValue::Seq { len } => {
                    let mut rest = self.elements(node);
                    if let Some(first) = rest.next() {
                        frames.push(Frame::Seq(Vec::with_capacity(len), Box::new(rest)));
                        node = first;
                        continue;
                    }
                    Value::Array(Vec::new())
                }
                NodeValue::Map { len } => {
                    let mut rest = self.entries(node).map(|(key, _, value)| (key, value));
                    if let Some((key, first)) = rest.next() {
                        frames.push(Frame::Map(Map::with_capacity(len), key, Box::new(rest)));
                        node = first;
                        continue;
                    }
                    Value::Object(Map::new())
                }
            };
            loop {
                let Some(frame) = frames.last_mut() else {
                    return done;
                };
                match frame.put(done) {
                    Put::Next(next) => {
                        node = next;
                        break;
                    }
                    Put::Full(collection) => {
                        done = collection;
                        frames.pop();
                    }
                }
            }
        }
    }
}

/// A collection on its way to JSON, with the children that are still to come.
enum Frame<'a> {
    Seq(Vec<Value>, Box<dyn Iterator<Item = NodeId> + 'a>),
    Map(Map<String, Value>, &'a str, Box<dyn Iterator<Item = (&'a str, NodeId)> + 'a>),
}

enum Put {
    Next(NodeId),
    Full(Value),
}

impl Frame<'_> {
    fn put(&mut self, value: Value) -> Put {
        match self {
            Frame::Seq(items, rest) => {
                items.push(value);
                match rest.next() {
                    Some(next) => Put::Next(next),
                    None => Put::Full(Value::Array(std::mem::take(items))),
                }
            }
            Frame::Map(map, key, rest) => {
                map.insert((*key).to_owned(), value);
                match rest.next() {
                    Some((following, next)) => {
                        *key = following;
                        Put::Next(next)
                    }
                    None => Put::Full(Value::Object(std::mem::take(map))),
                }
            }
        }
    }
}

fn number(number: &Number) -> Scalar<'static> {
    if let Some(it) = number.as_i64() {
        Scalar::Int(it)
    } else if let Some(it) = number.as_u64() {
        Scalar::Uint(it)
    } else {
        number.as_f64().map_or(Scalar::Null, json_number)
    }
}
