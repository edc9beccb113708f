use seaworthy::{
    config::{Environment, Loader, Profile, Settings},
    data::{DataError, Database, DatabaseConfig, DatabaseUrl, MigrationSet, Migrator, sql},
    prelude::*,
    service::RunningService,
};
use tempfile::TempDir;

/// A secret that satisfies the minimum length of every key.
const SECRET: &str = "a secret of the tests that is long enough";

/// A service without routes, for tests of its parts. Its messages stay in the outbox.
#[derive(Debug)]
pub struct TestService<T> {
    /// The parts of the service under test.
    pub parts: T,
    running: RunningService,
    _directory: TempDir,
}

impl<T> TestService<T> {
    /// Starts a service with its database at `url` and with these further settings. `assemble`
    /// builds the parts.
    ///
    /// # Errors
    /// [`StartError`] if the service does not start.
    pub async fn start<C: Settings>(
        name: &'static str,
        url: &str,
        settings: &[&str],
        assemble: impl AsyncFnOnce(&Assembly<C>) -> Result<T, StartError>,
    ) -> Result<Self, StartError> {
        let directory = TempDir::new()
            .map_err(|error| StartError::because("the directory cannot be created", error))?;
        let broker = directory.path().join("broker.db");
        let defaults = [
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
            format!("database.url={url}"),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url=sqlite:{}", broker.display()),
            format!("jwt.secret={SECRET}"),
            format!("audit_log.key={SECRET}"),
            "outbox.relay.enabled=false".to_owned(),
        ];
        let settings = settings.iter().map(|setting| (*setting).to_owned());
        let loader = Loader::new(name)
            .profile(Profile::Test)
            .environment(Environment::default())
            .overrides(defaults.into_iter().chain(settings));
        let mut parts = None;
        let running = Service::new(name, "1")
            .start::<C, _>(loader, async |service| {
                parts = Some(assemble(service).await?);
                Ok(())
            })
            .await?;
        Ok(Self {
            parts: parts.ok_or_else(|| StartError::new("the service was not assembled"))?,
            running,
            _directory: directory,
        })
    }

    /// Stops the service.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Fills an empty database as a legacy service does.
///
/// # Errors
/// [`DataError`] of the database.
pub async fn create_legacy_database(
    url: DatabaseUrl,
    statements: MigrationSet,
) -> Result<Database, DataError> {
    let database = Database::builder("legacy", DatabaseConfig::at(url))
        .open()
        .await?;
    Migrator::new(&database, &[statements]).up(false).await?;
    sql("DROP TABLE schema_history_fixture")
        .execute(&database)
        .await?;
    Ok(database)
}

/// Lists the tables of a PostgreSQL database with their schemas, and their number of columns.
///
/// # Errors
/// [`DataError`] of the database.
pub async fn list_tables(database: &Database) -> Result<Vec<(String, i64)>, DataError> {
    sql("SELECT table_schema || '.' || table_name AS name, count(*) FROM information_schema.columns
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY table_schema, table_name ORDER BY name")
        .fetch_all(database)
        .await
}
