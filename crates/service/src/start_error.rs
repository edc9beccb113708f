use std::{error::Error as StdError, fmt};

/// Why a service could not start: one sentence, and the causes below it (LIFE-1).
#[derive(Debug)]
pub struct StartError {
    what: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl StartError {
    /// What could not be done.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
        }
    }

    /// What could not be done, and why.
    pub fn because(
        what: impl Into<String>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            what: what.into(),
            cause: Some(cause.into()),
        }
    }

    /// The sentence and its causes, outermost first. A cause that only repeats the one above it is left out.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.what.clone()];
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if chain.last() != Some(&text) {
                chain.push(text);
            }
            next = cause.source();
        }
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
        Self::because("the assembly failed", error)
    }
}

impl From<std::io::Error> for StartError {
    fn from(error: std::io::Error) -> Self {
        Self::because("the assembly failed", error)
    }
}
