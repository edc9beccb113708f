use std::path::PathBuf;

use seaworthy::service::clap::{Arg, ArgAction, Command, Error, value_parser};

/// A directory that version control ignores.
const DEFAULT_DATA: &str = "data/tutoring";

/// The parsed command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The directory of all databases and secrets.
    pub data: PathBuf,
    /// Settings of services, as `SERVICE.KEY=VALUE`.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// Whether no sample users are created.
    pub empty: bool,
}

impl Arguments {
    /// Parses a command line, including the name of the program.
    ///
    /// # Errors
    /// The help text, or a description of the invalid argument.
    pub fn parse(line: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut matches = command().try_get_matches_from(line)?;
        let data = matches.remove_one("data");
        Ok(Self {
            data: data.unwrap_or_else(|| DEFAULT_DATA.into()),
            set: matches.remove_many("set").into_iter().flatten().collect(),
            free_ports: matches.get_flag("free-ports"),
            empty: matches.get_flag("empty"),
        })
    }
}

fn command() -> Command {
    Command::new("tutoring")
        .about("The services of Tutoring in one process. Each service is also a separate program.")
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
                .help("A setting of one service, such as gateway.limits.enabled=false"),
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
                .help("Create no sample users"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_defaults_and_options_conf_1() {
        let parse = |arguments: &[&str]| {
            let line = std::iter::once("tutoring").chain(arguments.iter().copied());
            Arguments::parse(line.map(str::to_owned))
        };
        let default = parse(&[]).unwrap();
        assert_eq!(default.data, PathBuf::from("data/tutoring"));
        assert!(!default.free_ports && !default.empty && default.set.is_empty());
        let other = parse(&["--set", "gateway.a=1", "--free-ports", "--empty"]).unwrap();
        assert!(other.free_ports && other.empty && other.set == ["gateway.a=1"]);
        assert!(parse(&["--colour", "red"]).is_err());
    }
}
