//! Second factors: codes of an authenticator application (TOTP, RFC 6238) and recovery codes
//! (AUTH-4).
//!
//! The secret is encrypted for its row, so a copy of the database or a swap of rows does not
//! disclose it. A code is valid once. The row stores the step of the last code, and rejects codes
//! of that step and of earlier steps (section 5.2). Wrong codes have separate counts. The
//! [lockout](crate::Lockout) of passwords would not limit them, because an attacker who guesses
//! codes has the password.

mod code;
mod config;
mod factors;
mod guesses;
mod recovery;

pub use config::SecondFactorConfig;
pub use factors::{Enrollment, SECOND_FACTOR_SECRETS, SecondFactors, VerifiedEnrollment};
