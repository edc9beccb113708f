use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use seaworthy_config::Profile;

/// The arguments of a service binary.
#[derive(Debug, Parser)]
#[command(
    disable_version_flag = true,
    arg_required_else_help = false,
    propagate_version = false
)]
pub(crate) struct Arguments {
    /// The command. Default: `serve`.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    /// The output format.
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// The sources of the settings.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The profile: development, test, staging or production. Default: the variable NAME__PROFILE,
    /// else development.
    #[arg(long, global = true, value_parser = parse_profile)]
    pub(crate) profile: Option<Profile>,

    /// The folder of config.yaml and its profiles, or a file whose profiles are next to it.
    /// Default: ./config if it exists. `-conf` and `--conf` are other names, for legacy
    /// deployments.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,

    /// Sets one key and overrides all other sources. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub(crate) set: Vec<(String, String)>,
}

/// The commands of every service binary.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service until SIGTERM or SIGINT.
    Serve,
    /// Inspect the settings without running the service.
    Config {
        /// The view.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Check the health of the running service on this machine: exit status 0 or 1, for container
    /// health checks.
    Health {
        /// The probe.
        #[arg(long, value_enum, default_value_t = HealthProbe::Ready)]
        probe: HealthProbe,
    },
    /// Print the facts of the service as JSON, for `seaworthy deploy render`.
    ///
    /// Listeners, timeouts and dependencies are those of the settings, whose secrets need not
    /// exist. Metrics, checks, workers, topics and migrations are those of the service itself. The
    /// command starts it in the profile test, on free ports of this machine, and stops it.
    Describe {
        /// Sets one key of the service that starts, such as database.url=sqlite::memory:. May be
        /// repeated.
        #[arg(long = "with", value_name = "KEY=VALUE", value_parser = parse_setting)]
        with: Vec<(String, String)>,
    },
    /// Print the version.
    Version,
}

/// The views of the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the settings of the profile: all errors, and the settings that production rejects.
    /// Reads the TLS files of the listeners, and connects only to the vaults of its secrets.
    Check,
    /// Print the effective settings and their sources. Secrets are masked.
    Show,
    /// Explain the value of one key.
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

/// The output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text.
    Text,
    /// JSON.
    Json,
}

/// The probes of the command `health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HealthProbe {
    /// The process responds.
    Live,
    /// The service accepts traffic.
    Ready,
    /// The start is complete.
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

/// Returns the arguments of the process, with `-conf` and `--conf` under their regular name
/// `--config`.
pub(crate) fn of_process() -> impl Iterator<Item = OsString> {
    std::env::args_os().map(regular_name)
}

/// Returns the regular name of an argument.
pub(super) fn regular_name(argument: OsString) -> OsString {
    match argument.to_str() {
        Some("-conf" | "--conf") => "--config".into(),
        Some(text) => match text
            .strip_prefix("--conf=")
            .or_else(|| text.strip_prefix("-conf="))
        {
            Some(path) => format!("--config={path}").into(),
            None => argument,
        },
        None => argument,
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
