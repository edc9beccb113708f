use std::time::Instant;

use seaworthy::{
    prelude::*,
    resilience::{
        policies::Resilience,
        rate_limit::{RateLimitKey, RateLimiter},
    },
};

use crate::config::{RouteLimit, RouteLimitsConfig};

/// What is limited together.
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

/// How often the routes may be called (RES-6). Without any where they are switched off.
#[derive(Debug, Default)]
pub(crate) struct RouteLimits(Vec<(Scope, RateLimiter)>);

impl RouteLimits {
    pub(super) fn new(config: &RouteLimitsConfig, resilience: &Resilience) -> Self {
        if !config.enabled {
            return Self::default();
        }
        let limiters = Scope::ALL.into_iter().map(|scope| {
            let limiter = resilience.rate_limiter(scope.name(), &scope.limit(config).limiter());
            (scope, limiter)
        });
        Self(limiters.collect())
    }

    /// Counts a request: of the user where one is known, else of the address.
    ///
    /// # Errors
    /// `RATE_LIMITED` with its scope.
    pub(super) fn admit(&self, scope: Scope) -> Result<(), Error> {
        let Some((_, limiter)) = self.0.iter().find(|(known, _)| *known == scope) else {
            return Ok(());
        };
        let key = context::with_current(|context| {
            let context = context?;
            match context.actor() {
                Some(actor) => Some(RateLimitKey::Actor(actor.clone())),
                None => context.client_address().map(RateLimitKey::address),
            }
        });
        // Nobody without an address comes over a listener.
        let Some(key) = key else {
            return Ok(());
        };
        let decision = limiter.check(&key, Instant::now());
        if decision.allowed {
            return Ok(());
        }
        let message = "too many requests; try again later";
        Err(Error::new(Code::Exhausted, "RATE_LIMITED", message)
            .with_field("scope", scope.name())
            .with_retry_after(decision.retry_after))
    }
}
