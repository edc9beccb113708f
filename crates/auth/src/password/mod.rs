//! Password hashing and a password policy (AUTH-2).
//!
//! The hash is Argon2id of the crate `argon2` (RFC 9106). A hash takes 20 to 50 ms of a core, so
//! anonymous clients could use up the cores of the service. The hashes run on a few threads of
//! lower priority after a short queue. The service rejects what does not fit, and other routes do
//! not wait.

mod hash;
mod policy;
mod pool;
mod reservation;

pub use hash::{InvalidHash, PasswordHash, PasswordParameters};
pub use policy::{PasswordPolicy, PasswordPolicyConfig, WeakPassword};
pub use pool::{PasswordCheck, Passwords, PasswordsConfig, PasswordsError};
pub use reservation::PasswordReservation;

#[cfg(test)]
mod tests;
