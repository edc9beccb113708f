use city_events_contract::{Counters, Limit};
use seaworthy::{
    prelude::*,
    resilience::rate_limit::{RateLimitKey, RouteLimit},
};

use crate::config::{AuthConfig, RouteLimitsConfig};

/// A set of routes with one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Register,
    Login,
    Refresh,
    Logout,
    VerifyEmail,
    PasswordReset,
    PasswordChange,
    SessionsRevoke,
    Moderation,
    Admin,
    OauthStart,
    OauthCallback,
}

impl Scope {
    const ALL: [Self; 12] = [
        Self::Register,
        Self::Login,
        Self::Refresh,
        Self::Logout,
        Self::VerifyEmail,
        Self::PasswordReset,
        Self::PasswordChange,
        Self::SessionsRevoke,
        Self::Moderation,
        Self::Admin,
        Self::OauthStart,
        Self::OauthCallback,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::VerifyEmail => "verify_email",
            Self::PasswordReset => "password_reset",
            Self::PasswordChange => "password_change",
            Self::SessionsRevoke => "sessions_revoke",
            Self::Moderation => "moderation",
            Self::Admin => "admin",
            Self::OauthStart => "oauth_start",
            Self::OauthCallback => "oauth_callback",
        }
    }

    const fn limit(self, config: &RouteLimitsConfig) -> &RouteLimit {
        match self {
            Self::Register => &config.register,
            Self::Login => &config.login,
            Self::Refresh => &config.refresh,
            Self::Logout => &config.logout,
            Self::VerifyEmail => &config.verify_email,
            Self::PasswordReset => &config.password_reset,
            Self::PasswordChange => &config.password_change,
            Self::SessionsRevoke => &config.sessions_revoke,
            Self::Moderation => &config.moderation,
            Self::Admin => &config.admin,
            Self::OauthStart => &config.oauth_start,
            Self::OauthCallback => &config.oauth_callback,
        }
    }
}

/// The rate limits of the routes (RES-6).
#[derive(Debug)]
pub(crate) struct RouteLimits(Vec<(Scope, Limit)>);

impl RouteLimits {
    /// # Errors
    /// [`StartError`] if the settings of Redis are invalid.
    pub(super) fn open(service: &Assembly<AuthConfig>) -> Result<Self, StartError> {
        let counters = Counters::new(service, "rate_limit.redis", |settings: &AuthConfig| {
            &settings.rate_limit.redis
        });
        let limits = Scope::ALL.into_iter().map(|scope| {
            let limit = counters.limit(scope.name(), move |settings: &AuthConfig| {
                let config = &settings.rate_limit;
                config.enabled.then(|| scope.limit(config).to_config())
            });
            Ok((scope, limit?))
        });
        limits.collect::<Result<_, _>>().map(Self)
    }

    /// Counts a request by its user or, if it is anonymous, by its IP address.
    ///
    /// # Errors
    /// `RATE_LIMITED` with the scope, or `SERVICE_DEGRADED` if the counters are unavailable.
    pub(super) async fn admit(&self, scope: Scope) -> Result<(), Error> {
        self.admit_user(scope, None).await
    }

    /// Counts a request by a user that the request identifies without an access token.
    ///
    /// # Errors
    /// As for [`admit`](Self::admit).
    pub(super) async fn admit_user(
        &self,
        scope: Scope,
        user: Option<context::Actor>,
    ) -> Result<(), Error> {
        let Some((_, limit)) = self.0.iter().find(|(limited, _)| *limited == scope) else {
            return Ok(());
        };
        let key = context::with_current(|context| {
            let context = context?;
            match user.as_ref().or(context.actor()) {
                Some(actor) => Some(RateLimitKey::Actor(actor.clone())),
                None => context.client_address().map(RateLimitKey::address),
            }
        });
        // Every request over a listener has an address.
        let Some(key) = key else {
            return Ok(());
        };
        match limit.admit(&key).await {
            Ok(_) => Ok(()),
            Err(reason) => Err(Error::from(reason).with_field("scope", scope.name())),
        }
    }
}
