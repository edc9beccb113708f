//! The arguments of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_audit::report::Format;
use seaworthy_audit::rule::FailOn;

/// Production readiness for microservices.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Returns the arguments of the process. Options of `lint-logs` with one dash get a second one.
pub(crate) fn of_process() -> Vec<OsString> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let is_lint = arguments
        .get(1)
        .is_some_and(|command| command == "lint-logs");
    let long = |argument: OsString| match argument.to_str() {
        Some(text) if text.len() > 2 && text.starts_with('-') && !text.starts_with("--") => {
            format!("-{text}").into()
        }
        _ => argument,
    };
    if is_lint {
        arguments.into_iter().map(long).collect()
    } else {
        arguments
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Audit a repository for production readiness.
    ///
    /// The exit status is 0 if no finding reaches --fail-on, and 1 if a finding does. It is 2 if
    /// the arguments are invalid, and 3 if the audit is incomplete or its report could not be
    /// written.
    #[command(args_conflicts_with_subcommands = true)]
    Audit(Box<Audit>),
    /// Render deployment files from the facts of services.
    Deploy {
        /// The step.
        #[command(subcommand)]
        command: DeployCommand,
    },
    /// Find logging calls of Go and Rust without structure, or with sensitive values.
    ///
    /// The exit status is 0 without issues, and 1 with issues. It is 2 if the arguments are
    /// invalid, and 3 if a file could not be read.
    LintLogs(LintLogs),
    /// Explain a rule (`SHIP-1.root-user`) or all rules of a requirement (`SHIP-1`).
    Explain {
        /// The ID of the rule or requirement.
        id: String,
    },
}

/// The options may begin with one dash, as in `-dir`.
#[derive(Debug, Args)]
pub(crate) struct LintLogs {
    /// Directory to check.
    #[arg(long, default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Settings in TOML, or in JSON if the name ends with .json.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Format of the report.
    #[arg(long, value_enum, default_value_t = LintOutput::Console)]
    pub(crate) output: LintOutput,
    /// Print a suggestion for each issue.
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// A format of the report of logging calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintOutput {
    Console,
    Json,
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    /// Directory to audit.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Format of the report and its file. You can give several, one of them without a file.
    ///
    /// Formats: pretty, json, sarif, markdown, html, junit, github, pdf. Without a file the report
    /// is written to standard output. pdf needs a file, and Chromium or Chrome.
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        value_delimiter = ',',
        default_value = "pretty"
    )]
    pub(crate) format: Vec<Output>,
    /// File of the format that has none.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Minimum severity for exit status 1: critical, high, medium, low, info, or never [default:
    /// high].
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    /// File with known findings. Only new findings count for --fail-on.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Earlier report (--format json). The new report shows new, fixed and unchanged findings.
    ///
    /// Unlike --baseline, it does not change the exit status.
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// Explain why a rule does not report a line, for authors of rules. Does not write a report.
    #[arg(long, num_args = 2, value_names = ["FILE:LINE", "RULE"])]
    pub(crate) explain_miss: Option<Vec<String>>,
    /// Browser that prints the PDF [default: Chromium or Chrome of the path]. The environment
    /// variable SEAWORTHY_BROWSER names it too.
    #[arg(long, value_name = "FILE")]
    pub(crate) browser: Option<PathBuf>,
    /// Write the findings to a new baseline. The command then ignores --fail-on.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Configuration file, instead of seaworthy-audit.toml in the directory.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Ignore the configuration file and the baseline of the directory.
    #[arg(long)]
    pub(crate) no_config: bool,
    /// Ignore suppressions, for an audit of code that you do not trust.
    #[arg(long)]
    pub(crate) no_suppressions: bool,
    /// Omit lines of code from the report.
    #[arg(long)]
    pub(crate) no_code: bool,
    /// Do not show progress.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Maximum number of files. With more files the audit is incomplete.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_files: Option<usize>,
    /// Maximum size of a file, in bytes. Larger files are not read.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_file_bytes: Option<u64>,
    /// Maximum size of all files, in bytes. With more text the audit is incomplete.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_total_bytes: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeployCommand {
    /// Write Prometheus rules, Grafana dashboards, runbooks and Kubernetes manifests.
    ///
    /// Reads overlay.toml of the output folder, and creates it if it is missing. The exit status is
    /// 0 if the files are written or current, and 1 if --check found a difference. It is 2 if the
    /// arguments or facts are invalid, and 3 if a file could not be read or written.
    Render {
        /// Files with the output of `SERVICE describe`, one per service.
        #[arg(required = true, value_name = "FACTS.json")]
        facts: Vec<PathBuf>,
        /// The output folder.
        #[arg(long, short, value_name = "DIR")]
        out: PathBuf,
        /// Compare the folder with the facts instead of writing it.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Explain a rule (`SHIP-1.root-user`) or all rules of a requirement (`SHIP-1`).
    Explain {
        /// The ID of the rule or requirement.
        id: String,
    },
    /// List all rules.
    Rules {
        /// Print the Markdown of docs/audit-rules.md.
        #[arg(long)]
        markdown: bool,
    },
    /// Print the JSON Schema of --format json.
    Schema,
}

/// A format of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// A text that the auditor renders.
    Text(Format),
    /// The HTML report, printed by a browser.
    Pdf,
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "pdf" {
            return Ok(Self::Pdf);
        }
        text.parse()
            .map(Self::Text)
            .map_err(|error: <Format as FromStr>::Err| format!("{error}, or pdf"))
    }
}

/// A format of the report and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: OutputFormat,
    pub(crate) file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file after `=` is missing".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self {
            format: format.parse()?,
            file,
        })
    }
}
