use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The origin of a value or an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The `Default` of the settings type.
    Default,
    /// A file or directory as a whole.
    Path {
        /// The path, relative or absolute as configured.
        path: PathBuf,
    },
    /// A position in a file.
    File {
        /// The path, relative or absolute as configured.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// The name of the variable.
        name: Arc<str>,
    },
    /// An argument of the command line.
    CommandLine {
        /// The flag and the key without the value.
        argument: Arc<str>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Path { path } => write!(formatter, "{}", path.display()),
            Self::File { path, line, column } => {
                write!(formatter, "{}:{line}:{column}", path.display())
            }
            Self::Environment { name } => write!(formatter, "env {name}"),
            Self::CommandLine { argument } => formatter.write_str(argument),
        }
    }
}
