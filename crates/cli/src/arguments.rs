//! What the command line takes.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use seaworthy_audit::report::Format;
use seaworthy_audit::rule::FailOn;

/// Production readiness for microservices.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Audit a repository for production readiness.
    ///
    /// Exit status: 0 clean, 1 a finding reaches --fail-on, 2 wrong use, 3 the audit is incomplete or could not be written.
    #[command(args_conflicts_with_subcommands = true)]
    Audit(Box<Audit>),
    /// Explain a rule (`SHIP-1.root-user`) or every rule of a promise (`SHIP-1`).
    Explain {
        /// The ID.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    /// Folder to audit.
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Form of the report, and the file that it goes to; several may be given, one of them without a file.
    ///
    /// Forms: pretty, json, sarif, markdown, html, junit, github. Without a file it goes to standard output.
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        value_delimiter = ',',
        default_value = "pretty"
    )]
    pub(crate) format: Vec<Output>,
    /// File for the form that has none of its own.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Lowest severity that makes the exit status 1: critical, high, medium, low, info, or never [default: high].
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    /// Known findings: only new ones count for --fail-on.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found as the new baseline; what it holds then fails nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Configuration file instead of seaworthy-audit.toml in the folder.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Leave the folder's own configuration file and its baseline out.
    #[arg(long)]
    pub(crate) no_config: bool,
    /// Let no suppression count: for an audit of other people's code.
    #[arg(long)]
    pub(crate) no_suppressions: bool,
    /// Quote no line of code in the report.
    #[arg(long)]
    pub(crate) no_code: bool,
    /// Show no progress.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Files read at most; beyond it the audit is incomplete.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_files: Option<usize>,
    /// Larger files are not read, in bytes.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_file_bytes: Option<u64>,
    /// Text read at most, in bytes; beyond it the audit is incomplete.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_total_bytes: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Explain a rule (`SHIP-1.root-user`) or every rule of a promise (`SHIP-1`).
    Explain {
        /// The ID.
        id: String,
    },
    /// List every rule.
    Rules {
        /// As the page docs/audit-rules.md.
        #[arg(long)]
        markdown: bool,
    },
    /// Print the JSON Schema of --format json.
    Schema,
}

/// A form of the report, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file behind `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self {
            format: format
                .parse()
                .map_err(|error: <Format as FromStr>::Err| error.to_string())?,
            file,
        })
    }
}
