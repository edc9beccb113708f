//! A service with plugins.

use std::{path::Path, sync::OnceLock};

use seaworthy_config::Loader;
use seaworthy_http::Routes;
use seaworthy_plugins::{Plugins, PluginsConfig, SigningKey};
use seaworthy_service::{Assembly, NoSettings, RunningService, Service, StartError};

use crate::guest::{self, Guest};

pub(crate) struct App {
    pub(crate) service: RunningService,
    pub(crate) plugins: Plugins,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
}

/// A folder of plugins before the start of their service.
pub(crate) struct Setup {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
    pub(crate) config: PluginsConfig,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let mut config = PluginsConfig {
            enabled: true,
            directory: folder.path().join("plugins"),
            config_directory: folder.path().join("config"),
            auto_load: Some(true),
            ..PluginsConfig::default()
        };
        config.security.trusted_keys = vec![key.public()];
        std::fs::create_dir_all(&config.directory).unwrap();
        std::fs::create_dir_all(&config.config_directory).unwrap();
        Self {
            folder,
            key,
            config,
        }
    }

    pub(crate) fn plugin(self, name: &str, more: &str, guest: &Guest) -> Self {
        let directory: &Path = &self.config.directory;
        guest::write(directory, name, more, &guest.build(), &self.key);
        self
    }

    pub(crate) fn settings(self, name: &str, yaml: &str) -> Self {
        let file = self.config.config_directory.join(format!("{name}.yaml"));
        std::fs::write(file, yaml).unwrap();
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut PluginsConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) async fn start(self) -> Result<App, StartError> {
        self.start_with(|service, _| {
            service.http(Routes::new().get("/orders", async || "orders"));
        })
        .await
    }

    /// Starts the service with other routes.
    pub(crate) async fn start_with(
        self,
        add: impl FnOnce(&Assembly<NoSettings>, &Plugins),
    ) -> Result<App, StartError> {
        let started = OnceLock::new();
        let loader =
            Loader::for_tests("orders").overrides(["server.http.rate_limit.enabled=false"]);
        let service = Service::new("orders", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                let plugins = Plugins::start(service, &self.config).await?;
                add(service, &plugins);
                let _ = started.set(plugins);
                Ok(())
            })
            .await?;
        Ok(App {
            service,
            plugins: started.into_inner().unwrap(),
            folder: self.folder,
            key: self.key,
        })
    }
}

impl App {
    pub(crate) fn replace(&self, name: &str, more: &str, guest: &Guest) {
        let directory = self.folder.path().join("plugins");
        guest::write(&directory, name, more, &guest.build(), &self.key);
    }

    /// The status and the body of a request.
    pub(crate) fn orders(&self) -> (u16, String) {
        let answer =
            seaworthy_testkit::http::get(self.service.addresses().http, "/orders").unwrap();
        (answer.status, answer.body)
    }
}
