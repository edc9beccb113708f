//! What the words mean, without a database and without a listener.

mod avatar;
mod email;
pub(crate) mod refusal;
mod user;

pub(crate) use avatar::Avatar;
pub(crate) use email::EmailAddress;
pub(crate) use user::{User, UserId};
