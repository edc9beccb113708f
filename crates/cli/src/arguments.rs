//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_audit::Severity;

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
    /// Exit status: 0 clean, 1 a finding reaches --fail-on, 2 wrong use, 3 the audit is incomplete.
    #[command(args_conflicts_with_subcommands = true)]
    Audit(Audit),
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
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    /// Lowest severity that makes the exit status 1.
    #[arg(long, value_name = "SEVERITY", default_value_t = Severity::High)]
    pub(crate) fail_on: Severity,
    /// File to write to instead of the terminal.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Explain a rule (`SHIP-1.root-user`) or every rule of a promise (`SHIP-1`).
    Explain {
        /// The ID.
        id: String,
    },
    /// List every rule.
    Rules,
}

/// Form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    Pretty,
    /// JSON.
    Json,
}
