use seaworthy_config::ConfigErrors;

use crate::{preflight::Violation, start_error::StartError};

/// Why a start ended before the service was ready.
#[derive(Debug)]
pub(crate) enum StartFailure {
    /// The settings have mistakes.
    Mistakes(ConfigErrors),
    /// The settings are unsafe and the profile refuses them.
    Unsafe(Vec<Violation>),
    /// Something could not be made.
    Failed(StartError),
}

impl From<StartError> for StartFailure {
    fn from(error: StartError) -> Self {
        Self::Failed(error)
    }
}
