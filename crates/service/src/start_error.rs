use std::{error::Error as StdError, fmt};

use seaworthy_core::error_causes;

/// An error that prevents the start, with its causes (LIFE-1).
///
/// ```
/// use seaworthy_service::StartError;
///
/// let cause = std::io::Error::other("permission denied");
/// let error = StartError::with_cause("the key cannot be read", cause);
/// assert_eq!(error.chain(), ["the key cannot be read", "permission denied"]);
/// ```
#[derive(Debug)]
pub struct StartError {
    what: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl StartError {
    /// Creates an error without a cause.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
        }
    }

    /// Creates an error with a cause.
    pub fn with_cause(
        what: impl Into<String>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            what: what.into(),
            cause: Some(cause.into()),
        }
    }

    /// Returns the error and its causes, outermost first. Omits a cause that repeats the one above.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.what.clone()];
        chain.extend(error_causes(self).map(ToString::to_string));
        chain.dedup();
        chain
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl StdError for StartError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl From<seaworthy_core::Error> for StartError {
    fn from(error: seaworthy_core::Error) -> Self {
        Self::with_cause("the assemble function of the service failed", error)
    }
}

impl From<std::io::Error> for StartError {
    fn from(error: std::io::Error) -> Self {
        Self::with_cause("the assemble function of the service failed", error)
    }
}
