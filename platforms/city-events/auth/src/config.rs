use std::num::NonZeroU32;

use city_events_contract::{AccessConfig, CountersConfig, ServiceCallersConfig};
use seaworthy::{
    account::{LockoutConfig, SessionConfig},
    audit_log::AuditLogConfig,
    auth::password::PasswordsConfig,
    data::DatabaseConfig,
    messaging::{BrokerUrl, MessagingConfig},
    outbox::OutboxConfig,
    prelude::*,
    resilience::rate_limit::RateLimitConfig,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/city-events/auth.db";
/// The one broker of a platform that is run in one folder.
const DEFAULT_BROKER: &str = "data/city-events/broker.db";
/// The exchange that earlier services declare.
const EXCHANGE: &str = "city.events";
/// What a stolen access token is good for, at most.
const DEFAULT_ACCESS_TOKEN: Timeout = Timeout::from_secs(15 * 60);
/// Somebody who registers in the evening verifies the next day.
const DEFAULT_VERIFY_EMAIL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// Whoever asks for a new password is waiting for the message.
const DEFAULT_PASSWORD_RESET: Timeout = Timeout::from_secs(30 * 60);
/// The pages of the web application on the machine of whoever develops.
const DEFAULT_VERIFY_EMAIL_URL: &str = "http://127.0.0.1:8080/verify-email?token=";
/// See above.
const DEFAULT_PASSWORD_RESET_URL: &str = "http://127.0.0.1:8080/reset-password?token=";
/// Where metrics were always found.
const DEFAULT_METRICS: &str = "/metrics";
/// Google, letter by letter as its own document says.
const DEFAULT_GOOGLE: &str = "https://accounts.google.com";
/// Whoever has to look for a second factor needs minutes.
const DEFAULT_STATE: Timeout = Timeout::from_secs(10 * 60);
/// Less than the eight seconds that the BFF waits for this service.
const DEFAULT_PROVIDER: Timeout = Timeout::from_secs(7);
/// By way of the BFF, on the machine of whoever develops.
const DEFAULT_CALLBACK_URL: &str = "http://127.0.0.1:8080/api/auth/oauth/google/callback";
/// Where the web application is in development.
const DEFAULT_FRONTEND: &str = "http://localhost:3000";
/// Pages that the web application comes back to.
const DEFAULT_REDIRECTS: [&str; 4] = ["/", "/events", "/profile", "/settings"];
/// Of one user: a page asks for a new access token whenever it is opened, and ten in a minute, as it was declared and never enforced, are soon opened.
const REFRESHES: u32 = 60;
/// One minute, and ten.
const MINUTE: Timeout = Timeout::from_secs(60);
const TEN_MINUTES: Timeout = Timeout::from_secs(10 * 60);

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Where users are kept, and the messages about them until they are published.
    pub database: DatabaseConfig,
    /// Who carries the messages.
    pub broker: MessagingConfig,
    /// How messages are published.
    pub outbox: OutboxConfig,
    /// How access tokens are signed: the secret that all services share, and the issuer they name.
    pub jwt: AccessConfig,
    /// How long an access token is good for.
    pub access_token_ttl: Timeout,
    /// Refresh tokens: `idle` is also the age of their cookie.
    pub sessions: SessionConfig,
    /// What a hash of a password costs, and how many are computed at once.
    pub passwords: PasswordsConfig,
    /// When failed logins have to wait.
    pub lockout: LockoutConfig,
    /// Who did what to whom.
    pub audit_log: AuditLogConfig,
    /// What other services show at the internal route; without it nobody gets in there.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub internal_secret: Option<Secret<String>>,
    /// How the door proves who it is, which alone may call over gRPC.
    pub service_calls: ServiceCallersConfig,
    /// The links of verification messages.
    pub verify_email: LinkConfig,
    /// The links of messages about a forgotten password.
    pub password_reset: LinkConfig,
    /// Logins by a provider.
    pub oauth: OauthConfig,
    /// What stands before the paths of avatars.
    pub cdn_base_url: String,
    /// How often each route may be called.
    pub rate_limit: RouteLimitsConfig,
    /// Whether the first start on an empty database creates three users. It creates them only in the profile `development` with every listener on a loopback address.
    pub seed_users: bool,
    /// Whether the service refuses to start while a seeded user has the published password, even in the profile `development` on loopback addresses. Set it if another program forwards requests to the service. In other profiles, or with a listener on another address, the service always refuses.
    pub reject_default_passwords: bool,
    /// A path at which callers get the metrics too, as they did before; without it operators alone do.
    pub public_metrics: Option<String>,
}

/// Links in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// What stands before the token; it contains `token=`.
    #[schemars(regex(pattern = "token="), extend("x-browser-address" = true))]
    pub base_url: String,
    /// How long the link is good for.
    pub ttl: Timeout,
}

/// Logins by a provider.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OauthConfig {
    /// Google. Without `client_id` and `client_secret` nobody logs in by it.
    pub google: GoogleConfig,
    /// How long somebody may take at the provider.
    pub state_ttl: Timeout,
    /// How long one step of a login may wait for the provider, with all that is asked.
    pub timeout: Timeout,
    /// Where the provider leads back to, as it is registered there: of the host that browsers begin at.
    #[schemars(extend("x-browser-address" = true))]
    pub callback_url: String,
    /// The origin of the web application. Only this origin receives the login result. Preflight refuses plain HTTP and loopback in production.
    #[schemars(extend("x-browser-address" = true))]
    pub frontend_origin: String,
    /// The paths of the web application that a login may end at; any other ends at `/`.
    pub allowed_redirects: Vec<String>,
}

/// How the service is registered at Google.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GoogleConfig {
    /// Who the provider is; another one stands in for it in tests.
    pub issuer: String,
    /// The name of this service there.
    pub client_id: Option<String>,
    /// What proves that it is this service.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret<String>>,
}

impl Default for OauthConfig {
    fn default() -> Self {
        Self {
            google: GoogleConfig::default(),
            state_ttl: DEFAULT_STATE,
            timeout: DEFAULT_PROVIDER,
            callback_url: DEFAULT_CALLBACK_URL.to_owned(),
            frontend_origin: DEFAULT_FRONTEND.to_owned(),
            allowed_redirects: DEFAULT_REDIRECTS.map(str::to_owned).to_vec(),
        }
    }
}

impl Default for GoogleConfig {
    fn default() -> Self {
        Self {
            issuer: DEFAULT_GOOGLE.to_owned(),
            client_id: None,
            client_secret: None,
        }
    }
}

/// How often each route may be called: by a user, or by an address where nobody is known.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RouteLimitsConfig {
    /// Whether they are limited at all, beyond what the listener allows.
    pub enabled: bool,
    /// `register`.
    pub register: RouteLimit,
    /// `login`.
    pub login: RouteLimit,
    /// `refresh`, by the user of the refresh token.
    pub refresh: RouteLimit,
    /// `logout`.
    pub logout: RouteLimit,
    /// Asking for a verification message.
    pub verify_email: RouteLimit,
    /// Asking for a new password.
    pub password_reset: RouteLimit,
    /// `password/change`.
    pub password_change: RouteLimit,
    /// `sessions/revoke`.
    pub sessions_revoke: RouteLimit,
    /// The routes of moderators.
    pub moderation: RouteLimit,
    /// The routes of admins.
    pub admin: RouteLimit,
    /// Beginning a login by a provider.
    pub oauth_start: RouteLimit,
    /// Coming back from a provider, which is asked then.
    pub oauth_callback: RouteLimit,
    /// Where replicas count together.
    pub redis: CountersConfig,
}

/// So many requests in a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteLimit {
    /// Requests in one window; as many may come at once.
    pub requests: NonZeroU32,
    /// The window.
    pub window: Timeout,
}

impl RouteLimit {
    const fn new(requests: u32, window: Timeout) -> Self {
        Self {
            // Those below are none of them zero.
            requests: NonZeroU32::MIN.saturating_add(requests - 1),
            window,
        }
    }

    pub(crate) fn limiter(&self) -> RateLimitConfig {
        RateLimitConfig {
            requests: self.requests,
            window: self.window,
            ..RateLimitConfig::default()
        }
    }
}

impl Default for RouteLimitsConfig {
    /// As the contract declares them but for refreshing; those of a login by a provider, of which it says nothing, are those of a login.
    fn default() -> Self {
        Self {
            enabled: true,
            register: RouteLimit::new(3, MINUTE),
            login: RouteLimit::new(5, MINUTE),
            refresh: RouteLimit::new(REFRESHES, MINUTE),
            logout: RouteLimit::new(30, MINUTE),
            verify_email: RouteLimit::new(3, TEN_MINUTES),
            password_reset: RouteLimit::new(3, TEN_MINUTES),
            password_change: RouteLimit::new(5, MINUTE),
            sessions_revoke: RouteLimit::new(5, MINUTE),
            moderation: RouteLimit::new(30, MINUTE),
            admin: RouteLimit::new(60, MINUTE),
            oauth_start: RouteLimit::new(5, MINUTE),
            oauth_callback: RouteLimit::new(5, MINUTE),
            redis: CountersConfig::default(),
        }
    }
}

impl Default for AuthConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig {
            url: BrokerUrl::sqlite(DEFAULT_BROKER),
            // Messages wait in the outbox while it is away, and callers need not know.
            critical: false,
            ..MessagingConfig::default()
        };
        broker.rabbitmq.exchange = EXCHANGE.to_owned();
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            access_token_ttl: DEFAULT_ACCESS_TOKEN,
            sessions: SessionConfig::default(),
            passwords: PasswordsConfig::default(),
            lockout: LockoutConfig::default(),
            audit_log: AuditLogConfig::default(),
            internal_secret: None,
            service_calls: ServiceCallersConfig::default(),
            verify_email: LinkConfig {
                base_url: DEFAULT_VERIFY_EMAIL_URL.to_owned(),
                ttl: DEFAULT_VERIFY_EMAIL,
            },
            password_reset: LinkConfig {
                base_url: DEFAULT_PASSWORD_RESET_URL.to_owned(),
                ttl: DEFAULT_PASSWORD_RESET,
            },
            oauth: OauthConfig::default(),
            cdn_base_url: String::new(),
            rate_limit: RouteLimitsConfig::default(),
            seed_users: true,
            reject_default_passwords: false,
            public_metrics: Some(DEFAULT_METRICS.to_owned()),
        }
    }
}
