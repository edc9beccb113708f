use std::path::PathBuf;

use seaworthy::service::clap::{Arg, ArgAction, Command, Error, value_parser};

/// A folder that version control leaves out.
const DEFAULT_DATA: &str = "data/city-events";

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// Settings of services, as `SERVICE.KEY=VALUE`.
    pub set: Vec<String>,
    /// Whether listeners take ports that are free.
    pub free_ports: bool,
    /// Whether nothing is put into an empty platform.
    pub empty: bool,
}

impl Arguments {
    /// Reads a command line, whose first word is the program.
    ///
    /// # Errors
    /// The help that was asked for, or why the line means nothing.
    pub fn read(line: impl IntoIterator<Item = String>) -> Result<Self, Error> {
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
        .about("City Events in one process. Each service is also a program of its own.")
        .version(env!("CARGO_PKG_VERSION"))
        .arg(
            Arg::new("data")
                .long("data")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .default_value(DEFAULT_DATA)
                .help("The folder of everything that is kept"),
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
                .help("Listen on ports that are free instead of the usual ones"),
        )
        .arg(
            Arg::new("empty")
                .long("empty")
                .action(ArgAction::SetTrue)
                .help("Begin without events"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_words_is_the_usual_platform() {
        let read = |words: &[&str]| {
            let line = std::iter::once("city-events").chain(words.iter().copied());
            Arguments::read(line.map(str::to_owned))
        };
        let usual = read(&[]).unwrap();
        assert_eq!(usual.data, PathBuf::from("data/city-events"));
        assert!(!usual.free_ports && !usual.empty && usual.set.is_empty());
        let other = read(&[
            "--data", "/tmp/x", "--set", "bff.a=1", "--set", "auth.b=2", "--empty",
        ])
        .unwrap();
        assert_eq!(other.set, ["bff.a=1", "auth.b=2"]);
        assert!(other.empty);
        assert!(read(&["--colour", "red"]).is_err());
    }
}
