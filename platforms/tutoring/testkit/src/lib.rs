//! Fixtures that the tests of the services of Tutoring share.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed fixture fails the test"
)]

mod audit;
mod http;
mod in_flight;
mod peer;
mod platform_servers;
mod tokens;

use seaworthy::data::{Database, DatabaseConfig};
use seaworthy_testkit::database::EmptyDatabase;

pub use audit::{audit_entries, audited_change};
pub use http::{call, data, json_of, rejection, wait_for};
pub use in_flight::{
    active_sessions, hold_commits, in_order, wait_for_blocked_statements, with_late_body,
};
pub use peer::{Events, Peer};
pub use platform_servers::{PlatformServers, SERVICES};
pub use tokens::{
    SECRET, SERVICE_SECRET, SESSION, access_tokens, district_token, service_token, sign, token,
};

/// Connects to the database of a service.
///
/// # Panics
/// The database is not available.
pub async fn connect(database: &EmptyDatabase) -> Database {
    let config = DatabaseConfig {
        url: database.url().parse().unwrap(),
        ..DatabaseConfig::default()
    };
    Database::builder("test", config).open().await.unwrap()
}
