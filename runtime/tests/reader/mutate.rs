//! Texts that are nearly manifests, from stored seeds.

use aipc_runtime::document::{ReadOptions, read};

/// Manifests that use much of YAML.
pub const SEEDS: &[(&str, &str)] = &[
    ("pod", include_str!("seeds/pod.yaml")),
    ("workloads", include_str!("seeds/workloads.yaml")),
    ("anchors", include_str!("seeds/anchors.yaml")),
    ("scalars", include_str!("seeds/scalars.yaml")),
    ("flow", include_str!("seeds/flow.yaml")),
    ("list", include_str!("seeds/list.yaml")),
    ("json", include_str!("seeds/pod.json")),
    ("blocks", include_str!("seeds/blocks.yaml")),
];

/// Pieces that mean something to a YAML reader.
const TOKENS: &[&str] = &[
    "---\n",
    "\n---\n",
    "...\n",
    "\n...\n",
    "--- ",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "?",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "|",
    ">",
    "|-\n",
    ">+\n",
    "|2\n",
    "#",
    " #",
    "&a ",
    "*a",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!binary ",
    "!x ",
    "! ",
    "<<: ",
    "<<: *a\n",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "  ",
    " ",
    "%YAML 1.1\n",
    "%",
    "@",
    "`",
    "\\",
    "\\n",
    "\\x41",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\/",
    "~",
    "null",
    "yes",
    "no",
    "on",
    "y: ",
    "0644",
    "0o17",
    "0x1F",
    "0b11",
    "1_000",
    "1e3",
    ".5",
    "-.5",
    ".inf",
    ".nan",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "12:30",
    "2001-01-01",
    "é",
    "日",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\u{feff}",
    "\0",
    "\u{1}",
    "\u{7f}",
    "kind: List\n",
    "items:\n",
    "a: 1\n",
    "a: &a {b: c}\n",
    "*a : b\n",
    "\n\n",
    "\n  ",
    "\n- ",
    "=",
    "''",
    "\"\"",
    "{}",
    "[]",
    "[a: b]",
    "{a}",
];

/// A small generator of numbers, so that a seed gives the same text everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}

/// The manifests to mutate: [`SEEDS`], or every file below the folder `AIPC_READER_SEEDS`.
fn seeds() -> Vec<String> {
    let Ok(folder) = std::env::var("AIPC_READER_SEEDS") else {
        return SEEDS.iter().map(|(_, text)| (*text).to_owned()).collect();
    };
    let mut texts = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "yaml" || it == "json") {
                texts.extend(std::fs::read_to_string(path).ok().filter(|text| !text.is_empty()));
            }
        }
    }
    texts
}

/// The text of one seed number.
fn mutated(seed: u64, seeds: &[String]) -> Vec<u8> {
    let mut random = Random::new(seed);
    if random.below(4) == 0 {
        return soup(&mut random);
    }
    let text = &seeds[random.below(seeds.len())];
    let mut bytes = slice_of_lines(text, &mut random).into_bytes();
    for _ in 0..1 + random.below(6) {
        mutate(&mut bytes, &mut random, seeds);
    }
    bytes
}

/// Tokens in any order.
fn soup(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..1 + random.below(30) {
        match random.below(4) {
            0 => bytes.extend_from_slice(b"\n  "[..1 + random.below(3)].as_ref()),
            1 => bytes.extend_from_slice(["a", "b: ", "c:\n", "- d\n"][random.below(4)].as_bytes()),
            _ => bytes.extend_from_slice(TOKENS[random.below(TOKENS.len())].as_bytes()),
        }
    }
    bytes
}

/// Whole lines of a manifest, so that most texts stay short; a third of them from its start, where
/// the indentation fits.
fn slice_of_lines(text: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let len = 1 + random.below(lines.len().min(40));
    let start = match random.below(3) {
        0 => 0,
        _ => random.below(lines.len() - len + 1),
    };
    lines[start..start + len].concat()
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random, seeds: &[String]) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(12)).min(bytes.len());
    match random.below(12) {
        0..=4 => insert(bytes, at, TOKENS[random.below(TOKENS.len())].as_bytes()),
        5 => {
            let token = TOKENS[random.below(TOKENS.len())].as_bytes();
            bytes.splice(at..end, token.iter().copied());
        }
        6 => {
            bytes.drain(at..end);
        }
        7 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            insert(bytes, to, &piece);
        }
        8 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        9 => indent_line(bytes, at, random.below(4)),
        10 => {
            let piece = slice_of_lines(&seeds[random.below(seeds.len())], random);
            insert(bytes, at, piece.as_bytes());
        }
        _ => bytes.truncate(at),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Moves the line at `at` to the right, or for 0 to the left.
fn indent_line(bytes: &mut Vec<u8>, at: usize, by: usize) {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if by == 0 {
        if bytes.get(start) == Some(&b' ') {
            bytes.remove(start);
        }
    } else {
        insert(bytes, start, &b"   "[..by.min(3)]);
    }
}

/// `AIPC_READER_MUTATIONS` raises the number of texts.
#[test]
fn mutated_manifests_never_panic() {
    let count = std::env::var("AIPC_READER_MUTATIONS").ok().and_then(|it| it.parse().ok());
    let start = std::time::Instant::now();
    let count = count.unwrap_or(2_000);
    let seeds = seeds();
    for seed in 0..count {
        let bytes = mutated(seed, &seeds);
        let read = read("mutated", &bytes, &ReadOptions::default());
        for document in &read.documents {
            document.to_json(document.root());
        }
        for finding in &read.findings {
            let position = finding.position;
            assert!(position.start <= position.end && position.end as usize <= bytes.len());
            assert!(position.line > 0 && position.column > 0, "seed {seed}: {finding:?}");
        }
        if read.documents.is_empty() && read.findings.is_empty() {
            assert!(is_blank(&bytes), "seed {seed}: nothing read and nothing said");
        }
    }
    println!("{count} texts in {:?}", start.elapsed());
}

/// Whether the text holds only comments, separators and what stands for nothing.
fn is_blank(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().all(|line| {
        let line = line.split('#').next().unwrap_or("").trim_matches(['\u{feff}', '.', '-', ' ', '\t']);
        line.trim().is_empty()
    })
}

/// Writes the texts of `AIPC_READER_CASES=FROM..TO:FILE` as cases for the Go program.
#[test]
fn cases_are_written_on_demand() {
    let Ok(wanted) = std::env::var("AIPC_READER_CASES") else { return };
    let (range, path) = wanted.split_once(':').unwrap();
    let (from, to) = range.split_once("..").unwrap();
    let mut lines = String::new();
    let seeds = seeds();
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        let bytes = mutated(seed, &seeds);
        let case = match String::from_utf8(bytes) {
            Ok(text) => serde_json::json!({"name": format!("seed {seed}"), "text": text}),
            Err(error) => serde_json::json!({
                "name": format!("seed {seed}"), "base64": encode(error.as_bytes()),
            }),
        };
        lines.push_str(&format!("{case}\n"));
    }
    std::fs::write(path, lines).unwrap();
}

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for at in 0..4 {
            match at <= three.len() {
                true => text.push(DIGITS[(bits >> (18 - 6 * at)) as usize & 63] as char),
                false => text.push('='),
            }
        }
    }
    text
}
