//! Diagnostics as text for people. The only file that knows codespan-reporting.
//!
//! ```text
//! error[AIP0112]: unexpected word `polcy`
//!   ┌─ a.aip:1:1
//!   │
//! 1 │ polcy p { … }
//!   │ ^^^^^ did you mean `policy`?
//!   │
//! fix: write `policy`
//!   1 - polcy p { … }
//!   1 + policy p { … }
//! ```

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use codespan_reporting::diagnostic::{
    Diagnostic as Report, Label as ReportLabel, Severity as ReportSeverity,
};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};
use codespan_reporting::term::{self, Config, Styles, StylesWriter};

use super::{Diagnostic, Edit, Fix, Severity};
use crate::source::{FileId, Source, Sources, Span};
use crate::syntax::is_hidden;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct RenderOptions {
    /// ANSI colours.
    pub color: bool,
}

/// A fix that changes more lines than this is named only.
const FIX_LINES_MAX: usize = 8;
/// More fixes than this are not shown.
const FIXES_MAX: usize = 3;

/// All of them, one below the other, with an empty line behind each.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, options: RenderOptions) -> String {
    let mut buffer = if options.color { Buffer::ansi() } else { Buffer::no_color() };
    let files = Texts { sources };
    for diagnostic in diagnostics {
        // Writing into memory fails only for places outside the text, and those are clamped.
        let _ = draw(&mut buffer, &files, diagnostic);
    }
    String::from_utf8_lossy(buffer.as_slice()).into_owned()
}

fn draw(buffer: &mut Buffer, files: &Texts, diagnostic: &Diagnostic) -> Result<(), Error> {
    let config = Config::default();
    let styles = Styles::default();
    let mut drawn = Buffer::ansi();
    if !buffer.supports_color() {
        drawn = Buffer::no_color();
    }
    term::emit_to_write_style(
        &mut StylesWriter::new(&mut drawn, &styles),
        &config,
        files,
        &report(files.sources, diagnostic),
    )?;
    // Fixes belong to the finding, so they come before the empty line that ends it.
    let text = String::from_utf8_lossy(drawn.as_slice());
    let body = text.trim_end_matches('\n');
    for line in body.lines() {
        std::io::Write::write_all(buffer, line.trim_end().as_bytes())?;
        std::io::Write::write_all(buffer, b"\n")?;
    }
    for fix in diagnostic.fixes.iter().take(FIXES_MAX) {
        draw_fix(buffer, files.sources, fix)?;
    }
    std::io::Write::write_all(buffer, b"\n")?;
    Ok(())
}

fn report(sources: &Sources, diagnostic: &Diagnostic) -> Report<FileId> {
    let severity = match diagnostic.severity {
        Severity::Error => ReportSeverity::Error,
        Severity::Warning => ReportSeverity::Warning,
        Severity::Note => ReportSeverity::Note,
    };
    let labels = diagnostic.labels.iter().enumerate().map(|(i, label)| {
        let range = clamped(sources, label.span);
        let file = label.span.file;
        let label_here =
            if i == 0 { ReportLabel::primary(file, range) } else { ReportLabel::secondary(file, range) };
        label_here.with_message(visible(&label.text))
    });
    Report::new(severity)
        .with_code(diagnostic.code.as_str())
        .with_message(visible(&diagnostic.message))
        .with_labels(labels.collect())
        .with_notes(diagnostic.help.iter().map(|help| format!("help: {}", visible(help))).collect())
}

/// The bytes of a span, within the text and at the bounds of characters.
fn clamped(sources: &Sources, span: Span) -> Range<usize> {
    let text = &sources.get(span.file).text;
    let floor = |offset: u32| {
        let mut at = (offset as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// The lines that a fix changes, before and after.
fn draw_fix(buffer: &mut Buffer, sources: &Sources, fix: &Fix) -> std::io::Result<()> {
    let title = visible(&fix.title).into_owned();
    colored(buffer, Color::Green, true, &format!("fix: {title}\n"))?;
    let Some(file) = fix.edits.first().map(|edit| edit.span.file) else { return Ok(()) };
    let hunks = hunks(sources.get(file), &fix.edits);
    let lines: usize = hunks.iter().map(|hunk| hunk.old.len() + hunk.new.len()).sum();
    if lines > 2 * FIX_LINES_MAX {
        return Ok(());
    }
    for Hunk { first, old, new } in hunks {
        let width = (first + old.len().max(new.len())).to_string().len().max(3);
        for (i, line) in old.iter().enumerate() {
            colored(buffer, Color::Red, false, &format!("{:>width$} - {}\n", first + i, visible(line)))?;
        }
        for (i, line) in new.iter().enumerate() {
            colored(buffer, Color::Green, false, &format!("{:>width$} + {}\n", first + i, visible(line)))?;
        }
    }
    Ok(())
}

fn colored(buffer: &mut Buffer, color: Color, bold: bool, text: &str) -> std::io::Result<()> {
    buffer.set_color(ColorSpec::new().set_fg(Some(color)).set_bold(bold))?;
    std::io::Write::write_all(buffer, text.trim_end_matches('\n').as_bytes())?;
    buffer.reset()?;
    std::io::Write::write_all(buffer, b"\n")
}

/// Neighbouring lines that change.
struct Hunk {
    /// Number of the first line.
    first: usize,
    old: Vec<String>,
    new: Vec<String>,
}

fn hunks(source: &Source, edits: &[Edit]) -> Vec<Hunk> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let line_of = |offset: u32| source.line_column(offset).0 as usize;
    let mut groups: Vec<(usize, usize, Vec<&Edit>)> = vec![];
    for edit in edits {
        let (first, last) = (line_of(edit.span.start), line_of(edit.span.end));
        match groups.last_mut() {
            Some((_, end, group)) if first <= *end + 1 => {
                *end = last.max(*end);
                group.push(edit);
            }
            _ => groups.push((first, last, vec![edit])),
        }
    }
    groups.into_iter().map(|(first, last, group)| hunk(source, first, last, &group)).collect()
}

fn hunk(source: &Source, first: usize, last: usize, edits: &[&Edit]) -> Hunk {
    let starts = source.line_starts();
    let start = starts.get(first - 1).copied().unwrap_or(0) as usize;
    let end = starts.get(last).map_or(source.text.len(), |next| *next as usize);
    let old = &source.text[start..end];
    let new = apply(old, start as u32, edits.iter().copied());
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_string()).collect::<Vec<_>>();
    let new = lines(&new).into_iter().filter(|line| !line.is_empty()).collect();
    Hunk { first, old: lines(old), new }
}

/// `text`, which begins at byte `base` of its file, after edits in the order of their places. Edits that
/// overlap an earlier one or lie outside are left out.
fn apply<'e>(text: &str, base: u32, edits: impl Iterator<Item = &'e Edit>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let (Some(start), Some(end)) = (edit.span.start.checked_sub(base), edit.span.end.checked_sub(base))
        else {
            continue;
        };
        let (start, end) = (start as usize, end as usize);
        let Some(before) = text.get(at..start).filter(|_| text.is_char_boundary(end)) else { continue };
        out.push_str(before);
        out.push_str(&edit.text);
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// A whole text after the edits of a fix.
pub fn apply_fix(text: &str, fix: &Fix) -> String {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    apply(text, 0, edits.into_iter())
}

/// Text that shows all its characters: a terminal must not obey what a source or manifest says.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Our texts as codespan wants them.
struct Texts<'s> {
    sources: &'s Sources,
}

impl<'s> Files<'s> for Texts<'s> {
    type FileId = FileId;
    type Name = &'s str;
    type Source = Cow<'s, str>;

    fn name(&'s self, id: FileId) -> Result<&'s str, Error> {
        Ok(&self.sources.get(id).name)
    }

    fn source(&'s self, id: FileId) -> Result<Cow<'s, str>, Error> {
        Ok(shown(&self.sources.get(id).text))
    }

    fn line_index(&'s self, id: FileId, byte_index: usize) -> Result<usize, Error> {
        let starts = self.sources.get(id).line_starts();
        Ok(starts.partition_point(|start| *start as usize <= byte_index).saturating_sub(1))
    }

    fn line_range(&'s self, id: FileId, line_index: usize) -> Result<Range<usize>, Error> {
        let source = self.sources.get(id);
        let starts = source.line_starts();
        let given = line_index;
        let start = *starts.get(line_index).ok_or(Error::LineTooLarge { given, max: starts.len() })?;
        let end = starts.get(line_index + 1).map_or(source.text.len(), |next| *next as usize);
        Ok(start as usize..end)
    }
}

/// A source with each hidden character replaced by a visible one of the same length, so that places stay
/// true.
fn shown(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) || c == '\r';
    if text.is_ascii() && !text.bytes().any(|b| hidden(b as char)) || !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let replace = |c: char| match (hidden(c), c.len_utf8()) {
        (false, _) => c,
        (true, _) if c == '\r' => ' ',
        (true, 1) => '?',
        (true, 2) => '\u{b7}',
        (true, 3) => '\u{fffd}',
        (true, _) => '\u{1f6ab}',
    };
    Cow::Owned(text.chars().map(replace).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn rendered(text: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("policies/a.aip", text);
        let parsed = crate::syntax::parse(file, text);
        render(&parsed.diagnostics, &sources, RenderOptions::default())
    }

    #[test]
    fn a_finding_shows_code_place_help_and_fix() {
        insta::assert_snapshot!(rendered("deny pod if spec.hostNetwork where namespace ~ \"dev-*\"\npolcy p { }\n"), @r#"
        error[AIP0113]: `where` must stand before `if`
          ┌─ policies/a.aip:1:30
          │
        1 │ deny pod if spec.hostNetwork where namespace ~ "dev-*"
          │          --                  ^^^^^^^^^^^^^^^^^^^^^^^^^ too late
          │          │
          │          before this `if`
          │
          = help: what decides whether a rule speaks comes before what it says
        fix: move it before `if`
          1 - deny pod if spec.hostNetwork where namespace ~ "dev-*"
          1 + deny pod where namespace ~ "dev-*" if spec.hostNetwork

        error[AIP0112]: unexpected word `polcy`
          ┌─ policies/a.aip:2:1
          │
        2 │ polcy p { }
          │ ^^^^^ did you mean `policy`?
        fix: write `policy`
          2 - polcy p { }
          2 + policy p { }
        "#);
    }

    #[test]
    fn hidden_characters_never_reach_the_terminal() {
        let text = rendered("// a\u{202e}b\x1b[31m\ndeny pod if x\u{200b}\n");
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\x1b']), "{text:?}");
        assert!(text.contains("U+202E"), "{text}");
    }

    #[test]
    fn places_outside_the_text_are_drawn_at_its_end() {
        let mut sources = Sources::default();
        let file = sources.add("a.aip", "é");
        let wild = Diagnostic::new(Code::UnexpectedToken, Span::new(file, 1, 99), "wild");
        assert!(render(&[wild], &sources, RenderOptions { color: true }).contains("wild"));
    }
}
