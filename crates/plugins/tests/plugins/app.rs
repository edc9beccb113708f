//! A service with plugins.

use std::{
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use seaworthy_config::{Loader, Profile};
use seaworthy_core::{Error, error_chain};
use seaworthy_http::Routes;
use seaworthy_plugins::{
    Capability, Decision, EventType, GrantConfig, Plugins, PluginsConfig, SigningKey,
};
use seaworthy_service::{Assembly, NoSettings, RunningService, Service, StartError};
use serde_json::Map;
use tokio::sync::mpsc;

use crate::guest::{self, Guest};

/// The timeout of waits: a loaded machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The end of the error message of a decision that timed out.
const TIMED_OUT: &str = "exceeded its timeout of 50ms";

/// The file of the settings of the service.
const SETTINGS: &str = "service.yaml";

pub(crate) struct TestApp {
    pub(crate) service: RunningService,
    pub(crate) plugins: Plugins,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
}

/// The problems of `plugin.error` events, from the bus of events.
pub(crate) struct Failures(mpsc::UnboundedReceiver<String>);

impl Failures {
    /// Waits for a failure with this text.
    pub(crate) async fn wait_for(&mut self, expected: &str) {
        let mut others = Vec::new();
        let found = async {
            loop {
                let problem = self.0.recv().await.unwrap();
                let is_expected = problem == expected;
                others.push(problem);
                if is_expected {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(TIMEOUT, found).await;
        assert!(found.is_ok(), "no failure \"{expected}\": {others:?}");
    }
}

/// Work between the open and the serve of the plugins.
type BeforeServe = Box<dyn FnOnce(&Plugins) + Send>;

/// A folder of plugins before the start of their service.
pub(crate) struct Setup {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
    pub(crate) config: PluginsConfig,
    overrides: Vec<&'static str>,
    profile: Profile,
    asks_policies: bool,
    before_serve: Option<BeforeServe>,
}

/// Returns the grant of capabilities without hosts.
pub(crate) fn granted(capabilities: &[Capability]) -> GrantConfig {
    GrantConfig {
        capabilities: capabilities.to_vec(),
        ..GrantConfig::default()
    }
}

/// Returns the grant of requests to servers on this machine.
pub(crate) fn granted_http() -> GrantConfig {
    GrantConfig {
        http_hosts: vec!["127.0.0.1".to_owned()],
        internal_addresses: true,
        ..granted(&[Capability::Http])
    }
}

/// Returns the memory of this process in KiB.
pub(crate) fn resident() -> i64 {
    status_of_memory("VmRSS:")
}

/// Returns the maximum memory of this process until now in KiB.
pub(crate) fn peak() -> i64 {
    status_of_memory("VmHWM:")
}

fn status_of_memory(name: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.unwrap().parse().unwrap()
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
            overrides: vec!["server.http.rate_limit.enabled=false"],
            profile: Profile::Test,
            asks_policies: true,
            before_serve: None,
        }
    }

    /// Sets a setting of the service.
    pub(crate) fn set(mut self, setting: &'static str) -> Self {
        self.overrides.push(setting);
        self
    }

    /// Starts a service that does not ask for decisions.
    pub(crate) fn without_decisions(mut self) -> Self {
        self.asks_policies = false;
        self
    }

    /// Starts the service in production, with settings that are safe there.
    pub(crate) fn in_production(mut self) -> Self {
        self.profile = Profile::Production;
        self.overrides = vec!["behind_tls_proxy=true"];
        self
    }

    /// Writes the file of the settings of the service.
    pub(crate) fn service_settings(self, yaml: &str) -> Self {
        std::fs::write(self.folder.path().join(SETTINGS), yaml).unwrap();
        self
    }

    /// Adds a signed plugin. `more` is added to its manifest.
    pub(crate) fn plugin(self, name: &str, more: &str, guest: &Guest) -> Self {
        let directory: &Path = &self.config.directory;
        guest::write(directory, name, more, &guest.build(), &self.key);
        self
    }

    /// Writes the settings of a plugin.
    pub(crate) fn settings(self, name: &str, yaml: &str) -> Self {
        let file = self.config.config_directory.join(format!("{name}.yaml"));
        std::fs::write(file, yaml).unwrap();
        self
    }

    /// Grants capabilities to a plugin.
    pub(crate) fn grant(self, name: &str, capabilities: &[Capability]) -> Self {
        let grant = granted(capabilities);
        self.config(|config| drop(config.grants.insert(name.to_owned(), grant)))
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut PluginsConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Runs work between the open and the serve of the plugins.
    pub(crate) fn before_serve(mut self, work: impl FnOnce(&Plugins) + Send + 'static) -> Self {
        self.before_serve = Some(Box::new(work));
        self
    }

    pub(crate) async fn start(self) -> Result<TestApp, StartError> {
        self.start_with(|service, _| {
            service.http(Routes::new().get("/orders", async || "orders"));
        })
        .await
    }

    /// Starts the service with other routes.
    pub(crate) async fn start_with(
        self,
        add: impl FnOnce(&Assembly<NoSettings>, &Plugins),
    ) -> Result<TestApp, StartError> {
        let started = OnceLock::new();
        let mut loader = Loader::for_tests("orders")
            .profile(self.profile)
            .overrides(self.overrides);
        let file = self.folder.path().join(SETTINGS);
        if file.exists() {
            loader = loader.file(file);
        }
        let service = Service::new("orders", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                let plugins = Plugins::open(service, &self.config)?;
                if self.asks_policies {
                    plugins.declare_decisions();
                }
                if let Some(work) = self.before_serve {
                    work(&plugins);
                }
                plugins.serve(service).await?;
                add(service, &plugins);
                let _ = started.set(plugins);
                Ok(())
            })
            .await?;
        Ok(TestApp {
            service,
            plugins: started.into_inner().unwrap(),
            folder: self.folder,
            key: self.key,
        })
    }
}

impl TestApp {
    /// Asks for a decision. Repeats it if a busy machine does not run the guest within the timeout
    /// of decisions, which no setting extends.
    pub(crate) async fn decide(&self) -> Result<Decision, Error> {
        let begun = Instant::now();
        loop {
            let decision = self.plugins.decide("u-7", "read", "order/1", Map::new());
            match decision.await {
                Err(error) if error_chain(&error).to_string().ends_with(TIMED_OUT) => {
                    assert!(begun.elapsed() < TIMEOUT, "{}", error_chain(&error));
                }
                decided => return decided,
            }
        }
    }

    /// Writes a new version of a plugin to the folder.
    pub(crate) fn replace(&self, name: &str, more: &str, guest: &Guest) {
        let directory = self.folder.path().join("plugins");
        guest::write(&directory, name, more, &guest.build(), &self.key);
    }

    /// Returns the failures of plugins from now on.
    pub(crate) fn failures(&self) -> Failures {
        let (sender, problems) = mpsc::unbounded_channel();
        let events = self.plugins.events();
        events.subscribe("failures", [EventType::PLUGIN_ERROR], move |event| {
            let problem = event.data().get("problem");
            let problem = problem.and_then(|problem| problem.as_str());
            let _ = sender.send(problem.unwrap_or_default().to_owned());
            std::future::ready(Ok(()))
        });
        Failures(problems)
    }

    /// Returns the path of a file of a plugin.
    pub(crate) fn path(&self, plugin: &str, file: &str) -> String {
        let path = self.folder.path().join("plugins").join(plugin).join(file);
        path.display().to_string()
    }

    /// Writes a plugin to the folder atomically, without the file `missing`.
    pub(crate) fn add_without(&self, missing: &str, name: &str, more: &str, guest: &Guest) {
        let staged = self.folder.path().join("staged");
        guest::write(&staged, name, more, &guest.build(), &self.key);
        std::fs::remove_file(staged.join(name).join(missing)).unwrap();
        let place = self.folder.path().join("plugins").join(name);
        std::fs::rename(staged.join(name), place).unwrap();
    }

    /// Returns how many reads of the plugin folder have had a result.
    pub(crate) fn folder_reads(&self, result: &str) -> u64 {
        self.metric(&format!("plugin_folder_reads_total{{result=\"{result}\"}}"))
    }

    /// Returns the value of a metric, or zero before its first count. `series` is its name with its
    /// labels.
    pub(crate) fn metric(&self, series: &str) -> u64 {
        let admin = self.service.addresses().admin;
        let metrics = seaworthy_testkit::http::get(admin, "/metrics")
            .unwrap()
            .body;
        let mut values = metrics.lines().filter_map(|line| line.strip_prefix(series));
        let value = values.find_map(|value| value.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Sends a request. Returns the status, the reason and the text of its rejection.
    pub(crate) fn rejection(&self) -> (u16, String, String) {
        let (status, body) = self.orders();
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let text = |name: &str| problem.get(name).and_then(serde_json::Value::as_str);
        let text = |name: &str| text(name).unwrap_or_default().to_owned();
        (status, text("reason"), text("detail"))
    }

    /// Sends a request that a hook rejects with 403. Returns the reason of the hook, or an empty
    /// text after another response.
    pub(crate) fn rejection_text(&self) -> String {
        match self.rejection() {
            (403, reason, text) if reason == "PLUGIN_REJECTED" => text,
            _ => String::new(),
        }
    }

    /// Returns the status code and the status of the readiness.
    pub(crate) fn readiness(&self) -> (u16, String) {
        let admin = self.service.addresses().admin;
        let ready = seaworthy_testkit::http::get(admin, "/readyz").unwrap();
        let body: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
        let status = body.get("status").and_then(serde_json::Value::as_str);
        (ready.status, status.unwrap_or_default().to_owned())
    }

    /// Writes the settings of the service, and reloads them.
    pub(crate) fn reload_settings(&self, yaml: &str) {
        std::fs::write(self.folder.path().join(SETTINGS), yaml).unwrap();
        let admin = self.service.addresses().admin;
        let header = [("x-admin-request", "1")];
        let reload = seaworthy_testkit::http::request(admin, "POST", "/config/reload", &header, "");
        let reload = reload.unwrap();
        assert_eq!(reload.status, 200, "{}", reload.body);
    }

    /// Writes the settings of a plugin.
    pub(crate) fn configure(&self, name: &str, yaml: &str) {
        let file = self
            .folder
            .path()
            .join("config")
            .join(format!("{name}.yaml"));
        std::fs::write(file, yaml).unwrap();
    }

    /// Sends a request. Returns the status and the body of the response.
    pub(crate) fn orders(&self) -> (u16, String) {
        let answer =
            seaworthy_testkit::http::get(self.service.addresses().http, "/orders").unwrap();
        (answer.status, answer.body)
    }
}
