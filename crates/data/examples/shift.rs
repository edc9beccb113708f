//! A singleton worker with a lease in the database, for tests.

use std::{process::ExitCode, sync::Arc};

use schemars::JsonSchema;
use seaworthy_data::{Database, DatabaseConfig, DatabaseLeases, LEASE_MIGRATIONS, migrate_command};
use seaworthy_service::{
    Assembly, Commands, Schedule, Service, StartError, Worker, lease::LeaseConfig,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ShiftConfig {
    /// The database of the lease.
    database: DatabaseConfig,
    /// The settings of the lease.
    lease: LeaseConfig,
}

fn main() -> ExitCode {
    let commands = Commands::new().with(migrate_command(
        "database",
        |settings: &ShiftConfig| &settings.database,
        &[LEASE_MIGRATIONS],
    ));
    Service::new("shift", env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}

async fn assemble(service: &Assembly<ShiftConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let database =
        Database::connect(service, "database", &settings.database, &[LEASE_MIGRATIONS]).await?;
    let leases = Arc::new(DatabaseLeases::new(database));
    let worker = Worker::new("shift", Schedule::Continuous, |run| async move {
        let token = run.fencing_token.map(|token| token.0);
        tracing::info!(fence = token, "on shift");
        run.stop.requested().await;
        Ok(())
    });
    service.worker(worker.singleton(leases, settings.lease.clone()));
    Ok(())
}
