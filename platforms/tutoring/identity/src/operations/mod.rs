//! Operations on accounts, independent of the transport.

mod email;
mod google;
mod login;
mod password;
mod phone;
mod profile;
mod refresh;
mod register;
mod session;

pub(crate) use email::EmailCode;
pub(crate) use register::{Registered, Registration};
pub(crate) use session::LoggedIn;
