//! A second factor: codes of an application (TOTP, RFC 6238), and recovery codes for when it is lost (AUTH-4).
//!
//! The secret is encrypted for its row, so neither a copy of the database nor another user's row gives it away. A code counts once: the step of the last one is kept, and one of it or of an
//! earlier one is refused (section 5.2). Guessing is bounded here, and not by [`Lockout`](crate::Lockout): whoever guesses codes has the password, and each login by it ends that count.

mod code;
mod config;
mod factors;
mod guesses;
mod recovery;

pub use config::SecondFactorConfig;
pub use factors::{Enrolment, SECOND_FACTOR_SECRETS, SecondFactors, VerifiedEnrolment};
