use std::fmt;

use crate::DeclareError;

/// The path of a value in a document.
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
}

impl<'a> Path<'a> {
    pub(crate) const ROOT: Path<'static> = Path {
        parent: None,
        name: "",
    };

    pub(crate) fn then(&'a self, name: &'a str) -> Self {
        Path {
            parent: Some(self),
            name,
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.parent.map(Path::names).unwrap_or_default();
        if self.parent.is_some() {
            names.push(self.name.to_owned());
        }
        names
    }
}

/// An error in a document of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The names and indices of the path to the value.
    pub path: Vec<String>,
    /// A description of the error.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path.join("/"), self.problem)
    }
}

impl From<DeclareError> for Problem {
    fn from(error: DeclareError) -> Self {
        Self {
            path: vec![error.key().to_owned()],
            problem: error.to_string(),
        }
    }
}

/// Logs errors in new flags, which are not used.
pub(crate) fn log_rejected(errors: &str) {
    tracing::error!(
        errors,
        "feature flags have errors, and the previous flags remain active"
    );
}

/// Returns all errors in one line.
pub(crate) fn join(errors: &[impl fmt::Display]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// All errors in a document.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, path: &Path<'_>, problem: impl Into<String>) {
        self.0.push(Problem {
            path: path.names(),
            problem: problem.into(),
        });
    }
}
