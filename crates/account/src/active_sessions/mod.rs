//! Active sessions in a Redis that several services share, so that access tokens end with their
//! session (AUTH-3).

mod sessions;
mod store;

pub use sessions::{ActiveSession, ActiveSessions};
