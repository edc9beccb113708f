//! The settings of plugins.

mod grant;
mod plugin_settings;
mod security;

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_config::Profile;
use seaworthy_core::Timeout;
use seaworthy_resilience::rate_limit::RateLimitConfig;
use serde::{Deserialize, Serialize};

pub use grant::GrantConfig;
pub(crate) use plugin_settings::DEFAULT_TIMEOUT;
pub use plugin_settings::PluginSettings;
pub use security::PluginSecurityConfig;
pub(crate) use security::{MAX_CPU_PERCENT, MAX_MEMORY};

/// The default folder of plugins, next to the settings of the service in its deployment.
const DEFAULT_DIRECTORY: &str = "plugins";
/// The default folder of the settings of plugins. It is not in the plugin folder, where each folder
/// is a plugin.
const DEFAULT_CONFIG_DIRECTORY: &str = "configs/plugins";
/// The default time for which requests use a replaced version: the default timeout of requests.
const DEFAULT_DRAIN_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default maximum number of queued events. More of them mean that the handlers are too slow.
const DEFAULT_MAX_QUEUED_EVENTS: usize = 1_000;
/// The setting with the keys of the signers of all plugins without keys of their own.
const TRUSTED_KEYS: &str = "plugins.security.trusted_keys";

/// Settings of plugins.
///
/// ```
/// use seaworthy_plugins::PluginsConfig;
///
/// let config = PluginsConfig { enabled: true, ..PluginsConfig::default() };
/// assert!(!config.security.allow_unsigned);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginsConfig {
    /// Whether plugins are loaded.
    pub enabled: bool,
    /// The folder with one folder per plugin.
    pub directory: PathBuf,
    /// The folder with one file `NAME.yaml` per plugin, which has the settings of the plugin.
    pub config_directory: PathBuf,
    /// Whether the service loads and starts the plugins of the folder, and follows changes of the
    /// folder. The default is true in development, else false.
    pub auto_load: Option<bool>,
    /// The plugins that must be started. Until then the service is not ready, and decisions and the
    /// points with a veto fail with 503. The service loads them at its start, even without
    /// `auto_load`.
    pub required: Vec<String>,
    /// The reaction of the service to a failure of a policy or of a hook with a veto. The settings
    /// of a plugin override it. Its manifest can only replace `open` by `closed`.
    pub on_failure: FailureMode,
    /// The limit of the requests of one address that are not authenticated, if plugins have hooks
    /// of authentication. Requests that are being authenticated count. Above the limit the service
    /// rejects all requests of the address with 429, so that one client cannot use the CPU share of
    /// these plugins.
    pub auth_rate_limit: RateLimitConfig,
    /// How long requests and events that began before a change of the plugins use the previous
    /// versions. Afterwards they use the current ones.
    pub drain_timeout: Timeout,
    /// The maximum number of queued events of each plugin and of each event handler of the service.
    /// If a queue is full, new events are not delivered to its handlers.
    pub max_queued_events: usize,
    /// The sandbox.
    pub security: PluginSecurityConfig,
    /// The capabilities and signers of each plugin, by its name. A plugin without an entry has no
    /// capabilities.
    pub grants: BTreeMap<String, GrantConfig>,
}

/// The reaction of the service to a failure of a policy or of a hook with a veto.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureMode {
    /// The service rejects the call with 503.
    #[default]
    Closed,
    /// The call continues without the plugin.
    Open,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            directory: DEFAULT_DIRECTORY.into(),
            config_directory: DEFAULT_CONFIG_DIRECTORY.into(),
            auto_load: None,
            required: Vec::new(),
            on_failure: FailureMode::default(),
            auth_rate_limit: RateLimitConfig::default(),
            drain_timeout: DEFAULT_DRAIN_TIMEOUT,
            max_queued_events: DEFAULT_MAX_QUEUED_EVENTS,
            security: PluginSecurityConfig::default(),
            grants: BTreeMap::new(),
        }
    }
}

impl PluginsConfig {
    /// Returns true if the service loads the plugins of the folder, and follows its changes.
    pub(crate) fn loads_automatically(&self, profile: Profile) -> bool {
        self.auto_load.unwrap_or(profile == Profile::Development)
    }

    /// Returns the keys that may sign a plugin, and the setting that lists them.
    pub(crate) fn trusted_keys(&self, name: &str) -> (String, &[String]) {
        let grant = self.grants.get(name);
        match grant.and_then(|grant| grant.trusted_keys.as_deref()) {
            Some(own) => (format!("plugins.grants.{name}.trusted_keys"), own),
            None => (
                TRUSTED_KEYS.to_owned(),
                self.security.trusted_keys.as_slice(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn settings_of_plugins_have_the_defaults_of_the_contract_plug_1() {
        let unset = PluginsConfig::default();
        assert!(!unset.enabled);
        assert_eq!(unset.directory, Path::new("plugins"));
        assert_eq!(unset.config_directory, Path::new("configs/plugins"));
        assert!(!unset.security.allow_unsigned);
        assert!(unset.loads_automatically(Profile::Development));
        for profile in [Profile::Test, Profile::Staging, Profile::Production] {
            assert!(!unset.loads_automatically(profile));
        }
        let set = |auto_load| PluginsConfig {
            auto_load: Some(auto_load),
            ..PluginsConfig::default()
        };
        assert!(!set(false).loads_automatically(Profile::Development));
        assert!(set(true).loads_automatically(Profile::Production));
    }
}
