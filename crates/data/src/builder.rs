use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use seaworthy_resilience::policies::{Policies, Resilience, ResilienceConfig};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};
use tokio::sync::OnceCell;

use crate::{
    DataError, DataErrorKind, Database, DatabaseConfig, Engine, database::Inner, holder::Holders,
    observe::Observer, pool::Pool, prepared::Statements, replica::Replicas,
};

/// Opens a database outside of a service.
///
/// ```
/// use seaworthy_data::{Database, DatabaseConfig};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let config = DatabaseConfig::from_url("sqlite::memory:".parse()?);
/// let database = Database::builder("tool", config).open().await?;
/// # drop(database);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct DatabaseBuilder {
    name: Arc<str>,
    config: DatabaseConfig,
    metrics: Metrics,
    tracer: Tracer,
    policies: Option<Policies>,
}

impl DatabaseBuilder {
    pub(crate) fn new(name: &str, config: DatabaseConfig) -> Self {
        Self {
            name: name.into(),
            config,
            metrics: Metrics::new(),
            tracer: Tracer::disabled(),
            policies: None,
        }
    }

    /// Sets the registry of the metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// Sets the tracer, which records a span for each statement.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Sets the policies: the breaker, and the retries of connecting.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Opens the database in one attempt, with `pool.min_connections` connections.
    ///
    /// # Errors
    /// The settings are invalid, or a connection fails.
    pub async fn open(self) -> Result<Database, DataError> {
        let database = self.make()?;
        database.0.pool.warm().await?;
        tokio::spawn(database.0.pool.maintain());
        for replica in database.0.replicas.pools() {
            tokio::spawn(replica.maintain());
        }
        Ok(database)
    }

    /// Creates the database without a connection.
    pub(crate) fn make(self) -> Result<Database, DataError> {
        let Self {
            name,
            config,
            metrics,
            tracer,
            policies,
        } = self;
        let config = Arc::new(config);
        let url = &config.url;
        if config.transaction_pooling && url.engine() != Engine::Postgres {
            return Err(DataError::new(
                DataErrorKind::InvalidSettings,
                "transaction_pooling needs a database on PostgreSQL: remove the setting",
            ));
        }
        let pool = Pool::new(&name, url, Arc::clone(&config), &metrics)?;
        let replicas = Replicas::new(&name, &config, &metrics)?;
        let policies = policies.unwrap_or_else(|| {
            Resilience::new(ResilienceConfig::default(), metrics.clone())
                .dependency_with_default(&name, config.default_policies())
        });
        let slow = config.slow_statement_threshold.get();
        let observer = Observer::new(&name, url, slow, &metrics, &tracer);
        Ok(Database(Arc::new(Inner {
            pool,
            replicas,
            policies,
            observer,
            statements: Statements::default(),
            holders: Holders::default(),
            leases: OnceCell::new(),
            own_pools: Mutex::default(),
        })))
    }
}

impl fmt::Debug for DatabaseBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
