use std::{collections::BTreeMap, num::NonZeroU32};

use seaworthy::{
    account::{ApiKeysConfig, LockoutConfig, LockoutLimit, SessionConfig, SessionLifetime},
    auth::{
        password::{PasswordPolicyConfig, PasswordsConfig},
        token::Algorithm,
    },
    captcha::{CaptchaConfig, SentCodesConfig},
    http::RateLimitsConfig,
    prelude::*,
    resilience::rate_limit::LimitBy,
    service::SettingProblem,
};

use crate::NAME;

/// The default lifetime of access tokens. A stolen token is valid for at most this time.
const DEFAULT_ACCESS_TOKEN_EXPIRATION: Timeout = Timeout::from_secs(15 * 60);
/// The default lifetime of sessions. A user who returns once a week stays logged in.
const DEFAULT_REFRESH_TOKEN_EXPIRATION: SessionLifetime = SessionLifetime::from_days(7);
/// The default lifetime of captchas, long enough to read a message on a telephone.
const DEFAULT_CAPTCHA_EXPIRATION: Timeout = Timeout::from_secs(5 * 60);
/// The default number of failed logins that lock an account.
const DEFAULT_MAX_LOGIN_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default duration of a lock. With five attempts, it allows 240 guesses a day.
const DEFAULT_LOCK_DURATION: Timeout = Timeout::from_secs(30 * 60);
/// The contract allows one use of a refresh token, even if two tabs use it simultaneously.
const ROTATION_GRACE_PERIOD: Delay = Delay::ZERO;
/// The contract of the starter requires 8. NIST SP 800-63B-4 requires 8 with a second factor.
const MIN_PASSWORD_LENGTH: usize = 8;
/// Maximum length of a password. Longer passwords only take longer to hash.
const MAX_PASSWORD_LENGTH: usize = 128;
/// The limits of the contract, per IP address.
const DEFAULT_AUTH_REQUESTS: NonZeroU32 = NonZeroU32::new(10).unwrap();
const DEFAULT_PUBLIC_REQUESTS: NonZeroU32 = NonZeroU32::new(50).unwrap();
const MINUTE: Timeout = Timeout::from_secs(60);
/// The role that may do everything.
const ADMIN: &str = "admin";

/// Accounts and tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuthConfig {
    /// The secret of access tokens, at least as long as the hash: 32 bytes for HS256, 48 for HS384
    /// and 64 for HS512. In development and tests, 16 bytes. Required by these algorithms.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub(crate) jwt_secret_key: Option<Secret<String>>,
    /// The algorithm of access tokens. With a public-key algorithm, other services verify tokens by
    /// the keys at `/.well-known/jwks.json`.
    pub(crate) signing_method: Algorithm,
    /// The private key of a public-key algorithm in PEM (PKCS #8). Required by these algorithms.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub(crate) signing_key: Option<Secret<String>>,
    /// The `iss` of access tokens.
    pub(crate) issuer: String,
    /// Only checked, because files of the contract have it: the issuers whose tokens may read the
    /// API description. It must be empty or contain `issuer`.
    pub(crate) document_issuers: Vec<String>,
    /// The lifetime of access tokens. It must be shorter than that of refresh tokens.
    pub(crate) access_token_expiration: Timeout,
    /// How long a session lasts without a refresh.
    pub(crate) refresh_token_expiration: SessionLifetime,
    /// Whether registration and login need a captcha.
    pub(crate) captcha_enabled: bool,
    /// Whether a registration with an e-mail address or a telephone number needs the code that was
    /// sent to it. Without it, a user can register the address of another person.
    pub(crate) verify_addresses: bool,
    /// How long a captcha is valid.
    pub(crate) captcha_expiration: Timeout,
    /// Limits of captcha codes by e-mail and SMS, besides the limit of each recipient.
    pub(crate) sent_codes: SentCodesConfig,
    /// The number of failed logins that lock an account.
    #[schemars(extend("x-unsafe" = [{
        "id": "AUTH-2",
        "above": 1_000,
        "why": "an attacker can guess many passwords before the account is locked"
    }]))]
    pub(crate) max_login_attempts: NonZeroU32,
    /// How long an account stays locked.
    pub(crate) lock_duration: Timeout,
    /// Whether users can enable a second factor. A login always verifies one that is enabled.
    pub(crate) totp_enabled: bool,
    /// The permissions of each role, such as `account:read`. A `*` at the end matches any rest.
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    /// API keys of users.
    pub(crate) api_keys: ApiKeysConfig,
    /// Hashing of passwords.
    pub(crate) passwords: PasswordsConfig,
    /// Limits on registrations and logins.
    pub(crate) login_rate_limit: RateLimitsConfig,
    /// Limits on captchas and refreshes.
    pub(crate) public_rate_limit: RateLimitsConfig,
}

impl Default for AuthConfig {
    fn default() -> Self {
        let per_minute = |requests| RateLimitsConfig {
            requests,
            window: MINUTE,
            by: LimitBy::Ip,
            legacy_headers: true,
            ..RateLimitsConfig::default()
        };
        Self {
            jwt_secret_key: None,
            signing_method: Algorithm::Hs256,
            signing_key: None,
            issuer: NAME.to_owned(),
            document_issuers: Vec::new(),
            access_token_expiration: DEFAULT_ACCESS_TOKEN_EXPIRATION,
            refresh_token_expiration: DEFAULT_REFRESH_TOKEN_EXPIRATION,
            captcha_enabled: true,
            verify_addresses: false,
            captcha_expiration: DEFAULT_CAPTCHA_EXPIRATION,
            sent_codes: SentCodesConfig::default(),
            max_login_attempts: DEFAULT_MAX_LOGIN_ATTEMPTS,
            lock_duration: DEFAULT_LOCK_DURATION,
            totp_enabled: false,
            roles: BTreeMap::from([(ADMIN.to_owned(), vec!["*".to_owned()])]),
            api_keys: ApiKeysConfig::default(),
            passwords: PasswordsConfig::default(),
            login_rate_limit: per_minute(DEFAULT_AUTH_REQUESTS),
            public_rate_limit: per_minute(DEFAULT_PUBLIC_REQUESTS),
        }
    }
}

impl AuthConfig {
    /// Returns the problem of the lifetimes of tokens, if there is one.
    pub(crate) fn lifetime_problem(&self) -> Option<SettingProblem> {
        let is_shorter = self.access_token_expiration.get() < self.refresh_token_expiration.get();
        let problem = "must be shorter than auth.refresh_token_expiration";
        (!is_shorter).then(|| SettingProblem::new("auth.access_token_expiration", problem))
    }

    pub(crate) fn captchas(&self) -> CaptchaConfig {
        CaptchaConfig {
            ttl: self.captcha_expiration,
            sent_codes: self.sent_codes.clone(),
            ..CaptchaConfig::default()
        }
    }

    /// Returns the lockout: a fixed lock after the last allowed failure.
    pub(crate) fn lockout(&self) -> LockoutConfig {
        LockoutConfig {
            account: LockoutLimit {
                max_failures: self.max_login_attempts,
                initial_backoff: self.lock_duration,
                max_backoff: self.lock_duration,
            },
            reset_after: self.lock_duration,
            ..LockoutConfig::default()
        }
    }

    pub(crate) fn sessions(&self) -> SessionConfig {
        SessionConfig {
            idle_timeout: self.refresh_token_expiration,
            rotation_grace_period: ROTATION_GRACE_PERIOD,
            ..SessionConfig::default()
        }
    }

    pub(crate) fn password_policy(&self) -> PasswordPolicyConfig {
        PasswordPolicyConfig {
            min_length: MIN_PASSWORD_LENGTH,
            max_length: MAX_PASSWORD_LENGTH,
            // Clients of the contract register passwords such as `password1234`.
            reject_repetitive: false,
            reject_common: false,
            ..PasswordPolicyConfig::default()
        }
    }
}
