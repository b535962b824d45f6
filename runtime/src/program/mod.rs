//! Programs: policies compiled to bytecode, in memory and as `.aipb` files.
//!
//! [`Parts`] are what a compiler or a file says; a [`Program`] is made of them by verification only, so
//! whoever holds one may run it. What it asserts is listed at [`verify`].

mod decode;
mod disassemble;
mod encode;
mod instruction;
mod meta;
mod prepare;
mod question;
mod verify;
mod wire;

use std::fmt;

pub use instruction::{
    BindingId, Block, ConstantId, Count, Expect, GlobsId, Instruction, Label, OptionalSlot, PathId,
    RegexesId, Slot,
};
pub use meta::{
    Body, Change, Check, ConditionalAction, Copies, EachElement, Edit, Effect, Elements, Exemption,
    ExemptionId, Existing, Generation, Images, Make, NewObject, Operations, Origin, OriginId, Place,
    PlaceRoot, PlaceStep, Policy, PolicyId, Rule, RuleId, SourcePlace, SubjectStep, Target,
};
use prepare::Prepared;
pub use question::Question;

use crate::glob::Glob;

/// The version of the file format; others are refused.
pub const FORMAT_VERSION: u16 = 8;
/// The first bytes of a program file.
pub const MAGIC: [u8; 4] = *b"AIPB";

/// A program that was found valid.
#[derive(Debug)]
pub struct Program {
    parts: Parts,
    prepared: Prepared,
}

/// What a program consists of.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Parts {
    /// The names of source files, as the user wrote them.
    pub files: Vec<String>,
    pub policies: Vec<Policy>,
    pub rules: Vec<Rule>,
    pub exemptions: Vec<Exemption>,
    pub bindings: Vec<Binding>,
    pub constants: Vec<Constant>,
    pub paths: Vec<Path>,
    pub globs: Vec<Vec<Glob>>,
    pub regexes: Vec<Vec<String>>,
    pub code: Vec<Instruction>,
    pub origins: Vec<Origin>,
    /// Which condition of the source an instruction belongs to, by rising instruction.
    pub origin_table: Vec<(u32, OriginId)>,
}

/// A `with` value of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    pub name: String,
    /// Leaves the value.
    pub block: Block,
    /// It speaks of the element, so it is computed anew for each.
    pub per_element: bool,
}

/// A literal of a policy.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// As written.
    Quantity(String),
    Percent(i64),
    /// Nanoseconds.
    Duration(i64),
    /// RFC 3339.
    Time(String),
    Semver(String),
    Ip(String),
    Cidr(String),
    /// Rows that stand before this one.
    List(Vec<ConstantId>),
}

/// A path from a root along fields and elements.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Path {
    pub root: PathRoot,
    pub steps: Vec<PathStep>,
    /// What the value at its end has to be.
    pub expect: Expect,
}

/// Where a path begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PathRoot {
    Object,
    OldObject,
    Subject,
    OldSubject,
    Slot(Slot),
    /// The value on top of the stack; for `steps` only.
    Stack,
    /// The namespace as text.
    Namespace,
    NamespaceObject,
    User,
    Request,
    Now,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PathStep {
    Field {
        name: String,
        /// Each admissible object has it, if it has the parent.
        required: bool,
    },
    /// An element by number; negative counts from the end.
    Element(i64),
}

/// Why a program is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProgramError {
    /// The file does not begin as a program file does.
    NotAProgram,
    /// Another version of aipc wrote it; this is the version of its format.
    UnknownVersion(u16),
    /// The bytes are not those that were written.
    Damaged(&'static str),
    /// It is well-formed, and what it asks for makes no sense; where and what.
    Invalid(String),
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProgramError::NotAProgram => f.write_str("this is not an aipc program file"),
            ProgramError::UnknownVersion(version) => {
                write!(f, "the program file has format {version}; this aipc reads format {FORMAT_VERSION}")
            }
            ProgramError::Damaged(how) => write!(f, "the program file is damaged: {how}"),
            ProgramError::Invalid(how) => write!(f, "the program is not valid: {how}"),
        }
    }
}

impl std::error::Error for ProgramError {}

impl Program {
    /// Verifies the parts and makes them ready to run.
    ///
    /// # Errors
    /// [`ProgramError::Invalid`] with the first thing that is wrong.
    pub fn new(parts: Parts) -> Result<Program, ProgramError> {
        verify::verify(&parts).map_err(ProgramError::Invalid)?;
        let prepared = Prepared::new(&parts);
        Ok(Program { parts, prepared })
    }

    /// Reads a program file and verifies it.
    ///
    /// # Errors
    /// It is no program file, of another version, damaged, or not valid.
    pub fn decode(bytes: &[u8]) -> Result<Program, ProgramError> {
        Program::new(decode::decode(bytes)?)
    }

    /// The bytes of the program file; the same program always gives the same bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode::encode(&self.parts)
    }

    /// A listing for people; stable.
    pub fn disassemble(&self) -> String {
        disassemble::disassemble(&self.parts)
    }

    /// Whether bytes begin as a program file does.
    pub fn is_program(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The names of source files, as the user wrote them.
    pub fn files(&self) -> &[String] {
        &self.parts.files
    }

    /// The name of the source file of a place.
    pub fn file(&self, place: SourcePlace) -> &str {
        self.parts.files.get(place.file as usize).map_or("", String::as_str)
    }

    pub fn policies(&self) -> &[Policy] {
        &self.parts.policies
    }

    pub fn rules(&self) -> &[Rule] {
        &self.parts.rules
    }

    pub fn exemptions(&self) -> &[Exemption] {
        &self.parts.exemptions
    }

    /// An exemption of this program.
    ///
    /// # Panics
    /// The number is another program's.
    pub fn exemption(&self, exemption: ExemptionId) -> &Exemption {
        &self.parts.exemptions[exemption.0 as usize]
    }

    /// A rule of this program.
    ///
    /// # Panics
    /// The number is another program's.
    pub fn rule(&self, rule: RuleId) -> &Rule {
        &self.parts.rules[rule.0 as usize]
    }

    /// The policy of a rule of this program.
    ///
    /// # Panics
    /// As [`Program::rule`].
    pub fn policy_of(&self, rule: RuleId) -> &Policy {
        &self.parts.policies[self.rule(rule).policy.0 as usize]
    }

    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}
