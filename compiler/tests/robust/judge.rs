//! One source through the whole front end, and what must hold of the result.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use aipc_compiler::analysis::{Analysis, Options, analyze};
use aipc_compiler::diagnostic::{Diagnostic, Fix, has_errors, render};
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::formats::{bytecode, emit_yaml};
use aipc_compiler::ir;
use aipc_compiler::source::{NoFiles, Sources, Span};
use aipc_runtime::program::Program;

/// How far a source came.
#[derive(Clone, Copy)]
pub enum Outcome {
    Refused,
    /// Without errors, and nothing in it has an output.
    Checked,
    Built,
}

/// Work on one source that takes longer does not end for practical purposes: growth that should have been bounded.
pub const TIME_MAX: Duration = Duration::from_secs(60);
/// After this time the run ends: whatever still works will not come back.
const HANG: Duration = Duration::from_secs(120);

/// Runs the front end over a text, on a thread with the stack that threads have by default.
pub fn judge(text: &str) -> Result<Outcome, String> {
    if let Some(path) = std::env::var_os("AIPC_FUZZ_TRACE") {
        std::fs::write(path, text).map_err(|error| error.to_string())?;
    }
    let (sender, receiver) = mpsc::channel();
    let copy = text.to_string();
    std::thread::spawn(move || {
        let started = worked();
        let result = catch_unwind(AssertUnwindSafe(|| inspect(&copy)));
        let result = result.unwrap_or_else(|payload| Err(format!("panic: {}", panic_text(&*payload))));
        let _ = sender.send((result, worked().saturating_sub(started)));
    });
    match receiver.recv_timeout(HANG) {
        Ok((Ok(_), time)) if time > TIME_MAX => Err(format!("too slow: `{time:.1?}`")),
        Ok((result, _)) => result,
        Err(_) => {
            eprintln!("a source hangs:\n{text}");
            std::process::exit(1);
        }
    }
}

/// How long this thread has worked, where the system says so: a busy machine is no fault of the source.
fn worked() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match text.split(' ').next().and_then(|it| it.parse().ok()) {
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
        None => start.elapsed(),
    }
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("of no text").to_string()
}

fn analyzed(text: &str) -> (Sources, Analysis) {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", text);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    (sources, analysis)
}

fn inspect(text: &str) -> Result<Outcome, String> {
    let (sources, analysis) = analyzed(text);
    for diagnostic in &analysis.diagnostics {
        places_are_in_the_text(diagnostic, &sources)?;
        names_what_it_speaks_of(diagnostic)?;
    }
    let drawn = render::render(&analysis.diagnostics, &sources, Default::default());
    if drawn.is_empty() != analysis.diagnostics.is_empty() {
        return Err("diagnostics that are not drawn".to_string());
    }
    for diagnostic in &analysis.diagnostics {
        for fix in diagnostic.fixes.iter().filter(|fix| fix.safe) {
            fix_repairs(text, &analysis, diagnostic, fix)?;
        }
    }
    if analysis.has_errors() {
        return Ok(Outcome::Refused);
    }
    let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
    for diagnostic in &refused {
        places_are_in_the_text(diagnostic, &sources)?;
    }
    let faults = ir::verify::verify(&set);
    if let Some(first) = faults.first() {
        return Err(format!("malformed IR: `{first}`\n{}", ir::print::print(&set)));
    }
    if set.policies.iter().all(|policy| policy.rules.is_empty()) || has_errors(&refused) {
        return Ok(Outcome::Checked);
    }
    outputs_are_well_formed(&set, &sources)?;
    Ok(Outcome::Built)
}

/// What a target takes it also writes, in a form that can be read again.
fn outputs_are_well_formed(set: &ir::PolicySet, sources: &Sources) -> Result<(), String> {
    for target in [Target::KyvernoLegacy, Target::Kyverno] {
        let refused = legalize(set, target);
        for diagnostic in &refused {
            places_are_in_the_text(diagnostic, sources)?;
        }
        if has_errors(&refused) {
            continue;
        }
        let documents = match emit_yaml(set, target, sources) {
            Ok(documents) => documents,
            Err(refused) => {
                refused.iter().try_for_each(|it| places_are_in_the_text(it, sources))?;
                continue;
            }
        };
        for document in documents {
            if let Err(error) = serde_yaml::from_str::<serde_yaml::Value>(&document.yaml) {
                return Err(format!("YAML that cannot be read: `{error}`\n{}", document.yaml));
            }
        }
    }
    match bytecode::emit(set, sources) {
        // The verifier of programs speaks of what the emitter wrote.
        Err(refused) => match refused.iter().find(|it| it.message.starts_with("bytecode cannot hold this")) {
            Some(found) => Err(format!("a malformed program: `{}`", found.message)),
            None => refused.iter().try_for_each(|it| places_are_in_the_text(it, sources)),
        },
        Ok(program) => {
            let bytes = program.encode();
            let read = Program::decode(&bytes)
                .map_err(|error| format!("a program is not read again: `{error:?}`"))?;
            match read.encode() == bytes {
                true => Ok(()),
                false => Err("a program changes when it is read and written".to_string()),
            }
        }
    }
}

/// What a repair put in has no text, and is no news.
fn names_what_it_speaks_of(diagnostic: &Diagnostic) -> Result<(), String> {
    match diagnostic.message.contains("``") {
        true => Err(format!("`{}` names nothing: {}", diagnostic.code.as_str(), diagnostic.message)),
        false => Ok(()),
    }
}

fn places_are_in_the_text(diagnostic: &Diagnostic, sources: &Sources) -> Result<(), String> {
    let labels = diagnostic.labels.iter().map(|label| label.span);
    let edits = diagnostic.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
    for span in labels.chain(edits) {
        let text = &sources.get(span.file).text;
        if text.get(span.start as usize..span.end as usize).is_none() {
            return Err(format!(
                "place outside the text or within a character: `{span:?}` of {diagnostic:?}"
            ));
        }
    }
    Ok(())
}

/// Once a safe fix is applied, its diagnostic is gone, and the grammar finds nothing that it did not find before.
fn fix_repairs(text: &str, before: &Analysis, diagnostic: &Diagnostic, fix: &Fix) -> Result<(), String> {
    let file = before.file;
    if fix.edits.iter().any(|edit| edit.span.file != file) {
        return Err(format!("a safe fix changes another file: `{diagnostic:?}`"));
    }
    let fixed = apply(text, fix)?;
    let (_, after) = analyzed(&fixed);
    let place = moved(diagnostic.primary(), fix);
    let stays = after.diagnostics.iter().find(|it| {
        it.code == diagnostic.code && it.message == diagnostic.message && it.primary().start == place
    });
    let code = diagnostic.code.as_str();
    if stays.is_some() {
        return Err(format!("safe fix of {code} does not repair it: `{}`\n{diagnostic:?}", fix.title));
    }
    let is_grammar = |it: &&Diagnostic| it.code.as_str().starts_with("AIP01") && it.is_error();
    if is_grammar(&diagnostic) {
        // A repaired bracket can uncover what stood behind it; the number of findings says nothing then.
        return Ok(());
    }
    let count = |found: &[Diagnostic]| {
        let mut counts: HashMap<&'static str, i64> = HashMap::new();
        found.iter().filter(is_grammar).for_each(|it| *counts.entry(it.code.as_str()).or_default() += 1);
        counts
    };
    let (old, new) = (count(&before.diagnostics), count(&after.diagnostics));
    if new.iter().any(|(code, number)| *number > old.get(code).copied().unwrap_or(0)) {
        return Err(format!("safe fix of {code} breaks the grammar: `{}`\n{diagnostic:?}", fix.title));
    }
    Ok(())
}

fn apply(text: &str, fix: &Fix) -> Result<String, String> {
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    if edits.windows(2).any(|pair| pair[0].span.end > pair[1].span.start) {
        return Err(format!("edits of one fix overlap: `{fix:?}`"));
    }
    let mut fixed = text.to_string();
    for edit in edits.into_iter().rev() {
        fixed.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    Ok(fixed)
}

/// Where the start of a place is once the fix is applied.
fn moved(place: Span, fix: &Fix) -> u32 {
    let before =
        fix.edits.iter().filter(|edit| edit.span.end <= place.start && edit.span.start < place.start);
    let shift: i64 =
        before.map(|edit| edit.text.len() as i64 - i64::from(edit.span.end - edit.span.start)).sum();
    (i64::from(place.start) + shift) as u32
}
