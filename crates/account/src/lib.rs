//! Sessions, lockout, one-time tokens and codes, second factors and API keys of users, in the
//! database of a service (AUTH-2, AUTH-3, AUTH-4).
//!
//! Each part makes its decisive change in the database in one atomic step. A refresh token is valid
//! once. A failed login is counted before the password is checked. A link and a code are valid
//! once. The service stores the users. Without the database, every login fails.
//!
//! ```no_run
//! use seaworthy_account::{Lockout, LockoutConfig, Origin, SessionConfig, Sessions};
//! use seaworthy_core::Error;
//! use seaworthy_data::Database;
//!
//! # async fn example(database: Database) -> Result<(), Error> {
//! let lockout = Lockout::new(database.clone(), LockoutConfig::default());
//! let sessions = Sessions::new(database.clone(), SessionConfig::default());
//!
//! let attempt = lockout.attempt("ada@example.org", None).await?;
//! // Check the password here. Return an error if it is wrong.
//! lockout.record_success(attempt).await?;
//! let session = sessions.begin(&database, "user-7", Origin::default()).await?;
//!
//! let refreshed = sessions.refresh(&session.token).await?;
//! assert_eq!(refreshed.user, "user-7");
//! # Ok(())
//! # }
//! ```

mod active_sessions;
mod api_keys;
mod cookie;
mod device;
mod lockout;
mod migrations;
mod one_time_codes;
mod one_time_tokens;
mod replay_guard;
mod second_factor;
mod secret_token;
mod session;
mod token_versions;

pub use active_sessions::{ActiveSession, ActiveSessions};
pub use api_keys::{
    API_KEY_MIGRATIONS, API_KEY_ROLE, ApiKeyAuthentication, ApiKeyCaller, ApiKeySummary, ApiKeys,
    ApiKeysConfig, NewApiKey,
};
pub use cookie::SessionCookie;
pub use device::{DeviceClaim, DeviceCookies, KnownDevice};
pub use lockout::{Attempt, Lockout, LockoutConfig, LockoutError, LockoutLimit, LockoutStatus};
pub use migrations::MIGRATIONS;
pub use one_time_codes::{
    CodeKey, ONE_TIME_CODE_MIGRATIONS, OneTimeCodeError, OneTimeCodes, OneTimeCodesConfig,
};
pub use one_time_tokens::OneTimeTokens;
pub use replay_guard::ReplayGuard;
pub use second_factor::{
    Enrollment, SECOND_FACTOR_SECRETS, SecondFactorConfig, SecondFactors, VerifiedEnrollment,
};
pub use secret_token::SecretToken;
pub use session::{
    InvalidLifetime, NewSession, Origin, RefreshError, Refreshed, RequestOrigin, RevokedAccess,
    Rotation, SessionConfig, SessionLifetime, SessionSummary, Sessions,
};
pub use token_versions::{InvalidCursor, TokenVersions, VersionCursor, VersionPage};
