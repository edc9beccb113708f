use seaworthy::{
    config::Profile, data::DatabaseConfig, messaging::MessagingConfig,
    operation_log::OperationLogConfig, outbox::OutboxConfig, prelude::*, service::SettingProblem,
};

use super::broker::{broker, exchange_problem};

/// The default SQLite file, in a folder that `.gitignore` excludes.
const DEFAULT_FILE: &str = "data/symbols.db";

/// The default path of metrics, as in the legacy service.
const DEFAULT_METRICS_PATH: &str = "/metrics";

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SymbolsConfig {
    /// Database of symbols and of events that are not published yet.
    pub(crate) database: DatabaseConfig,
    /// Broker of the events.
    pub(crate) broker: MessagingConfig,
    /// Publishing of events.
    pub(crate) outbox: OutboxConfig,
    /// The log of calls that change something.
    pub(crate) operation_log: OperationLogConfig,
    /// Metrics on the public listener, for scrapers of the legacy service.
    pub(crate) public_metrics: PublicMetricsConfig,
}

impl Default for SymbolsConfig {
    fn default() -> Self {
        let mut broker = broker();
        // Events wait in the outbox while the broker is down, and requests succeed.
        broker.critical = false;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            operation_log: OperationLogConfig::default(),
            public_metrics: PublicMetricsConfig::default(),
        }
    }
}

impl SymbolsConfig {
    /// Returns the settings that prevent a start, and whose types do not express it.
    pub(crate) fn problems(&self, _: Profile) -> Vec<SettingProblem> {
        let path = self.public_metrics.path();
        let path = path.filter(|path| !path.starts_with('/'));
        let of_path = |_| SettingProblem::new("public_metrics.path", "must begin with /");
        let exchange = exchange_problem(&self.broker);
        path.map(of_path).into_iter().chain(exchange).collect()
    }
}

/// Metrics on the public listener. The admin listener always serves metrics.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PublicMetricsConfig {
    /// Whether the public listener serves metrics.
    enabled: bool,
    /// Path of the metrics. An empty path is /metrics.
    path: String,
}

impl PublicMetricsConfig {
    /// Returns the path, unless the public listener has no metrics.
    pub(crate) fn path(&self) -> Option<&str> {
        let path = match self.path.as_str() {
            "" => DEFAULT_METRICS_PATH,
            path => path,
        };
        self.enabled.then_some(path)
    }
}

impl Default for PublicMetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: DEFAULT_METRICS_PATH.to_owned(),
        }
    }
}
