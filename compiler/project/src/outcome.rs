//! What a run of the command came to, and the one place that knows exit codes.

use std::process::ExitCode;

/// How a command ended. The order is by weight: of two outcomes the greater one is the command's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// Everything was read and evaluated, there was something to evaluate, and nothing was denied.
    Clean,
    /// Something was denied, a test failed, or a file would change.
    Denied,
    /// Something was unreadable, wrong, unsupported or over budget, or there was nothing to check.
    Incomplete,
    /// The command was called in a wrong way.
    Usage,
    /// A fault of aipc itself.
    Fault,
}

impl Outcome {
    /// The outcome of doing both.
    pub fn and(self, other: Outcome) -> Outcome {
        self.max(other)
    }

    /// The exit code. Signals end the process by themselves: a shell sees 130 and 143.
    pub fn code(self) -> u8 {
        match self {
            Outcome::Clean => 0,
            Outcome::Denied => 1,
            Outcome::Usage => 2,
            Outcome::Incomplete => 3,
            Outcome::Fault => 70,
        }
    }

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Clean => "clean",
            Outcome::Denied => "denied",
            Outcome::Usage => "usage",
            Outcome::Incomplete => "incomplete",
            Outcome::Fault => "fault",
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(outcome.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::*;

    #[test]
    fn incomplete_wins_over_denied() {
        assert_eq!(Denied.and(Incomplete), Incomplete);
        assert_eq!(Incomplete.and(Denied), Incomplete);
        assert_eq!(Clean.and(Denied), Denied);
        assert_eq!(Fault.and(Usage), Fault);
    }

    #[test]
    fn codes_are_the_documented_ones() {
        let codes = [Clean, Denied, Usage, Incomplete, Fault].map(super::Outcome::code);
        assert_eq!(codes, [0, 1, 2, 3, 70]);
    }
}
