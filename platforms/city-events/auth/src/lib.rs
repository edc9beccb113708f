//! The users of City Events: who they are, how they log in, and what they may do.
//!
//! `src/domain/` says what the words mean, `src/store/` where users are kept, `src/accounts/` what can be done with an account, and `src/api/` brings that to callers: the HTTP routes of the
//! written contract and a gRPC service for the other services, over one implementation. What is the same in every service that has users (sessions, lockout, one-time tokens, token versions, passwords) is the
//! framework's.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     city_events_auth::main()
//! }
//! ```

mod accounts;
mod api;
mod config;
mod domain;
mod metrics;
mod seed;
mod service;
mod store;

pub use config::{
    AuthConfig, GoogleConfig, LinkConfig, OauthConfig, RouteLimit, RouteLimitsConfig,
};
pub use seed::{SEED_PASSWORD, SEED_PEOPLE};
pub use service::{assemble, main, service};
