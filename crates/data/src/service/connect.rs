use seaworthy_config::Settings;
use seaworthy_service::{Assembly, Dependency, StartError};

use super::{component::DatabaseComponent, probe::probe};
use crate::{DataError, Database, DatabaseConfig};

impl Database {
    /// Connects the database of a service: with growing pauses until it answers (LIFE-2), with its connections warm (LIFE-3); from then on it is watched by
    /// readiness, counted, and closed after everything that uses it. Its policies are those of the dependency `name`.
    ///
    /// # Errors
    /// The settings cannot be used, or the database did not answer within `connect.total`.
    pub async fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
    ) -> Result<Self, StartError> {
        let database = Self::builder(name, config.clone())
            .metrics(service.metrics())
            .tracer(service.telemetry().tracer())
            .policies(service.resilience().dependency(name))
            .make()?;
        let dependency = match config.url.address() {
            Some(address) => Dependency::new(name).at(address),
            None => Dependency::new(name),
        };
        service
            .connect(dependency, || database.0.pool.warm())
            .await?;
        service.component(DatabaseComponent(database.clone()));
        service.health().register(probe(&database));
        let tasks = service.tasks();
        tasks.spawn(format!("pool of {name}"), database.0.pool.keep_up());
        if let Some(replica) = &database.0.replica {
            tasks.spawn(format!("replica pool of {name}"), replica.pool().keep_up());
        }
        Ok(database)
    }
}

impl From<DataError> for StartError {
    fn from(error: DataError) -> Self {
        Self::because("the database cannot be used", error)
    }
}
