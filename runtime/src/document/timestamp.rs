//! The timestamps that `!!timestamp` accepts. Their value is their text; only the check is here.

/// Whether Go's YAML reader takes `text` as a timestamp: `2001-1-2`, `2001-1-2 3:4:5.6`, or the same
/// with `T` or `t` and a zone.
pub(super) fn is_timestamp(text: &str) -> bool {
    let mut rest = Rest(text);
    date_and_time(&mut rest).is_some() && rest.0.is_empty()
}

struct Rest<'a>(&'a str);

fn date_and_time(rest: &mut Rest<'_>) -> Option<()> {
    let year = rest.digits(4, 4)?;
    rest.one_of("-")?;
    let month = rest.digits(1, 2).filter(|month| (1..=12).contains(month))?;
    rest.one_of("-")?;
    rest.digits(1, 2).filter(|day| (1..=days_in(year, month)).contains(day))?;
    if rest.0.is_empty() {
        return Some(());
    }
    let has_zone = rest.0.starts_with(['T', 't']);
    if has_zone {
        rest.one_of("Tt")?;
    } else {
        rest.one_of(" ")?;
        rest.0 = rest.0.trim_start_matches(' ');
    }
    rest.digits(1, 2).filter(|hour| *hour < 24)?;
    rest.one_of(":")?;
    rest.digits(1, 2).filter(|minute| *minute < 60)?;
    rest.one_of(":")?;
    rest.digits(1, 2).filter(|second| *second < 60)?;
    if rest.0.starts_with(['.', ',']) && rest.0[1..].starts_with(|ch: char| ch.is_ascii_digit()) {
        rest.0 = rest.0[1..].trim_start_matches(|ch: char| ch.is_ascii_digit());
    }
    if has_zone {
        zone(rest)?;
    }
    Some(())
}

fn zone(rest: &mut Rest<'_>) -> Option<()> {
    if rest.one_of("Z").is_some() {
        return Some(());
    }
    rest.one_of("+-")?;
    rest.digits(2, 2).filter(|hours| *hours <= 24)?;
    rest.one_of(":")?;
    rest.digits(2, 2).filter(|minutes| *minutes <= 60)?;
    Some(())
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(400) => 29,
        2 if year.is_multiple_of(4) && !year.is_multiple_of(100) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Rest<'_> {
    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let len = self.0.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        if len < min { None } else { digits.parse().ok() }
    }

    fn one_of(&mut self, chars: &str) -> Option<()> {
        let first = self.0.chars().next().filter(|ch| chars.contains(*ch))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(())
    }
}
