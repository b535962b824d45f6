//! The arguments of every command. The text here is what `--help` prints.

use std::path::PathBuf;

use aipc_compiler::formats::support::Target;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::console::ColorChoice;

/// A policy language for Kubernetes: checks, Kyverno YAML and verdicts in CI from one source
#[derive(Parser, Debug)]
#[command(name = "aipc", version, propagate_version = true, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   everything was read and evaluated, and nothing was denied
  1   something was denied, a test failed, or a file would be reformatted
  2   wrong usage
  3   incomplete: something was unreadable, wrong or unsupported, or there was nothing to check
  70  a fault of aipc itself";

/// The heading of the flags that every command has.
const GLOBAL: &str = "Global options";

#[derive(Args, Debug)]
pub struct Global {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = GLOBAL)]
    pub color: ColorChoice,
    /// Say more: name skipped files, list passed rules
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub verbose: bool,
    /// Say less: no notices and no warnings about the work itself
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = GLOBAL)]
    pub quiet: bool,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Start a project: settings, a policy with tests, a good and a bad manifest
    Init(Init),
    /// Check policies, and report all mistakes at once
    Check(Check),
    /// Write policies as Kyverno YAML or as bytecode
    Build(Build),
    /// Evaluate policies on manifests
    Run(Run),
    /// Run the test blocks of policies
    Test(Test),
    /// Format policies
    Fmt(Fmt),
    /// Explain a code of a diagnostic, or of a finding of a run
    Explain(Explain),
    /// Print what a stage of the compiler makes of a file
    Dump(Dump),
    /// Serve an editor: the language server, on stdin and stdout
    Lsp,
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Args, Debug)]
pub struct Init {
    /// The folder of the project; made if it does not exist
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

#[derive(Args, Debug)]
pub struct Check {
    /// Files and folders; the project if none is given; `-` reads stdin
    pub inputs: Vec<PathBuf>,
    /// Apply the fixes that surely say what you meant
    #[arg(long)]
    pub fix: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum CheckFormat {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Build {
    /// Files and folders; the project if none is given; `-` reads stdin
    pub inputs: Vec<PathBuf>,
    /// What to write; the default is that of `aip.toml`, else kyverno-legacy
    #[arg(short, long, value_enum)]
    pub target: Option<BuildTarget>,
    /// A file, or a folder if it exists as one, ends in `/`, or several files are written; stdout if missing
    #[arg(short, long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Write nothing; compare with what is on disk, and exit with 1 if it would change
    #[arg(long)]
    pub check: bool,
    /// Remove files of the folder that an earlier build wrote and this one does not
    #[arg(long, conflicts_with = "check")]
    pub prune: bool,
}

/// `--target`
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum BuildTarget {
    /// ValidatingPolicy (policies.kyverno.io/v1), for Kyverno from 1.17
    Kyverno,
    /// ClusterPolicy (kyverno.io/v1), for Kyverno up to 1.19
    KyvernoLegacy,
    /// One .aipb file, for `aipc run` and the runtime
    Bytecode,
    /// Each of them
    All,
}

impl BuildTarget {
    pub fn targets(self) -> Vec<Target> {
        match self {
            BuildTarget::Kyverno => vec![Target::Kyverno],
            BuildTarget::KyvernoLegacy => vec![Target::KyvernoLegacy],
            BuildTarget::Bytecode => vec![Target::Bytecode],
            BuildTarget::All => Target::ALL.to_vec(),
        }
    }
}

#[derive(Args, Debug)]
pub struct Run {
    /// A policy file or folder (.aip, .aipb); repeatable. With it, nothing positional is a policy
    #[arg(short, long = "policy", value_name = "POLICY")]
    pub policies: Vec<PathBuf>,
    /// Manifests: files and folders of YAML or JSON; `-` reads stdin
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// How to report, and where to: `text`, `json`, `json=report.json`; repeatable
    #[arg(long = "format", value_name = "NAME[=FILE]", default_value = "text")]
    pub formats: Vec<FormatArgument>,
    /// The namespace of namespaced objects that name none
    #[arg(short, long, default_value = "default")]
    pub namespace: String,
    /// Who sends the request; without it, rules about users are not evaluated
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// A group of that user; repeatable
    #[arg(long = "group", value_name = "GROUP", requires = "user")]
    pub groups: Vec<String>,
    /// The operation that the manifests stand for; create if not given, update with `--old`
    #[arg(long, value_enum)]
    pub operation: Option<OperationArgument>,
    /// Manifests of the objects as they were before
    #[arg(long, value_name = "FILE")]
    pub old: Option<PathBuf>,
    /// The recorded world: objects of the cluster, and answers of services; or what `kubectl get … -o yaml` prints
    #[arg(long, value_name = "FILE")]
    pub context: Option<PathBuf>,
    /// The time at which to evaluate, as 2026-01-31 or 2026-01-31T12:00:00Z; the default is now
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Rules that matched nothing, rules not evaluated and unknown kinds make the run incomplete
    #[arg(long)]
    pub strict: bool,
    /// Report violations of rules with `action audit` as warnings
    #[arg(long)]
    pub audit_warn: bool,
    /// Accept duplicate keys: the last one counts, as in Kubernetes
    #[arg(long, value_enum, value_name = "WHICH")]
    pub duplicate_keys: Option<DuplicateKeys>,
    /// Show the values of Secrets and environment variables in reports
    #[arg(long)]
    pub show_values: bool,
    /// Tell why a rule says what it says, condition by condition: POLICY, or POLICY/RULE
    #[arg(long, value_name = "RULE")]
    pub explain: Option<String>,
    /// Write the files whose objects mutations changed, into a folder; `-` writes them to stdout, and the report to stderr
    #[arg(long, value_name = "DIR|-")]
    pub patched: Option<PathBuf>,
    /// Write the objects that `generate` rules make, a file for each, into a folder; `-` writes them to stdout, and the report to stderr
    #[arg(long, value_name = "DIR|-")]
    pub generated: Option<PathBuf>,
}

/// `--format NAME[=FILE]`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FormatArgument {
    pub format: RunFormat,
    /// Stdout if missing.
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunFormat {
    Text,
    Json,
}

impl std::str::FromStr for FormatArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<FormatArgument, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file after `=`".to_string()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match name {
            "text" => RunFormat::Text,
            "json" => RunFormat::Json,
            _ => return Err(format!("`{name}` is no format; there are `text` and `json`")),
        };
        Ok(FormatArgument { format, file })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum OperationArgument {
    Create,
    Update,
    Delete,
    Connect,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DuplicateKeys {
    /// The last one counts
    Last,
}

#[derive(Args, Debug)]
pub struct Test {
    /// Files and folders; the project if none is given
    pub inputs: Vec<PathBuf>,
    /// Run only tests whose title contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// In a kyverno-test.yaml, pass results of rules that say nothing about their resource, as Kyverno does
    #[arg(long)]
    pub kyverno_compatible: bool,
}

#[derive(Args, Debug)]
pub struct Fmt {
    /// Files and folders; the project if none is given; `-` reads stdin and writes stdout
    pub inputs: Vec<PathBuf>,
    /// Write nothing; exit with 1 if a file would change
    #[arg(long)]
    pub check: bool,
    /// Write nothing; print what would change, and exit with 1 if something would
    #[arg(long)]
    pub diff: bool,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// A code such as AIP0101 or manifest-invalid; all codes are listed if it is missing
    pub code: Option<String>,
}

#[derive(Args, Debug)]
pub struct Dump {
    #[arg(value_enum)]
    pub stage: Stage,
    /// A policy file; `-` reads stdin
    pub file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Stage {
    Tokens,
    Ast,
    Hir,
    Ir,
    Bytecode,
}

#[derive(Args, Debug)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: Shell,
}
