//! Numbers as they come out of JSON text, the form in which Kubernetes keeps them.

use super::builder::Scalar;

/// The first integer that a signed 64-bit integer cannot hold, 2^63.
const I64_END: f64 = 9_223_372_036_854_775_808.0;

/// The value that a finite float has after it went through JSON text: Go writes `1.0` and `1e3` as
/// `1` and `1000`, and Kubernetes reads those back as integers.
pub(super) fn json_number(number: f64) -> Scalar<'static> {
    if number.trunc() == number && (-I64_END..I64_END).contains(&number) {
        Scalar::Int(number as i64)
    } else {
        Scalar::Float(number)
    }
}
