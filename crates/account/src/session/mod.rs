//! Sessions that are kept alive by refresh tokens, each of which is good once (AUTH-3).
//!
//! A short access token needs no look-up and cannot be taken back by itself; what is long is the refresh token, so that one rotates: each refresh exchanges it, and the row of the session
//! knows the hash of the present one alone (RFC 9700, section 4.14.2). An exchanged token that comes again means that two parties hold it, and nobody can tell which of them is the
//! thief: the session ends. Only right after the exchange, when two tabs of one browser refresh at once, the second is refused and the session lives.

mod config;
mod purge;
mod sessions;

pub use config::SessionConfig;
pub use sessions::{
    Exchange, NewSession, Origin, RefreshError, Refreshed, SessionSummary, Sessions,
};
