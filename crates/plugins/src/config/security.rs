use std::{collections::BTreeMap, num::NonZeroU32};

use schemars::JsonSchema;
use seaworthy_config::Profile;
use seaworthy_core::{ByteSize, Timeout};
use semver::Version;
use serde::{Deserialize, Serialize};

/// The default memory of a call: enough for hooks that process the data of one request.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(50);
/// The maximum memory of a call in production (PLUG-2).
pub(crate) const MAX_MEMORY: ByteSize = ByteSize::mebibytes(100);
/// The default memory of a call in development, where plugins are not optimized.
const DEVELOPMENT_MAX_MEMORY: ByteSize = MAX_MEMORY;
/// The default CPU share in percent: half of the maximum, because several plugins share a core.
const DEFAULT_MAX_CPU_PERCENT: u8 = 5;
/// The maximum CPU share in production, in percent (PLUG-2).
pub(crate) const MAX_CPU_PERCENT: u8 = 10;
/// The default CPU share in development, in percent. Plugins there are not optimized.
const DEVELOPMENT_MAX_CPU_PERCENT: u8 = MAX_CPU_PERCENT;
/// The default maximum size of a component. One with a large set of rules has a few mebibytes.
const DEFAULT_MAX_FILE_SIZE: ByteSize = ByteSize::mebibytes(16);
/// The default timeout of a compilation. Usual components need seconds, and more on a busy machine
/// or in a build without optimization.
const DEFAULT_COMPILE_TIMEOUT: Timeout = Timeout::from_secs(120);
/// The default maximum number of calls to the host in one call: more than a sensible hook makes.
const DEFAULT_MAX_HOST_CALLS: u32 = 1_000;
/// The default maximum data of one call in each direction: enough for a request and its context.
/// Plugins do not process files.
const DEFAULT_MAX_PAYLOAD_SIZE: ByteSize = ByteSize::mebibytes(1);
/// The default maximum size of the stored keys and values: enough for counters and small caches.
const DEFAULT_MAX_STORED_SIZE: ByteSize = ByteSize::mebibytes(1);
/// The default maximum number of log lines per second: a fifth of the default rate limit of the
/// log, which all plugins share.
const DEFAULT_MAX_LOG_LINES: u32 = 20;
/// The default maximum number of events per second: enough for rare findings. It also limits
/// plugins that handle each other's events in a loop.
const DEFAULT_MAX_EVENTS: u32 = 10;

/// Limits of every plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginSecurityConfig {
    /// Whether plugins without a valid signature are loaded.
    #[schemars(extend("x-unsafe" = [{
        "id": "PLUG-2",
        "value": true,
        "why": "anyone who can write to the plugin folder can run code in the service",
        "fix": "sign the plugins and list the key in plugins.security.trusted_keys"
    }]))]
    pub allow_unsigned: bool,
    /// The public keys of signers: Ed25519, 32 bytes in Base64. They do not apply to a plugin with
    /// `trusted_keys` in its grant.
    pub trusted_keys: Vec<String>,
    /// The minimum version of a plugin, by its name. A signature stays valid, so a writer of the
    /// folder can restore an old version. The service does not load a version below the minimum,
    /// and does not start if a plugin with a minimum has no folder.
    #[serde(with = "crate::manifest::versions")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub min_versions: BTreeMap<String, Version>,
    /// The maximum memory of a call. Production permits at most 100 MiB. The default is 100 MiB in
    /// development, else 50 MiB.
    #[schemars(extend("x-unsafe" = [{ "id": "PLUG-2", "above": "100MiB" }]))]
    pub max_memory: Option<ByteSize>,
    /// The maximum share of one CPU core that a plugin uses, in percent: 1 to 100, and in
    /// production at most 10. The CPU time of one call is at most ten seconds of this share:
    /// 500 ms at 5 %. The default is 10 in development, else 5.
    #[schemars(range(min = 1, max = 100), extend("x-unsafe" = [{ "id": "PLUG-2", "above": 10 }]))]
    pub max_cpu_percent: Option<u8>,
    /// The maximum number of concurrent calls of one plugin. Anonymous callers use at most half.
    /// The default is the number of cores, at least 2, because a call usually occupies a core.
    /// Plugins with `http` wait for responses, so they may need more. Other limits apply to all
    /// plugins.
    pub max_concurrent_calls: Option<NonZeroU32>,
    /// The maximum size of a component.
    pub max_file_size: ByteSize,
    /// The timeout of a load until its component is compiled, with the wait for an earlier
    /// compilation. Afterwards the load fails. The compilation cannot be interrupted, so it
    /// continues on its thread, which has a low priority.
    pub compile_timeout: Timeout,
    /// The maximum number of calls to the host in one call.
    pub max_host_calls: u32,
    /// The maximum size of the data of one call, in each direction.
    pub max_payload_size: ByteSize,
    /// The maximum size of the keys and values of one plugin. Each entry counts 64 bytes more.
    pub max_stored_size: ByteSize,
    /// The maximum number of lines that one plugin logs per second. Further lines are dropped.
    pub max_log_lines_per_second: u32,
    /// The maximum number of events that one plugin publishes per second.
    pub max_events_per_second: u32,
}

impl Default for PluginSecurityConfig {
    fn default() -> Self {
        Self {
            allow_unsigned: false,
            trusted_keys: Vec::new(),
            min_versions: BTreeMap::new(),
            max_memory: None,
            max_cpu_percent: None,
            max_concurrent_calls: None,
            max_file_size: DEFAULT_MAX_FILE_SIZE,
            compile_timeout: DEFAULT_COMPILE_TIMEOUT,
            max_host_calls: DEFAULT_MAX_HOST_CALLS,
            max_payload_size: DEFAULT_MAX_PAYLOAD_SIZE,
            max_stored_size: DEFAULT_MAX_STORED_SIZE,
            max_log_lines_per_second: DEFAULT_MAX_LOG_LINES,
            max_events_per_second: DEFAULT_MAX_EVENTS,
        }
    }
}

impl PluginSecurityConfig {
    pub(crate) fn max_memory(&self, profile: Profile) -> ByteSize {
        self.max_memory.unwrap_or(match profile {
            Profile::Development => DEVELOPMENT_MAX_MEMORY,
            _ => DEFAULT_MAX_MEMORY,
        })
    }

    /// Returns the maximum number of concurrent calls of one plugin on a machine with this number
    /// of cores.
    pub(crate) fn max_concurrent_calls(&self, cores: usize) -> usize {
        let set = self.max_concurrent_calls.map(NonZeroU32::get);
        let set = set.map(|set| usize::try_from(set).unwrap_or(usize::MAX));
        set.unwrap_or(cores.max(2))
    }

    pub(crate) fn max_cpu_percent(&self, profile: Profile) -> u8 {
        self.max_cpu_percent.unwrap_or(match profile {
            Profile::Development => DEVELOPMENT_MAX_CPU_PERCENT,
            _ => DEFAULT_MAX_CPU_PERCENT,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_has_larger_defaults_plug_2() {
        let unset = PluginSecurityConfig::default();
        assert_eq!(
            unset.max_memory(Profile::Development),
            DEVELOPMENT_MAX_MEMORY
        );
        assert_eq!(unset.max_cpu_percent(Profile::Development), 10);
        for profile in [Profile::Test, Profile::Staging, Profile::Production] {
            assert_eq!(unset.max_memory(profile), DEFAULT_MAX_MEMORY);
            assert_eq!(unset.max_cpu_percent(profile), 5);
        }
        let set = PluginSecurityConfig {
            max_memory: Some(ByteSize::mebibytes(1)),
            max_cpu_percent: Some(1),
            ..unset
        };
        let memory = set.max_memory(Profile::Development);
        assert_eq!(memory, ByteSize::mebibytes(1));
        assert_eq!(set.max_cpu_percent(Profile::Development), 1);
    }

    #[test]
    fn plugin_has_one_call_for_each_core_and_at_least_two_plug_2() {
        let unset = PluginSecurityConfig::default();
        assert_eq!(unset.max_concurrent_calls(1), 2);
        assert_eq!(unset.max_concurrent_calls(3), 3);
        let set = |max: u32| PluginSecurityConfig {
            max_concurrent_calls: NonZeroU32::new(max),
            ..PluginSecurityConfig::default()
        };
        assert_eq!(set(7).max_concurrent_calls(2), 7);
    }

    #[test]
    fn minimum_versions_are_read_and_written_plug_2() {
        let read = |version: &str| {
            let document = serde_json::json!({ "min_versions": { "guard": version } });
            serde_json::from_value::<PluginSecurityConfig>(document)
        };
        let config = read("1.2.0").unwrap();
        assert_eq!(config.min_versions["guard"], Version::new(1, 2, 0));
        let written = serde_json::to_value(&config).unwrap();
        assert_eq!(written["min_versions"]["guard"], "1.2.0");
        let problem = read("1.2").unwrap_err().to_string();
        assert!(
            problem.starts_with("\"1.2\" is not a version: "),
            "{problem}"
        );
    }
}
