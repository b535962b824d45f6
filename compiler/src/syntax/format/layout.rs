//! A document that is laid out to fit a width: Wadler's printer with comments at line ends.
//!
//! A [`group`] is written on one line if it fits and nothing in it forces a line break; else all its own
//! lines break. Nothing here knows the language.

/// Text with places where lines may break.
#[derive(Clone, Debug)]
pub struct Layout {
    node: Node,
    /// Contains something that forces groups around it to break.
    hard: bool,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    /// A line break, or `flat` when the group fits.
    Line {
        flat: &'static str,
    },
    /// A line break whatever the group.
    HardLine,
    /// An empty line, then a line break.
    BlankLine,
    /// Written before the next line break: a comment behind the text of its line.
    Suffix(String),
    Indent(Vec<Layout>),
    Group(Vec<Layout>),
    Concat(Vec<Layout>),
    /// Differs with the group's layout.
    Choice {
        flat: &'static str,
        broken: &'static str,
    },
}

pub fn text(text: impl Into<String>) -> Layout {
    Layout { node: Node::Text(text.into()), hard: false }
}

pub fn nil() -> Layout {
    concat(vec![])
}

/// A space, or a line break.
pub fn line() -> Layout {
    Layout { node: Node::Line { flat: " " }, hard: false }
}

/// Nothing, or a line break.
pub fn soft_line() -> Layout {
    Layout { node: Node::Line { flat: "" }, hard: false }
}

pub fn hard_line() -> Layout {
    Layout { node: Node::HardLine, hard: true }
}

pub fn blank_line() -> Layout {
    Layout { node: Node::BlankLine, hard: true }
}

/// Nothing, but groups around it break.
pub fn break_parent() -> Layout {
    Layout { node: Node::Concat(vec![]), hard: true }
}

pub fn suffix(text: impl Into<String>) -> Layout {
    Layout { node: Node::Suffix(text.into()), hard: true }
}

/// `flat` where the group around fits one line, else `broken`.
pub fn choice(flat: &'static str, broken: &'static str) -> Layout {
    Layout { node: Node::Choice { flat, broken }, hard: false }
}

pub fn concat(docs: Vec<Layout>) -> Layout {
    let hard = docs.iter().any(|doc| doc.hard);
    Layout { node: Node::Concat(docs), hard }
}

/// Line breaks within are followed by two more spaces.
pub fn indent(docs: Vec<Layout>) -> Layout {
    let hard = docs.iter().any(|doc| doc.hard);
    Layout { node: Node::Indent(docs), hard }
}

pub fn group(docs: Vec<Layout>) -> Layout {
    let hard = docs.iter().any(|doc| doc.hard);
    Layout { node: Node::Group(docs), hard }
}

pub fn join(docs: Vec<Layout>, separator: &Layout) -> Layout {
    let mut out = vec![];
    for (i, doc) in docs.into_iter().enumerate() {
        if i > 0 {
            out.push(separator.clone());
        }
        out.push(doc);
    }
    concat(out)
}

impl Layout {
    pub fn is_hard(&self) -> bool {
        self.hard
    }
}

const INDENT: usize = 2;

#[derive(Clone, Copy)]
struct Job<'d> {
    doc: &'d Layout,
    indent: usize,
    flat: bool,
}

/// Lays out `doc` in `width` columns. The result ends in one line break, unless it is empty.
pub fn print(doc: &Layout, width: usize) -> String {
    let mut printer = Printer { out: String::new(), column: 0, suffixes: vec![], width };
    let mut jobs = vec![Job { doc, indent: 0, flat: false }];
    while let Some(job) = jobs.pop() {
        printer.step(job, &mut jobs);
    }
    printer.new_line(0);
    let text = printer.out.trim_end_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

struct Printer {
    out: String,
    /// Characters on the current line.
    column: usize,
    suffixes: Vec<(usize, String)>,
    width: usize,
}

impl Printer {
    fn step<'d>(&mut self, job: Job<'d>, jobs: &mut Vec<Job<'d>>) {
        let Job { doc, indent, flat } = job;
        match &doc.node {
            Node::Text(text) => self.write(text),
            Node::Choice { flat: short, broken } => self.write(if flat { short } else { broken }),
            Node::Line { flat: short } if flat => self.write(short),
            Node::Line { .. } | Node::HardLine => self.new_line(indent),
            Node::BlankLine => {
                self.new_line(0);
                self.new_line(indent);
            }
            Node::Suffix(text) => self.suffixes.push((indent, text.clone())),
            Node::Concat(docs) => jobs.extend(docs.iter().rev().map(|doc| Job { doc, ..job })),
            Node::Indent(docs) => {
                let indent = indent + INDENT;
                jobs.extend(docs.iter().rev().map(|doc| Job { doc, indent, flat }));
            }
            Node::Group(docs) => {
                let flat = flat || (!doc.hard && self.fits(docs, indent, jobs));
                jobs.extend(docs.iter().rev().map(|doc| Job { doc, indent, flat }));
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn new_line(&mut self, indent: usize) {
        // Two comments cannot share a line: the first would swallow the second.
        for (i, (indent, suffix)) in std::mem::take(&mut self.suffixes).into_iter().enumerate() {
            if i == 0 {
                self.out.push_str("  ");
            } else {
                self.out.push('\n');
                self.out.push_str(&" ".repeat(indent));
            }
            self.out.push_str(&suffix);
        }
        // An empty line has no white space.
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
        self.column = indent;
    }

    /// Whether `docs`, written on one line, and what follows up to the next possible break, fit.
    fn fits(&self, docs: &[Layout], indent: usize, jobs: &[Job]) -> bool {
        let mut left = self.width as isize - self.column as isize;
        let mut inner: Vec<Job> = docs.iter().rev().map(|doc| Job { doc, indent, flat: true }).collect();
        let mut outer = jobs.len();
        loop {
            let Some(job) = inner.pop().or_else(|| {
                outer = outer.checked_sub(1)?;
                jobs.get(outer).copied()
            }) else {
                return left >= 0;
            };
            match &job.doc.node {
                Node::Text(text) => match text.split_once('\n') {
                    Some((first, _)) => return left >= first.chars().count() as isize,
                    None => left -= text.chars().count() as isize,
                },
                Node::Choice { flat, broken } => {
                    left -= if job.flat { flat.len() } else { broken.len() } as isize
                }
                Node::Line { flat } if job.flat => left -= flat.len() as isize,
                Node::Line { .. } | Node::HardLine | Node::BlankLine => return left >= 0,
                Node::Suffix(_) => {}
                Node::Concat(docs) | Node::Indent(docs) => {
                    inner.extend(docs.iter().rev().map(|doc| Job { doc, ..job }));
                }
                Node::Group(docs) => {
                    let flat = job.flat && !job.doc.hard;
                    inner.extend(docs.iter().rev().map(|doc| Job { doc, indent: job.indent, flat }));
                }
            }
            if left < 0 {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Layout {
        let words = words.iter().map(|word| text(*word)).collect();
        let separator = concat(vec![choice(",", ""), line()]);
        group(vec![text("["), indent(vec![soft_line(), join(words, &separator)]), soft_line(), text("]")])
    }

    #[test]
    fn a_group_breaks_as_a_whole() {
        assert_eq!(print(&list(&["a", "b"]), 10), "[a, b]\n");
        assert_eq!(print(&list(&["a", "b"]), 4), "[\n  a\n  b\n]\n");
    }

    #[test]
    fn comments_stay_at_line_ends_and_apart() {
        let doc = concat(vec![text("a"), suffix("// 1"), text(","), suffix("// 2"), hard_line(), text("b")]);
        assert_eq!(print(&doc, 80), "a,  // 1\n// 2\nb\n");
    }
}
