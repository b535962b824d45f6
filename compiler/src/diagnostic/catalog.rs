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
    UnexpectedToken    "AIP0101" Error "unexpected token";
    NotInTarget        "AIP0601" Error "a target cannot say this";
    DiffersInTarget    "AIP0602" Warning "a target differs in some cases";
}
