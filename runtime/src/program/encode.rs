//! The bytes of a program file.
//!
//! ```text
//! AIPB  version:u16  reserved:u16  checksum:32 bytes  length:u32   then `length` bytes:
//! tables:number, for each: tag:byte length:number                  then the tables in that order
//! ```
//! All fixed numbers are little-endian; the others as in `wire`. The checksum is BLAKE3 over all that
//! follows it. Texts are in a table of their own and each occurs there once.

use super::instruction::{Block, Instruction, Operand, OptionalSlot};
use super::meta::{
    Body, Change, EachElement, Edit, Elements, Exemption, Generation, Make, Operations, PlaceRoot, PlaceStep,
    Policy, Rule, SourcePlace, SubjectStep, Target,
};
use super::wire::Writer;
use super::{Binding, BindingId, Constant, FORMAT_VERSION, MAGIC, Parts, Path, PathRoot, PathStep};
use crate::glob::{Glob, GlobPart};

/// The tables of a file, in their order.
pub(super) mod table {
    pub const TEXTS: u8 = 1;
    pub const FILES: u8 = 2;
    pub const CONSTANTS: u8 = 3;
    pub const PATHS: u8 = 4;
    pub const GLOBS: u8 = 5;
    pub const REGEXES: u8 = 6;
    pub const CODE: u8 = 7;
    pub const ORIGINS: u8 = 8;
    pub const BINDINGS: u8 = 9;
    pub const RULES: u8 = 10;
    pub const POLICIES: u8 = 11;
    pub const EXEMPTIONS: u8 = 12;

    pub const ALL: [u8; 12] = [
        TEXTS, FILES, CONSTANTS, PATHS, GLOBS, REGEXES, CODE, ORIGINS, BINDINGS, RULES, POLICIES, EXEMPTIONS,
    ];
}

/// Where the checksum stands in a file, and where what it is over begins.
pub(super) const CHECKSUM_AT: usize = 8;
pub(super) const BODY_AT: usize = CHECKSUM_AT + 32;

pub(super) fn encode(parts: &Parts) -> Vec<u8> {
    let mut out = Writer::default();
    let mut tables: Vec<(u8, Vec<u8>)> = Vec::new();
    for tag in table::ALL {
        match tag {
            table::FILES => rows(&mut out, &parts.files, |out, name| out.text(name)),
            table::CONSTANTS => rows(&mut out, &parts.constants, constant),
            table::PATHS => rows(&mut out, &parts.paths, path),
            table::GLOBS => rows(&mut out, &parts.globs, |out, globs| rows(out, globs, glob)),
            table::REGEXES => {
                rows(&mut out, &parts.regexes, |out, patterns| {
                    rows(out, patterns, |out, text| out.text(text))
                });
            }
            table::CODE => {
                rows(&mut out, &parts.code, |out, instruction: &Instruction| instruction.write(out))
            }
            table::ORIGINS => {
                rows(&mut out, &parts.origins, |out, origin| {
                    place(out, &origin.place);
                    out.text(&origin.text);
                });
                let mut last = 0;
                rows(&mut out, &parts.origin_table, |out, (at, origin)| {
                    // Rising numbers are written as their differences.
                    out.number(u64::from(at.saturating_sub(last)));
                    last = *at;
                    out.number(u64::from(origin.0));
                });
            }
            table::BINDINGS => rows(&mut out, &parts.bindings, binding),
            table::RULES => rows(&mut out, &parts.rules, rule),
            table::POLICIES => rows(&mut out, &parts.policies, policy),
            table::EXEMPTIONS => rows(&mut out, &parts.exemptions, exemption),
            // The texts are written last, when all are known.
            _ => {}
        }
        tables.push((tag, out.take()));
    }
    tables[0].1 = out.text_table();

    let mut body = Writer::default();
    body.len(tables.len());
    for (tag, bytes) in &tables {
        body.byte(*tag);
        body.len(bytes.len());
    }
    let mut body = body.take();
    for (_, bytes) in tables {
        body.extend(bytes);
    }
    seal(&body)
}

/// A file around a body: the head, the checksum, the length.
pub(super) fn seal(body: &[u8]) -> Vec<u8> {
    let mut checked = (body.len() as u32).to_le_bytes().to_vec();
    checked.extend_from_slice(body);
    let mut file = MAGIC.to_vec();
    file.extend(FORMAT_VERSION.to_le_bytes());
    file.extend([0, 0]);
    file.extend(blake3::hash(&checked).as_bytes());
    file.extend(checked);
    file
}

fn rows<T>(out: &mut Writer, rows: &[T], mut row: impl FnMut(&mut Writer, &T)) {
    out.len(rows.len());
    for it in rows {
        row(out, it);
    }
}

fn flag(out: &mut Writer, flag: bool) {
    out.byte(u8::from(flag));
}

fn constant(out: &mut Writer, constant: &Constant) {
    match constant {
        Constant::Bool(value) => {
            out.byte(0);
            flag(out, *value);
        }
        Constant::Int(number) => {
            out.byte(1);
            out.signed(*number);
        }
        Constant::Float(number) => {
            out.byte(2);
            out.bytes.extend(number.to_le_bytes());
        }
        Constant::Text(text) => tagged(out, 3, text),
        Constant::Quantity(text) => tagged(out, 4, text),
        Constant::Percent(number) => {
            out.byte(5);
            out.signed(*number);
        }
        Constant::Duration(nanoseconds) => {
            out.byte(6);
            out.signed(*nanoseconds);
        }
        Constant::Time(text) => tagged(out, 7, text),
        Constant::Semver(text) => tagged(out, 8, text),
        Constant::Ip(text) => tagged(out, 9, text),
        Constant::Cidr(text) => tagged(out, 10, text),
        Constant::List(elements) => {
            out.byte(11);
            rows(out, elements, |out, element| element.write(out));
        }
    }
}

fn tagged(out: &mut Writer, tag: u8, text: &str) {
    out.byte(tag);
    out.text(text);
}

fn path(out: &mut Writer, path: &Path) {
    match path.root {
        PathRoot::Object => out.byte(0),
        PathRoot::OldObject => out.byte(1),
        PathRoot::Subject => out.byte(2),
        PathRoot::OldSubject => out.byte(3),
        PathRoot::Slot(slot) => {
            out.byte(4);
            slot.write(out);
        }
        PathRoot::Stack => out.byte(5),
        PathRoot::Namespace => out.byte(6),
        PathRoot::NamespaceObject => out.byte(7),
        PathRoot::User => out.byte(8),
        PathRoot::Request => out.byte(9),
        PathRoot::Now => out.byte(10),
    }
    path.expect.write(out);
    rows(out, &path.steps, |out, step| match step {
        PathStep::Field { name, required } => {
            out.byte(if *required { 1 } else { 0 });
            out.text(name);
        }
        PathStep::Element(number) => {
            out.byte(2);
            out.signed(*number);
        }
    });
}

fn glob(out: &mut Writer, glob: &Glob) {
    rows(out, &glob.0, |out, part| match part {
        GlobPart::Text(text) => tagged(out, 0, text),
        GlobPart::Many => out.byte(1),
        GlobPart::One => out.byte(2),
        GlobPart::Value => out.byte(3),
    });
}

fn place(out: &mut Writer, place: &SourcePlace) {
    for number in [place.file, place.line, place.column] {
        out.number(u64::from(number));
    }
}

fn block(out: &mut Writer, block: &Block) {
    out.number(u64::from(block.start));
    out.number(u64::from(block.end));
}

fn optional<T>(out: &mut Writer, value: Option<&T>, write: impl FnOnce(&mut Writer, &T)) {
    flag(out, value.is_some());
    if let Some(value) = value {
        write(out, value);
    }
}

fn binding(out: &mut Writer, binding: &Binding) {
    out.text(&binding.name);
    block(out, &binding.block);
    flag(out, binding.per_element);
}

fn policy(out: &mut Writer, policy: &Policy) {
    out.text(&policy.name);
    for text in [&policy.title, &policy.description, &policy.severity, &policy.category, &policy.namespace] {
        out.optional_text(text.as_deref());
    }
    for pairs in [&policy.controls, &policy.labels, &policy.annotations] {
        rows(out, pairs, |out, (key, value)| {
            out.text(key);
            out.text(value);
        });
    }
    flag(out, policy.first_rule_only);
    flag(out, policy.scored);
    optional(out, policy.background.as_ref(), |out, background| flag(out, *background));
    place(out, &policy.place);
    out.number(u64::from(policy.rules.0.0));
    out.number(u64::from(policy.rules.1.0));
}

fn rule(out: &mut Writer, rule: &Rule) {
    out.text(&rule.name);
    out.optional_text(rule.description.as_deref());
    out.number(u64::from(rule.policy.0));
    place(out, &rule.place);
    out.text(&rule.source_text);
    rows(out, &rule.targets, target);
    operations(out, rule.operations);
    names(out, rule.slots, rule.bindings);
    optional(out, rule.applies.as_ref(), block);
    body(out, &rule.body);
    block(out, &rule.message);
    flag(out, rule.message_written);
    rows(out, &rule.actions, |out, action| {
        action.effect.write(out);
        flag(out, action.warn);
        optional(out, action.condition.as_ref(), block);
    });
}

fn operations(out: &mut Writer, operations: Operations) {
    let Operations { create, update, delete, connect } = operations;
    for operation in [create, update, delete, connect] {
        flag(out, operation);
    }
}

fn names(out: &mut Writer, slots: u32, bindings: (BindingId, BindingId)) {
    for number in [slots, bindings.0.0, bindings.1.0] {
        out.number(u64::from(number));
    }
}

fn exemption(out: &mut Writer, exemption: &Exemption) {
    rows(out, &exemption.rules, |out, rule| out.number(u64::from(rule.0)));
    rows(out, &exemption.targets, target);
    operations(out, exemption.operations);
    names(out, exemption.slots, exemption.bindings);
    optional(out, exemption.applies.as_ref(), block);
    out.optional_text(exemption.until.as_deref());
    out.text(&exemption.because);
    place(out, &exemption.place);
}

fn body(out: &mut Writer, body: &Body) {
    match body {
        Body::Check(check) => {
            out.byte(0);
            optional(out, check.elements.as_ref(), elements);
            block(out, &check.violation);
            out.number(u64::from(check.violation_origin.0));
        }
        Body::Edit(edits) => {
            out.byte(1);
            rows(out, edits, edit);
        }
        Body::Delete(condition) => {
            out.byte(2);
            block(out, condition);
        }
        Body::Generate(generation) => {
            out.byte(3);
            self::generation(out, generation);
        }
        Body::EditExisting(groups) => {
            out.byte(5);
            rows(out, groups, |out, group| {
                each_element(out, &group.objects);
                optional(out, group.filter.as_ref(), block);
                rows(out, &group.edits, edit);
            });
        }
        Body::Verify(images) => {
            out.byte(4);
            optional(out, images.as_ref(), |out, images| {
                elements(out, &images.elements);
                optional(out, images.filter.as_ref(), block);
                block(out, &images.image);
            });
        }
    }
}

fn each_element(out: &mut Writer, each: &EachElement) {
    block(out, &each.sources);
    out.number(u64::from(each.source_count));
    OptionalSlot(each.key).write(out);
    each.element.write(out);
}

fn generation(out: &mut Writer, generation: &Generation) {
    optional(out, generation.each.as_ref(), each_element);
    optional(out, generation.filter.as_ref(), block);
    match &generation.make {
        Make::Object(object) => {
            out.byte(0);
            out.text(&object.api_version);
            out.text(&object.kind);
            block(out, &object.name);
            optional(out, object.namespace.as_ref(), block);
            block(out, &object.fields);
        }
        Make::Copies(copies) => {
            out.byte(1);
            block(out, &copies.objects);
            out.number(u64::from(copies.required));
            block(out, &copies.into);
            optional(out, copies.rename.as_ref(), block);
        }
    }
}

fn edit(out: &mut Writer, edit: &Edit) {
    rows(out, &edit.each, each_element);
    optional(out, edit.guard.as_ref(), block);
    match edit.place.root {
        PlaceRoot::Object => out.byte(0),
        PlaceRoot::Subject => out.byte(1),
        PlaceRoot::Slot(slot) => {
            out.byte(2);
            slot.write(out);
        }
    }
    rows(out, &edit.place.steps, |out, step| match step {
        PlaceStep::Field(name) => tagged(out, 0, name),
        PlaceStep::Key(key) => {
            out.byte(1);
            block(out, key);
        }
    });
    match &edit.change {
        Change::Put(value) => {
            out.byte(0);
            block(out, value);
        }
        Change::Insert { first, value } => {
            out.byte(if *first { 1 } else { 2 });
            block(out, value);
        }
        Change::Remove => out.byte(3),
    }
}

fn elements(out: &mut Writer, elements: &Elements) {
    out.text(&elements.view);
    block(out, &elements.sources);
    out.number(u64::from(elements.source_count));
    OptionalSlot(elements.key).write(out);
    elements.element.write(out);
}

fn target(out: &mut Writer, target: &Target) {
    for text in [&target.group, &target.version, &target.kind, &target.plural] {
        out.text(text);
    }
    flag(out, target.namespaced);
    out.optional_text(target.subresource.as_deref());
    rows(out, &target.subjects, |out, subject| {
        rows(out, subject, |out, step| match step {
            SubjectStep::Field { name, required } => {
                out.byte(if *required { 1 } else { 0 });
                out.text(name);
            }
            SubjectStep::Each => out.byte(2),
        });
    });
}
