//! How deep the tree of a text will be, estimated from its tokens: never less than it will be.
//!
//! Later stages and the destructor of the tree walk it recursively, so its depth must be bounded before it
//! is built. Brackets nest, prefix words nest, and a chain of operators leans to one side, which is as deep.

use super::token::{Keyword, Tok};

/// Brackets within brackets.
pub const FRAMES_MAX: usize = 128;
/// Nodes within nodes of one expression, brackets included.
const DEPTH_MAX: u32 = 400;

/// How deep one place is.
pub struct Measure {
    pub frames: usize,
    pub depth: u32,
}

impl Measure {
    pub fn is_too_deep(&self) -> bool {
        self.frames > FRAMES_MAX || self.depth > DEPTH_MAX
    }
}

/// The operators since the start of an expression, by how they nest: an `or` is above the `and` beside it,
/// and both are above comparisons and arithmetic.
#[derive(Clone, Copy, Default, Debug)]
pub struct Chain {
    open: u32,
    or: u32,
    and: u32,
    other: u32,
    postfix: u32,
}

impl Chain {
    pub fn depth(&self) -> u32 {
        self.open + self.or + self.and + self.other + self.postfix
    }

    /// `.f`, `[i]`, `f(x)`
    pub fn postfix(&mut self) {
        self.postfix += 1;
    }

    pub fn sign(&mut self, tok: Tok) {
        match tok {
            Tok::Comma => *self = Chain::default(),
            Tok::Dot => self.postfix(),
            Tok::DotDot
            | Tok::EqEq
            | Tok::Ne
            | Tok::Lt
            | Tok::Le
            | Tok::Gt
            | Tok::Ge
            | Tok::Tilde
            | Tok::NotTilde
            | Tok::Plus
            | Tok::Minus
            | Tok::Star
            | Tok::Slash
            | Tok::QuestionQuestion
            | Tok::NotIn
            | Tok::NotMatches => self.operator(),
            _ => {}
        }
    }

    pub fn keyword(&mut self, word: Keyword) {
        match word {
            Keyword::Or => {
                self.or += 1;
                (self.and, self.other, self.postfix) = (0, 0, 0);
            }
            Keyword::And => {
                self.and += 1;
                (self.other, self.postfix) = (0, 0);
            }
            Keyword::Any | Keyword::Every | Keyword::If | Keyword::Then | Keyword::Else => {
                let open = self.depth() + 1;
                *self = Chain { open, ..Chain::default() };
            }
            Keyword::Not
            | Keyword::In
            | Keyword::Matches
            | Keyword::Has
            | Keyword::Empty
            | Keyword::Changed
            | Keyword::Try
            | Keyword::Of => self.operator(),
            _ => {}
        }
    }

    fn operator(&mut self) {
        self.other += 1;
        self.postfix = 0;
    }
}
