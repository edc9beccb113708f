use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use super::FailureMode;

/// The default priority of hooks. Others can run before and after it.
const DEFAULT_PRIORITY: i32 = 100;
/// The default timeout of hooks outside of requests, and of handlers.
pub(crate) const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default maximum number of retries of an event. A short restart of a dependency ends within
/// them.
const DEFAULT_RETRY_COUNT: u32 = 3;

/// The file `NAME.yaml` of one plugin.
///
/// ```
/// use seaworthy_plugins::PluginSettings;
///
/// let mut config = PluginSettings::default();
/// config.settings.insert("token".to_owned(), "x7-secret".to_owned());
/// assert!(!format!("{config:?}").contains("x7-secret"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginSettings {
    /// Whether the plugin may start.
    pub enabled: bool,
    /// The priority of hooks that declare none. Hooks with small priorities run first.
    pub priority: i32,
    /// The settings that the plugin reads. The service does not log or show them.
    pub settings: BTreeMap<String, String>,
    /// The upper limit of the timeout of every call, and the default of handlers.
    pub timeout: Timeout,
    /// The maximum number of retries of an event after transient failures.
    pub retry_count: u32,
    /// The reaction of the service to a failure of this plugin. The default is `closed` if its
    /// manifest has it, else `plugins.on_failure`.
    pub on_failure: Option<FailureMode>,
    /// Texts for operators. The service shows them, unlike `settings`.
    pub metadata: BTreeMap<String, String>,
}

impl Default for PluginSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            priority: DEFAULT_PRIORITY,
            settings: BTreeMap::new(),
            timeout: DEFAULT_TIMEOUT,
            retry_count: DEFAULT_RETRY_COUNT,
            on_failure: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl PluginSettings {
    /// Returns the content of `NAME.yaml`: a line for each field, with its value as JSON. JSON is
    /// valid YAML.
    ///
    /// # Errors
    /// A value cannot be serialized.
    pub(crate) fn to_yaml(&self) -> serde_json::Result<String> {
        let document = serde_json::to_value(self)?;
        let fields = document.as_object().into_iter().flatten();
        let set = fields.filter(|(_, value)| !value.is_null());
        let lines = set.map(|(name, value)| format!("{name}: {value}\n"));
        Ok(lines.collect())
    }
}

impl fmt::Debug for PluginSettings {
    // Shows only the names of the settings, because the values may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PluginSettings")
            .field("enabled", &self.enabled)
            .field("priority", &self.priority)
            .field("settings", &self.settings.keys())
            .field("timeout", &self.timeout)
            .field("retry_count", &self.retry_count)
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_plugin_have_the_defaults_of_the_contract_plug_1() {
        let shown = serde_json::to_value(PluginSettings::default()).unwrap();
        let expected = serde_json::json!({
            "enabled": true,
            "priority": 100,
            "settings": {},
            "timeout": "30s",
            "retry_count": 3,
            "on_failure": null,
            "metadata": {},
        });
        assert_eq!(shown, expected);
    }
}
