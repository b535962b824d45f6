//! What suites share: a generator of resources, a shrinker, Kyverno as an oracle, and the recordings of its verdicts.

#![allow(dead_code, reason = "each suite uses a part of it")]

pub mod compile;
pub mod judge;
pub mod oracle;
pub mod parallel;
pub mod place;
pub mod policies;
pub mod random;
pub mod recording;
pub mod resources;
pub mod shrink;
pub mod three_ways;
pub mod verdict;
