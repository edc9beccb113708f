use std::path::PathBuf;

use seaworthy::service::clap::{Arg, ArgAction, Command, Error, value_parser};

/// A directory that version control ignores.
const DEFAULT_DATA: &str = "data/city-events";

/// The parsed command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The directory of all databases and secrets.
    pub data: PathBuf,
    /// Settings of services, as `SERVICE.KEY=VALUE`.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// Whether to skip the creation of sample users and events.
    pub empty: bool,
}

impl Arguments {
    /// Parses a command line, including the name of the program.
    ///
    /// # Errors
    /// The help text, or a description of the invalid argument.
    pub fn parse(line: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut matches = command().try_get_matches_from(line)?;
        Ok(Self {
            data: matches
                .remove_one("data")
                .unwrap_or_else(|| DEFAULT_DATA.into()),
            set: matches.remove_many("set").into_iter().flatten().collect(),
            free_ports: matches.get_flag("free-ports"),
            empty: matches.get_flag("empty"),
        })
    }
}

fn command() -> Command {
    Command::new("city-events")
        .about("All City Events services in one process. Each service is also a separate program.")
        .version(env!("CARGO_PKG_VERSION"))
        .arg(
            Arg::new("data")
                .long("data")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .default_value(DEFAULT_DATA)
                .help("The directory of all databases and secrets"),
        )
        .arg(
            Arg::new("set")
                .long("set")
                .value_name("SERVICE.KEY=VALUE")
                .action(ArgAction::Append)
                .help("A setting of one service, such as bff.rate_limit.enabled=false"),
        )
        .arg(
            Arg::new("free-ports")
                .long("free-ports")
                .action(ArgAction::SetTrue)
                .help("Listen on free ports instead of the default ones"),
        )
        .arg(
            Arg::new("empty")
                .long("empty")
                .action(ArgAction::SetTrue)
                .help("Start without sample users and events"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_defaults_and_options() {
        let parse = |arguments: &[&str]| {
            let line = std::iter::once("city-events").chain(arguments.iter().copied());
            Arguments::parse(line.map(str::to_owned))
        };
        let default = parse(&[]).unwrap();
        assert_eq!(default.data, PathBuf::from("data/city-events"));
        assert!(!default.free_ports && !default.empty && default.set.is_empty());
        let other = parse(&[
            "--data", "/tmp/x", "--set", "bff.a=1", "--set", "auth.b=2", "--empty",
        ])
        .unwrap();
        assert_eq!(other.set, ["bff.a=1", "auth.b=2"]);
        assert!(other.empty);
        assert!(parse(&["--colour", "red"]).is_err());
    }
}
