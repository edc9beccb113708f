use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    middleware::{self, Next},
};
use seaworthy_config::Settings;
use seaworthy_core::{RequestContext, context, error_chain, new_id};
use seaworthy_data::{
    Connection, DataError, Database, DatabaseLeases, Migration, MigrationSet, purge_worker, sql,
};
use seaworthy_service::{Assembly, StartError, Tasks};
use seaworthy_telemetry::metrics::Counter;
use tokio::runtime::Handle;

use crate::{
    OperationLogConfig, admin,
    calls::Calls,
    entry::{Operation, OperationPage, OperationQuery},
    node::Numbers,
    record::{CallEnd, CallStart, OK, UNKNOWN},
};

/// The name of the task that claims a node.
const CLAIM_NODE: &str = "claim a node of numeric IDs";
/// The name of the task that stores the end of a call.
const STORE_END: &str = "store the end of a call";

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

/// Maximum length of a column, in characters.
const MAX_TEXT: usize = 255;
/// Number of calls of a page if the query sets no size.
const DEFAULT_PAGE_SIZE: u32 = 20;
/// Maximum number of calls of a page, which has the size of a screen or a report.
const MAX_PAGE_SIZE: u32 = 100;
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// The operation log of a service. Cheap to clone.
#[derive(Clone)]
pub struct OperationLog(Arc<Inner>);

struct Inner {
    database: Database,
    config: OperationLogConfig,
    calls: Calls,
    /// Generates the IDs of entries, if the replica has a node.
    numbers: Numbers,
    tasks: Tasks,
    dropped: Counter,
}

impl OperationLog {
    /// Stores the unsafe calls of all routes of the service, over HTTP and gRPC, if the settings
    /// enable it. `descriptors` are those of the contracts. The admin listener lists entries at
    /// `/operation-log`. The worker of the log deletes entries after their retention. With
    /// `claim_node`, the migrations of the database must contain
    /// [`LEASE_MIGRATIONS`](seaworthy_data::LEASE_MIGRATIONS).
    ///
    /// # Errors
    /// The descriptors cannot be read, or the node is out of range or set together with
    /// `claim_node`.
    pub fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        config: &OperationLogConfig,
        descriptors: &[u8],
    ) -> Result<Self, StartError> {
        let calls = Calls::new(descriptors).map_err(|error| {
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
            let leases = Arc::new(DatabaseLeases::new(database.clone()));
            let claim = numbers.clone().claim(leases);
            service.tasks().spawn_until_stop(CLAIM_NODE, claim);
        }
        let help = "Calls whose entry in the operation log could not be stored.";
        let log = Self(Arc::new(Inner {
            database: database.clone(),
            config: config.clone(),
            calls,
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

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    pub(crate) fn config(&self) -> &OperationLogConfig {
        &self.0.config
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.config.enabled
    }

    /// Stores the start of a call and returns the ID of its entry.
    pub(crate) async fn store_start(&self, start: CallStart) -> String {
        self.insert(start, None, UNKNOWN).await
    }

    /// Stores an operation that has ended.
    pub(crate) async fn store_done(&self, start: CallStart) {
        self.insert(start, Some(0), OK).await;
    }

    async fn insert(&self, start: CallStart, duration_ms: Option<i64>, result: &str) -> String {
        let mut id = self.0.generate_id();
        let mut stored = self.insert_as(&id, &start, duration_ms, result).await;
        if stored.as_ref().is_err_and(DataError::is_unique_violation) {
            tracing::error!("two replicas use the same operation_log.node: set another one");
            id = new_id().to_string();
            stored = self.insert_as(&id, &start, duration_ms, result).await;
        }
        if let Err(error) = stored {
            self.0.dropped.increment();
            let error = error_chain(&error);
            tracing::error!(error, "the operation log could not store a call");
        }
        id
    }

    async fn insert_as(
        &self,
        id: &str,
        start: &CallStart,
        duration_ms: Option<i64>,
        result: &str,
    ) -> Result<(), DataError> {
        sql("INSERT INTO operation_logs (id, created_us, user_id, method, operation, target, path, content, result, duration_ms, request_id, trace_id, client_ip)
             VALUES (?, {now_us}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(start.user.as_deref().map(cut))
            .bind(cut(&start.method))
            .bind(cut(&start.operation))
            .bind(cut(&start.target))
            .bind(start.path.clone())
            .bind(start.content.clone())
            .bind(result)
            .bind(duration_ms)
            .bind(start.request_id.clone())
            .bind(start.trace_id.clone())
            .bind(start.client_ip.clone())
            .execute(&self.0.database)
            .await
            .map(drop)
    }

    /// Stores the user of a call in the transaction of its change.
    pub(crate) async fn store_user(
        &self,
        connection: &dyn Connection,
        id: String,
        user: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE operation_logs SET user_id = ? WHERE id = ?")
            .bind(cut(user))
            .bind(id)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Stores the end of a call in a task, so that a client that closes its connection meanwhile
    /// does not stop it. A stop waits for the task. The deadline of the request does not apply. The
    /// change and the status of a stream may be stored in any order.
    pub(crate) async fn store_end(&self, end: CallEnd, context: &RequestContext) {
        let store = self.clone().update(end);
        let store = context::scope(context.without_deadline().into(), store);
        let _ = self.0.tasks.spawn(STORE_END, store).await;
    }

    /// Stores the end of a call in a task in a new context. It has no effect without a runtime.
    pub(crate) fn spawn_store_end(&self, end: CallEnd) {
        if Handle::try_current().is_ok() {
            let store = self.clone().update(end);
            drop(self.0.tasks.spawn_in_new_context(STORE_END, store));
        }
    }

    async fn update(self, end: CallEnd) {
        let stored = sql("UPDATE operation_logs SET user_id = COALESCE(?, user_id), content = COALESCE(content, ?), old_value = COALESCE(?, old_value), new_value = COALESCE(?, new_value), status = COALESCE(?, status), result = COALESCE(?, result), duration_ms = COALESCE(?, duration_ms) WHERE id = ?")
            .bind(end.user.map(|user| cut(&user)))
            .bind(end.content)
            .bind(end.change.before)
            .bind(end.change.after)
            .bind(end.status)
            .bind(end.result.map(|result| cut(&result)))
            .bind(end.duration_ms)
            .bind(end.id)
            .execute(&self.0.database)
            .await;
        if let Err(error) = stored {
            self.0.dropped.increment();
            let error = error_chain(&error);
            tracing::error!(
                error,
                "the operation log could not store the result of a call"
            );
        }
    }

    /// Lists calls, newest first, and counts all matching ones. A read replica may serve it, so the
    /// last calls may be missing.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn list(&self, query: &OperationQuery) -> Result<OperationPage, DataError> {
        let total = self.count(query).await?;
        let operations = self.page(query).await?;
        Ok(OperationPage { operations, total })
    }

    /// Counts the calls on all pages. The database reads each of them, so cache the number if
    /// callers page through a long log.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn count(&self, query: &OperationQuery) -> Result<u64, DataError> {
        let (total,): (u64,) = sql("SELECT count(*) FROM operation_logs
             WHERE (? IS NULL OR user_id = ?) AND created_us >= ? AND created_us < ?")
        .bind(query.user_id.clone())
        .bind(query.user_id.clone())
        .bind(query.from_us.unwrap_or(i64::MIN))
        .bind(query.until_us.unwrap_or(i64::MAX))
        .on_replica()
        .fetch_one(&self.0.database)
        .await?;
        Ok(total)
    }

    /// Lists the calls of a page, newest first.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn page(&self, query: &OperationQuery) -> Result<Vec<Operation>, DataError> {
        let size = match query.page_size {
            0 => DEFAULT_PAGE_SIZE,
            size => size.min(MAX_PAGE_SIZE),
        };
        let skipped = u64::from(query.page.max(1) - 1) * u64::from(size);
        sql("SELECT id, created_us, user_id, method, operation, target, path, content, old_value, new_value, status, result, duration_ms, request_id, trace_id, client_ip
             FROM operation_logs
             WHERE (? IS NULL OR user_id = ?) AND created_us >= ? AND created_us < ?
             ORDER BY created_us DESC, id DESC LIMIT ? OFFSET ?")
            .bind(query.user_id.clone())
            .bind(query.user_id.clone())
            .bind(query.from_us.unwrap_or(i64::MIN))
            .bind(query.until_us.unwrap_or(i64::MAX))
            .bind(size)
            .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
            .on_replica()
            .fetch_all(&self.0.database)
            .await
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

impl Inner {
    /// Returns a number if the replica has a node. After a step of the clock that could repeat a
    /// number, it returns a UUID, so that no entry is lost.
    fn generate_id(&self) -> String {
        match self.numbers.generate() {
            Some(Ok(number)) => number.to_string(),
            Some(Err(error)) => {
                let error = error_chain(&error);
                tracing::error!(error, "an entry of the operation log has no numeric ID");
                new_id().to_string()
            }
            None => new_id().to_string(),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

impl fmt::Debug for OperationLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OperationLog")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
