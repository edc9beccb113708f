use futures::FutureExt as _;
use seaworthy_config::{Profile, Settings};
use seaworthy_health::Probe;
use seaworthy_service::{Assembly, Dependency, Optional, StartError};

use super::{component::DatabaseComponent, probe::check};
use crate::{DataError, Database, DatabaseConfig, Engine, MigrationSet, Migrator};

impl Database {
    /// Connects the database of a service. Retries with backoff (LIFE-2) and opens the minimum of
    /// connections (LIFE-3). Readiness then checks the server, and the stop closes the pool last.
    /// The policies are those of the dependency `name`.
    ///
    /// Startup fails if the migrations of the database differ from `migrations` (DATA-2). With
    /// `migrate_at_start` it applies them first. In the profile `development` it always migrates an
    /// SQLite file.
    ///
    /// # Errors
    /// The settings are invalid, the database does not respond within
    /// `connect.total_timeout`, or its migrations differ from those of the program.
    pub async fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
        migrations: &[MigrationSet],
    ) -> Result<Self, StartError> {
        describe(service, name, migrations);
        let database = Self::connect_unverified(service, name, config).await?;
        let migrator = Migrator::new(&database, migrations);
        migrator.reject_legacy().await.map_err(|error| {
            StartError::with_cause(
                format!("the tables of {name} are not those of this program"),
                error,
            )
        })?;
        if migrates_at_start(service, config) {
            migrator.up(false).await?;
        }
        migrator
            .verify()
            .await
            .map_err(|error| differing_tables(name, error))?;
        Ok(database)
    }

    /// Connects the database of a service for a command. A command does not migrate. The database
    /// may have migrations that the program does not know, because a newer replica may run.
    ///
    /// # Errors
    /// The settings are invalid, the database does not respond within `connect.total_timeout`, or
    /// it does not have all migrations of the program.
    pub async fn connect_for_command<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
        migrations: &[MigrationSet],
    ) -> Result<Self, StartError> {
        let database = Self::connect_unverified(service, name, config).await?;
        Migrator::new(&database, migrations)
            .verify_applied()
            .await
            .map_err(|error| differing_tables(name, error))?;
        Ok(database)
    }

    /// Connects a database that the service does not always need (LIFE-7). The service starts
    /// immediately and connects in the background, for as long as it takes.
    ///
    /// Until the first connection, [`Optional::get`] fails. If the server becomes unavailable
    /// later, statements fail. They fail immediately while the breaker is open. In both states the
    /// service is ready and reports `degraded`.
    ///
    /// Each attempt also verifies the tables, so a database with other tables stays unconnected,
    /// and the log contains the reason. Migrations at start must end within the timeout of one
    /// attempt.
    ///
    /// ```
    /// # use seaworthy_data::{Database, DatabaseConfig, MigrationSet, sql};
    /// # use seaworthy_service::{Assembly, NoSettings, StartError};
    /// # const MIGRATIONS: &[MigrationSet] = &[];
    /// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
    ///     let config = DatabaseConfig::embedded("data/history.db");
    ///     let history = Database::connect_optional(service, "history", &config, MIGRATIONS)?;
    ///     let read = async move || -> Result<i64, seaworthy_core::Error> {
    ///         let (count,): (i64,) =
    ///             sql("SELECT count(*) FROM changes").fetch_one(history.get()?).await?;
    ///         Ok(count)
    ///     };
    ///     # drop(read);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The settings are invalid.
    pub fn connect_optional<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
        migrations: &'static [MigrationSet],
    ) -> Result<Optional<Self>, StartError> {
        describe(service, name, migrations);
        let (database, dependency) = Self::assemble(service, name, config)?;
        let migrates = migrates_at_start(service, config);
        let check = check(&database);
        let attempt = move || {
            let database = database.clone();
            async move {
                database.0.pool.warm().await?;
                let migrator = Migrator::new(&database, migrations);
                if migrates {
                    migrator.up(false).await?;
                }
                migrator.verify().await?;
                Ok::<_, DataError>(database)
            }
        };
        Ok(service.connect_optional_with_check(dependency, move |_| check().boxed(), attempt))
    }

    /// Connects without verifying the tables, for commands.
    pub(super) async fn connect_unverified<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
    ) -> Result<Self, StartError> {
        let (database, dependency) = Self::assemble(service, name, config)?;
        service
            .connect(dependency, || database.0.pool.warm())
            .await?;
        let check = check(&database);
        service.health().register(Probe::critical(name, check));
        Ok(database)
    }

    /// Makes the database a component of the service. Nothing is connected.
    fn assemble<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &DatabaseConfig,
    ) -> Result<(Self, Dependency), StartError> {
        let resilience = service.resilience();
        let policies = resilience.dependency_with_default(name, config.default_policies());
        let database = Self::builder(name, config.clone())
            .metrics(service.metrics())
            .tracer(service.telemetry().tracer())
            .policies(policies)
            .make()?;
        let dependency = match config.url.address() {
            Some(address) => Dependency::new(name).with_address(address),
            None => Dependency::new(name),
        };
        service.component(DatabaseComponent(database.clone()));
        let replicas = database.0.replicas.pools();
        for pool in [&database.0.pool].into_iter().chain(replicas) {
            let (upkeep, stop) = (pool.maintain(), service.tasks().stop().clone());
            service
                .tasks()
                .spawn(format!("pool of {}", pool.name()), async move {
                    tokio::select! {
                        () = upkeep => {}
                        () = stop.requested() => {}
                    }
                });
        }
        Ok((database, dependency))
    }
}

fn differing_tables(name: &str, error: DataError) -> StartError {
    let what = format!(
        "the tables of {name} differ from those of this program: run `migrate up`, or deploy the matching version"
    );
    StartError::with_cause(what, error)
}

/// Returns whether the start applies missing migrations.
fn migrates_at_start<C: Settings>(service: &Assembly<C>, config: &DatabaseConfig) -> bool {
    let is_local =
        config.url.engine() == Engine::Sqlite && service.profile() == Profile::Development;
    config.migrate_at_start || is_local
}

impl From<DataError> for StartError {
    fn from(error: DataError) -> Self {
        Self::with_cause("the database failed", error)
    }
}

/// Records the migrations for the command `describe`.
fn describe<C: Settings>(service: &Assembly<C>, name: &str, sets: &[MigrationSet]) {
    let migrations = sets.iter().flat_map(|set| {
        let versions = set.migrations().iter().map(|migration| migration.version());
        versions.map(|version| match set.name() {
            "" => version.to_string(),
            part => format!("{part}/{version}"),
        })
    });
    service.description().migrates(name, migrations);
}
