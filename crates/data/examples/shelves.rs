//! A service with a database, for tests.

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_core::Error;
use seaworthy_data::{Database, DatabaseConfig, Migration, MigrationSet, migrate_command, sql};
use seaworthy_http::Routes;
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

const MIGRATIONS: &[MigrationSet] = &[MigrationSet::for_service(&[Migration::new(
    1,
    "shelves",
    "CREATE TABLE shelves (id {identity}, name {string} NOT NULL UNIQUE)",
    "DROP TABLE shelves",
)])];

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ShelvesConfig {
    /// The database of the shelves.
    database: DatabaseConfig,
    /// Whether the service starts and works without its database.
    optional: bool,
}

fn main() -> ExitCode {
    let commands = Commands::new().with(migrate_command(
        "database",
        |settings: &ShelvesConfig| &settings.database,
        MIGRATIONS,
    ));
    Service::new("shelves", env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}

async fn assemble(service: &Assembly<ShelvesConfig>) -> Result<(), StartError> {
    let settings = &service.settings().database;
    if service.settings().optional {
        let database = Database::connect_optional(service, "database", settings, MIGRATIONS)?;
        let serve = async move || count(database.get()?).await;
        service.http(Routes::new().get("/count", serve));
        return Ok(());
    }
    let database = Database::connect(service, "database", settings, MIGRATIONS).await?;
    service.http(Routes::new().get("/count", async move || count(&database).await));
    Ok(())
}

async fn count(database: &Database) -> Result<String, Error> {
    let (count,): (i64,) = sql("SELECT count(*) FROM shelves")
        .fetch_one(database)
        .await?;
    Ok(count.to_string())
}
