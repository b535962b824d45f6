//! The operations of policies: one table of names and arities, and what each means.
//!
//! A value operation is a pure function of present values; if an argument is missing, so is the result, and
//! nothing ever fails for that reason. Conversions (`int("x")`) are missing where they cannot convert. The
//! compiler folds constants with these same functions, so that there is one meaning for both.

mod apply;
pub(crate) mod collections;
mod conversion;
mod image;
mod number;
mod question;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use std::cmp::Ordering;

pub use apply::apply;
pub use question::{changed, compare, test};

/// In which order two values are compared. The compiler picks it from their types; a value that does not
/// belong to the domain reads as missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    Bool,
    /// int, float and quantity, as exact numbers (`500m` < `1`).
    Number,
    /// By Unicode scalar values.
    Text,
    Duration,
    /// Points in time (RFC 3339).
    Time,
    /// Semantic Versioning 2.0.0 precedence; build metadata counts for nothing.
    Semver,
    /// `25%`: percentages only; the plain numbers of an IntOrString do not belong.
    Percent,
    /// IP addresses, and networks; only equality.
    Ip,
    /// Whole values, deeply: numbers by value, maps without order; only equality.
    Json,
}

impl Domain {
    pub const ALL: &'static [Domain] = &[
        Domain::Bool,
        Domain::Number,
        Domain::Text,
        Domain::Duration,
        Domain::Time,
        Domain::Semver,
        Domain::Percent,
        Domain::Ip,
        Domain::Json,
    ];

    /// The stable name in program listings and in the IR.
    pub fn name(self) -> &'static str {
        match self {
            Domain::Bool => "bool",
            Domain::Number => "number",
            Domain::Text => "text",
            Domain::Duration => "duration",
            Domain::Time => "time",
            Domain::Semver => "semver",
            Domain::Percent => "percent",
            Domain::Ip => "ip",
            Domain::Json => "json",
        }
    }

    /// Whether its values have an order, or equality only.
    pub fn is_ordered(self) -> bool {
        match self {
            Domain::Number
            | Domain::Text
            | Domain::Duration
            | Domain::Time
            | Domain::Semver
            | Domain::Percent => true,
            Domain::Bool | Domain::Ip | Domain::Json => false,
        }
    }
}

/// A comparison of two values of one [`Domain`]; false if either is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub const ALL: &'static [Comparison] = &[
        Comparison::Equal,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];

    /// The sign in program listings and in the IR.
    pub fn name(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds for values in this order.
    pub fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $arity:literal;)*) => {
        /// A pure function of values. Names and numbers of arguments are those of the table below.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Operation { $($(#[doc = $doc])* $variant,)* }

        impl Operation {
            pub const ALL: &'static [Operation] = &[$(Operation::$variant,)*];

            /// The stable name in program listings and in the IR.
            pub fn name(self) -> &'static str {
                match self { $(Operation::$variant => $name,)* }
            }

            /// How many values it takes.
            pub fn arity(self) -> usize {
                match self { $(Operation::$variant => $arity,)* }
            }

            /// The operation of a program file's byte.
            pub fn from_byte(byte: u8) -> Option<Operation> {
                Operation::ALL.get(byte as usize).copied()
            }
        }
    };
}

operations! {
    // Arithmetic. Numbers are exact decimals as long as they can be (int, quantity), else floats.
    /// number + number, duration + duration, time + duration, text + text, list + list
    Add "add" 2;
    /// number - number, duration - duration, time - time (a duration), time - duration
    Subtract "subtract" 2;
    /// number * number, duration * number
    Multiply "multiply" 2;
    /// number / number, duration / number, duration / duration; missing when dividing by zero
    Divide "divide" 2;
    Negate "negate" 1;
    /// round(number, digits): half away from zero
    Round "round" 2;

    // Lists and maps
    /// Elements of a list, entries of a map, Unicode scalar values of a text
    Count "count" 1;
    Sum "sum" 1;
    Min "min" 1;
    Max "max" 1;
    Distinct "distinct" 1;
    Sort "sort" 1;
    Reverse "reverse" 1;
    /// Keys of a map, sorted
    Keys "keys" 1;
    /// Values of a map, in the order of its sorted keys
    Values "values" 1;
    /// without(map, key): the map without one key
    Without "without" 2;
    /// merge(map, map): the right wins
    Merge "merge" 2;
    /// An element by number (negative: from the end) or an entry by key
    Index "index" 2;

    // Text
    /// join(list, separator)
    Join "join" 2;
    /// split(text, separator)
    Split "split" 2;
    Lower "lower" 1;
    Upper "upper" 1;
    /// trim(text, characters): any of the characters, at both ends
    Trim "trim" 2;
    /// replace(text, old, new): all occurrences
    Replace "replace" 3;
    /// substring(text, start, end): Unicode scalar values, end exclusive, clamped
    Substring "substring" 3;
    /// matchGroup(text, regex, group): missing where the expression does not match
    MatchGroup "matchGroup" 3;
    /// The text of a scalar: text as it is, numbers and booleans as JSON writes them; missing for others
    ToText "text" 1;

    // Conversions; missing where they cannot convert
    ToInt "int" 1;
    ToFloat "float" 1;
    ToQuantity "quantity" 1;
    ToDuration "duration" 1;
    ToTime "time" 1;
    ToSemver "semver" 1;
    /// As semver, after dropping a leading `v` and filling up missing parts (`v1.2` is 1.2.0)
    ToVersion "version" 1;
    ToIp "ip" 1;
    ToCidr "cidr" 1;
    ToJson "toJson" 1;
    FromJson "json" 1;
    FromYaml "yaml" 1;
    Base64Encode "base64.encode" 1;
    Base64Decode "base64.decode" 1;
    Sha256 "hash.sha256" 1;
    Sha1 "hash.sha1" 1;
    Md5 "hash.md5" 1;

    // Image references, normalised as Docker does: registry docker.io, tag latest
    ImageRegistry "image.registry" 1;
    ImageRepository "image.repository" 1;
    ImageTag "image.tag" 1;
    ImageDigest "image.digest" 1;
    /// Without tag and digest, as registry/repository
    ImageName "image.name" 1;
    /// registry/repository:tag or registry/repository@digest
    ImageReference "image.reference" 1;
    /// The tag as written; missing where none is
    ImageWrittenTag "image.written.tag" 1;
}

/// A yes-or-no question that is neither a comparison nor about presence; false if an argument is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Test {
    /// (value, list): an element equals it, as whole values
    InList,
    /// (value, list): as `InList`, by exact number
    InListNumber,
    /// (key, map): the map has the key
    InMap,
    /// (text, text): the right one contains the left one
    InText,
    /// (number, low, high): low ≤ number ≤ high
    InRange,
    /// (ip, cidr)
    InCidr,
    /// (cidr, cidr): the left network lies within the right one
    CidrInCidr,
}

impl Test {
    pub const ALL: &'static [Test] = &[
        Test::InList,
        Test::InListNumber,
        Test::InMap,
        Test::InText,
        Test::InRange,
        Test::InCidr,
        Test::CidrInCidr,
    ];

    /// The stable name in program listings and in the IR.
    pub fn name(self) -> &'static str {
        match self {
            Test::InList => "in-list",
            Test::InListNumber => "in-list-number",
            Test::InMap => "in-map",
            Test::InText => "in-text",
            Test::InRange => "in-range",
            Test::InCidr => "in-cidr",
            Test::CidrInCidr => "cidr-in-cidr",
        }
    }

    pub fn arity(self) -> usize {
        if self == Test::InRange { 3 } else { 2 }
    }
}
