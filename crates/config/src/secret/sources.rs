use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::future::join_all;
use seaworthy_core::Secret;
use tokio::time::{Instant, timeout_at};

use super::{EnvironmentSecrets, FileSecrets, Reference, SecretError, SecretLeaf, SecretSource};
use crate::Environment;

/// The time limit for all secrets together. A start that waits longer for a vault should fail.
const TIMEOUT: Duration = Duration::from_secs(5);

type Fetched = Result<Secret<String>, SecretError>;

/// The sources of secrets, by scheme: `env:`, `file:` and those that were added to the loader.
pub(crate) struct SecretSources<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) added: &'a [Arc<dyn SecretSource>],
}

impl SecretSources<'_> {
    /// Reads a secret of `env:` or `file:`.
    pub(crate) fn read_local(&self, reference: &Reference) -> Fetched {
        match reference {
            Reference::Literal(secret) => Ok(secret.clone()),
            Reference::External { scheme, locator } => match *scheme {
                "env" => EnvironmentSecrets::new(self.environment.clone()).get(locator),
                "file" => FileSecrets::get(locator),
                scheme => Err(SecretError::new(format!(
                    "no source for `{scheme}:` secrets is configured"
                ))),
            },
        }
    }

    /// Reads secrets from every source, concurrently and within [`TIMEOUT`].
    pub(crate) async fn read_all(&self, leaves: &[SecretLeaf]) -> Vec<Fetched> {
        let deadline = Instant::now() + TIMEOUT;
        join_all(leaves.iter().map(async |leaf| {
            let fetched = timeout_at(deadline, self.read(&leaf.reference)).await;
            fetched.unwrap_or_else(|_| {
                let seconds = TIMEOUT.as_secs();
                Err(SecretError::new(format!(
                    "the secrets could not be read within {seconds} s"
                )))
            })
        }))
        .await
    }

    async fn read(&self, reference: &Reference) -> Fetched {
        match reference {
            Reference::External { scheme, locator } => match self.added(scheme) {
                Some(source) => source.read(locator).await,
                None => self.read_local(reference),
            },
            Reference::Literal(_) => self.read_local(reference),
        }
    }

    /// The files whose change means that a secret has changed.
    pub(crate) fn files(&self, leaves: &[SecretLeaf]) -> Vec<PathBuf> {
        let file = |leaf: &SecretLeaf| match &leaf.reference {
            Reference::External { scheme, locator } => match self.added(scheme) {
                Some(source) => source.file(locator),
                None if *scheme == "file" => FileSecrets.file(locator),
                None => None,
            },
            Reference::Literal(_) => None,
        };
        leaves.iter().filter_map(file).collect()
    }

    fn added(&self, scheme: &str) -> Option<&dyn SecretSource> {
        let mut added = self.added.iter();
        added
            .find(|source| source.scheme() == scheme)
            .map(|source| &**source)
    }
}
