//! Types without I/O.

mod avatar;
mod email;
pub(crate) mod errors;
mod user;

pub(crate) use avatar::Avatar;
pub(crate) use email::EmailAddress;
pub(crate) use user::{User, UserId};
