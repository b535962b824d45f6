//! `aipc run`: policies on manifests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aipc_runtime::document::{DuplicateKeys, ReadOptions};
use aipc_runtime::machine::{AdmissionOperation, User};
use aipc_runtime::program::RuleId;
use aipc_runtime::value::Time;

use crate::arguments::{FormatArgument, OperationArgument, Run, RunFormat};
use crate::console::{Console, Style};
use crate::report::diagnostics::to_finding;
use crate::report::text::TextOptions;
use aipc_project::files::discover::{FoundFile, Skipped};
use aipc_project::files::{read, write};
use aipc_project::outcome::Outcome;
use aipc_project::report::escape::visible;
use aipc_project::report::{Counts, Finding, Level, Report, count};

use crate::report::{explanation, json, text};
use aipc_project::run::context;
use aipc_project::run::explain::{Wanted, explain};
use aipc_project::run::generated::{changed_files, generated_files};
use aipc_project::run::judge::{World, judge};
use aipc_project::run::manifests::Manifests;
use aipc_project::run::patched::{PatchedFile, patched_file};
use aipc_project::run::policies::{Policies, take_inputs};

pub fn run(arguments: &Run, console: &Console) -> Outcome {
    let Some(now) = moment(arguments.now.as_deref()) else {
        console.error("`--now` is not a time; write 2026-01-31 or 2026-01-31T12:00:00Z");
        return Outcome::Usage;
    };
    let is_stdout = |place: &Option<PathBuf>| place.as_deref().is_some_and(read::is_stdin);
    let (patched_to_stdout, generated_to_stdout) =
        (is_stdout(&arguments.patched), is_stdout(&arguments.generated));
    let to_stdout = patched_to_stdout || generated_to_stdout;
    if patched_to_stdout && generated_to_stdout {
        console.error("patched and generated objects both go to stdout; give one of them a folder");
        return Outcome::Usage;
    }
    if let Some(problem) = clashing_outputs(&arguments.formats, to_stdout) {
        console.error(problem);
        return Outcome::Usage;
    }
    let options = ReadOptions {
        duplicate_keys: match arguments.duplicate_keys {
            Some(crate::arguments::DuplicateKeys::Last) => DuplicateKeys::Last,
            None => DuplicateKeys::Error,
        },
        ..ReadOptions::default()
    };

    let mut policies = Policies::default();
    if !arguments.policies.is_empty() {
        policies.add_arguments(&arguments.policies);
    }
    let manifests = take_inputs(&arguments.inputs, arguments.policies.is_empty(), &mut policies, &options);
    if policies.is_empty() {
        policies.add_project();
    }
    policies.finish();
    let old = arguments.old.as_ref().map(|path| {
        let mut old = Manifests::default();
        old.add(&FoundFile { path: path.clone(), explicit: true }, &options);
        old
    });

    let context = arguments.context.clone().or_else(|| policies.context());
    let (recorded, context_findings) = match &context {
        Some(path) => context::load(path),
        None => Default::default(),
    };

    let world = World {
        operation: operation(arguments),
        namespace: &arguments.namespace,
        user: arguments.user.as_ref().map(|name| User {
            name: name.clone(),
            groups: arguments.groups.clone(),
            ..User::default()
        }),
        old: old.as_ref(),
        recorded: &recorded,
        now,
        strict: arguments.strict || policies.is_strict(),
        audit_warn: arguments.audit_warn,
        show_values: arguments.show_values,
    };
    let judged = judge(&policies, &manifests, &world);

    let skipped: Vec<Skipped> = policies.skipped.iter().chain(&manifests.skipped).cloned().collect();
    let counts = Counts {
        policies: policies.policy_count(),
        rules: policies.rule_count(),
        files: manifests.files.len(),
        resources: manifests.resources().count(),
        skipped_files: skipped.len(),
    };
    let mut report = Report { results: judged.results, findings: Vec::new(), counts };
    let compilation = &policies.compilation;
    report.findings.extend(compilation.diagnostics.iter().map(|it| to_finding(it, &compilation.sources)));
    report.findings.extend(compilation.findings.iter().cloned());
    let file_findings = report.findings.len();
    report.findings.extend(policies.findings.iter().cloned());
    report.findings.extend(manifests.findings.iter().cloned());
    report.findings.extend(old.iter().flat_map(|it| &it.findings).cloned());
    report.findings.extend(context_findings);
    report.findings.extend(judged.findings.iter().cloned());
    let has_errors = report.findings.iter().any(|it| it.level == Level::Error);
    if counts.rules == 0 && !has_errors {
        report.findings.push(Finding::error("no-rules", "the policies hold no rules"));
    }
    if counts.resources == 0 {
        report.findings.push(Finding::error("no-resources", nothing_in(&arguments.inputs)));
    }

    if report.is_unanswered() {
        let finding = Finding::error("nothing-evaluated", "no rule that applies could be evaluated");
        report.findings.push(finding.help("each `not-evaluated` says what is unknown"));
    }

    // Diagnostics about policies are drawn with their source; the rest is said in lines.
    super::show_diagnostics(compilation, console);
    let later = report.findings[file_findings..].iter().chain(&compilation.findings);
    for finding in later {
        console.finding(finding);
    }
    name_skipped(&skipped, console);
    let mut outcome = emit(&report, &arguments.formats, to_stdout, console);
    if let Some(rule) = &arguments.explain {
        // Behind a report for people, and beside what is for machines.
        let is_for_machines = |it: &FormatArgument| it.file.is_none() && it.format != RunFormat::Text;
        let aside = to_stdout || arguments.formats.iter().any(is_for_machines);
        outcome = outcome.and(explain_rule(rule, &policies, &manifests, &world, aside, console));
    }
    if let Some(place) = &arguments.patched {
        let files: Vec<PatchedFile> =
            manifests.files.iter().filter_map(|file| patched_file(file, &judged.patched, &options)).collect();
        outcome = outcome.and(write_patched(&files, place, patched_to_stdout, console));
        let existing = changed_files(&judged.existing);
        if patched_to_stdout && !files.is_empty() && !existing.is_empty() {
            console.out("---\n");
        }
        outcome = outcome.and(write_objects(&existing, &place.join("existing"), patched_to_stdout, console));
    }
    if let Some(place) = &arguments.generated {
        let files = generated_files(&judged.created);
        outcome = outcome.and(write_objects(&files, place, generated_to_stdout, console));
    }
    outcome
}

/// Tells why a rule, or all of a policy, says what it says of each object.
fn explain_rule(
    name: &str,
    policies: &Policies,
    manifests: &Manifests,
    world: &World<'_>,
    aside: bool,
    console: &Console,
) -> Outcome {
    let is_wanted = |policy: &str, rule: &str| name == policy || name == format!("{policy}/{rule}");
    let rules = policies.programs.iter().flat_map(|program| {
        (0..program.rules().len() as u32)
            .map(|rule| (program.policy_of(RuleId(rule)), program.rule(RuleId(rule))))
    });
    if !rules.into_iter().any(|(policy, rule)| is_wanted(&policy.name, &rule.name)) {
        console.error(&format!("there is no policy or rule `{}`", visible(name)));
        return Outcome::Incomplete;
    }
    let wanted = Wanted {
        rule: &is_wanted,
        object: &|_, _| true,
        source: &|policy, rule| policies.source(policy, rule),
    };
    let explanations = explain(&policies.programs, manifests, world, &wanted);
    let style = if aside { console.err_style } else { console.out_style };
    let text = explanation::render(&explanations, style);
    match aside {
        true => console.err(&text),
        false => console.out(&format!("\n{}\n", text.trim_end_matches('\n'))),
    }
    Outcome::Clean
}

/// The files whose objects changed, in a folder or one after the other on stdout.
fn write_patched(files: &[PatchedFile], place: &Path, to_stdout: bool, console: &Console) -> Outcome {
    let mut outcome = Outcome::Clean;
    for (index, file) in files.iter().enumerate() {
        for object in &file.laid_out {
            console.say(&format!(
                "note: `{}` in `{}` was laid out anew",
                visible(object),
                visible(&file.name)
            ));
        }
        if to_stdout {
            let between = if index > 0 { "---\n" } else { "" };
            let end = if file.text.ends_with('\n') { "" } else { "\n" };
            console.out(&format!("{between}{}{end}", file.text));
            continue;
        }
        // The same path below the folder; nothing leads out of it.
        let inside = Path::new(&file.name).components().filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name),
            _ => None,
        });
        let path = place.join(inside.collect::<PathBuf>());
        if let Err(error) = write::whole(&path, file.text.as_bytes()) {
            console.error(&visible(&error));
            outcome = outcome.and(Outcome::Incomplete);
        }
    }
    outcome
}

/// Objects that rules made or changed, a file for each in a folder or one after the other on stdout.
fn write_objects(files: &[(String, String)], place: &Path, to_stdout: bool, console: &Console) -> Outcome {
    if to_stdout {
        let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
        console.out(&texts.join("---\n"));
        return Outcome::Clean;
    }
    let mut outcome = Outcome::Clean;
    for (name, text) in files {
        if let Err(error) = write::whole(&place.join(name), text.as_bytes()) {
            console.error(&visible(&error));
            outcome = outcome.and(Outcome::Incomplete);
        }
    }
    outcome
}

/// Writes each wanted format; all of them, whatever happens to one.
fn emit(report: &Report, formats: &[FormatArgument], to_stderr: bool, console: &Console) -> Outcome {
    let mut outcome = report.outcome();
    for wanted in formats {
        let style = if wanted.file.is_some() { Style::PLAIN } else { console.out_style };
        let rendered = match wanted.format {
            RunFormat::Text => text::render(report, TextOptions { style, verbose: console.verbose }),
            RunFormat::Json => json::render(report),
        };
        match &wanted.file {
            None if to_stderr => console.say(rendered.trim_end()),
            None => console.out(&rendered),
            Some(file) => {
                if let Err(error) = write::whole(file, rendered.as_bytes()) {
                    console.error(&visible(&error));
                    outcome = outcome.and(Outcome::Incomplete);
                }
            }
        }
    }
    outcome
}

/// That there is no object, and where there is none.
fn nothing_in(inputs: &[PathBuf]) -> String {
    const NAMED_MAX: usize = 3;
    let different: BTreeSet<&PathBuf> = inputs.iter().collect();
    let mut names: Vec<String> =
        different.iter().take(NAMED_MAX).map(|path| format!("`{}`", read::name(path))).collect();
    if different.len() > NAMED_MAX {
        names.push(count(different.len() - NAMED_MAX, "other", "others"));
    }
    match names.as_slice() {
        [] => "the input holds no Kubernetes object".to_owned(),
        [one] => format!("{one} holds no Kubernetes object"),
        [first @ .., last] => format!("{} and {last} hold no Kubernetes object", first.join(", ")),
    }
}

fn name_skipped(skipped: &[Skipped], console: &Console) {
    if console.verbose {
        for it in skipped {
            let path = it.path.to_string_lossy();
            console.say(&format!("note: `{}` was not read: {}", visible(&path), it.why.as_str()));
        }
    }
}

/// Two formats on stdout, or in one file, would be neither.
fn clashing_outputs(formats: &[FormatArgument], objects_to_stdout: bool) -> Option<&'static str> {
    let on_stdout = |it: &FormatArgument| it.file.is_none() && it.format != RunFormat::Text;
    if objects_to_stdout && formats.iter().any(on_stdout) {
        return Some(
            "a report and objects go to stdout; give the report a file: `--format json=report.json`",
        );
    }
    for (at, format) in formats.iter().enumerate() {
        if formats[..at].iter().any(|it| it.file == format.file) {
            return Some("two reports go to one place; give all but one a file: `--format json=report.json`");
        }
    }
    None
}

fn operation(arguments: &Run) -> AdmissionOperation {
    match (arguments.operation, &arguments.old) {
        (None, Some(_)) | (Some(OperationArgument::Update), _) => AdmissionOperation::Update,
        (None, None) | (Some(OperationArgument::Create), _) => AdmissionOperation::Create,
        (Some(OperationArgument::Delete), _) => AdmissionOperation::Delete,
        (Some(OperationArgument::Connect), _) => AdmissionOperation::Connect,
    }
}

/// The moment that `--now` names, else the system's.
fn moment(text: Option<&str>) -> Option<Time> {
    match text {
        Some(text) => Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))),
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Some(Time::from_unix(since.as_secs() as i64, since.subsec_nanos()))
        }
    }
}
