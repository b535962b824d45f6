//! Exact decimal numbers: what ints and quantities are compared and reckoned as.

use std::cmp::Ordering;
use std::fmt;

/// `mantissa · 10^exponent`, always in lowest terms, so that equal numbers are equal fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    pub const ZERO: Decimal = Decimal { mantissa: 0, exponent: 0 };

    pub fn new(mantissa: i128, exponent: i32) -> Decimal {
        if mantissa == 0 {
            return Decimal::ZERO;
        }
        let mut exponent = exponent;
        // Divisions of 64 bits are many times as fast, and few numbers need more.
        if let Ok(mut small) = i64::try_from(mantissa) {
            while small % 10 == 0 && exponent < i32::MAX {
                small /= 10;
                exponent += 1;
            }
            return Decimal { mantissa: i128::from(small), exponent };
        }
        let mut mantissa = mantissa;
        while mantissa % 10 == 0 && exponent < i32::MAX {
            mantissa /= 10;
            exponent += 1;
        }
        Decimal { mantissa, exponent }
    }

    /// The number that the shortest text of a float says; `None` if it is not finite.
    pub fn from_f64(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal::new(mantissa, exponent - fraction.len() as i32))
    }

    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub fn is_integer(self) -> bool {
        self.exponent >= 0
    }

    /// `mantissa` and `exponent` in lowest terms.
    pub fn parts(self) -> (i128, i32) {
        (self.mantissa, self.exponent)
    }

    /// The number if it is a whole one that fits.
    pub fn to_i64(self) -> Option<i64> {
        i64::try_from(self.to_i128()?).ok()
    }

    /// The number if it is a whole one that fits.
    pub fn to_i128(self) -> Option<i128> {
        if self.exponent < 0 {
            return None;
        }
        self.mantissa.checked_mul(power_of_ten(self.exponent as u32)?)
    }

    /// The nearest float; infinite where it is too large.
    pub fn to_f64(self) -> f64 {
        // INVARIANT: the standard library reads any such text, rounded correctly.
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::NAN)
    }

    pub fn checked_neg(self) -> Option<Decimal> {
        Some(Decimal { mantissa: self.mantissa.checked_neg()?, exponent: self.exponent })
    }

    /// The exact sum; `None` where it has too many digits.
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        if self.is_zero() {
            return Some(other);
        }
        if other.is_zero() {
            return Some(self);
        }
        let (fine, coarse) = if self.exponent <= other.exponent { (self, other) } else { (other, self) };
        let shift = coarse.exponent.checked_sub(fine.exponent)?;
        let scaled = coarse.mantissa.checked_mul(power_of_ten(shift as u32)?)?;
        Some(Decimal::new(scaled.checked_add(fine.mantissa)?, fine.exponent))
    }

    /// The exact difference; `None` where it has too many digits.
    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.checked_add(other.checked_neg()?)
    }

    /// The exact product; `None` where it has too many digits.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Decimal::new(mantissa, self.exponent.checked_add(other.exponent)?))
    }

    /// The exact quotient; `None` where it has no end, too many digits, or the divisor is zero.
    pub fn checked_div(self, other: Decimal) -> Option<Decimal> {
        if other.is_zero() {
            return None;
        }
        let mut exponent = self.exponent.checked_sub(other.exponent)?;
        let mut mantissa = self.mantissa;
        // A quotient of numbers of at most 39 digits that ends at all, ends within 127 digits; ours have
        // to fit, so widening the dividend as far as it goes finds each that can be said.
        loop {
            if mantissa % other.mantissa == 0 {
                return Some(Decimal::new(mantissa / other.mantissa, exponent));
            }
            mantissa = mantissa.checked_mul(10)?;
            exponent = exponent.checked_sub(1)?;
        }
    }

    /// To a number of digits after the point, half away from zero. Negative digits round before the point.
    pub fn round(self, digits: i64) -> Decimal {
        let keep = digits.saturating_neg().clamp(i32::MIN as i64, i32::MAX as i64) as i32;
        if self.exponent >= keep {
            return self;
        }
        let drop = i64::from(keep) - i64::from(self.exponent);
        let Some(unit) = u32::try_from(drop).ok().and_then(power_of_ten) else {
            return Decimal::ZERO;
        };
        let quotient = self.mantissa / unit;
        let rest = (self.mantissa % unit).unsigned_abs();
        let up = rest >= unit.unsigned_abs() - rest;
        let step = if self.is_negative() { -1 } else { 1 };
        Decimal::new(if up { quotient + step } else { quotient }, keep)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Decimal {
        Decimal::new(i128::from(number), 0)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        match (self.mantissa.signum(), other.mantissa.signum()) {
            (a, b) if a != b => a.cmp(&b),
            (0, _) => Ordering::Equal,
            (1, _) => compare_magnitudes(self, other),
            _ => compare_magnitudes(other, self),
        }
    }
}

fn compare_magnitudes(a: &Decimal, b: &Decimal) -> Ordering {
    let (x, y) = (a.mantissa.unsigned_abs(), b.mantissa.unsigned_abs());
    if a.exponent == b.exponent {
        return x.cmp(&y);
    }
    // The place of the first digit decides; if it is the same, both have at most 39 digits once aligned.
    let place = |mantissa: u128, exponent: i32| i64::from(mantissa.ilog10()) + i64::from(exponent);
    let by_place = place(x, a.exponent).cmp(&place(y, b.exponent));
    if by_place != Ordering::Equal {
        return by_place;
    }
    let scale = |mantissa: u128, by: i64| {
        10u128.checked_pow(by as u32).and_then(|factor| mantissa.checked_mul(factor))
    };
    let shift = i64::from(a.exponent) - i64::from(b.exponent);
    if shift > 0 {
        // Beyond u128 it is larger than any mantissa.
        scale(x, shift).map_or(Ordering::Greater, |x| x.cmp(&y))
    } else {
        scale(y, -shift).map_or(Ordering::Less, |y| x.cmp(&y))
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

/// Digits with a point, never an exponent unless it would print more than 40 zeros.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let exponent = i64::from(self.exponent);
        if !(-40..=40).contains(&exponent) {
            return write!(f, "{sign}{digits}e{exponent}");
        }
        if exponent >= 0 {
            return write!(f, "{sign}{digits}{}", "0".repeat(exponent as usize));
        }
        let places = (-exponent) as usize;
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mantissa: i128 = format!("{whole}{fraction}").parse().unwrap();
        Decimal::new(mantissa, exponent.parse::<i32>().unwrap() - fraction.len() as i32)
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        let sorted = [
            "-1e300",
            "-170141183460469231731687303715884105727",
            "-10",
            "-9.99",
            "-1e-30",
            "0",
            "1e-2147483000",
            "0.1",
            "0.100000000000000000000000000000000001",
            "1",
            "1.5",
            "2",
            "10",
            "99999999999999999999999999999999999999",
            "1e38",
            "170141183460469231731687303715884105727",
            "2e38",
            "1e300",
            "1e2147483000",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(decimal(a).cmp(&decimal(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn arithmetic_is_exact_or_says_so() {
        assert_eq!(decimal("0.1").checked_add(decimal("0.2")), Some(decimal("0.3")));
        assert_eq!(decimal("1e30").checked_add(decimal("1e-30")), None);
        assert_eq!(decimal("0").checked_add(decimal("1e-300")), Some(decimal("1e-300")));
        assert_eq!(decimal("7").checked_div(decimal("2")), Some(decimal("3.5")));
        assert_eq!(decimal("1").checked_div(decimal("3")), None);
        assert_eq!(decimal("1").checked_div(Decimal::ZERO), None);
        assert_eq!(decimal("-6").checked_div(decimal("0.003")), Some(decimal("-2000")));
        assert_eq!(decimal("2.5").round(0), decimal("3"));
        assert_eq!(decimal("-2.5").round(0), decimal("-3"));
        assert_eq!(decimal("2.449").round(1), decimal("2.4"));
        assert_eq!(decimal("1234").round(-2), decimal("1200"));
        assert_eq!(decimal("1234").round(i64::MIN), Decimal::ZERO);
        assert_eq!(decimal("1234.5").round(i64::MAX), decimal("1234.5"));
    }

    #[test]
    fn text_and_floats() {
        for (from, text) in
            [("1200", "1200"), ("0.05", "0.05"), ("-1.5", "-1.5"), ("1e50", "1e50"), ("-0", "0")]
        {
            assert_eq!(decimal(from).to_string(), text);
        }
        assert_eq!(Decimal::from_f64(0.1), Some(decimal("0.1")));
        assert_eq!(Decimal::from_f64(1e21), Some(decimal("1e21")));
        assert_eq!(Decimal::from_f64(f64::NAN), None);
        assert_eq!(decimal("0.1").to_f64(), 0.1);
        assert_eq!(decimal("1e400").to_f64(), f64::INFINITY);
    }
}
