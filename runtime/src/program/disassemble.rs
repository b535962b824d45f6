//! Programs as text for people. The text is stable, and says everything but texts of documentation.

use std::fmt::Write;

use super::instruction::{Block, Instruction, Operand, Slot};
use super::meta::{
    Body, Change, Edit, Exemption, Generation, Make, Operations, OriginId, PlaceRoot, PlaceStep, Policy,
    Rule, SubjectStep, Target,
};
use super::{BindingId, Constant, ConstantId, GlobsId, Parts, Path, PathId, PathRoot, PathStep, RegexesId};
use crate::glob::{Glob, GlobPart};
use crate::value::{format_duration, json_float};

/// Writing to a string cannot fail, so its result is dropped.
macro_rules! line {
    ($out:expr, $($format:tt)*) => { let _ = writeln!($out, $($format)*); };
}

pub(super) fn disassemble(parts: &Parts) -> String {
    let mut out = String::new();
    for (at, row) in parts.policies.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        policy(parts, row, &mut out);
    }
    parts.exemptions.iter().for_each(|row| exemption(parts, row, &mut out));
    out
}

fn exemption(parts: &Parts, exemption: &Exemption, out: &mut String) {
    let file = parts.files.get(exemption.place.file as usize).map_or("", String::as_str);
    line!(
        out,
        "\nexempt {:?}  ; {file}:{}:{}",
        exemption.because,
        exemption.place.line,
        exemption.place.column
    );
    for rule in exemption.rules.iter().filter_map(|id| parts.rules.get(id.0 as usize)) {
        let policy = parts.policies.get(rule.policy.0 as usize).map_or("", |policy| &policy.name);
        line!(out, "    rule {policy}/{}", rule.name);
    }
    line!(out, "    on {}", operations(exemption.operations));
    exemption.targets.iter().for_each(|row| line_of_target(row, out));
    bindings(parts, exemption.bindings, out);
    if let Some(applies) = exemption.applies {
        line!(out, "    where");
        code(parts, applies, out);
    }
    if let Some(until) = &exemption.until {
        line!(out, "    until {until}");
    }
}

fn line_of_target(row: &Target, out: &mut String) {
    line!(out, "    target {}", target(row));
}

fn bindings(parts: &Parts, (first, last): (BindingId, BindingId), out: &mut String) {
    for index in first.0..last.0 {
        if let Some(binding) = parts.bindings.get(index as usize) {
            let when = if binding.per_element { " per element" } else { "" };
            line!(out, "    binding b{index} {}{when}", binding.name);
            code(parts, binding.block, out);
        }
    }
}

fn policy(parts: &Parts, policy: &Policy, out: &mut String) {
    line!(out, "policy {}", policy.name);
    for rule_index in policy.rules.0.0..policy.rules.1.0 {
        if let Some(row) = parts.rules.get(rule_index as usize) {
            rule(parts, row, out);
        }
    }
}

fn rule(parts: &Parts, rule: &Rule, out: &mut String) {
    let file = parts.files.get(rule.place.file as usize).map_or("", String::as_str);
    line!(out, "  rule {}  ; {file}:{}:{}", rule.name, rule.place.line, rule.place.column);
    line!(out, "    on {}", operations(rule.operations));
    rule.targets.iter().for_each(|row| line_of_target(row, out));
    bindings(parts, rule.bindings, out);
    if let Some(applies) = rule.applies {
        line!(out, "    where");
        code(parts, applies, out);
    }
    body(parts, &rule.body, out);
    line!(out, "    message");
    code(parts, rule.message, out);
    for action in &rule.actions {
        let warn = if action.warn { ", warn" } else { "" };
        line!(out, "    action {}{warn}", action.effect.name());
        if let Some(condition) = action.condition {
            code(parts, condition, out);
        }
    }
}

fn body(parts: &Parts, body: &Body, out: &mut String) {
    match body {
        Body::Check(check) => {
            if let Some(elements) = &check.elements {
                let name = name(elements.key, elements.element);
                line!(out, "    each {} as {name}", elements.view);
                code(parts, elements.sources, out);
            }
            line!(out, "    violation");
            code(parts, check.violation, out);
        }
        Body::Edit(edits) => edits.iter().for_each(|row| edit(parts, row, out)),
        Body::EditExisting(groups) => {
            for group in groups {
                line!(out, "    existing {}", name(group.objects.key, group.objects.element));
                code(parts, group.objects.sources, out);
                if let Some(filter) = group.filter {
                    line!(out, "    where");
                    code(parts, filter, out);
                }
                group.edits.iter().for_each(|row| edit(parts, row, out));
            }
        }
        Body::Delete(condition) => {
            line!(out, "    delete if");
            code(parts, *condition, out);
        }
        Body::Generate(it) => generation(parts, it, out),
        Body::Verify(None) => {
            line!(out, "    verify manifest");
        }
        Body::Verify(Some(images)) => {
            let elements = &images.elements;
            line!(out, "    each {} as {}", elements.view, name(elements.key, elements.element));
            code(parts, elements.sources, out);
            if let Some(filter) = images.filter {
                line!(out, "    where");
                code(parts, filter, out);
            }
            line!(out, "    verify image");
            code(parts, images.image, out);
        }
    }
}

fn generation(parts: &Parts, generation: &Generation, out: &mut String) {
    match &generation.make {
        Make::Object(object) => {
            line!(out, "    generate {} {}", object.api_version, object.kind);
        }
        Make::Copies(_) => {
            line!(out, "    generate copies");
        }
    }
    if let Some(each) = &generation.each {
        line!(out, "    each {}", name(each.key, each.element));
        code(parts, each.sources, out);
    }
    if let Some(filter) = generation.filter {
        line!(out, "    if");
        code(parts, filter, out);
    }
    let (blocks, fields) = match &generation.make {
        Make::Object(object) => {
            ([("name", Some(object.name)), ("namespace", object.namespace)], ("fields", object.fields))
        }
        Make::Copies(it) => ([("into", Some(it.into)), ("rename", it.rename)], ("objects", it.objects)),
    };
    let blocks = blocks.into_iter().filter_map(|(word, block)| Some((word, block?)));
    for (word, block) in blocks.chain([fields]) {
        line!(out, "    {word}");
        code(parts, block, out);
    }
}

fn name(key: Option<Slot>, element: Slot) -> String {
    let key = key.map_or(String::new(), |slot| format!("{}, ", slot.show()));
    format!("{key}{}", element.show())
}

fn edit(parts: &Parts, edit: &Edit, out: &mut String) {
    let mut place = match edit.place.root {
        PlaceRoot::Object => "object".to_owned(),
        PlaceRoot::Subject => "subject".to_owned(),
        PlaceRoot::Slot(slot) => slot.show(),
    };
    for step in &edit.place.steps {
        match step {
            PlaceStep::Field(name) => crate::document::push_key(&mut place, name),
            PlaceStep::Key(_) => place.push_str("[…]"),
        }
    }
    let (word, value) = match &edit.change {
        Change::Put(value) => ("put", Some(*value)),
        Change::Insert { first: true, value } => ("insert first", Some(*value)),
        Change::Insert { first: false, value } => ("insert last", Some(*value)),
        Change::Remove => ("remove", None),
    };
    line!(out, "    {word} {place}");
    for each in &edit.each {
        line!(out, "    each {}", name(each.key, each.element));
        code(parts, each.sources, out);
    }
    if let Some(guard) = edit.guard {
        line!(out, "    if");
        code(parts, guard, out);
    }
    for step in &edit.place.steps {
        if let PlaceStep::Key(key) = step {
            line!(out, "    key");
            code(parts, *key, out);
        }
    }
    if let Some(value) = value {
        line!(out, "    value");
        code(parts, value, out);
    }
}

fn operations(operations: Operations) -> String {
    let Operations { create, update, delete, connect } = operations;
    [(create, "create"), (update, "update"), (delete, "delete"), (connect, "connect")]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn target(target: &Target) -> String {
    let group = if target.group.is_empty() { String::new() } else { format!("{}/", target.group) };
    let mut text = format!("{group}{}/{}", target.version, target.kind);
    if let Some(subresource) = &target.subresource {
        let _ = write!(text, "/{subresource}");
    }
    for subject in &target.subjects {
        text.push_str(" at ");
        if subject.is_empty() {
            text.push('.');
        }
        for step in subject {
            match step {
                SubjectStep::Field { name, .. } => {
                    let _ = write!(text, ".{name}");
                }
                SubjectStep::Each => text.push_str("[*]"),
            }
        }
    }
    text
}

fn code(parts: &Parts, block: Block, out: &mut String) {
    for at in block.start..block.end {
        let Some(instruction) = parts.code.get(at as usize) else { continue };
        let mut text = format!("      {at:>4} {}", instruction.name());
        for operand in instruction.operands() {
            let _ = write!(text, " {operand}");
        }
        let meanings = meanings(parts, instruction);
        if !meanings.is_empty() {
            let _ = write!(text, "  ; {}", meanings.join(" "));
        }
        if let Ok(row) = parts.origin_table.binary_search_by_key(&at, |(at, _)| *at) {
            let (_, OriginId(origin)) = parts.origin_table[row];
            if let Some(origin) = parts.origins.get(origin as usize) {
                let _ = write!(text, "  <- {}:{}", origin.place.line, origin.place.column);
            }
        }
        line!(out, "{text}");
    }
}

/// What the numbers of an instruction stand for.
fn meanings(parts: &Parts, instruction: &Instruction) -> Vec<String> {
    let path = |id: &PathId| parts.paths.get(id.0 as usize).map_or(String::new(), show_path);
    let constant = |id: &ConstantId| show_constant(parts, *id);
    let globs =
        |id: &GlobsId| parts.globs.get(id.0 as usize).map_or(String::new(), |globs| show_globs(globs));
    let regexes = |id: &RegexesId| {
        parts.regexes.get(id.0 as usize).map_or(String::new(), |patterns| {
            patterns.iter().map(|pattern| format!("/{pattern}/")).collect::<Vec<_>>().join(" | ")
        })
    };
    match instruction {
        Instruction::Constant { constant: id } => vec![constant(id)],
        Instruction::Path { path: id }
        | Instruction::Steps { path: id }
        | Instruction::IsPath { path: id }
        | Instruction::HasPath { path: id }
        | Instruction::EmptyPath { path: id } => vec![path(id)],
        Instruction::ComparePath { path: id, constant: value, .. } => vec![path(id), constant(value)],
        Instruction::GlobPath { path: id, globs: list } => vec![path(id), globs(list)],
        Instruction::RegexPath { path: id, regexes: list } => vec![path(id), regexes(list)],
        Instruction::Glob { globs: list } | Instruction::GlobOf { globs: list } => vec![globs(list)],
        Instruction::Regex { regexes: list } | Instruction::MatchGroup { regexes: list } => {
            vec![regexes(list)]
        }
        _ => vec![],
    }
}

fn show_path(path: &Path) -> String {
    let mut text = match path.root {
        PathRoot::Object => "object".to_owned(),
        PathRoot::OldObject => "old-object".to_owned(),
        PathRoot::Subject => "subject".to_owned(),
        PathRoot::OldSubject => "old-subject".to_owned(),
        PathRoot::Slot(slot) => slot.show(),
        PathRoot::Stack => "it".to_owned(),
        PathRoot::Namespace => "namespace".to_owned(),
        PathRoot::NamespaceObject => "namespace-object".to_owned(),
        PathRoot::User => "user".to_owned(),
        PathRoot::Request => "request".to_owned(),
        PathRoot::Now => "now".to_owned(),
    };
    for step in &path.steps {
        match step {
            PathStep::Field { name, required } => {
                let mark = if *required { "!" } else { "" };
                crate::document::push_key(&mut text, name);
                text.push_str(mark);
            }
            PathStep::Element(number) => {
                let _ = write!(text, "[{number}]");
            }
        }
    }
    let _ = write!(text, ": {}", path.expect.name());
    text
}

fn show_constant(parts: &Parts, id: ConstantId) -> String {
    match parts.constants.get(id.0 as usize) {
        None => String::new(),
        Some(Constant::Bool(value)) => value.to_string(),
        Some(Constant::Int(number)) => number.to_string(),
        Some(Constant::Float(number)) => format!("float {}", json_float(*number)),
        Some(Constant::Text(text)) => format!("{text:?}"),
        Some(Constant::Quantity(text)) => format!("quantity {text}"),
        Some(Constant::Percent(number)) => format!("{number}%"),
        Some(Constant::Duration(nanoseconds)) => format_duration(*nanoseconds),
        Some(Constant::Time(text)) => format!("time {text}"),
        Some(Constant::Semver(text)) => format!("semver {text}"),
        Some(Constant::Ip(text)) => format!("ip {text}"),
        Some(Constant::Cidr(text)) => format!("cidr {text}"),
        Some(Constant::List(elements)) => {
            // INVARIANT: elements stand before their list, so this ends.
            let shown: Vec<_> = elements
                .iter()
                .filter(|element| **element < id)
                .map(|element| show_constant(parts, *element))
                .collect();
            format!("[{}]", shown.join(", "))
        }
    }
}

fn show_globs(globs: &[Glob]) -> String {
    let show = |glob: &Glob| {
        let parts: String = glob
            .0
            .iter()
            .map(|part| match part {
                GlobPart::Text(text) => text.as_str(),
                GlobPart::Many => "*",
                GlobPart::One => "?",
                GlobPart::Value => "{}",
            })
            .collect();
        format!("~{parts:?}")
    };
    globs.iter().map(show).collect::<Vec<_>>().join(" | ")
}
