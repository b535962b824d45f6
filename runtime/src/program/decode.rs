//! Reads the bytes of a program file; the inverse of `encode`, which says the format.

use super::encode::{BODY_AT, CHECKSUM_AT, table};
use super::instruction::{Block, Instruction, Operand, OptionalSlot};
use super::meta::{
    Body, Change, Check, ConditionalAction, Copies, EachElement, Edit, Elements, Exemption, Existing,
    Generation, Images, Make, NewObject, Operations, Origin, OriginId, Place, PlaceRoot, PlaceStep, Policy,
    PolicyId, Rule, RuleId, SourcePlace, SubjectStep, Target,
};
use super::wire::{Damage, Reader};
use super::{
    Binding, BindingId, Constant, FORMAT_VERSION, MAGIC, Parts, Path, PathRoot, PathStep, ProgramError, Slot,
};
use crate::glob::{Glob, GlobPart};

type Read<T> = Result<T, Damage>;

pub(super) fn decode(bytes: &[u8]) -> Result<Parts, ProgramError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(ProgramError::NotAProgram);
    }
    let damaged = |how| ProgramError::Damaged(how);
    let short = "it ends too early";
    let version = bytes.get(4..6).and_then(|bytes| bytes.try_into().ok()).ok_or(damaged(short))?;
    let version = u16::from_le_bytes(version);
    if version != FORMAT_VERSION {
        return Err(ProgramError::UnknownVersion(version));
    }
    let checksum = bytes.get(CHECKSUM_AT..BODY_AT).ok_or(damaged(short))?;
    let checked = bytes.get(BODY_AT..).ok_or(damaged(short))?;
    if bytes[6..8] != [0, 0] || blake3::hash(checked).as_bytes() != checksum {
        return Err(damaged("the checksum is wrong"));
    }
    let (len, body) = checked.split_at_checked(4).ok_or(damaged(short))?;
    if len != (body.len() as u32).to_le_bytes() {
        return Err(damaged("the length is wrong"));
    }
    tables(body).map_err(|damage| ProgramError::Damaged(damage.0))
}

fn tables(body: &[u8]) -> Read<Parts> {
    let mut head = Reader::new(body, &[]);
    let directory = head.rows(|input| Ok((input.byte()?, input.number()?)))?;
    if !directory.iter().map(|(tag, _)| *tag).eq(table::ALL) {
        return Err(Damage("its tables are not those of this format"));
    }
    let mut contents = Vec::new();
    for (tag, len) in directory {
        let len = usize::try_from(len).map_err(|_| Damage("a table is longer than the file"))?;
        contents.push((tag, head.bytes(len)?));
    }
    head.finish()?;

    let mut texts: Vec<&str> = Vec::new();
    let mut parts = Parts::default();
    for (tag, bytes) in contents {
        if tag == table::TEXTS {
            texts = text_table(bytes)?;
            continue;
        }
        let mut input = Reader::new(bytes, &texts);
        match tag {
            table::FILES => parts.files = input.rows(Reader::text)?,
            table::CONSTANTS => parts.constants = input.rows(constant)?,
            table::PATHS => parts.paths = input.rows(path)?,
            table::GLOBS => parts.globs = input.rows(|input| input.rows(glob))?,
            table::REGEXES => parts.regexes = input.rows(|input| input.rows(Reader::text))?,
            table::CODE => parts.code = input.rows(Instruction::read)?,
            table::ORIGINS => {
                parts.origins =
                    input.rows(|input| Ok(Origin { place: place(input)?, text: input.text()? }))?;
                let mut last = 0u32;
                parts.origin_table = input.rows(|input| {
                    last = last.checked_add(input.u32()?).ok_or(Damage("a number is too large"))?;
                    Ok((last, OriginId(input.u32()?)))
                })?;
            }
            table::BINDINGS => parts.bindings = input.rows(binding)?,
            table::RULES => parts.rules = input.rows(rule)?,
            table::POLICIES => parts.policies = input.rows(policy)?,
            table::EXEMPTIONS => parts.exemptions = input.rows(exemption)?,
            _ => return Err(Damage("its tables are not those of this format")),
        }
        input.finish()?;
    }
    Ok(parts)
}

fn text_table(bytes: &[u8]) -> Read<Vec<&str>> {
    let mut input = Reader::new(bytes, &[]);
    let texts = input.rows(|input| {
        let len = input.len()?;
        std::str::from_utf8(input.bytes(len)?).map_err(|_| Damage("a text is not UTF-8"))
    })?;
    input.finish()?;
    Ok(texts)
}

fn constant(input: &mut Reader<'_>) -> Read<Constant> {
    Ok(match input.byte()? {
        0 => Constant::Bool(input.flag()?),
        1 => Constant::Int(input.signed()?),
        2 => {
            let bytes = input.bytes(8)?.try_into().map_err(|_| Damage("it ends too early"))?;
            Constant::Float(f64::from_le_bytes(bytes))
        }
        3 => Constant::Text(input.text()?),
        4 => Constant::Quantity(input.text()?),
        5 => Constant::Percent(input.signed()?),
        6 => Constant::Duration(input.signed()?),
        7 => Constant::Time(input.text()?),
        8 => Constant::Semver(input.text()?),
        9 => Constant::Ip(input.text()?),
        10 => Constant::Cidr(input.text()?),
        11 => Constant::List(input.rows(Operand::read)?),
        _ => return Err(Damage("an unknown constant")),
    })
}

fn path(input: &mut Reader<'_>) -> Read<Path> {
    let root = match input.byte()? {
        0 => PathRoot::Object,
        1 => PathRoot::OldObject,
        2 => PathRoot::Subject,
        3 => PathRoot::OldSubject,
        4 => PathRoot::Slot(Slot::read(input)?),
        5 => PathRoot::Stack,
        6 => PathRoot::Namespace,
        7 => PathRoot::NamespaceObject,
        8 => PathRoot::User,
        9 => PathRoot::Request,
        10 => PathRoot::Now,
        _ => return Err(Damage("an unknown root of a path")),
    };
    let expect = Operand::read(input)?;
    let steps = input.rows(|input| {
        Ok(match input.byte()? {
            required @ (0 | 1) => PathStep::Field { name: input.text()?, required: required == 1 },
            2 => PathStep::Element(input.signed()?),
            _ => return Err(Damage("an unknown step of a path")),
        })
    })?;
    Ok(Path { root, steps, expect })
}

fn glob(input: &mut Reader<'_>) -> Read<Glob> {
    let parts = input.rows(|input| {
        Ok(match input.byte()? {
            0 => GlobPart::Text(input.text()?),
            1 => GlobPart::Many,
            2 => GlobPart::One,
            3 => GlobPart::Value,
            _ => return Err(Damage("an unknown part of a glob")),
        })
    })?;
    Ok(Glob(parts))
}

fn place(input: &mut Reader<'_>) -> Read<SourcePlace> {
    Ok(SourcePlace { file: input.u32()?, line: input.u32()?, column: input.u32()? })
}

fn block(input: &mut Reader<'_>) -> Read<Block> {
    Ok(Block { start: input.u32()?, end: input.u32()? })
}

fn optional<'a, T>(input: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> Read<T>) -> Read<Option<T>> {
    if input.flag()? { read(input).map(Some) } else { Ok(None) }
}

fn binding(input: &mut Reader<'_>) -> Read<Binding> {
    Ok(Binding { name: input.text()?, block: block(input)?, per_element: input.flag()? })
}

fn pairs(input: &mut Reader<'_>) -> Read<Vec<(String, String)>> {
    input.rows(|input| Ok((input.text()?, input.text()?)))
}

fn policy(input: &mut Reader<'_>) -> Read<Policy> {
    let name = input.text()?;
    let (title, description) = (input.optional_text()?, input.optional_text()?);
    let (severity, category, namespace) =
        (input.optional_text()?, input.optional_text()?, input.optional_text()?);
    let (controls, labels, annotations) = (pairs(input)?, pairs(input)?, pairs(input)?);
    Ok(Policy {
        name,
        title,
        description,
        severity,
        category,
        controls,
        namespace,
        labels,
        annotations,
        first_rule_only: input.flag()?,
        scored: input.flag()?,
        background: optional(input, Reader::flag)?,
        place: place(input)?,
        rules: (RuleId(input.u32()?), RuleId(input.u32()?)),
    })
}

fn rule(input: &mut Reader<'_>) -> Read<Rule> {
    Ok(Rule {
        name: input.text()?,
        description: input.optional_text()?,
        policy: PolicyId(input.u32()?),
        place: place(input)?,
        source_text: input.text()?,
        targets: input.rows(target)?,
        operations: operations(input)?,
        slots: input.u32()?,
        bindings: bindings(input)?,
        applies: optional(input, block)?,
        body: body(input)?,
        message: block(input)?,
        message_written: input.flag()?,
        actions: input.rows(|input| {
            Ok(ConditionalAction {
                effect: Operand::read(input)?,
                warn: input.flag()?,
                condition: optional(input, block)?,
            })
        })?,
    })
}

fn operations(input: &mut Reader<'_>) -> Read<Operations> {
    Ok(Operations {
        create: input.flag()?,
        update: input.flag()?,
        delete: input.flag()?,
        connect: input.flag()?,
    })
}

fn bindings(input: &mut Reader<'_>) -> Read<(BindingId, BindingId)> {
    Ok((BindingId(input.u32()?), BindingId(input.u32()?)))
}

fn exemption(input: &mut Reader<'_>) -> Read<Exemption> {
    Ok(Exemption {
        rules: input.rows(|input| Ok(RuleId(input.u32()?)))?,
        targets: input.rows(target)?,
        operations: operations(input)?,
        slots: input.u32()?,
        bindings: bindings(input)?,
        applies: optional(input, block)?,
        until: input.optional_text()?,
        because: input.text()?,
        place: place(input)?,
    })
}

fn body(input: &mut Reader<'_>) -> Read<Body> {
    Ok(match input.byte()? {
        0 => Body::Check(Check {
            elements: optional(input, elements)?,
            violation: block(input)?,
            violation_origin: OriginId(input.u32()?),
        }),
        1 => Body::Edit(input.rows(edit)?),
        2 => Body::Delete(block(input)?),
        3 => Body::Generate(generation(input)?),
        4 => Body::Verify(optional(input, |input| {
            Ok(Images { elements: elements(input)?, filter: optional(input, block)?, image: block(input)? })
        })?),
        5 => Body::EditExisting(input.rows(|input| {
            Ok(Existing {
                objects: each_element(input)?,
                filter: optional(input, block)?,
                edits: input.rows(edit)?,
            })
        })?),
        _ => return Err(Damage("an unknown body of a rule")),
    })
}

fn each_element(input: &mut Reader<'_>) -> Read<EachElement> {
    Ok(EachElement {
        sources: block(input)?,
        source_count: input.u32()?,
        key: OptionalSlot::read(input)?.0,
        element: Slot::read(input)?,
    })
}

fn generation(input: &mut Reader<'_>) -> Read<Generation> {
    let each = optional(input, each_element)?;
    let filter = optional(input, block)?;
    let make = match input.byte()? {
        0 => Make::Object(NewObject {
            api_version: input.text()?,
            kind: input.text()?,
            name: block(input)?,
            namespace: optional(input, block)?,
            fields: block(input)?,
        }),
        1 => Make::Copies(Copies {
            objects: block(input)?,
            required: input.u32()?,
            into: block(input)?,
            rename: optional(input, block)?,
        }),
        _ => return Err(Damage("an unknown thing to make")),
    };
    Ok(Generation { each, filter, make })
}

fn edit(input: &mut Reader<'_>) -> Read<Edit> {
    let each = input.rows(each_element)?;
    let guard = optional(input, block)?;
    let root = match input.byte()? {
        0 => PlaceRoot::Object,
        1 => PlaceRoot::Subject,
        2 => PlaceRoot::Slot(Slot::read(input)?),
        _ => return Err(Damage("an unknown root of a place")),
    };
    let steps = input.rows(|input| {
        Ok(match input.byte()? {
            0 => PlaceStep::Field(input.text()?),
            1 => PlaceStep::Key(block(input)?),
            _ => return Err(Damage("an unknown step of a place")),
        })
    })?;
    let change = match input.byte()? {
        0 => Change::Put(block(input)?),
        first @ (1 | 2) => Change::Insert { first: first == 1, value: block(input)? },
        3 => Change::Remove,
        _ => return Err(Damage("an unknown change")),
    };
    Ok(Edit { each, guard, place: Place { root, steps }, change })
}

fn elements(input: &mut Reader<'_>) -> Read<Elements> {
    Ok(Elements {
        view: input.text()?,
        sources: block(input)?,
        source_count: input.u32()?,
        key: OptionalSlot::read(input)?.0,
        element: Slot::read(input)?,
    })
}

fn target(input: &mut Reader<'_>) -> Read<Target> {
    Ok(Target {
        group: input.text()?,
        version: input.text()?,
        kind: input.text()?,
        plural: input.text()?,
        namespaced: input.flag()?,
        subresource: input.optional_text()?,
        subjects: input.rows(|input| {
            input.rows(|input| {
                Ok(match input.byte()? {
                    required @ (0 | 1) => SubjectStep::Field { name: input.text()?, required: required == 1 },
                    2 => SubjectStep::Each,
                    _ => return Err(Damage("an unknown step of a subject")),
                })
            })
        })?,
    })
}
