//! Code under construction: instructions, labels, and tables in which each row is kept once.

use std::collections::HashMap;
use std::hash::Hash;

use aipc_runtime::glob::Glob;
use aipc_runtime::program::{
    Block, Constant, ConstantId, GlobsId, Instruction, Label, Origin, OriginId, Parts, Path, PathId,
    RegexesId, SourcePlace,
};

use crate::source::{FileId, Sources, Span};

/// The parts of a program so far.
#[derive(Default)]
pub(super) struct Assembler<'s> {
    pub(super) parts: Parts,
    /// The texts that places are in.
    sources: Option<&'s Sources>,
    /// Of those texts.
    files: HashMap<FileId, u32>,
    /// Constants by their text, which tells floats apart that are equal and not the same.
    constants: HashMap<String, u32>,
    paths: HashMap<Path, u32>,
    globs: HashMap<Vec<Glob>, u32>,
    regexes: HashMap<Vec<String>, u32>,
    origins: HashMap<Origin, u32>,
    /// The instruction of each label of the block under construction, once it is known.
    labels: Vec<Option<u32>>,
    block_start: u32,
}

/// Characters of a condition's source that a program keeps.
const ORIGIN_TEXT_MAX: usize = 300;

impl<'s> Assembler<'s> {
    /// What comes next has its places in these texts.
    pub(super) fn turn_to(&mut self, sources: &'s Sources) {
        if !self.sources.is_some_and(|it| std::ptr::eq(it, sources)) {
            self.sources = Some(sources);
            self.files.clear();
        }
    }

    pub(super) fn emit(&mut self, instruction: Instruction) {
        self.parts.code.push(instruction);
    }

    /// An instruction that answers for a place of the source.
    pub(super) fn emit_for(&mut self, instruction: Instruction, span: Span) {
        let origin = self.origin(span);
        self.parts.origin_table.push((self.parts.code.len() as u32, origin));
        self.emit(instruction);
    }

    pub(super) fn open_block(&mut self) {
        self.labels.clear();
        self.block_start = self.parts.code.len() as u32;
    }

    /// Ends a block; jumps in it get the places of their labels.
    pub(super) fn close_block(&mut self) -> Block {
        self.emit(Instruction::Return {});
        let block = Block { start: self.block_start, end: self.parts.code.len() as u32 };
        let labels = std::mem::take(&mut self.labels);
        let place = |label: &mut Label| {
            // INVARIANT: each label that is jumped to was put somewhere before its block was closed.
            label.0 = labels[label.0 as usize].unwrap_or(block.end);
        };
        for instruction in &mut self.parts.code[block.start as usize..] {
            match instruction {
                Instruction::Jump { to } | Instruction::JumpIf { to } | Instruction::JumpUnless { to } => {
                    place(to)
                }
                Instruction::OrElse { present } => place(present),
                Instruction::Known { unknown, .. } => place(unknown),
                Instruction::Next { end } => place(end),
                _ => {}
            }
        }
        block
    }

    /// A label of the block under construction; until the block is closed its number is not a place.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label in front of the next instruction.
    pub(super) fn put(&mut self, label: Label) {
        self.labels[label.0 as usize] = Some(self.parts.code.len() as u32);
    }

    pub(super) fn constant(&mut self, constant: Constant) -> ConstantId {
        let key = format!("{constant:?}");
        ConstantId(row(&mut self.constants, &mut self.parts.constants, key, constant))
    }

    pub(super) fn path(&mut self, path: Path) -> PathId {
        PathId(row(&mut self.paths, &mut self.parts.paths, path.clone(), path))
    }

    pub(super) fn globs(&mut self, globs: Vec<Glob>) -> GlobsId {
        GlobsId(row(&mut self.globs, &mut self.parts.globs, globs.clone(), globs))
    }

    pub(super) fn regexes(&mut self, patterns: Vec<String>) -> RegexesId {
        RegexesId(row(&mut self.regexes, &mut self.parts.regexes, patterns.clone(), patterns))
    }

    /// A place of the source and how it is written there, on one line.
    pub(super) fn origin(&mut self, span: Span) -> OriginId {
        let text = self.sources.map_or("", |it| it.text(span));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = match text.char_indices().nth(ORIGIN_TEXT_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        let origin = Origin { place: self.place(span), text };
        OriginId(row(&mut self.origins, &mut self.parts.origins, origin.clone(), origin))
    }

    pub(super) fn place(&mut self, span: Span) -> SourcePlace {
        let Some(sources) = self.sources else { return SourcePlace { file: 0, line: 1, column: 1 } };
        let source = sources.get(span.file);
        let (line, column) = source.line_column(span.start);
        let file = row(&mut self.files, &mut self.parts.files, span.file, source.name.clone());
        SourcePlace { file, line, column }
    }
}

/// The row of a table that holds a value, made where there is none.
fn row<K: Hash + Eq, V>(known: &mut HashMap<K, u32>, table: &mut Vec<V>, key: K, value: V) -> u32 {
    *known.entry(key).or_insert_with(|| {
        table.push(value);
        table.len() as u32 - 1
    })
}
