use std::path::PathBuf;

/// The parsed command line of a [`PlatformProgram`](super::PlatformProgram).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlatformArguments {
    /// The directory of all databases and secrets.
    pub data: PathBuf,
    /// Settings of services, as `SERVICE.KEY=VALUE`.
    pub set: Vec<String>,
    /// Whether listeners use free ports.
    pub free_ports: bool,
    /// Whether the program skips the creation of sample data.
    pub empty: bool,
}
