use std::fmt;

use crate::Origin;

/// An error in the configuration. Its text does not contain the value of a secret or variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    origin: Origin,
    key: String,
    problem: String,
}

impl ConfigError {
    /// An error with its origin. `key` is empty if it concerns a whole file. `problem` must not
    /// contain a secret.
    pub fn new(origin: Origin, key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            origin,
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// The origin of the value.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key, such as `server.http.port`. Empty if the error concerns a whole file.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The description of the error, with a suggestion if there is one.
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

/// All errors in the configuration, in the order of their origins (CONF-1). Never empty.
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

    /// Returns the errors.
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
            1 => formatter.write_str("the configuration has an error:")?,
            count => write!(formatter, "the configuration has {count} errors:")?,
        }
        for error in &self.0 {
            write!(formatter, "\n  {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
