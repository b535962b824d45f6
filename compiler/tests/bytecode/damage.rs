//! Program files that are not what was written: refused, or run within their budget.

use aipc_runtime::document::Document;
use aipc_runtime::machine::{Environment, Evaluator, Limits, Resource};
use aipc_runtime::program::{FORMAT_VERSION, Program, ProgramError};

use crate::random::{Random, random_object, random_policy};
use crate::{noon, program};

const POLICY: &str = r#"policy p "P" {
  action audit where namespace ~ "dev-*"
  rule a: deny pod if image !~ ["good.io/*", "{namespace}.io/*"] message "{metadata.name}"
  rule b: require container with limit = resources.limits.memory ?? 1Gi that limit <= 2Gi and image matches r"a.*b"
  rule c: deny pod if sum([v.emptyDir.sizeLimit for v in spec.volumes where has v.emptyDir]) > 1Gi
}"#;

/// The file with its checksum made right again.
fn repaired(mut file: Vec<u8>) -> Vec<u8> {
    if file.len() > 44 {
        let len = (file.len() - 44) as u32;
        file[40..44].copy_from_slice(&len.to_le_bytes());
        let checksum = *blake3::hash(&file[40..]).as_bytes();
        file[8..40].copy_from_slice(&checksum);
    }
    file
}

#[test]
fn damage_is_seen() {
    let file = program(POLICY).encode();
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(Program::decode(&damaged).is_err(), "byte {at}");
    }
    for len in 0..file.len() {
        assert!(Program::decode(&file[..len]).is_err(), "length {len}");
    }
    assert_eq!(Program::decode(b"apiVersion: v1").unwrap_err(), ProgramError::NotAProgram);
    let mut newer = file;
    newer[4] = FORMAT_VERSION as u8 + 1;
    assert_eq!(Program::decode(&newer).unwrap_err(), ProgramError::UnknownVersion(FORMAT_VERSION + 1));
}

#[test]
fn mutated_files_are_refused_or_run_within_their_budget() {
    let mut files: Vec<Vec<u8>> = vec![program(POLICY).encode()];
    for seed in 0..40 {
        let (set, sources) = random_policy(seed);
        files.push(aipc_compiler::formats::bytecode::emit(&set, &sources).unwrap().encode());
    }
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "a", "image": "good.io/x"}, {"name": "b", "image": "x", "resources": {"limits": {"memory": "3Gi"}}}],
            "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "2Gi"}}],
        },
    });
    let things: Vec<Document> =
        [pod].into_iter().chain((0..3).map(random_object)).map(|json| Document::from_json(&json)).collect();
    let mut random = Random::new(7);
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..100_000 {
        let mut file = files[random.below(files.len())].clone();
        for _ in 0..1 + random.below(3) {
            let at = 44 + random.below(file.len() - 44);
            match random.below(6) {
                0 => file[at] ^= 1 << random.below(8),
                1 => file[at] = random.below(256) as u8,
                // Small numbers are what tables and jumps are made of.
                2 | 3 => file[at] = random.below(24) as u8,
                4 => file.truncate(at.max(45)),
                _ => {
                    let from = 44 + random.below(file.len() - 44);
                    let len = random.below(8).min(file.len() - at).min(file.len() - from);
                    file.copy_within(from..from + len, at);
                }
            }
        }
        match Program::decode(&repaired(file)) {
            Err(_) => refused += 1,
            Ok(program) => {
                ran += 1;
                let evaluator = Evaluator::new(&program);
                let environment = Environment::new(noon());
                for thing in &things {
                    evaluator.evaluate(Resource::of(thing), &environment, Limits { fuel: 20_000 });
                }
                let _ = program.disassemble();
            }
        }
    }
    assert!(refused > 1000 && ran > 1000, "{refused} refused, {ran} ran");
}
