use seaworthy_config::ConfigErrors;

use crate::{
    preflight::{self, Violation},
    start_error::StartError,
};

/// The reason for a failed start.
#[derive(Debug)]
pub(crate) enum StartFailure {
    /// The settings have errors.
    Invalid(ConfigErrors),
    /// The settings are unsafe and the profile rejects them.
    Unsafe(Vec<Violation>),
    /// A part of the service could not start.
    Failed(StartError),
}

impl StartFailure {
    /// Returns the failure with its causes, for a program that starts the service.
    pub(crate) fn into_error(self) -> StartError {
        match self {
            Self::Invalid(errors) => StartError::with_cause("the settings have errors", errors),
            Self::Unsafe(violations) => StartError::new(format!(
                "the profile production rejects {} unsafe settings (CONF-3)\n\n{}",
                violations.len(),
                preflight::text(&violations)
            )),
            Self::Failed(error) => error,
        }
    }

    /// Returns the causes in one line, for the log.
    pub(crate) fn causes(&self) -> String {
        match self {
            Self::Invalid(errors) => {
                let errors = errors.iter().map(ToString::to_string);
                errors.collect::<Vec<_>>().join("; ")
            }
            Self::Unsafe(violations) => {
                let keys = violations.iter().map(|violation| violation.key.as_str());
                keys.collect::<Vec<_>>().join(", ")
            }
            Self::Failed(error) => seaworthy_core::error_chain(error),
        }
    }
}

impl From<StartError> for StartFailure {
    fn from(error: StartError) -> Self {
        Self::Failed(error)
    }
}
