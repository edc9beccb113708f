//! Passwords: what is taken for one, and how it is kept (AUTH-2).
//!
//! Hashing is Argon2id by the crate `argon2` (RFC 9106). What is ours is the pool around it: a hash is 20 to 50 ms of a core on purpose, so whoever may log in may also burn the
//! service's cores. It runs on a few threads of its own with a lower priority, behind a short queue; what does not fit is told so at once, and no other route waits for it.

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
