//! Writes YAML that each reader understands alike: Kubernetes' (1.1 with Go's additions) and those of 1.2.
//!
//! A tree of [`Node`]s goes in, text comes out, the same bytes each time. A text is written plain only where
//! no version of YAML reads anything but text, in a block where the block says it exactly, else in quotes.
//! Anchors, tags and flow style are not here: nothing that we emit has them, save `[]` and `{}`.

/// A YAML value to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Text; with line breaks in it, a literal block (`|`) where that is exact.
    Text(String),
    /// Text that may be folded into lines (`>-`) where it is long: descriptions.
    Prose(String),
    List(Vec<Node>),
    Map(Map),
}

/// Entries in the order in which they are written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Map(pub Vec<Entry>);

/// One entry, with comment lines to stand above it.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub comments: Vec<String>,
    pub key: String,
    pub value: Node,
}

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    /// The map with one more entry.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Node>) -> Map {
        self.set(key, value);
        self
    }

    /// The map with one more entry, if there is a value.
    pub fn with_some(self, key: impl Into<String>, value: Option<impl Into<Node>>) -> Map {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds an entry at the end. The caller sees to it that keys are unique.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Node>) -> &mut Map {
        self.0.push(Entry { comments: vec![], key: key.into(), value: value.into() });
        self
    }

    /// Adds a comment line above the first entry; nothing if there is none.
    pub fn comment_first(mut self, comment: impl Into<String>) -> Map {
        if let Some(first) = self.0.first_mut() {
            first.comments.push(comment.into());
        }
        self
    }

    /// Adds a comment line above the entry that was added last; nothing if there is none.
    pub fn comment_last(mut self, comment: impl Into<String>) -> Map {
        if let Some(last) = self.0.last_mut() {
            last.comments.push(comment.into());
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Node {
        Node::Text(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Node {
        Node::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Node {
        Node::Int(value)
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Node {
        Node::Map(map)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(items: Vec<T>) -> Node {
        Node::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Node {
        match value {
            serde_json::Value::Null => Node::Null,
            serde_json::Value::Bool(value) => Node::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Node::Int(int),
                None => Node::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Node::Text(text),
            serde_json::Value::Array(items) => Node::from(items),
            serde_json::Value::Object(entries) => {
                let entry = |(key, value)| Entry { comments: vec![], key, value: Node::from(value) };
                Node::Map(Map(entries.into_iter().map(entry).collect()))
            }
        }
    }
}

/// Lines of prose are folded at the last blank before this column.
const FOLD_WIDTH: usize = 100;

/// YAML readers take no longer key in `key: value`; longer ones are written as `? key`.
const SIMPLE_KEY_BYTES_MAX: usize = 900;

/// One document, ended by a line break. No `---` is written.
pub fn document(root: &Node) -> String {
    let mut out = String::new();
    match root {
        Node::Map(map) if !map.is_empty() => write_map(&mut out, map, 0, false),
        Node::List(items) if !items.is_empty() => write_list(&mut out, items, 0, false),
        scalar => {
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
    out
}

/// Several documents, with `---` between them.
pub fn documents<'a>(roots: impl IntoIterator<Item = &'a Node>) -> String {
    roots.into_iter().map(document).collect::<Vec<_>>().join("---\n")
}

/// A comment line without its line break. Whatever the text holds, it stays a comment, and one line.
pub fn comment_line(text: &str) -> String {
    let mut line = String::from("#");
    if !text.is_empty() {
        line.push(' ');
    }
    for c in text.chars() {
        if c == '\t' || is_printable(c) { line.push(c) } else { push_escape(&mut line, c) }
    }
    line.truncate(line.trim_end().len());
    line
}

/// `inside` says that the first entry goes behind a `- ` that is already written.
fn write_map(out: &mut String, map: &Map, indent: usize, inside: bool) {
    for (number, entry) in map.0.iter().enumerate() {
        // the comments of an entry behind a dash stand above the dash
        let behind_dash = inside && number == 0;
        if !behind_dash {
            write_comments(out, &entry.comments, indent);
            push_indent(out, indent);
        }
        let key = quoted(&entry.key);
        let simple = key.len() <= SIMPLE_KEY_BYTES_MAX;
        if simple {
            out.push_str(&key);
        } else {
            out.push_str("? ");
            out.push_str(&key);
            out.push('\n');
            push_indent(out, indent);
        }
        out.push(':');
        match &entry.value {
            Node::Map(map) if !map.is_empty() => {
                out.push('\n');
                write_map(out, map, indent + 2, false);
            }
            Node::List(items) if !items.is_empty() => {
                out.push('\n');
                write_list(out, items, indent + 2, false);
            }
            scalar => write_scalar(out, scalar, indent + 2),
        }
    }
}

fn write_list(out: &mut String, items: &[Node], indent: usize, inside: bool) {
    for (number, item) in items.iter().enumerate() {
        if !(inside && number == 0) {
            write_comments(out, leading_comments(item), indent);
            push_indent(out, indent);
        }
        out.push('-');
        match item {
            Node::Map(map) if !map.is_empty() => {
                out.push(' ');
                write_map(out, map, indent + 2, true);
            }
            Node::List(items) if !items.is_empty() => {
                out.push(' ');
                write_list(out, items, indent + 2, true);
            }
            scalar => write_scalar(out, scalar, indent + 2),
        }
    }
}

/// The comments of the entry that shares a line with the dash of its list item.
fn leading_comments(item: &Node) -> &[String] {
    match item {
        Node::Map(map) => map.0.first().map_or(&[], |entry| &entry.comments),
        Node::List(items) => items.first().map_or(&[], leading_comments),
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Text(_) | Node::Prose(_) => &[],
    }
}

fn write_comments(out: &mut String, comments: &[String], indent: usize) {
    for comment in comments {
        push_indent(out, indent);
        out.push_str(&comment_line(comment));
        out.push('\n');
    }
}

/// Writes a blank, a scalar and a line break; a block where the text asks for one and can have it.
fn write_scalar(out: &mut String, scalar: &Node, indent: usize) {
    match scalar {
        Node::Text(text) | Node::Prose(text) if text.contains('\n') && is_block_exact(text) => {
            let (header, body) = match text.trim_end_matches('\n') {
                body if body.len() == text.len() => ("|-", body),
                body if body.len() + 1 == text.len() => ("|", body),
                _ => ("|+", &text[..text.len() - 1]),
            };
            out.push(' ');
            out.push_str(header);
            out.push('\n');
            for line in body.split('\n') {
                if !line.is_empty() {
                    push_indent(out, indent);
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        Node::Prose(text) if indent + text.chars().count() > FOLD_WIDTH && is_foldable(text) => {
            out.push_str(" >-\n");
            for line in fold(text, FOLD_WIDTH.saturating_sub(indent).max(40)) {
                push_indent(out, indent);
                out.push_str(line);
                out.push('\n');
            }
        }
        other => {
            out.push(' ');
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn push_indent(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// The value on one line.
fn inline(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Float(value) => float(*value),
        Node::Text(text) | Node::Prose(text) => quoted(text),
        Node::List(_) => "[]".to_owned(),
        Node::Map(_) => "{}".to_owned(),
    }
}

/// A float with a point, which YAML 1.1 wants, and so never an integer.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{value:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

/// A text on one line: plain where it can be, else in double quotes; in single quotes where it holds double
/// quotes or backslashes and nothing else to escape.
fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let printable = text.chars().all(is_printable);
    if printable && !text.contains('\'') && text.contains(['"', '\\']) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if is_printable(c) => out.push(c),
            c => push_escape(&mut out, c),
        }
    }
    out.push('"');
    out
}

/// An escape sequence of YAML's double quotes.
fn push_escape(out: &mut String, c: char) {
    match (c, c as u32) {
        ('\0', _) => out.push_str("\\0"),
        ('\n', _) => out.push_str("\\n"),
        ('\r', _) => out.push_str("\\r"),
        ('\t', _) => out.push_str("\\t"),
        (_, code @ 0..=0xff) => out.push_str(&format!("\\x{code:02X}")),
        (_, code @ 0x100..=0xffff) => out.push_str(&format!("\\u{code:04X}")),
        (_, code) => out.push_str(&format!("\\U{code:08X}")),
    }
}

/// Whether readers may find the character itself in our text: no control characters, no line separators
/// (which 1.1 counts as breaks), nothing invisible that moves or turns the text around it.
fn is_printable(c: char) -> bool {
    match c as u32 {
        0x20..=0x7e => true,
        0..=0x9f => false,
        // soft hyphen; zero width, direction marks; line separators, embeddings; isolates; BOM; specials
        0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff0..=0xfffb => {
            false
        }
        // not characters; and private planes, which some readers refuse
        0xfdd0..=0xfdef | 0xe000..=0xf8ff | 0xe0000..=0x10ffff => false,
        code => code & 0xfffe != 0xfffe,
    }
}

/// Words that some version of YAML, or some reader of it, takes for something else than text.
const RESERVED_WORDS: [&str; 13] =
    ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<", "nan"];

/// Whether the text stands for itself without quotes, in YAML 1.1 and 1.2, as a value and as a key.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    // Whatever begins like a number, a date or an indicator is quoted; the anchors of Kyverno's patterns
    // (`=(a)`, `<(a)`, `+(a)`, `^(a)`, `(a)`) and paths are not.
    let mut rest = text.chars().skip(1);
    let opens = match first {
        '=' | '<' | '+' | '^' => rest.next() == Some('('),
        '(' | '/' | '$' | '_' => true,
        // What UTF-8 begins with 0xEF looks like half a byte order mark to some readers.
        '\u{f000}'..='\u{ffff}' => false,
        c => c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic()),
    };
    opens
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !RESERVED_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a literal block holds the text exactly. Blanks at the ends of lines would be exact, but editors
/// take them away; a first line that begins with a blank would need an indentation mark.
fn is_block_exact(text: &str) -> bool {
    let first = text.split('\n').find(|line| !line.is_empty());
    first.is_some_and(|line| !line.starts_with([' ', '\t']))
        && text.split('\n').all(|line| {
            !line.ends_with([' ', '\t'])
                && !line.starts_with('\t')
                && line.chars().all(|c| c == '\t' || is_printable(c))
        })
}

/// Whether folded lines give the text back: single blanks between words.
fn is_foldable(text: &str) -> bool {
    text.chars().all(is_printable)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !text.is_empty()
}

fn fold(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut end, mut columns) = (0, 0, 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if end > start && columns + 1 + length > width {
            lines.push(&text[start..end]);
            (start, columns) = (end + 1, 0);
            end = start;
        }
        if end > start {
            (end, columns) = (end + 1, columns + 1);
        }
        end += word.len();
        columns += length;
    }
    lines.push(&text[start..end]);
    lines
}

#[cfg(test)]
mod tests;
