//! The instructions of a program.
//!
//! The machine has a stack of values, a flag (the answer of the last condition), slots for local names, a
//! stack of open loops and one of lists under construction. Code lies in blocks; jumps stay inside their
//! block. A backward jump leads only to the `next` of the innermost open loop, so every block ends.

use super::meta::Effect;
use super::question::Question;
use super::wire::{Damage, Reader, Writer};
use crate::machine::Unknown;
use crate::operation::{Comparison, Domain, Operation, Test};

/// A range of instructions, the end excluded; its last one is `return`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Block {
    pub start: u32,
    pub end: u32,
}

macro_rules! numbers {
    ($($(#[doc = $doc:literal])* $name:ident $prefix:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(pub u32);

        impl Operand for $name {
            fn write(&self, out: &mut Writer) {
                out.number(u64::from(self.0));
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Damage> {
                Ok($name(input.u32()?))
            }

            fn show(&self) -> String {
                format!("{}{}", $prefix, self.0)
            }
        }
    )*};
}

numbers! {
    /// A row of the constants.
    ConstantId "c";
    /// A row of the paths.
    PathId "p";
    /// A row of the lists of globs.
    GlobsId "g";
    /// A row of the lists of regular expressions.
    RegexesId "r";
    /// A row of the bindings.
    BindingId "b";
    /// The place of a local name of a rule.
    Slot "%";
    /// An instruction of the same block, counted through the whole code.
    Label "@";
    /// A number of values.
    Count "";
}

/// An operand of an instruction in a program file and in listings.
pub(super) trait Operand: Sized {
    fn write(&self, out: &mut Writer);
    fn read(input: &mut Reader<'_>) -> Result<Self, Damage>;
    fn show(&self) -> String;
}

macro_rules! byte_operands {
    ($($type:ty, $table:expr, $show:expr;)*) => {$(
        impl Operand for $type {
            fn write(&self, out: &mut Writer) {
                // INVARIANT: every value is in its table, and no table has 256 rows.
                let row = $table.iter().position(|row| row == self).unwrap_or(0);
                out.byte(row as u8);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Damage> {
                let row = input.byte()?;
                $table.get(row as usize).copied().ok_or(Damage("a byte that stands for nothing"))
            }

            fn show(&self) -> String {
                let show: fn(&$type) -> &'static str = $show;
                show(self).to_owned()
            }
        }
    )*};
}

pub(super) const EFFECTS: [Effect; 2] = [Effect::Enforce, Effect::Audit];

byte_operands! {
    bool, [false, true], |value| if *value { "true" } else { "false" };
    Operation, Operation::ALL, |it| it.name();
    Test, Test::ALL, |it| it.name();
    Comparison, Comparison::ALL, |it| it.name();
    Domain, Domain::ALL, |it| it.name();
    Unknown, Unknown::ALL, |it| it.code();
    Effect, EFFECTS, |it| it.name();
    Expect, Expect::ALL, |it| it.name();
    Question, Question::ALL, |it| it.name();
}

/// A slot that may be left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OptionalSlot(pub Option<Slot>);

impl Operand for OptionalSlot {
    fn write(&self, out: &mut Writer) {
        out.number(self.0.map_or(0, |slot| u64::from(slot.0) + 1));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(OptionalSlot(input.u32()?.checked_sub(1).map(Slot)))
    }

    fn show(&self) -> String {
        self.0.map_or("-".to_owned(), |slot| slot.show())
    }
}

/// What a value of a manifest has to be; anything else reads as missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Expect {
    Any,
    Bool,
    Int,
    Float,
    /// A quantity as text, or a number.
    Quantity,
    /// A whole number or text.
    IntOrText,
    /// The whole number of an IntOrString; its text is missing, not wrong.
    IntOfIntOrText,
    /// The percentage of an IntOrString; other text and the number are missing, not wrong.
    PercentOfIntOrText,
    Text,
    Duration,
    Time,
    Semver,
    Ip,
    Cidr,
    List,
    /// An object, or a map.
    Map,
}

impl Expect {
    pub const ALL: &'static [Expect] = &[
        Expect::Any,
        Expect::Bool,
        Expect::Int,
        Expect::Float,
        Expect::Quantity,
        Expect::IntOrText,
        Expect::IntOfIntOrText,
        Expect::PercentOfIntOrText,
        Expect::Text,
        Expect::Duration,
        Expect::Time,
        Expect::Semver,
        Expect::Ip,
        Expect::Cidr,
        Expect::List,
        Expect::Map,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Expect::Any => "any",
            Expect::Bool => "bool",
            Expect::Int => "int",
            Expect::Float => "float",
            Expect::Quantity => "quantity",
            Expect::IntOrText => "int-or-text",
            Expect::IntOfIntOrText => "int-of-int-or-text",
            Expect::PercentOfIntOrText => "percent-of-int-or-text",
            Expect::Text => "text",
            Expect::Duration => "duration",
            Expect::Time => "time",
            Expect::Semver => "semver",
            Expect::Ip => "ip",
            Expect::Cidr => "cidr",
            Expect::List => "list",
            Expect::Map => "map",
        }
    }

    /// The words for a finding: what should stand there.
    pub fn words(self) -> &'static str {
        match self {
            Expect::Any => "a value",
            Expect::Bool => "true or false",
            Expect::Int | Expect::IntOfIntOrText => "a whole number",
            Expect::Float => "a number",
            Expect::Quantity => "a quantity",
            Expect::IntOrText | Expect::PercentOfIntOrText => "a whole number or text",
            Expect::Text => "text",
            Expect::Duration => "a duration",
            Expect::Time => "a time",
            Expect::Semver => "a version as text",
            Expect::Ip => "an IP address as text",
            Expect::Cidr => "a network as text",
            Expect::List => "a list",
            Expect::Map => "an object",
        }
    }
}

macro_rules! instructions {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal { $($field:ident: $type:ty),* };)*) => {
        /// One step of the machine.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Instruction { $($(#[doc = $doc])* $variant { $($field: $type),* },)* }

        impl Instruction {
            /// Its name in listings.
            pub fn name(&self) -> &'static str {
                match self { $(Instruction::$variant { .. } => $name,)* }
            }

            /// Its operands as listings show them.
            pub(super) fn operands(&self) -> Vec<String> {
                match self { $(Instruction::$variant { $($field),* } => vec![$($field.show()),*],)* }
            }

            pub(super) fn write(&self, out: &mut Writer) {
                let mut code = 0u8;
                $(
                    if let Instruction::$variant { $($field),* } = self {
                        out.byte(code);
                        $($field.write(out);)*
                        return;
                    }
                    code += 1;
                )*
                // INVARIANT: the variants above are all there are; the counter is read here only.
                debug_assert!(code > 0);
            }

            pub(super) fn read(input: &mut Reader<'_>) -> Result<Instruction, Damage> {
                let byte = input.byte()?;
                let mut code = 0u8;
                $(
                    if byte == code {
                        return Ok(Instruction::$variant { $($field: Operand::read(input)?),* });
                    }
                    code += 1;
                )*
                debug_assert!(byte >= code);
                Err(Damage("an unknown instruction"))
            }
        }
    };
}

instructions! {
    // Values
    /// → constant
    Constant "constant" { constant: ConstantId };
    /// → missing
    Missing "missing" {};
    /// → the value at the path
    Path "path" { path: PathId };
    /// value → the value at the path from there
    Steps "steps" { path: PathId };
    /// → the value of the binding, computed when it is first asked for
    Binding "binding" { binding: BindingId };
    /// map, key → entry
    Entry "entry" {};
    /// value → the value, or missing where it is not what is expected
    Expect "expect" { expect: Expect };
    /// arguments → result
    Operation "operation" { operation: Operation };
    /// list → list with the operation applied to each element
    Convert "convert" { operation: Operation };
    /// text, group → what the group of the regular expression caught
    MatchGroup "match-group" { regexes: RegexesId };
    /// value → value, and on to the label if it is present; else → nothing
    OrElse "or-else" { present: Label };
    /// value → value; the rule ends in an error where it is missing
    Must "must" {};
    /// values → the list of those that are present
    List "list" { count: Count };
    /// pairs of key and value → the map of those whose value is present
    Map "map" { count: Count };
    /// lists → their elements after each other
    Concat "concat" { count: Count };
    /// values → their texts after each other; missing if one is
    Text "text" { count: Count };
    /// values → their texts after each other, a missing one as no text
    Message "message" { count: Count };
    /// Opens a list under construction
    Collect "collect" {};
    /// value → nothing; adds it to the list under construction if it is present
    Add "add" {};
    /// list → nothing; adds its elements
    Extend "extend" {};
    /// → the list that was under construction
    Collected "collected" {};

    /// parts of the question → the answer of the recorded world
    Ask "ask" { question: Question };
    /// text → the text; the rule ends in an error where it could change the meaning of a URL around it
    UrlPart "url-part" {};

    // Conditions set the flag
    /// The flag is this
    Flag "flag" { value: bool };
    /// value → it is true
    Is "is" {};
    /// value → it is present
    Has "has" {};
    /// value → it is missing or empty
    Empty "empty" {};
    /// left, right → they compare so
    Compare "compare" { comparison: Comparison, domain: Domain };
    /// text → one of the globs matches
    Glob "glob" { globs: GlobsId };
    /// text, values of the globs → one of the globs matches
    GlobOf "glob-of" { globs: GlobsId };
    /// text → one of the regular expressions is found
    Regex "regex" { regexes: RegexesId };
    /// arguments → the answer
    Test "test" { test: Test };
    /// now, before → they differ
    Changed "changed" {};
    /// As `path` and `is`
    IsPath "is-path" { path: PathId };
    /// As `path` and `has`
    HasPath "has-path" { path: PathId };
    /// As `path` and `empty`
    EmptyPath "empty-path" { path: PathId };
    /// As `path`, `constant` and `compare`
    ComparePath "compare-path" { path: PathId, comparison: Comparison, domain: Domain, constant: ConstantId };
    /// As `path` and `glob`
    GlobPath "glob-path" { path: PathId, globs: GlobsId };
    /// As `path` and `regex`
    RegexPath "regex-path" { path: PathId, regexes: RegexesId };

    // Control
    Jump "jump" { to: Label };
    /// If the flag is set
    JumpIf "jump-if" { to: Label };
    /// If the flag is not set
    JumpUnless "jump-unless" { to: Label };
    /// On to the label, and a note that the verdict assumed something, where this is unknown
    Known "known" { about: Unknown, unknown: Label };
    /// lists or maps → a loop over their elements after each other
    Iterate "iterate" { count: Count, key: OptionalSlot, element: Slot };
    /// Binds the next element, or closes the loop and goes to the label
    Next "next" { end: Label };
    /// Closes the innermost loop
    Leave "leave" {};
    /// Ends the block
    Return "return" {};
}
