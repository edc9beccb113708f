//! Sessions with rotating refresh tokens (AUTH-3).
//!
//! An access token is short-lived and needs no look-up. A refresh token is long-lived and valid
//! once: each refresh rotates it. The session stores only the hash of the current one (RFC 9700,
//! section 4.14.2). If a rotated token is used again, two parties have it, and the service cannot
//! distinguish the attacker. So the service revokes the session. Right after the rotation, when two
//! tabs of one browser refresh at the same time, the second request is rejected and the session
//! continues.

mod config;
mod lifetime;
mod purge;
mod request_origin;
mod rotation;
mod sessions;

pub use config::SessionConfig;
pub use lifetime::{InvalidLifetime, SessionLifetime};
pub use request_origin::RequestOrigin;
pub use rotation::{RefreshError, Refreshed, Rotation};
pub use sessions::{NewSession, Origin, RevokedAccess, SessionSummary, Sessions};
