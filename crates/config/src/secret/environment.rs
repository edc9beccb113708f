use seaworthy_core::Secret;

use super::{SecretError, SecretFuture, SecretSource};
use crate::Environment;

/// Secrets in environment variables: `env:NAME`.
#[derive(Debug, Clone)]
pub struct EnvironmentSecrets(Environment);

impl EnvironmentSecrets {
    /// A source that reads these variables.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Self(environment)
    }

    pub(crate) fn get(&self, name: &str) -> Result<Secret<String>, SecretError> {
        match self.0.get(name) {
            Some(Ok("")) => Err(SecretError::new(format!(
                "the environment variable {name} is empty"
            ))),
            Some(Ok(value)) => Ok(Secret::new(value.to_owned())),
            Some(Err(_)) => Err(SecretError::new(format!(
                "the environment variable {name} is not UTF-8"
            ))),
            None => Err(SecretError::new(format!(
                "the environment variable {name} is not set"
            ))),
        }
    }
}

impl SecretSource for EnvironmentSecrets {
    fn scheme(&self) -> &'static str {
        "env"
    }

    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a> {
        Box::pin(async move { self.get(locator) })
    }
}
