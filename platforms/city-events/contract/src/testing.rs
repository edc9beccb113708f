mod legacy;

pub use legacy::LegacyService;

use seaworthy::{
    config::{Loader, Settings},
    prelude::*,
    service::RunningService,
};
use tempfile::TempDir;

/// A secret with the minimum length of every key.
const SECRET: &str = "a secret of the tests that is long enough";

/// A service without routes, for tests of its parts. Its messages stay in the outbox.
#[derive(Debug)]
pub struct TestService<T> {
    /// The parts of the service under test.
    pub parts: T,
    running: RunningService,
    _directory: TempDir,
}

impl<T> TestService<T> {
    /// Starts a service with its database at `url` and with these further settings. `assemble`
    /// builds the parts.
    ///
    /// # Errors
    /// [`StartError`] if the service does not start.
    pub async fn start<C: Settings>(
        name: &'static str,
        url: &str,
        settings: &[&str],
        assemble: impl AsyncFnOnce(&Assembly<C>) -> Result<T, StartError>,
    ) -> Result<Self, StartError> {
        let directory = TempDir::new()
            .map_err(|error| StartError::with_cause("the directory cannot be created", error))?;
        let broker = directory.path().join("broker.db");
        let defaults = [
            format!("database.url={url}"),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url=sqlite:{}", broker.display()),
            format!("jwt.secret={SECRET}"),
            format!("audit_log.key={SECRET}"),
            "outbox.relay.enabled=false".to_owned(),
        ];
        let loader = Loader::for_tests(name)
            .overrides(defaults)
            .overrides(settings.iter().copied());
        let mut parts = None;
        let running = Service::new(name, "1")
            .start::<C, _>(loader, async |service| {
                parts = Some(assemble(service).await?);
                Ok(())
            })
            .await?;
        Ok(Self {
            parts: parts.ok_or_else(|| StartError::new("the service was not assembled"))?,
            running,
            _directory: directory,
        })
    }

    /// Stops the service.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
