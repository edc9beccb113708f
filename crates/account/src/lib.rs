//! What a service that has users needs beside its table of users (AUTH-2, AUTH-3, AUTH-4).
//!
//! Why it is so: each of these is a few tables and a few statements, and each is wrong in most systems in the same way: a refresh token that works twice, a lock that
//! counts after the password was tried, a reset link that stays good, a code that is taken two times. What makes them right is one atomic step in the database at the point where it
//! counts, so that is where they live; users, their names and their rules stay the service's own. All of them fail closed: without the database nobody is let in.
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
//! // The password is looked at here, and a wrong one is the end of it.
//! lockout.record_success(attempt).await?;
//! let session = sessions.begin(&database, "user-7", Origin::default()).await?;
//!
//! let refreshed = sessions.refresh(&session.token).await?;
//! assert_eq!(refreshed.user, "user-7");
//! # Ok(())
//! # }
//! ```

mod cookie;
mod device;
mod lockout;
mod migrations;
mod one_time_tokens;
mod purge;
mod replay_guard;
mod second_factor;
mod secret_token;
mod session;
mod token_versions;

pub use cookie::SessionCookie;
pub use device::{DeviceClaim, DeviceCookies, KnownDevice};
pub use lockout::{Attempt, Lockout, LockoutConfig, LockoutError, LockoutLimit};
pub use migrations::MIGRATIONS;
pub use one_time_tokens::OneTimeTokens;
pub use replay_guard::ReplayGuard;
pub use second_factor::{
    Enrolment, SECOND_FACTOR_SECRETS, SecondFactorConfig, SecondFactors, VerifiedEnrolment,
};
pub use secret_token::SecretToken;
pub use session::{
    InvalidLifetime, NewSession, Origin, RefreshError, Refreshed, Rotation, SessionConfig,
    SessionLifetime, SessionSummary, Sessions,
};
pub use token_versions::{InvalidCursor, RaisedCursor, RaisedPage, TokenVersions};

pub(crate) fn microseconds(duration: std::time::Duration) -> i64 {
    // Half of what a column holds, so that adding the time of day stays within it.
    i64::try_from(duration.as_micros())
        .unwrap_or(i64::MAX)
        .min(i64::MAX / 2)
}
