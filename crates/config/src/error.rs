use std::fmt;

use crate::Origin;

/// One mistake in the configuration. Its text never holds the value of a secret or of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    origin: Origin,
    key: String,
    problem: String,
}

impl ConfigError {
    /// A mistake with its place; `key` is empty where it is about a file as a whole. The problem must not hold a secret.
    pub fn new(origin: Origin, key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            origin,
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// Where the mistake is.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that it is about, such as `server.http.port`; empty where it is about a file as a whole.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong and, where known, what was probably meant.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(formatter, "{}: ", self.key)?;
        }
        formatter.write_str(&self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// Every mistake in the configuration, in the order of their places (CONF-1). Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Returns the errors if there are any.
    ///
    /// # Errors
    /// All of them in order, without duplicates.
    pub fn check(mut errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        errors.sort();
        errors.dedup();
        Err(Self(errors))
    }

    /// The mistakes.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => formatter.write_str("the configuration has a mistake:")?,
            count => write!(formatter, "the configuration has {count} mistakes:")?,
        }
        for error in &self.0 {
            write!(formatter, "\n  {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
