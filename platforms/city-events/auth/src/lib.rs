//! Users of City Events: registration, login, sessions and roles.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Users, e-mail addresses, avatars, errors |
//! | `store` | SQL statements and migrations |
//! | `accounts` | Operations on accounts, without a transport |
//! | `api` | HTTP routes and the gRPC service |
//!
//! Sessions, lockout, one-time tokens, token versions and password hashing come from the framework.

mod accounts;
mod api;
mod config;
mod domain;
mod legacy;
mod metrics;
mod seed;
mod service;
mod store;

pub use config::{AuthConfig, GoogleConfig, LinkConfig, OauthConfig, RouteLimitsConfig};
pub use seed::{SEED_PASSWORD, SEED_USERS};
pub use service::{assemble, main, service};
