use seaworthy::{
    audit_log::AuditLog,
    config::{LegacyKey, LegacyVariable},
    contract::ContractConfig,
    http::Authenticate,
    prelude::*,
};

use crate::{config::StarterConfig, domain::UserId};

const ADVICE: &str = "build the service with the feature `plugins`, or remove it";
/// The values of `plugins.auto_load`. While plugins are disabled, none of them has an effect.
const AUTO_LOAD: &[&str] = &["false", "true"];

/// The variables of the contract for plugins.
pub(crate) const LEGACY_VARIABLES: &[LegacyVariable] = &[
    LegacyVariable::accepts("PLUGINS_ENABLED", &["false"], ADVICE),
    LegacyVariable::accepts("PLUGINS_DIRECTORY", &["./plugins"], ADVICE),
    LegacyVariable::accepts("PLUGINS_CONFIG_DIRECTORY", &["./configs/plugins"], ADVICE),
    LegacyVariable::accepts("PLUGINS_AUTO_LOAD", AUTO_LOAD, ADVICE),
    LegacyVariable::accepts("PLUGINS_SANDBOX_ENABLED", &["true"], ADVICE),
    LegacyVariable::accepts("PLUGINS_MAX_MEMORY", &["50MB", "100MB"], ADVICE),
    LegacyVariable::accepts("PLUGINS_MAX_CPU_PERCENT", &["5", "10"], ADVICE),
];

/// The keys of the contract for plugins. Its defaults describe a service without plugins.
pub(crate) const LEGACY_KEYS: &[LegacyKey] = &[
    LegacyKey::accepts("plugins.enabled", &["false"], ADVICE),
    LegacyKey::accepts("plugins.directory", &["./plugins"], ADVICE),
    LegacyKey::accepts("plugins.config_directory", &["./configs/plugins"], ADVICE),
    LegacyKey::accepts("plugins.auto_load", AUTO_LOAD, ADVICE),
    LegacyKey::accepts("plugins.security.sandbox_enabled", &["true"], ADVICE),
    LegacyKey::accepts("plugins.security.max_memory", &["50MB", "100MB"], ADVICE),
    LegacyKey::accepts("plugins.security.max_cpu_percent", &["5", "10"], ADVICE),
];

/// Does nothing. It replaces `present::ServicePlugins` in builds without the feature `plugins`.
#[derive(Debug, Clone)]
pub(crate) struct ServicePlugins;

impl ServicePlugins {
    pub(crate) fn open(_: &Assembly<StarterConfig>) -> Result<Self, StartError> {
        Ok(Self)
    }

    pub(crate) fn authentication<A: Authenticate>(&self, inner: A) -> A {
        inner
    }

    pub(crate) async fn serve(
        &self,
        _: &Assembly<StarterConfig>,
        _: &AuditLog,
    ) -> Result<(), StartError> {
        Ok(())
    }

    pub(crate) fn around_calls(&self, config: ContractConfig) -> ContractConfig {
        config
    }

    pub(crate) async fn around_data<T>(
        &self,
        _: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        work.await
    }

    pub(crate) fn logged_in(&self) {}

    pub(crate) fn logged_out(&self) {}

    pub(crate) fn registered(&self, _: UserId) {}
}
