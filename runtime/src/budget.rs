//! What an evaluation may spend: steps, length of texts, depth of values.

/// Values nested more deeply are refused by what looks at whole values.
pub const DEPTH_MAX: usize = 256;
/// Bytes of one text, and elements of one list, that an operation may make.
pub const LEN_MAX: usize = 16 << 20;

/// The budget is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OverBudget;

/// Steps that are left.
#[derive(Clone, Debug)]
pub struct Budget {
    fuel: u64,
}

impl Budget {
    pub fn new(fuel: u64) -> Budget {
        Budget { fuel }
    }

    /// Takes steps away.
    ///
    /// # Errors
    /// There are not that many left.
    #[inline]
    pub fn spend(&mut self, steps: u64) -> Result<(), OverBudget> {
        match self.fuel.checked_sub(steps) {
            Some(rest) => {
                self.fuel = rest;
                Ok(())
            }
            None => {
                self.fuel = 0;
                Err(OverBudget)
            }
        }
    }

    /// The steps of going through so many bytes of text.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    #[inline]
    pub fn spend_text(&mut self, bytes: usize) -> Result<(), OverBudget> {
        self.spend(bytes as u64 / 32)
    }

    /// Checks the length of a text or list that is being made.
    ///
    /// # Errors
    /// It is beyond [`LEN_MAX`].
    pub fn text_len(&self, len: usize) -> Result<(), OverBudget> {
        if len > LEN_MAX { Err(OverBudget) } else { Ok(()) }
    }

    /// The steps that are left.
    pub fn fuel(&self) -> u64 {
        self.fuel
    }
}

/// As much as a rule gets by default.
impl Default for Budget {
    fn default() -> Budget {
        Budget::new(10_000_000)
    }
}
