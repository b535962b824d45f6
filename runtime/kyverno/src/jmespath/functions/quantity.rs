//! Quantities as Kyverno reckons with them: the number with the power of ten it was written in, since quotients are cut
//! off there.
//!
//! Source of the rules: `k8s.io/apimachinery/pkg/api/resource` and `gopkg.in/inf.v0`.

use std::cmp::Ordering;

use aipc_runtime::value::{Decimal, QuantityFormat};

use super::{golang, not_evaluated};
use crate::jmespath::SearchError;

/// `mantissa · 10^exponent`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Amount {
    mantissa: i128,
    exponent: i32,
    format: QuantityFormat,
}

/// Powers of ten that a quantity may be written in; numbers beyond are nobody's.
const EXPONENT_MAX: i32 = 1000;
const NANO: i32 = -9;

impl Amount {
    pub fn new(mantissa: i128, exponent: i32, format: QuantityFormat) -> Amount {
        Amount { mantissa, exponent, format }
    }

    /// Reads a quantity; `None` if it is none.
    ///
    /// # Errors
    /// It is one, with more digits than we reckon with.
    pub fn parse(text: &str) -> Result<Option<Amount>, SearchError> {
        let Some(Parts { negative, whole, fraction, suffix }) = Parts::of(text) else { return Ok(None) };
        let Some((base, power, format)) = interpret(suffix) else { return Ok(None) };
        if power.abs() > EXPONENT_MAX || whole.len() + fraction.len() > 500 {
            return too_long();
        }
        let digits = (whole.len() + fraction.len()) as i32;
        let places = fraction.len() as i32;
        let is_short = match base {
            2 if places > 0 => false,
            2 => 15 - whole.len() as i32 - (power as f32 * 3.0 / 10.0) as i32 > 0,
            _ => digits <= 18 && power - places >= NANO,
        };
        let Ok(mantissa) = format!("0{whole}{fraction}").parse::<i128>() else { return too_long() };
        let factor = if base == 2 { 1i128 << power } else { 1 };
        let Some(mantissa) = mantissa.checked_mul(factor) else { return too_long() };
        let exponent = if base == 2 { 0 } else { power } - places;
        let sign = if negative { -1 } else { 1 };
        if is_short && i64::try_from(mantissa).is_ok() {
            return Ok(Some(Amount { mantissa: sign * mantissa, exponent, format }));
        }
        let mut amount = Amount { mantissa, exponent, format };
        if mantissa != 0 {
            amount = amount.rounded_up(NANO)?;
        }
        let max = Decimal::from(i64::MAX);
        if format == QuantityFormat::Binary {
            if amount.number() > max {
                amount = Amount { mantissa: i128::from(i64::MAX), exponent: 0, format };
            } else if mantissa != 0 && amount.number() < Decimal::from(1) {
                amount.format = QuantityFormat::Decimal;
            }
        }
        amount.mantissa *= sign;
        Ok(Some(amount))
    }

    fn number(self) -> Decimal {
        Decimal::new(self.mantissa, self.exponent)
    }

    /// At exactly that power of ten, away from zero.
    fn rounded_up(self, exponent: i32) -> Result<Amount, SearchError> {
        let shift = self.exponent - exponent;
        let power = 10i128.checked_pow(shift.unsigned_abs());
        let mantissa = match (shift >= 0, power) {
            (true, Some(power)) => self.mantissa.checked_mul(power),
            (true, None) => None,
            (false, Some(power)) => {
                let rest = i128::from(self.mantissa % power != 0);
                Some(self.mantissa / power + rest * self.mantissa.signum())
            }
            (false, None) => Some(self.mantissa.signum()),
        };
        match mantissa {
            Some(mantissa) => Ok(Amount { mantissa, exponent, format: self.format }),
            None => too_long(),
        }
    }

    /// A sum is written like its first summand, unless that is zero.
    pub fn plus(self, other: Amount) -> Result<Amount, SearchError> {
        let format = if self.mantissa == 0 { other.format } else { self.format };
        match self.number().checked_add(other.number()) {
            Some(number) => {
                let (mantissa, exponent) = number.parts();
                Ok(Amount { mantissa, exponent, format })
            }
            None => too_long(),
        }
    }

    pub fn negated(self) -> Amount {
        Amount { mantissa: -self.mantissa, ..self }
    }

    pub fn times(self, factor: Amount) -> Result<Amount, SearchError> {
        match self.mantissa.checked_mul(factor.mantissa) {
            Some(mantissa) => Ok(Amount { mantissa, exponent: self.exponent + factor.exponent, ..self }),
            None => too_long(),
        }
    }

    /// Cut off at the finer of the powers of ten that both are written in. The divisor is not zero.
    pub fn divided_by(self, divisor: Amount) -> Result<Amount, SearchError> {
        let exponent = self.exponent.min(divisor.exponent);
        let shift = self.exponent - divisor.exponent - exponent;
        let power = 10i128.checked_pow(shift.unsigned_abs());
        let mantissa = match (shift >= 0, power) {
            (true, Some(power)) => self.mantissa.checked_mul(power).map(|it| it / divisor.mantissa),
            (false, Some(power)) => {
                Some(divisor.mantissa.checked_mul(power).map_or(0, |divisor| self.mantissa / divisor))
            }
            (true, None) => None,
            (false, None) => Some(0),
        };
        match mantissa {
            Some(mantissa) => Ok(Amount { mantissa, exponent, ..self }),
            None => too_long(),
        }
    }

    pub fn format(self) -> QuantityFormat {
        self.format
    }

    /// The float that Kubernetes takes for it, which need not be the nearest.
    pub fn to_f64(self) -> f64 {
        let base = self.mantissa as f64;
        if self.exponent == 0 { base } else { base * golang::power_of_ten(self.exponent) }
    }

    /// The canonical text: the largest suffix that leaves a whole number. Kyverno: where there is no suffix for the
    /// power that is left, it is left away.
    pub fn to_text(self) -> Result<String, SearchError> {
        if self.mantissa == 0 {
            return Ok("0".to_owned());
        }
        let number = self.number();
        let is_small = number.cmp(&Decimal::from(1024)) == Ordering::Less
            && number.cmp(&Decimal::from(-1024)) == Ordering::Greater;
        if self.format == QuantityFormat::Binary && !is_small && number.is_integer() {
            let Some(mut whole) = number.to_i128() else { return too_long() };
            let mut power = 0;
            while whole % 1024 == 0 {
                whole /= 1024;
                power += 1;
            }
            return Ok(format!("{whole}{}", BINARY.get(power).unwrap_or(&"")));
        }
        let (mantissa, exponent) = number.parts();
        let power = exponent - exponent.rem_euclid(3);
        // At most two zeros more, written rather than reckoned.
        let digits = format!("{mantissa}{}", "0".repeat((exponent - power) as usize));
        Ok(match self.format {
            QuantityFormat::Exponent if power == 0 => digits,
            QuantityFormat::Exponent => format!("{digits}e{power}"),
            QuantityFormat::Binary | QuantityFormat::Decimal => {
                let suffix = DECIMAL.iter().find(|(_, of)| *of == power).map_or("", |(suffix, _)| suffix);
                format!("{digits}{suffix}")
            }
        })
    }
}

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

fn too_long<T>() -> Result<T, SearchError> {
    not_evaluated("a quantity has more digits than we reckon with")
}

struct Parts<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    suffix: &'t str,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Parts<'t>> {
        let negative = text.starts_with('-');
        let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if text.is_empty() {
            return None;
        }
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = rest.trim_start_matches('0');
        let (whole, rest) = rest.split_at(digits(rest));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        // Without digits before it, a number counts as 0 that has one.
        let whole = if whole.is_empty() { "0" } else { whole };
        let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let exponent = letters.strip_prefix(['-', '+']).unwrap_or(letters);
        (digits(exponent) == exponent.len()).then_some(Parts { negative, whole, fraction, suffix })
    }
}

/// Base, power and family of a suffix.
fn interpret(suffix: &str) -> Option<(u8, i32, QuantityFormat)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(of, _)| *of == suffix) {
        return Some((10, *power, QuantityFormat::Decimal));
    }
    if let Some(power) = BINARY.iter().skip(1).position(|of| *of == suffix) {
        return Some((2, 10 * (power as i32 + 1), QuantityFormat::Binary));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?;
    // Kubernetes keeps the low 32 bits.
    Some((10, exponent as i32, QuantityFormat::Exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap().unwrap()
    }

    #[test]
    fn canonical_texts() {
        for (text, expected) in [
            ("1.5Gi", "1536Mi"),
            ("0.5", "500m"),
            ("1000", "1k"),
            ("1e3", "1e3"),
            ("-1.5Ki", "-1536"),
            ("100m", "100m"),
            ("0.1n", "1n"),
            ("+", "0"),
            (".5Ki", "512"),
            ("1025Ki", "1025Ki"),
        ] {
            assert_eq!(amount(text).to_text().unwrap(), expected, "{text}");
        }
        for text in ["", "1h", "1K", "1kk", "e", "1 ", "1.2.3", "1e1.5"] {
            assert_eq!(Amount::parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn quotients_are_cut_off() {
        for (a, b, expected) in
            [("1Gi", "3", "357913941"), ("10", "4", "2"), ("1k", "3", "333"), ("1.00", "3", "330m")]
        {
            assert_eq!(amount(a).divided_by(amount(b)).unwrap().to_text().unwrap(), expected, "{a} / {b}");
        }
    }
}
