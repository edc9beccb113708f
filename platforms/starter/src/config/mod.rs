//! Settings of the service.

mod auth;
mod data;
mod defaults;
mod keys;
mod variables;

pub(crate) use auth::AuthConfig;
pub(crate) use data::DataConfig;
pub(crate) use defaults::with_defaults;
pub(crate) use keys::LEGACY_KEYS;
pub(crate) use variables::{LEGACY_VARIABLES, PREFIX};

use seaworthy::{
    audit_log::AuditLogConfig,
    cache::{CacheConfig, CacheUrl},
    captcha::SmsGatewayConfig,
    config::Profile,
    crypto::DataKeysConfig,
    flags::FlagsConfig,
    http::RateLimitsConfig,
    mail::MailConfig,
    operation_log::OperationLogConfig,
    prelude::*,
    resilience::rate_limit::RateLimitRedisConfig,
    service::SettingProblem,
};

use crate::accounts::Tokens;

/// Settings of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StarterConfig {
    /// Stores.
    pub(crate) data: DataConfig,
    /// Accounts and tokens.
    pub(crate) auth: AuthConfig,
    /// Keys of encrypted columns.
    pub(crate) kms: DataKeysConfig,
    /// Feature flags.
    pub(crate) features: FlagsConfig,
    /// Mail with captcha codes.
    pub(crate) mail: MailConfig,
    /// The gateway for captcha codes by SMS, at `clients.sms.base_url`. Not set: codes are logged
    /// in development, and rejected otherwise.
    pub(crate) sms: Option<SmsGatewayConfig>,
    /// The log of changes of users, roles, keys and flags. Without a key, its key is derived from
    /// `kms`.
    pub(crate) audit_log: AuditLogConfig,
    /// The log of calls that change something.
    pub(crate) operation_log: OperationLogConfig,
    /// Plugins.
    #[cfg(feature = "plugins")]
    pub(crate) plugins: seaworthy::plugins::PluginsConfig,
}

impl StarterConfig {
    /// Returns the settings that are missing, that contradict each other, or that are not valid
    /// keys.
    pub(crate) fn problems(&self, profile: Profile) -> Vec<SettingProblem> {
        let mut found = self.kms.problems("kms");
        let redis = self.data.redis.as_ref();
        found.extend(redis.and_then(|redis| redis.connection().err()));
        found.extend(self.auth.lifetime_problem());
        found.extend(Tokens::new(&self.auth, profile).err());
        let (issuer, of_document) = (&self.auth.issuer, &self.auth.document_issuers);
        if !of_document.is_empty() && !of_document.contains(issuer) {
            let problem = format!(
                "does not contain {issuer:?}, so no token may read the API description: add it"
            );
            found.push(SettingProblem::new("auth.document_issuers", problem));
        }
        found
    }

    /// Returns the files that are missing at a start.
    pub(crate) fn start_problems(&self, _: Profile) -> Vec<SettingProblem> {
        self.features.problems("features")
    }

    /// Returns the limits on registrations and logins.
    pub(crate) fn login_rate_limit(&self) -> RateLimitsConfig {
        self.with_shared_redis(&self.auth.login_rate_limit)
    }

    /// Returns the limits on captchas and refreshes.
    pub(crate) fn public_rate_limit(&self) -> RateLimitsConfig {
        self.with_shared_redis(&self.auth.public_rate_limit)
    }

    /// Returns the settings of the cache: in the Redis of the service, or in memory.
    pub(crate) fn cache(&self) -> CacheConfig {
        let Some(redis) = self.redis() else {
            return CacheConfig::default();
        };
        CacheConfig {
            url: CacheUrl::Redis(redis.url),
            password: redis.password,
            timeout: redis.timeout,
            ..CacheConfig::default()
        }
    }

    /// Lets all replicas count together if there is a Redis.
    fn with_shared_redis(&self, limits: &RateLimitsConfig) -> RateLimitsConfig {
        RateLimitsConfig {
            redis: limits.redis.clone().or_else(|| self.redis()),
            ..limits.clone()
        }
    }

    /// Returns the Redis settings. The preflight has validated them.
    fn redis(&self) -> Option<RateLimitRedisConfig> {
        self.data.redis.as_ref()?.connection().ok()?
    }
}
