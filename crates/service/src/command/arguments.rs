use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_config::Profile;

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(
    disable_version_flag = true,
    arg_required_else_help = false,
    propagate_version = false
)]
pub(crate) struct Arguments {
    /// What to do; `serve` where nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    /// How findings, errors and listings are printed.
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The profile: development, test, staging or production. Else the variable NAME__PROFILE, else development.
    #[arg(long, global = true, value_parser = parse_profile)]
    pub(crate) profile: Option<Profile>,

    /// The folder that holds config.yaml and its profiles. Else ./config where it exists.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) config: Option<PathBuf>,

    /// Sets one key, above every other layer. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub(crate) set: Vec<(String, String)>,
}

/// What a service binary can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service until SIGTERM or SIGINT.
    Serve,
    /// Look at the settings without running the service.
    Config {
        /// What to look at.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Ask the running service on this machine whether it is well: exit status 0 or 1, for container health checks.
    Health {
        /// Which probe to ask.
        #[arg(long, value_enum, default_value_t = HealthProbe::Ready)]
        probe: HealthProbe,
    },
    /// Print the version.
    Version,
}

/// What can be seen of the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the settings of the profile: every mistake, and what preflight refuses. Asks nothing but the vaults that its secrets are in.
    Check,
    /// Print the effective settings and where each comes from; secrets are masked.
    Show,
    /// Print how one key came to its value.
    Explain {
        /// The key, such as server.http.addr.
        key: String,
    },
    /// Print the JSON Schema of the settings.
    Schema,
    /// Print a table of every key.
    Docs,
    /// Print a .env.example.
    Env,
}

/// How things are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The probes that `health` can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HealthProbe {
    /// Whether the process answers.
    Live,
    /// Whether it takes traffic.
    Ready,
    /// Whether its start is complete.
    Startup,
}

impl HealthProbe {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Live => "/livez",
            Self::Ready => "/readyz",
            Self::Startup => "/startupz",
        }
    }
}

fn parse_profile(text: &str) -> Result<Profile, String> {
    text.parse()
        .map_err(|error: seaworthy_config::UnknownProfile| error.to_string())
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as server.http.addr=0.0.0.0:8000".to_owned()),
    }
}
