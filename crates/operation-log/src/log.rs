use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    middleware::{self, Next},
};
use seaworthy_config::Settings;
use seaworthy_core::{error_chain, new_id};
use seaworthy_data::{
    DataError, Database, DatabaseLeases, LEASE_MIGRATIONS, Migration, MigrationSet, purge_worker,
    sql,
};
use seaworthy_service::{Assembly, StartError, Tasks};
use seaworthy_telemetry::metrics::Counter;

use crate::{OperationLogConfig, admin, methods::Methods, node::Numbers};

/// The name of the task that claims a node.
const CLAIM_NODE: &str = "claim a node of numeric IDs";

/// The table of this crate. Add the set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "operation_log",
    &[
        Migration::new(
            1,
            "operation_log",
            include_str!("../migrations/0001_operation_log.up.sql"),
            include_str!("../migrations/0001_operation_log.down.sql"),
        ),
        Migration::new(
            2,
            "values",
            include_str!("../migrations/0002_values.up.sql"),
            include_str!("../migrations/0002_values.down.sql"),
        ),
        Migration::new(
            3,
            "method",
            include_str!("../migrations/0003_method.up.sql"),
            include_str!("../migrations/0003_method.down.sql"),
        ),
    ],
);

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// The operation log of a service. Cheap to clone.
#[derive(Clone)]
pub struct OperationLog(Arc<Inner>);

struct Inner {
    database: Database,
    config: OperationLogConfig,
    methods: Methods,
    /// Generates the IDs of entries, if the replica has a node.
    numbers: Numbers,
    tasks: Tasks,
    dropped: Counter,
}

impl OperationLog {
    /// Stores the unsafe calls of all routes of the service, over HTTP and gRPC, if the settings
    /// enable it. `descriptors` are those of the contracts. The admin listener lists entries at
    /// `/operation-log`. The worker of the log deletes entries after their retention. For
    /// `claim_node`, add [`LEASE_MIGRATIONS`] to the migrations of the service.
    ///
    /// # Errors
    /// The descriptors cannot be read, the node is out of range or set together with `claim_node`,
    /// or `claim_node` is set and the migrations of the database do not contain
    /// [`LEASE_MIGRATIONS`].
    pub fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        config: &OperationLogConfig,
        descriptors: &[u8],
    ) -> Result<Self, StartError> {
        let methods = Methods::new(descriptors).map_err(|error| {
            StartError::with_cause("the descriptors of the contracts cannot be read", error)
        })?;
        if config.claim_node && config.node.is_some() {
            let problem =
                "operation_log.node and operation_log.claim_node exclude each other: remove one";
            return Err(StartError::new(problem));
        }
        let numbers = config.node.map(Numbers::with_node).transpose();
        let numbers = numbers
            .map_err(|error| StartError::with_cause("operation_log.node cannot be used", error))?
            .unwrap_or_default();
        if config.enabled && config.claim_node {
            let description = service.description();
            if !description.has_migrations(database.name(), LEASE_MIGRATIONS.name()) {
                let problem = "operation_log.claim_node needs the table of leases: add LEASE_MIGRATIONS to the migrations of the service";
                return Err(StartError::new(problem));
            }
            let leases = Arc::new(DatabaseLeases::new(database.clone()));
            let claim = numbers.clone().claim(leases);
            service.tasks().spawn_until_stop(CLAIM_NODE, claim);
        }
        let help = "Entries of the operation log whose start or end could not be stored.";
        let log = Self(Arc::new(Inner {
            database: database.clone(),
            config: config.clone(),
            methods,
            numbers,
            tasks: service.tasks().clone(),
            dropped: service
                .metrics()
                .counter("operation_log_dropped_total", help, &[]),
        }));
        if config.enabled {
            let recorder = log.clone();
            service.wrap_routes(move |routes| {
                let recorder = recorder.clone();
                let record =
                    move |request: Request, next: Next| recorder.clone().record(request, next);
                routes.layer(middleware::from_fn(record))
            });
        }
        service.worker(purge_worker(
            "purge operation log",
            &log,
            async |log: Self| log.purge().await,
        ));
        service.admin(admin::routes(&log));
        Ok(log)
    }

    pub(crate) fn methods(&self) -> &Methods {
        &self.0.methods
    }

    pub(crate) fn config(&self) -> &OperationLogConfig {
        &self.0.config
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.config.enabled
    }

    /// Returns the database with the entries.
    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Returns the counter of entries whose start or end could not be stored.
    pub(crate) fn dropped(&self) -> Counter {
        self.0.dropped.clone()
    }

    /// Returns a number if the replica has a node. After a step of the clock that could repeat a
    /// number, it returns a UUID, so that no entry is lost.
    pub(crate) fn generate_id(&self) -> String {
        match self.0.numbers.generate() {
            Some(Ok(number)) => number.to_string(),
            Some(Err(error)) => {
                let error = error_chain(&error);
                tracing::error!(error, "an entry of the operation log has no numeric ID");
                new_id().to_string()
            }
            None => new_id().to_string(),
        }
    }

    /// Deletes a page of entries after their retention. Returns whether more may be left.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn purge(&self) -> Result<bool, DataError> {
        let retention = i64::from(self.0.config.retention_days.get()).saturating_mul(DAY_US);
        let page = sql("DELETE FROM operation_logs WHERE id IN (SELECT id FROM operation_logs WHERE created_us < {now_us} - ? LIMIT ?)")
            .on_mysql("DELETE FROM operation_logs WHERE created_us < {now_us} - ? LIMIT ?")
            .bind(retention);
        page.delete_page(&self.0.database).await
    }
}

impl fmt::Debug for OperationLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OperationLog")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
