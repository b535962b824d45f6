//! Values in DER, as far as certificates need them.

/// A value with its tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'d> {
    pub tag: u8,
    pub content: &'d [u8],
    /// With tag and length.
    pub whole: &'d [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// What is left to read of a value that holds others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'d>(pub &'d [u8]);

impl<'d> Reader<'d> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn any(&mut self) -> Option<Value<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes are nobody's.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let len = digits.iter().fold(0usize, |len, byte| len << 8 | usize::from(*byte));
                // The shortest form is the only one.
                let is_shortest = len >= 0x80 && digits[0] != 0;
                (is_shortest.then_some(len)?, rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(len)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Value { tag, content, whole })
    }

    pub fn expect(&mut self, tag: u8) -> Option<Value<'d>> {
        self.any().filter(|value| value.tag == tag)
    }

    /// The next value, if it has this tag.
    pub fn optional(&mut self, tag: u8) -> Option<Option<Value<'d>>> {
        if self.0.first() == Some(&tag) { self.any().map(Some) } else { Some(None) }
    }
}

impl<'d> Value<'d> {
    pub fn inner(&self) -> Reader<'d> {
        Reader(self.content)
    }

    /// All values that it holds.
    pub fn all(&self) -> Option<Vec<Value<'d>>> {
        let mut reader = self.inner();
        let mut values = Vec::new();
        while !reader.is_empty() {
            values.push(reader.any()?);
        }
        Some(values)
    }

    pub fn boolean(&self) -> Option<bool> {
        match (self.tag, self.content) {
            (BOOLEAN, [0]) => Some(false),
            (BOOLEAN, [0xff]) => Some(true),
            _ => None,
        }
    }

    /// The magnitude of an integer that is not negative, without leading zeros.
    pub fn unsigned(&self) -> Option<&'d [u8]> {
        match self.content {
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
            [0, rest @ ..] => Some(rest),
            all => Some(all),
        }
    }

    /// The bytes of a bit string that has whole ones.
    pub fn bytes_of_bits(&self) -> Option<&'d [u8]> {
        let (0, bytes) = self.content.split_first()? else { return None };
        (self.tag == BIT_STRING).then_some(bytes)
    }

    pub fn oid(&self) -> Option<Vec<u64>> {
        if self.tag != OID || self.content.last()? & 0x80 != 0 {
            return None;
        }
        let mut numbers = Vec::new();
        let mut number = 0u64;
        for byte in self.content {
            number = number.checked_mul(128)? + u64::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
        Some(numbers)
    }
}

/// The decimal digits of a number.
pub(super) fn decimal(magnitude: &[u8]) -> String {
    // Nine digits each, the least first.
    let mut limbs: Vec<u32> = vec![0];
    for byte in magnitude {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = u64::from(*limb) * 256 + carry;
            *limb = (value % 1_000_000_000) as u32;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let (first, rest) = limbs.split_last().map_or((0, &[][..]), |(first, rest)| (*first, rest));
    let rest: String = rest.iter().rev().map(|limb| format!("{limb:09}")).collect();
    format!("{first}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let value = Reader(&[0x06, 0x06, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]).any().unwrap();
        assert_eq!(value.oid(), Some(vec![1, 2, 840, 113_549]));
        assert_eq!(decimal(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), "18446744073709551616");
        assert_eq!(decimal(&[]), "0");
        for broken in
            [&[0x30, 0x05, 0x00][..], &[0x30, 0x81, 0x01, 0x00], &[0x1f], &[0x30, 0x85, 0, 0, 0, 0, 0]]
        {
            assert!(Reader(broken).any().is_none(), "{broken:?}");
        }
    }
}
