use seaworthy_config::{Profile, Settings};
use seaworthy_service::{Assembly, Dependency, StartError};

use super::{component::DatabaseComponent, probe::probe};
use crate::{DataError, Database, DatabaseConfig, Engine, MigrationSet, Migrator};

impl Database {
    /// Connects the database of a service: with growing pauses until it answers (LIFE-2), with its connections warm (LIFE-3); from then on it is watched by
    /// readiness, counted, and closed after everything that uses it. Its policies are those of the dependency `name`.
    ///
    /// The database must be exactly as `migrations` say, else the start fails and names what differs (DATA-2). With `migrate_at_start` they are applied first; in the
    /// profile `development` that is done to an SQLite file in any case, so that a newcomer has nothing to do.
    ///
    /// # Errors
    /// The settings cannot be used, the database did not answer within `connect.total`, or its tables are not those of the program.
    pub async fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
        migrations: &[MigrationSet],
    ) -> Result<Self, StartError> {
        let database = Self::connect_as_is(service, name, config).await?;
        let migrator = Migrator::new(&database, migrations);
        let is_local =
            config.url.engine() == Engine::Sqlite && service.profile() == Profile::Development;
        if config.migrate_at_start || is_local {
            migrator.up(false).await?;
        }
        migrator.verify().await.map_err(|error| {
            let what = format!("the tables of {name} are not those of this program: run `migrate up`, or the program that they belong to");
            StartError::because(what, error)
        })?;
        Ok(database)
    }

    /// The same without a look at its tables: for commands.
    pub(super) async fn connect_as_is<C: Settings>(
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
        let replica = database.0.replica.as_ref().map(|replica| replica.pool());
        for (what, pool) in [("pool", Some(&database.0.pool)), ("replica pool", replica)] {
            let Some(pool) = pool else { continue };
            let (upkeep, stop) = (pool.keep_up(), service.tasks().stop().clone());
            service
                .tasks()
                .spawn(format!("{what} of {name}"), async move {
                    tokio::select! {
                        () = upkeep => {}
                        () = stop.requested() => {}
                    }
                });
        }
        Ok(database)
    }
}

impl From<DataError> for StartError {
    fn from(error: DataError) -> Self {
        Self::because("the database cannot be used", error)
    }
}
