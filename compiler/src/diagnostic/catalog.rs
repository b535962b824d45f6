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

            /// Whether `[lint]` may say how much it weighs: of warnings, and of lints that are errors.
            pub fn has_level(self) -> bool {
                self.severity() != Severity::Error || self.as_str().starts_with("AIP05")
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

    UnknownName        "AIP0201" Error "unknown name";
    AmbiguousName      "AIP0202" Error "ambiguous name";
    DeclaredTwice      "AIP0203" Error "declared twice";
    PredefinedName     "AIP0204" Error "a name that the language keeps for itself";
    DeclaredByItself   "AIP0205" Error "declared by way of itself";
    UnknownKind        "AIP0206" Error "unknown kind, view or subresource";
    AmbiguousKind      "AIP0207" Error "ambiguous kind";
    UnknownModule      "AIP0208" Error "a file that cannot be used";
    UnknownFunction    "AIP0209" Error "unknown function";
    UnknownPolicy      "AIP0210" Error "unknown policy";
    UnknownType        "AIP0211" Error "unknown type";
    OutOfPlace         "AIP0212" Error "a name that has no meaning here";
    BadName            "AIP0213" Error "a name that Kubernetes does not accept";
    UnknownWord        "AIP0214" Error "unknown word";
    UnknownKnob        "AIP0215" Error "unknown setting";
    UnreadableFile     "AIP0216" Error "a file that cannot be read";
    TooLarge "AIP0217" Error "expands to too much";

    UnknownField       "AIP0301" Error "unknown field";
    NotInThisVersion   "AIP0302" Error "not in this version of Kubernetes";
    NoFields           "AIP0303" Error "a field of something without fields";
    CannotIndex        "AIP0304" Error "an index that does not fit";
    CannotCompare      "AIP0305" Error "values that cannot be compared";
    CannotCalculate    "AIP0306" Error "values that cannot be calculated with";
    UnknownValue       "AIP0307" Error "a value outside its closed set";
    NotText            "AIP0308" Error "text is wanted";
    NotAList           "AIP0309" Error "a list is wanted";
    NotACondition      "AIP0310" Error "a condition is wanted";
    WrongArguments     "AIP0311" Error "wrong arguments";
    WrongValue         "AIP0312" Error "a value of the wrong type";
    BadLiteral         "AIP0313" Error "a literal that cannot be read";
    NeedsConstant      "AIP0314" Error "a constant is wanted";
    NeedsPath          "AIP0315" Error "a path is wanted";
    GlobOrRegex        "AIP0316" Error "a glob and a regular expression mixed up";

    ManyValues         "AIP0401" Error "many values where one is wanted";
    MayBeDifferent     "AIP0402" Error "may be different elements of one list";
    PassesInSilence    "AIP0403" Error "a requirement met by absence";
    MixedSubject       "AIP0404" Error "subjects that lie in different places";
    PolicyWithoutRules "AIP0405" Error "a policy without rules";
    EmptyTest          "AIP0406" Error "a test without expectations";
    NotCarriedYet      "AIP0407" Error "checked, but not carried by any output yet";
    VerbClause         "AIP0408" Error "a clause that a verb needs, or cannot have";
    MayBeMissing       "AIP0409" Error "a value that may be missing inside a text";
    UnwrittenElement   "AIP0410" Error "an element that is not written out";

    BarePod            "AIP0501" Warning "bare Pods only";
    AlwaysTrue         "AIP0502" Error "always true";
    ComparedWithEmpty  "AIP0503" Warning "compared with empty text";
    ChangedIsMeant     "AIP0504" Warning "compared with the old object";
    MisspeltKey        "AIP0505" Warning "a misspelt well-known key";
    ComparedGlob       "AIP0506" Warning "a glob compared as text";
    UnlikelyUnit       "AIP0507" Warning "a number in an unlikely unit";
    OneElement         "AIP0508" Warning "one container where there may be several";
    TemplateIdentity   "AIP0509" Warning "name or namespace of a template";

    NotInTarget        "AIP0601" Error "a target cannot say this";
    DiffersInTarget    "AIP0602" Warning "a target differs in some cases";

    SettingsSyntax     "AIP0701" Error "settings that cannot be read";
    UnknownSetting     "AIP0702" Error "unknown setting";
    WrongSetting       "AIP0703" Error "setting with a wrong value";
    WrongDefinition    "AIP0704" Error "definition of a kind that cannot be read";
    RepeatedPolicy     "AIP0705" Error "policy that exists in another file";
}
