//! One-time codes of six digits, which a service sends by e-mail or to a telephone (AUTH-2).
//!
//! A code counts for one subject and one purpose, and a new code replaces it. The database has the
//! keyed hash of a code only: without a key, six digits can be found by trying all hashes. An
//! attempt is counted before its code is compared, so concurrent guesses count like sequential ones.

mod codes;
mod config;
mod error;
mod key;
mod store;

pub use codes::{ONE_TIME_CODE_MIGRATIONS, OneTimeCodes};
pub use config::OneTimeCodesConfig;
pub use error::OneTimeCodeError;
pub use key::CodeKey;
