//! The smallest text that still shows a fault.

use super::corpus::pieces;
use super::judge::judge;

/// What two texts with the same fault have in common: the fault's first words, without what it quotes.
pub fn kind(fault: &str) -> String {
    fault.lines().next().unwrap_or_default().chars().take_while(|c| *c != '`').take(60).collect()
}

/// Drops stretches of pieces, long ones first, while the fault stays.
pub fn shrink(text: &str, fault: &str) -> String {
    let kind = kind(fault);
    let still = |text: &str| judge(text).is_err_and(|it| self::kind(&it) == kind);
    let mut list: Vec<String> = pieces(text).into_iter().map(str::to_string).collect();
    let mut tries = 0;
    let mut length = list.len() / 2;
    while length > 0 && tries < 2000 {
        let mut at = 0;
        while at < list.len() && tries < 2000 {
            let end = (at + length).min(list.len());
            let mut smaller = list.clone();
            smaller.drain(at..end);
            tries += 1;
            if still(&smaller.concat()) {
                list = smaller;
            } else {
                at = end;
            }
        }
        length /= 2;
    }
    list.concat()
}
