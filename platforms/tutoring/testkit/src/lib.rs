//! Fixtures that the tests of the services of Tutoring share.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed fixture fails the test"
)]

mod answers;
mod peer;
mod tokens;

use seaworthy::data::{Database, DatabaseConfig};
use seaworthy_testkit::database::EmptyDatabase;

pub use answers::{call, data, json_of, rejection, wait_for};
pub use peer::{Events, Peer};
pub use tokens::{SECRET, SERVICE_SECRET, SESSION, access_tokens, service_token, sign, token};

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
