//! Password hashing and a password policy (AUTH-2).
//!
//! The hash is Argon2id of the crate `argon2` (RFC 9106). A hash takes 20 to 50 ms of a core, so
//! anonymous clients could use up the cores of the service. The hashes run on a few threads of
//! lower priority with a short queue. When the queue is full, further hashes are rejected. Other
//! routes do not wait.
//!
//! bcrypt hashes of a legacy service verify too. A successful login replaces them by Argon2id
//! hashes. A bcrypt hash can take a second, so these verifications have one thread and a shorter
//! queue.

mod hash;
mod legacy;
mod policy;
mod pool;
mod reservation;
mod worker;

pub use hash::{InvalidHash, PasswordHash, PasswordParameters};
pub use policy::{PasswordPolicy, PasswordPolicyConfig, WeakPassword};
pub use pool::{PasswordCheck, Passwords, PasswordsConfig, PasswordsError};
pub use reservation::PasswordReservation;

#[cfg(test)]
mod tests;
