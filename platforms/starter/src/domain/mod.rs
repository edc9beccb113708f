//! Domain types, independent of transport and storage.

mod address;
pub(crate) mod errors;
mod user;

pub(crate) use address::{normalized_email, normalized_phone};
pub(crate) use user::{NewUser, Profile, User, UserId};
