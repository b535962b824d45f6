//! The classes of verdict that every evaluator must agree on.

/// Pass, skip and no result are one class: none of them blocks, and targets differ in which they report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Pass,
    Fail,
    Error,
}

impl Verdict {
    /// The verdict of several rows of a report: a failure counts more than an error, an error more than a pass.
    ///
    /// Statuses are Kyverno's words. `warn` is a failure of a policy that is not scored, and
    /// `delete` is the oracle's word for what a clean-up takes away, which counts like a failure.
    pub fn of<'a>(statuses: impl IntoIterator<Item = &'a str>) -> Verdict {
        let mut verdict = Verdict::Pass;
        for status in statuses {
            match status {
                "fail" | "warn" | "delete" => return Verdict::Fail,
                "pass" | "skip" => {}
                // `error`, and any word that nobody knows.
                _ => verdict = Verdict::Error,
            }
        }
        verdict
    }

    /// The same over verdicts.
    pub fn of_all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        Verdict::of(verdicts.into_iter().map(|verdict| match verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Error => "error",
        }))
    }

    /// The letter in recordings.
    pub fn letter(self) -> char {
        match self {
            Verdict::Pass => 'p',
            Verdict::Fail => 'f',
            Verdict::Error => 'e',
        }
    }

    pub fn from_letter(letter: char) -> Option<Verdict> {
        match letter {
            'p' => Some(Verdict::Pass),
            'f' => Some(Verdict::Fail),
            'e' => Some(Verdict::Error),
            _ => None,
        }
    }
}

#[test]
fn failure_outweighs_error_outweighs_the_rest() {
    assert_eq!(Verdict::of([]), Verdict::Pass);
    assert_eq!(Verdict::of(["pass", "skip"]), Verdict::Pass);
    assert_eq!(Verdict::of(["pass", "error"]), Verdict::Error);
    assert_eq!(Verdict::of(["error", "fail", "pass"]), Verdict::Fail);
}
