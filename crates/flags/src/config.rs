use std::path::PathBuf;

use schemars::JsonSchema;
use seaworthy_service::SettingProblem;
use serde::{Deserialize, Serialize};

use crate::{source::RemoteConfig, switch::DEFAULT_PREFIX};

/// The default of `name`. The files are deployed next to the settings.
const DEFAULT_NAME: &str = "features";

/// Settings of feature flags.
///
/// ```
/// use seaworthy_flags::{Bucketing, FlagsConfig};
///
/// let config = FlagsConfig { directory: "/etc/orders".into(), ..FlagsConfig::default() };
/// assert_eq!(config.bucketing, Bucketing::V3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlagsConfig {
    /// Whether flags are read and evaluated. If not, no file and no store is read, all flags have
    /// the default of the code, and changes are rejected.
    pub enabled: bool,
    /// Whether changed files are read. If not, they are read at the start only.
    pub watch: bool,
    /// The path of the lowest flag file, from `directory`. It must exist, and its name replaces
    /// `name`. Not set: NAME.yaml, if it exists.
    pub file: Option<PathBuf>,
    /// The directory of the flag files. The default is the working directory.
    pub directory: PathBuf,
    /// The `environment` that rules read. Not set: the profile of the service. Files of a profile
    /// do not depend on it.
    pub default_environment: Option<String>,
    /// The name of the flag files: NAME.yaml, NAME.PROFILE.yaml and NAME.json.
    pub name: String,
    /// How `fractional` assigns users to variants. A change moves users to other variants.
    pub bucketing: Bucketing,
    /// The directory of changes that operators make at run time. Without it, and without another
    /// store, changes end with the process.
    pub state_directory: Option<PathBuf>,
    /// A flag server, whose flags are below those of the files.
    pub remote: RemoteConfig,
    /// The prefix of flags that turn parts of the framework off.
    pub switch_prefix: String,
    /// The parts that protect the service and that a flag may turn off in production: rate_limit,
    /// account_lockout, captcha, totp, audit_log, plugin_system or parts of the service.
    #[schemars(extend("x-allowance" = true))]
    pub allowed_switches: Vec<String>,
}

impl Default for FlagsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            watch: true,
            file: None,
            directory: PathBuf::from("."),
            default_environment: None,
            name: DEFAULT_NAME.to_owned(),
            bucketing: Bucketing::default(),
            state_directory: None,
            remote: RemoteConfig::default(),
            switch_prefix: DEFAULT_PREFIX.to_owned(),
            allowed_switches: Vec::new(),
        }
    }
}

impl FlagsConfig {
    /// Returns the problem of a `file` that does not exist, for
    /// [`check_settings_at_start`](seaworthy_service::Service::check_settings_at_start). `section`
    /// is the key of these settings. If the file disappears later, the last flags apply and the
    /// error is logged.
    #[must_use]
    pub fn problems(&self, section: &str) -> Vec<SettingProblem> {
        let file = self.file.as_ref().filter(|_| self.enabled);
        let missing = file.filter(|file| !self.directory.join(file).is_file());
        let problem = "the file does not exist: create it, or correct the path";
        missing
            .map(|_| SettingProblem::new(format!("{section}.file"), problem))
            .into_iter()
            .collect()
    }
}

/// The version of the operator `fractional`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bucketing {
    /// Hashes the UTF-8 text of a string. Compatible with flagd and its providers of 2025.
    V2,
    /// Hashes the canonical CBOR of any value. Compatible with flagd providers from late 2026.
    #[default]
    V3,
}

impl Bucketing {
    /// Returns the name in settings and exported files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}
