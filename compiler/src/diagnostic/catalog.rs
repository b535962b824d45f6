//! The table of diagnostics: code, title, severity. `explain/<code>.md` holds each code's page.

use super::Severity;

macro_rules! catalog {
    ($($name:ident $code:literal $severity:ident $title:literal;)*) => {
        /// The identity of a diagnostic. Codes are never reused.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $($name,)* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// `AIP0101`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// A few words, for lists.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// The severity it has unless `[lint]` of `aip.toml` says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }

            /// The code written `text`, in any case.
            pub fn parse(text: &str) -> Option<Code> {
                match text.to_ascii_uppercase().as_str() { $($code => Some(Code::$name),)* _ => None }
            }
        }
    };
}

// 01xx text and grammar · 02xx names · 03xx types · 04xx meaning · 05xx lints · 06xx targets · 07xx project
catalog! {
    UnexpectedToken      "AIP0101" Error "unexpected token";
    UnknownCharacter     "AIP0102" Error "unknown character";
    HiddenCharacter      "AIP0103" Error "hidden character";
    UnclosedString       "AIP0104" Error "string without an end";
    MalformedNumber      "AIP0105" Error "malformed number";
    BadEscape            "AIP0106" Error "unknown escape";
    BadInterpolation     "AIP0107" Error "malformed interpolation";
    MissingFieldName     "AIP0108" Error "field name missing";
    MissingExpression    "AIP0109" Error "expression or name missing";
    UnclosedBracket      "AIP0110" Error "bracket without an end";
    UnmatchedBracket     "AIP0111" Error "bracket without a beginning";
    MisspeltKeyword      "AIP0112" Error "misspelt keyword";
    ClauseOrder          "AIP0113" Error "clause out of order";
    MinusWithoutSpaces   "AIP0114" Error "minus without spaces";
    TooDeep              "AIP0115" Error "text nested too deeply";
    ForeignSpelling      "AIP0116" Error "spelling of another language";
    StringNotConstant    "AIP0117" Error "string must be constant";
    InvalidDate          "AIP0118" Error "date does not exist";
    StrayDocComment      "AIP0119" Warning "doc comment without an item";
    MissingToken         "AIP0120" Error "word or sign missing";
    BlockIndentation     "AIP0121" Error "text block indented too little";
    IntegerOutOfRange    "AIP0122" Error "integer out of range";
    EntriesNotWrittenOut "AIP0123" Error "entries must be written out";
    NotInTarget        "AIP0601" Error "a target cannot say this";
    DiffersInTarget    "AIP0602" Warning "a target differs in some cases";
}
