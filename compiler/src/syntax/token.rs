//! The words and signs of the language. The only file that knows logos.
//!
//! [`RawToken`] is what logos finds; [`Tok`] is what the grammar sees, after keywords are told from names,
//! numbers are classified and the adapter has joined `not in`, `not matches` and `or missing`.

use logos::Logos;

use super::strings;

macro_rules! keywords {
    (reserved { $($r:ident $rw:literal,)* } contextual { $($c:ident $cw:literal,)* }) => {
        /// A word with a meaning of its own. Reserved ones are never the start of a path; contextual ones
        /// are keywords only in their place. After a dot and before a colon every word is a field name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Keyword { $($r,)* $($c,)* }

        impl Keyword {
            pub const RESERVED: &'static [Keyword] = &[$(Keyword::$r,)*];
            pub const CONTEXTUAL: &'static [Keyword] = &[$(Keyword::$c,)*];

            /// The keyword spelled `word`.
            pub fn parse(word: &str) -> Option<Keyword> {
                match word { $($rw => Some(Keyword::$r),)* $($cw => Some(Keyword::$c),)* _ => None }
            }

            pub fn as_str(self) -> &'static str {
                match self { $(Keyword::$r => $rw,)* $(Keyword::$c => $cw,)* }
            }

            /// Whether the word can never be a name at the start of a path.
            pub fn is_reserved(self) -> bool {
                match self { $(Keyword::$r => true,)* $(Keyword::$c => false,)* }
            }
        }
    };
}

keywords! {
    reserved {
        And "and", Or "or", Not "not", In "in", Matches "matches", Has "has", Empty "empty",
        Changed "changed", Try "try", Any "any", Every "every", If "if", Then "then", Else "else",
        Where "where", With "with", That "that", On "on", For "for", Let "let", Fn "fn",
        True "true", False "false",
        Deny "deny", Require "require", Mutate "mutate", Generate "generate", Verify "verify",
        Delete "delete", Exempt "exempt", Test "test", Policy "policy", Rule "rule",
        Set "set", Default "default", Append "append", Prepend "prepend", Remove "remove",
        Message "message", Action "action", Settings "settings",
        Of "of", As "as", By "by", Into "into", From "from",
    }
    contextual {
        Use "use", Kind "kind", View "view", Refine "refine", Untyped "untyped", Severity "severity",
        Category "category", Control "control", Copy "copy", Each "each", Signed "signed",
        Attested "attested", Ignoring "ignoring", Until "until", Because "because", Given "given",
        Expect "expect", Becomes "becomes", Generates "generates", Mutates "mutates", Allow "allow", Skip "skip",
        Keep "keep", Missing "missing", Only "only",
    }
}

/// Names that every file can use and nothing can shadow.
pub const PREDEFINED: &[&str] = &[
    "self",
    "resource",
    "old",
    "trigger",
    "request",
    "namespace",
    "user",
    "now",
    "cluster",
    "http",
    "registry",
    "predicate",
    "kyverno",
];

macro_rules! signs {
    ($($name:ident $text:literal,)*) => {
        /// A terminal of the grammar. The text of names and literals is in the source, at the token's place.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Tok {
            Name,
            Keyword(Keyword),
            Str,
            Int,
            Float,
            Quantity,
            Duration,
            Percent,
            Date,
            /// `not in`, joined by the adapter; so the next two.
            NotIn,
            NotMatches,
            OrMissing,
            /// What the repair puts where something is not written yet.
            Hole,
            /// What the repair puts in place of text that cannot be read.
            Error,
            $($name,)*
        }

        impl Tok {
            /// The spelling of a sign, joined word or keyword; a description in words for the rest.
            pub fn describe(self) -> &'static str {
                match self {
                    Tok::Name => "a name",
                    Tok::Keyword(word) => word.as_str(),
                    Tok::Str => "a string",
                    Tok::Int | Tok::Float => "a number",
                    Tok::Quantity => "a quantity",
                    Tok::Duration => "a duration",
                    Tok::Percent => "a percentage",
                    Tok::Date => "a date",
                    Tok::NotIn => "not in",
                    Tok::NotMatches => "not matches",
                    Tok::OrMissing => "or missing",
                    Tok::Hole => "nothing",
                    Tok::Error => "unreadable text",
                    $(Tok::$name => $text,)*
                }
            }

            /// The sign spelled `text`.
            fn sign(text: &str) -> Option<Tok> {
                match text { $($text => Some(Tok::$name),)* _ => None }
            }
        }
    };
}

signs! {
    LBrace "{", RBrace "}", LParen "(", RParen ")", LBracket "[", RBracket "]", Comma ",", Colon ":",
    Dot ".", DotDot "..", Eq "=", EqEq "==", Ne "!=", Lt "<", Le "<=", Gt ">", Ge ">=", Tilde "~",
    NotTilde "!~", Plus "+", Minus "-", Star "*", Slash "/", QuestionQuestion "??", Question "?",
}

impl Tok {
    pub fn is_keyword(self, word: Keyword) -> bool {
        self == Tok::Keyword(word)
    }

    /// Whether an expression may end here.
    pub fn ends_value(self) -> bool {
        match self {
            Tok::Keyword(word) => !word.is_reserved() || matches!(word, Keyword::True | Keyword::False),
            Tok::Name
            | Tok::Str
            | Tok::Int
            | Tok::Float
            | Tok::Quantity
            | Tok::Duration
            | Tok::Percent
            | Tok::Date
            | Tok::OrMissing
            | Tok::Hole
            | Tok::Error
            | Tok::RBrace
            | Tok::RParen
            | Tok::RBracket => true,
            _ => false,
        }
    }

    /// Whether the token is a literal with a number in it.
    pub fn is_number(self) -> bool {
        matches!(self, Tok::Int | Tok::Float | Tok::Quantity | Tok::Duration | Tok::Percent)
    }

    pub fn closer(self) -> Option<Tok> {
        match self {
            Tok::LBrace => Some(Tok::RBrace),
            Tok::LParen => Some(Tok::RParen),
            Tok::LBracket => Some(Tok::RBracket),
            _ => None,
        }
    }

    pub fn is_closer(self) -> bool {
        matches!(self, Tok::RBrace | Tok::RParen | Tok::RBracket)
    }
}

/// A token and its place: bytes in the file, end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    pub tok: Tok,
    pub start: u32,
    pub end: u32,
    /// Whether a line break stands between the token before and this one.
    pub starts_line: bool,
}

/// What logos finds. Whitespace within a line is skipped.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r]+")]
pub(super) enum RawToken {
    #[token("\n")]
    Newline,
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")]
    Name,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([A-Za-z][A-Za-z0-9_]*(\.[0-9]+[A-Za-z0-9_]*)?)*%?")]
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?e[+\-][0-9]+")]
    Number,
    #[regex(r"[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9](T[0-9:.]*(Z|[+\-][0-9][0-9]:[0-9][0-9])?)?")]
    Date,
    #[token("\"", strings::end_of_plain)]
    #[token("\"\"\"", strings::end_of_block)]
    #[token("r\"", strings::end_of_raw)]
    #[token("r\"\"\"", strings::end_of_raw_block)]
    #[regex("r#+\"", strings::end_of_hashed)]
    String(strings::Ending),
    /// Not of the language; read as a string so that the text around it keeps its meaning.
    #[regex(r"'[^'\n]*'")]
    SingleQuoted,
    #[regex(r"\{|\}|\(|\)|\[|\]|,|:|\.|\.\.|=|==|!=|<|<=|>|>=|~|!~|\+|-|\*|/|\?\?|\?", |lex| Tok::sign(lex.slice()))]
    Sign(Tok),
    /// Signs of other languages, which get a diagnostic that names ours.
    #[token("&&")]
    #[token("||")]
    #[token("!")]
    #[token("=~")]
    #[token(";")]
    #[token("#")]
    #[token("/*")]
    #[token("*/")]
    #[token("=>")]
    #[regex("<>=*")]
    #[regex("====*")]
    #[regex("!===*")]
    #[token("?.")]
    Foreign,
}
