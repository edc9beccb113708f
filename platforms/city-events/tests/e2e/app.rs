use std::{ops::Deref, path::Path};

use city_events::{Platform, PlatformOptions};
use seaworthy::{
    config::Profile,
    data::{Database, DatabaseConfig},
    service::platform::DataDirectory,
};
use tempfile::TempDir;
use tokio::sync::RwLockReadGuard;

use crate::{client::Gateway, machine};

/// All services of City Events in the process of the test.
pub(crate) struct TestApp {
    pub(crate) platform: Platform,
    gateway: Gateway,
    directory: TempDir,
    _machine: RwLockReadGuard<'static, ()>,
}

impl Deref for TestApp {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.gateway
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the services with additional settings, as `SERVICE.KEY=VALUE`.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        let machine = machine::shared().await;
        let directory = tempfile::tempdir().unwrap();
        let platform = start_platform(directory.path(), settings).await;
        let http = |service: &str| platform.addresses(service).unwrap().http;
        Self {
            gateway: Gateway::new(http("bff"), http("email")),
            platform,
            directory,
            _machine: machine,
        }
    }

    /// Returns the directory of all databases and secrets.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the secret that signs access tokens.
    pub(crate) fn jwt_secret(&self) -> Vec<u8> {
        std::fs::read(self.directory().join("secrets/jwt")).unwrap()
    }

    /// Opens the database file of a service, such as `auth.db`.
    pub(crate) async fn database(&self, file: &str) -> Database {
        let url = format!("sqlite:{}", self.directory().join(file).display());
        open_database(&url).await
    }

    pub(crate) async fn stop(self) {
        self.platform.stop().await;
    }
}

/// Starts the services on free ports, in the development profile, without the request limits of
/// auth and the gateway, and with fast password hashes. `settings` override those.
pub(crate) async fn start_platform(directory: &Path, settings: &[&str]) -> Platform {
    let folder = DataDirectory::open(directory).unwrap();
    let defaults = [
        "auth.rate_limit.enabled=false",
        "bff.rate_limit.enabled=false",
        "auth.passwords.parameters.memory_kib=1024",
        "auth.passwords.parameters.iterations=1",
    ];
    let settings = defaults.iter().chain(settings);
    let options = PlatformOptions {
        set: settings.map(|setting| (*setting).to_owned()).collect(),
        free_ports: true,
        profile: Some(Profile::Development),
    };
    Platform::start(&folder, &options).await.unwrap()
}

pub(crate) async fn open_database(url: &str) -> Database {
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}
