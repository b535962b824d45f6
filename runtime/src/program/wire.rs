//! Bytes of a program file: numbers, texts and tables, written and read in one order.
//!
//! Numbers are in base 128, seven bits a byte, the lowest first (LEB128). Reading never trusts a length: it is
//! checked against what is left before anything is allocated.

use std::collections::HashMap;

/// What is wrong with a program file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Damage(pub(super) &'static str);

/// Bytes under construction, and the texts they refer to by number.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    texts: HashMap<String, u32>,
    text_order: Vec<String>,
}

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Small numbers of either sign are short.
    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    pub(super) fn len(&mut self, len: usize) {
        self.number(len as u64);
    }

    /// The number of a text; each is kept once.
    pub(super) fn text(&mut self, text: &str) {
        let next = self.text_order.len() as u32;
        let number = match self.texts.get(text) {
            Some(number) => *number,
            None => {
                self.texts.insert(text.to_owned(), next);
                self.text_order.push(text.to_owned());
                next
            }
        };
        self.number(u64::from(number));
    }

    pub(super) fn optional_text(&mut self, text: Option<&str>) {
        self.byte(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Takes the bytes written so far, leaving the texts.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The table of all texts.
    pub(super) fn text_table(&mut self) -> Vec<u8> {
        let mut table = Writer::default();
        table.len(self.text_order.len());
        for text in &self.text_order {
            table.len(text.len());
            table.bytes.extend_from_slice(text.as_bytes());
        }
        table.take()
    }
}

/// Bytes being read.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    texts: &'a [&'a str],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], texts: &'a [&'a str]) -> Reader<'a> {
        Reader { rest: bytes, texts }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let (first, rest) = self.rest.split_first().ok_or(Damage("it ends too early"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Damage("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Damage("a number is too large"));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damage("a number is too long"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.number()?).map_err(|_| Damage("a number is too large"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, Damage> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn flag(&mut self) -> Result<bool, Damage> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damage("a byte that is neither yes nor no")),
        }
    }

    /// A number of rows that follow; each takes at least one byte.
    pub(super) fn len(&mut self) -> Result<usize, Damage> {
        let len = self.number()?;
        match usize::try_from(len) {
            Ok(len) if len <= self.rest.len() => Ok(len),
            _ => Err(Damage("a table is longer than the file")),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, Damage> {
        let number = self.u32()?;
        let text = self.texts.get(number as usize).ok_or(Damage("a text that is not there"))?;
        Ok((*text).to_owned())
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>, Damage> {
        if self.flag()? { self.text().map(Some) } else { Ok(None) }
    }

    /// Rows of a table, each read by `row`.
    pub(super) fn rows<T>(
        &mut self,
        mut row: impl FnMut(&mut Self) -> Result<T, Damage>,
    ) -> Result<Vec<T>, Damage> {
        let len = self.len()?;
        (0..len).map(|_| row(self)).collect()
    }

    pub(super) fn finish(self) -> Result<(), Damage> {
        if self.rest.is_empty() { Ok(()) } else { Err(Damage("a table has more than it says")) }
    }
}
