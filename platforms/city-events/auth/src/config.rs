use city_events_contract::{
    AccessConfig, PUBLIC_METRICS, RateLimitStoreConfig, ServiceCallersConfig, embedded_broker,
};
use seaworthy::{
    account::{LockoutConfig, SecondFactorConfig, SessionConfig},
    audit_log::AuditLogConfig,
    auth::password::{PasswordPolicyConfig, PasswordsConfig},
    data::DatabaseConfig,
    messaging::MessagingConfig,
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
    resilience::rate_limit::RouteLimit,
};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/city-events/auth.db";
/// The default of `totp.issuer`, which authenticator applications show.
const DEFAULT_ISSUER: &str = "City Events";
/// The default of `access_token_ttl`. A stolen access token is valid for this time at most.
const DEFAULT_ACCESS_TOKEN_TTL: Timeout = Timeout::from_secs(15 * 60);
/// The default lifetime of a verification link. A user may verify the address on the next day.
const DEFAULT_VERIFY_EMAIL_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The default lifetime of a password reset link. A user waits for the message.
const DEFAULT_PASSWORD_RESET_TTL: Timeout = Timeout::from_secs(30 * 60);
/// The pages of the web application in development.
const DEFAULT_VERIFY_EMAIL_URL: &str = "http://127.0.0.1:8080/verify-email?token=";
/// The pages of the web application in development.
const DEFAULT_PASSWORD_RESET_URL: &str = "http://127.0.0.1:8080/reset-password?token=";
/// The issuer exactly as in Google's metadata.
pub(crate) const DEFAULT_GOOGLE: &str = "https://accounts.google.com";
/// The default of `state_ttl`, enough for a user who has to find a second factor.
const DEFAULT_STATE_TTL: Timeout = Timeout::from_secs(10 * 60);
/// The default timeout of a provider, less than the eight seconds that the BFF waits.
const DEFAULT_PROVIDER_TIMEOUT: Timeout = Timeout::from_secs(7);
/// The callback through the BFF, in development.
const DEFAULT_CALLBACK_URL: &str = "http://127.0.0.1:8080/api/auth/oauth/google/callback";
/// The web application in development.
const DEFAULT_FRONTEND_ORIGIN: &str = "http://localhost:3000";
/// The default pages at which a login may end.
const DEFAULT_REDIRECTS: [&str; 4] = ["/", "/events", "/profile", "/settings"];
/// The default number of refreshes of one user per window. Each opened page refreshes, so the ten
/// of the legacy service are not enough.
const DEFAULT_MAX_REFRESHES: u32 = 60;
/// The window of rate limits.
const MINUTE: Timeout = Timeout::from_secs(60);
const TEN_MINUTES: Timeout = Timeout::from_secs(10 * 60);

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The database of users, and of messages until they are published.
    pub database: DatabaseConfig,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The publication of messages.
    pub outbox: OutboxConfig,
    /// The secret and the issuer of access tokens. All services share the secret.
    pub jwt: AccessConfig,
    /// How long an access token is valid.
    pub access_token_ttl: Timeout,
    /// Sessions and refresh tokens.
    pub sessions: SessionConfig,
    /// Password hashing.
    pub passwords: PasswordsConfig,
    /// Rules for new passwords. By default only the length counts, as clients expect.
    pub password_policy: PasswordPolicyConfig,
    /// Waits after failed logins.
    pub lockout: LockoutConfig,
    /// Second factors of users.
    pub totp: TotpConfig,
    /// The audit log.
    pub audit_log: AuditLogConfig,
    /// The log of calls that change something.
    pub operation_log: OperationLogConfig,
    /// The secret that other services send to the internal route. Without it, the route rejects all
    /// requests.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub internal_secret: Option<Secret<String>>,
    /// The authentication of the gateway, the only caller over gRPC.
    pub service_calls: ServiceCallersConfig,
    /// The links of verification messages.
    pub verify_email: LinkConfig,
    /// The links of password reset messages.
    pub password_reset: LinkConfig,
    /// Logins by an OpenID provider.
    pub oauth: OauthConfig,
    /// The URL prefix of avatars.
    #[schemars(extend("x-browser-address" = true))]
    pub cdn_base_url: String,
    /// Rate limits of the routes.
    pub rate_limit: RouteLimitsConfig,
    /// Whether the first start on an empty database creates three users. It creates them only in
    /// the profile `development` with every listener on a loopback address.
    pub seed_users: bool,
    /// Whether startup fails while a seeded user has the published password, also in the profile
    /// `development` on loopback addresses. Set it if another program forwards requests to the
    /// service. In other profiles, or with a listener on another address, the start always fails.
    pub reject_default_passwords: bool,
    /// A public path with the metrics. Without it, only the admin listener serves them.
    pub public_metrics: Option<String>,
}

/// Second factors: codes of an authenticator application (TOTP).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TotpConfig {
    /// The secret that encrypts the keys of the applications, at least 32 bytes. Without it, users
    /// cannot set up a second factor. Codes of existing second factors need the secret of their
    /// setup.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// The name of the platform that applications show.
    pub issuer: String,
    /// Waits after wrong codes.
    pub limits: SecondFactorConfig,
}

impl Default for TotpConfig {
    fn default() -> Self {
        Self {
            secret: None,
            issuer: DEFAULT_ISSUER.to_owned(),
            limits: SecondFactorConfig::default(),
        }
    }
}

/// Links in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// The URL of a link up to the token. It must end with `token=`.
    #[schemars(regex(pattern = "token="), extend("x-browser-address" = true))]
    pub base_url: String,
    /// How long a link is valid.
    pub ttl: Timeout,
}

/// Logins by an OpenID provider.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OauthConfig {
    /// Google. Without `client_id` and `client_secret` this login is disabled.
    pub google: GoogleConfig,
    /// How long a user may take to log in at the provider.
    pub state_ttl: Timeout,
    /// How long one step of a login may wait for all its requests to the provider.
    pub timeout: Timeout,
    /// The callback URL, as registered at the provider, on the host at which browsers begin a
    /// login.
    #[schemars(extend("x-browser-address" = true))]
    pub callback_url: String,
    /// The origin of the web application. Only this origin receives the login result. Preflight
    /// rejects plain HTTP and loopback in production.
    #[schemars(extend("x-browser-address" = true))]
    pub frontend_origin: String,
    /// The paths of the web application at which a login may end. Other logins end at `/`.
    pub allowed_redirects: Vec<String>,
}

/// The registration of the service at Google.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GoogleConfig {
    /// The issuer. Tests use another provider.
    #[schemars(extend("x-connects" = true))]
    pub issuer: String,
    /// The client ID of this service.
    pub client_id: Option<String>,
    /// The client secret of this service.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret<String>>,
}

impl Default for OauthConfig {
    fn default() -> Self {
        Self {
            google: GoogleConfig::default(),
            state_ttl: DEFAULT_STATE_TTL,
            timeout: DEFAULT_PROVIDER_TIMEOUT,
            callback_url: DEFAULT_CALLBACK_URL.to_owned(),
            frontend_origin: DEFAULT_FRONTEND_ORIGIN.to_owned(),
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

/// Rate limits of the routes, by user or, for anonymous requests, by IP address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct RouteLimitsConfig {
    /// Whether these limits are enforced. The limit of the listener always is.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can try passwords and codes at the rate of the listener",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// `register`.
    pub register: RouteLimit,
    /// `login`.
    pub login: RouteLimit,
    /// `refresh`, by the user of the refresh token.
    pub refresh: RouteLimit,
    /// `logout`.
    pub logout: RouteLimit,
    /// `verify-email/request`.
    pub verify_email: RouteLimit,
    /// `password/reset/request`.
    pub password_reset: RouteLimit,
    /// `password/change`.
    pub password_change: RouteLimit,
    /// `sessions/revoke`.
    pub sessions_revoke: RouteLimit,
    /// The routes of moderators.
    pub moderation: RouteLimit,
    /// The routes of admins.
    pub admin: RouteLimit,
    /// `oauth/{provider}/start`.
    pub oauth_start: RouteLimit,
    /// `oauth/{provider}/callback`, which sends requests to the provider.
    pub oauth_callback: RouteLimit,
    /// The Redis server that replicas share for counting.
    pub redis: RateLimitStoreConfig,
}

impl Default for RouteLimitsConfig {
    /// The limits of the contract, except for refreshes. Logins by a provider have the limits of a
    /// login.
    fn default() -> Self {
        Self {
            enabled: true,
            register: RouteLimit::new(3, MINUTE),
            login: RouteLimit::new(5, MINUTE),
            refresh: RouteLimit::new(DEFAULT_MAX_REFRESHES, MINUTE),
            logout: RouteLimit::new(30, MINUTE),
            verify_email: RouteLimit::new(3, TEN_MINUTES),
            password_reset: RouteLimit::new(3, TEN_MINUTES),
            password_change: RouteLimit::new(5, MINUTE),
            sessions_revoke: RouteLimit::new(5, MINUTE),
            moderation: RouteLimit::new(30, MINUTE),
            admin: RouteLimit::new(60, MINUTE),
            oauth_start: RouteLimit::new(5, MINUTE),
            oauth_callback: RouteLimit::new(5, MINUTE),
            redis: RateLimitStoreConfig::default(),
        }
    }
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: MessagingConfig {
                // While the broker is unavailable, messages wait in the outbox.
                critical: false,
                ..embedded_broker()
            },
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            access_token_ttl: DEFAULT_ACCESS_TOKEN_TTL,
            sessions: SessionConfig::default(),
            passwords: PasswordsConfig::default(),
            password_policy: PasswordPolicyConfig {
                reject_repetitive: false,
                reject_common: false,
                reject_personal: false,
                ..PasswordPolicyConfig::default()
            },
            lockout: LockoutConfig::default(),
            totp: TotpConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            internal_secret: None,
            service_calls: ServiceCallersConfig::default(),
            verify_email: LinkConfig {
                base_url: DEFAULT_VERIFY_EMAIL_URL.to_owned(),
                ttl: DEFAULT_VERIFY_EMAIL_TTL,
            },
            password_reset: LinkConfig {
                base_url: DEFAULT_PASSWORD_RESET_URL.to_owned(),
                ttl: DEFAULT_PASSWORD_RESET_TTL,
            },
            oauth: OauthConfig::default(),
            cdn_base_url: String::new(),
            rate_limit: RouteLimitsConfig::default(),
            seed_users: true,
            reject_default_passwords: false,
            public_metrics: Some(PUBLIC_METRICS.to_owned()),
        }
    }
}
