//! Rule verdicts per second on one core, on documents that are parsed already.
//!
//! `cargo bench -p aipc-compiler --bench verdicts`

use std::hint::black_box;
use std::time::{Duration, Instant};

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::formats::bytecode;
use aipc_compiler::source::{NoFiles, Sources};
use aipc_runtime::document::{Document, ReadOptions, read};
use aipc_runtime::machine::{Environment, Evaluator, Limits, Resource, Verdict};
use aipc_runtime::value::Time;
use std::sync::Arc;

/// Rules of the usual kinds; the file has ten copies of them.
const RULES: &str = r#"
deny pod if image !~ "trusted.io/ai-models/*"
deny container if image.tag == "latest"
require container that has resources.limits.cpu and has resources.limits.memory
deny container if resources.limits.memory > 64Gi
deny container if securityContext.privileged
require container that securityContext.allowPrivilegeEscalation == false
deny pod if spec.hostNetwork or spec.hostPID or spec.hostIPC
require pod that metadata.labels["app.kubernetes.io/name"] ~ "?*"
require container that ports.hostPort == 0 or missing
deny pod if any v in spec.volumes: has v.hostPath
require Deployment that spec.replicas >= 2
deny pod where namespace ~ "prod-*" if spec.automountServiceAccountToken
deny container if "NET_RAW" in securityContext.capabilities.add
require pod that spec.serviceAccountName != "default"
deny container if image matches r"^docker\.io/.*:dev-\d+$"
"#;

fn manifest(index: usize) -> Arc<Document> {
    let container = |name: &str| {
        format!(
            "{{name: {name}, image: 'trusted.io/ai-models/{name}:v{index}', \
             ports: [{{containerPort: 80}}], \
             resources: {{limits: {{cpu: 500m, memory: 1Gi}}, requests: {{cpu: 100m, memory: 1Gi}}}}, \
             env: [{{name: A, value: b}}, {{name: C, value: d}}], \
             securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}}}"
        )
    };
    let metadata = format!(
        "{{name: m{index}, namespace: prod-{}, labels: {{app.kubernetes.io/name: web, team: ml}}}}",
        index % 7
    );
    let spec = format!(
        "{{serviceAccountName: web, volumes: [{{name: tmp, emptyDir: {{}}}}], containers: [{}, {}], initContainers: [{}]}}",
        container("web"),
        container("proxy"),
        container("init"),
    );
    let text = match index % 2 {
        0 => format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\nspec: {spec}\n"),
        _ => format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {metadata}\nspec:\n  replicas: 3\n  selector: {{}}\n  \
             template:\n    metadata: {metadata}\n    spec: {spec}\n"
        ),
    };
    let file = read("manifest.yaml", text.as_bytes(), &ReadOptions::default());
    file.documents[0].clone()
}

/// Seconds that this thread has had the processor; other work on the machine does not count. Where the
/// system does not say, the time that passed.
fn processor_time(start: Instant) -> f64 {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let source = RULES.repeat(10);
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    assert!(!analysis.has_errors(), "{:#?}", analysis.diagnostics);
    let (set, _) = (analysis.policies.clone(), analysis.not_carried.clone());
    let start = Instant::now();
    let program = bytecode::emit(&set, &sources).expect("the rules have bytecode");
    println!("emit          {:>10.2?} for {} rules", start.elapsed(), program.rules().len());
    let bytes = program.encode();
    let start = Instant::now();
    let program = aipc_runtime::program::Program::decode(&bytes).expect("the file is whole");
    println!("decode        {:>10.2?} for {} KiB", start.elapsed(), bytes.len() / 1024);

    let documents: Vec<Arc<Document>> = (0..200).map(manifest).collect();
    let evaluator = Evaluator::new(&program);
    let environment = Environment::new(Time::from_unix(1_800_000_000, 0));
    let mut verdicts = 0u64;
    let mut failed = 0u64;
    let start = Instant::now();
    let before = processor_time(start);
    while start.elapsed() < Duration::from_secs(3) {
        for document in &documents {
            let decision = evaluator.evaluate(Resource::of(document), &environment, Limits::default());
            verdicts += decision.verdicts.len() as u64;
            failed += decision.verdicts.iter().filter(|it| it.verdict == Verdict::Fail).count() as u64;
            black_box(&decision);
        }
    }
    let seconds = processor_time(start) - before;
    println!(
        "verdicts      {:>10.2} million per second ({:.0} ns each, {:.1} % violated)",
        verdicts as f64 / seconds / 1e6,
        seconds * 1e9 / verdicts as f64,
        100.0 * failed as f64 / verdicts as f64,
    );
}
