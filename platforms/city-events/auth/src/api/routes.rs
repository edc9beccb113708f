use std::sync::Arc;

use seaworthy::{
    account::{DeviceCookies, SessionCookie},
    axum::routing::{get, patch, post},
    config::{Profile, Settings},
    http::cookie::HostCookie,
    prelude::*,
};

use super::{
    handlers, limits::RouteLimits, moderation, oauth, probes, providers::Providers, second_factor,
};
use crate::{accounts::Accounts, config::AuthConfig};

/// The cookie with the refresh token. Outside of development it has the prefix `__Host-`.
const REFRESH_COOKIE: &str = "refresh_token";
/// The cookie of known devices, with the same prefix.
const DEVICE_COOKIE: &str = "device";

/// The state of the handlers.
#[derive(Debug)]
pub(crate) struct Api {
    pub(super) accounts: Arc<Accounts>,
    pub(super) cookie: SessionCookie,
    /// The accepted refresh cookies, in order of precedence.
    pub(super) readable: Vec<SessionCookie>,
    /// The refresh cookies that a logout deletes.
    pub(super) cleared: Vec<SessionCookie>,
    pub(super) devices: DeviceCookies,
    pub(super) limits: RouteLimits,
    pub(super) internal_secret: Option<Secret<String>>,
    pub(super) providers: Providers,
}

impl Api {
    /// # Errors
    /// [`StartError`] for invalid settings of the provider, of Redis or of the secret.
    pub(crate) fn new(
        accounts: Arc<Accounts>,
        service: &Assembly<AuthConfig>,
    ) -> Result<Self, StartError> {
        let settings = service.settings();
        let secure = SessionCookie::new(REFRESH_COOKIE);
        let plain = SessionCookie::insecure(REFRESH_COOKIE);
        let is_development = service.profile() == Profile::Development;
        let secret = settings
            .jwt
            .secret
            .as_ref()
            .ok_or_else(|| StartError::new("jwt.secret must be set, with at least 32 bytes"))?;
        let device_cookie = if is_development {
            HostCookie::insecure(DEVICE_COOKIE)
        } else {
            HostCookie::new(DEVICE_COOKIE)
        };
        let lifetime = accounts.sessions.absolute_timeout();
        let devices = DeviceCookies::new(device_cookie, secret, lifetime)
            .and_then(|devices| {
                devices
                    .with_additional_verification_keys(&settings.jwt.additional_verification_keys)
            })
            .map_err(|error| {
                let keys =
                    "device cookies cannot use jwt.secret and jwt.additional_verification_keys";
                StartError::with_cause(keys, error)
            })?;
        Ok(Self {
            providers: Providers::new(service, &accounts)?,
            limits: RouteLimits::open(service)?,
            internal_secret: settings.internal_secret.clone(),
            // Clients of the legacy service may have the cookie without the prefix.
            readable: vec![secure.clone(), plain.clone()],
            cleared: if is_development {
                vec![plain.clone()]
            } else {
                vec![secure.clone(), plain.clone()]
            },
            cookie: if is_development { plain } else { secure },
            devices,
            accounts,
        })
    }

    pub(super) fn cdn(&self) -> &str {
        &self.accounts.settings.cdn_base_url
    }
}

/// Returns all routes of the service.
pub(crate) fn routes<C: Settings>(api: Arc<Api>, service: &Assembly<C>) -> Routes {
    let sessions = Routes::new()
        .route("/register", post(handlers::register))
        .route("/login", post(handlers::log_in))
        .route("/refresh", post(handlers::refresh))
        .route("/logout", post(handlers::log_out))
        .with_options(RouteOptions::sets_session);
    let public = Routes::new()
        .merge(sessions)
        .route(
            "/verify-email/request",
            post(handlers::request_verification),
        )
        .route("/verify-email/confirm", post(handlers::verify_email))
        .route(
            "/password/reset/request",
            post(handlers::request_password_reset),
        )
        .route(
            "/password/reset/validate",
            get(handlers::validate_password_reset),
        )
        .route("/password/reset/confirm", post(handlers::reset_password))
        .route("/oauth/providers", get(oauth::providers))
        .route("/oauth/{provider}/start", get(oauth::start))
        .route("/oauth/{provider}/callback", get(oauth::callback))
        .with_options(|options| options.access(Access::Public).sensitive_query());
    let account = Routes::new()
        .route("/me", get(handlers::me))
        .route("/me/status", get(handlers::own_status))
        .route("/me/avatar", patch(handlers::set_avatar))
        .route("/password/change", post(handlers::change_password))
        .route("/sessions/revoke", post(handlers::revoke_sessions))
        .route("/totp", get(second_factor::status))
        .route("/totp/enroll", post(second_factor::enroll))
        .merge(
            Routes::new()
                .route("/totp/confirm", post(second_factor::confirm))
                .with_options(RouteOptions::sets_session),
        )
        .route("/totp/disable", post(second_factor::disable));
    let moderation = Routes::new()
        .route("/admin", get(moderation::admin))
        .route("/admin/", get(moderation::admin))
        .route("/admin/users/{id}/role", post(moderation::set_role))
        .route("/admin/users/{id}/status", get(moderation::status))
        .route(
            "/admin/users/{id}/sessions/revoke",
            post(moderation::revoke_sessions),
        )
        .route("/admin/users/{id}/totp/reset", post(moderation::reset_totp))
        .route("/mod/users/{id}/ban", post(moderation::ban))
        .route("/mod/users/{id}/unban", post(moderation::unban));
    // The accounts check the current role, because the role in the token may be outdated.
    let authenticated = account
        .merge(moderation)
        .with_options(|options| options.access(Access::Authenticated));
    let internal = Routes::new()
        .route("/internal/users/{id}", get(handlers::internal_user))
        .with_options(|options| options.access(Access::Public).without_rate_limit());
    let routes = Routes::new()
        .nest("/auth/v1", public.merge(authenticated))
        .merge(internal);
    routes
        .with_state(api)
        .merge(probes::routes(service.health()))
}
