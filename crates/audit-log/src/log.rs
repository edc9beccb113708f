use std::{fmt, sync::Arc};

use seaworthy_core::{Error, Switch, context};
use seaworthy_data::{Connection, DataError, Database, FromRow, Row, Transaction, sql, truncated};
use seaworthy_service::StartError;
use seaworthy_telemetry::redact::{MASK, is_sensitive_name, redact, redact_request_id};

use crate::{
    AuditEntry, AuditLogConfig,
    keys::Keys,
    record::{BEGINNING, Record, hexadecimal},
};

/// Maximum number of rows per INSERT statement: 6,000 values, which every engine accepts.
const ROWS_PER_INSERT: usize = 500;
/// Maximum size of the details of an entry, in bytes. Details are not meant for documents.
const MAX_DETAILS_SIZE: usize = 8 * 1024;

/// The audit log of a service. Cheap to clone.
///
/// ```no_run
/// # async fn example(log: &seaworthy_audit_log::AuditLog, database: &seaworthy_data::Database) -> Result<(), seaworthy_audit_log::AppendError> {
/// use seaworthy_audit_log::AuditEntry;
///
/// let tx = database.begin().await?;
/// log.append(&tx, AuditEntry::new("user.ban").target("user", "7")).await?;
/// tx.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuditLog {
    pub(crate) database: Database,
    pub(crate) keys: Arc<Keys>,
    switch: Switch,
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuditLog")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Errors of appending an entry.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The details exceed 8 KiB.
    #[error("the details of the audit entry have {0} bytes: use at most 8192")]
    TooLong(usize),
    /// An error of the database.
    #[error(transparent)]
    Database(#[from] DataError),
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Database(error) => error.into(),
            error @ AppendError::TooLong(_) => Self::internal(error),
        }
    }
}

/// The end and the beginning of the chain.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) last_sequence: i64,
    pub(crate) last_hash: Vec<u8>,
    pub(crate) pruned_sequence: i64,
    pub(crate) pruned_hash: Vec<u8>,
    /// The proof of the pruned records. `None` if nothing was pruned.
    pub(crate) pruned_proof: Option<Vec<u8>>,
}

impl AuditLog {
    /// Creates the log in this database, whose migrations contain
    /// [`MIGRATIONS`](crate::MIGRATIONS).
    ///
    /// # Errors
    /// The key is missing, or a key has less than 32 bytes.
    pub fn new(database: Database, config: &AuditLogConfig) -> Result<Self, StartError> {
        Ok(Self {
            database,
            keys: Arc::new(Keys::new(config)?),
            switch: Switch::new(),
        })
    }

    /// Sets the switch that turns new entries off (FLAG-2), such as
    /// `service.switches().register("audit_log", SwitchKind::Security)`.
    #[must_use]
    pub fn with_switch(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }

    /// Appends an entry in the transaction of its change. Append last, because no other transaction
    /// can append until the commit.
    ///
    /// # Errors
    /// [`AppendError`]. Roll the transaction back then, because its change cannot be logged.
    pub async fn append(&self, tx: &Transaction, entry: AuditEntry) -> Result<(), AppendError> {
        self.append_all(tx, [entry]).await
    }

    /// Appends an entry in a transaction of its own, for an action that does not change the
    /// database.
    ///
    /// # Errors
    /// [`AppendError`]. The log does not contain the entry.
    pub async fn record(&self, entry: AuditEntry) -> Result<(), AppendError> {
        self.database
            .transaction(|tx| {
                let (log, entry) = (self.clone(), entry.clone());
                async move { log.append(&tx, entry).await }
            })
            .await
    }

    /// Appends entries in their order, with one lock of the log. Otherwise like
    /// [`append`](Self::append).
    ///
    /// # Errors
    /// [`AppendError`]. Roll the transaction back then.
    pub async fn append_all(
        &self,
        tx: &Transaction,
        entries: impl IntoIterator<Item = AuditEntry>,
    ) -> Result<(), AppendError> {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() || !self.switch.is_on() {
            return Ok(());
        }
        let (chain, now) = hold(tx).await?;
        let (mut sequence, mut hash) = (chain.last_sequence, chain.last_hash.clone());
        let mut records = Vec::new();
        for entry in entries {
            sequence = sequence.saturating_add(1);
            let mut record = record(entry, sequence, now)?;
            record.hash = record.chained(&hash, self.keys.own());
            hash.clone_from(&record.hash);
            records.push(record);
        }
        insert(tx, &records).await?;
        sql("UPDATE audit_log_chain SET last_sequence = ?, last_hash = ? WHERE name = 'chain'")
            .bind(sequence)
            .bind(hash)
            .execute(tx)
            .await?;
        self.sign_beginning_anew(tx, &chain).await?;
        // The log of the service shows whether the end of the table was removed. Records that were
        // rolled back must not be in it.
        tx.on_commit(move || {
            for record in records {
                tracing::info!(
                    sequence = record.sequence,
                    action = record.action,
                    outcome = record.outcome,
                    hash = hexadecimal(&record.hash),
                    "audit"
                );
            }
        });
        Ok(())
    }
}

/// Locks the chain for this transaction. Returns the time in microseconds.
pub(crate) async fn hold(tx: &Transaction) -> Result<(Chain, i64), DataError> {
    // A row that another transaction has changed is read again after the lock, with a later time.
    // So times rise with the numbers.
    let held: HeldChain =
        sql("SELECT last_sequence, last_hash, pruned_sequence, pruned_hash, pruned_proof, {now_us} AS now_us FROM audit_log_chain WHERE name = 'chain' FOR UPDATE")
            .on_sqlite("SELECT last_sequence, last_hash, pruned_sequence, pruned_hash, pruned_proof, {now_us} AS now_us FROM audit_log_chain WHERE name = 'chain'")
            .fetch_one(tx)
            .await?;
    Ok((held.chain, held.now))
}

/// The locked chain and the time of the database in microseconds.
struct HeldChain {
    chain: Chain,
    now: i64,
}

impl FromRow for HeldChain {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            chain: Chain::from_row(row)?,
            now: row.get("now_us")?,
        })
    }
}

pub(crate) async fn chain(connection: &dyn Connection) -> Result<Chain, DataError> {
    sql("SELECT last_sequence, last_hash, pruned_sequence, pruned_hash, pruned_proof FROM audit_log_chain WHERE name = 'chain'")
        .fetch_one(connection)
        .await
}

impl FromRow for Chain {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let hash = |name| -> Result<Vec<u8>, DataError> {
            let hash: Option<Vec<u8>> = row.get(name)?;
            Ok(hash.unwrap_or_else(|| BEGINNING.to_vec()))
        };
        Ok(Self {
            last_sequence: row.get("last_sequence")?,
            last_hash: hash("last_hash")?,
            pruned_sequence: row.get("pruned_sequence")?,
            pruned_hash: hash("pruned_hash")?,
            pruned_proof: row.get("pruned_proof")?,
        })
    }
}

fn record(entry: AuditEntry, sequence: i64, at_us: i64) -> Result<Record, AppendError> {
    let (target_kind, target_id) = entry.target.unzip();
    let details: serde_json::Map<String, serde_json::Value> = entry
        .details
        .into_iter()
        .map(|(name, value)| {
            let value = if is_sensitive_name(&name) {
                MASK.to_owned()
            } else {
                redact(&value).into_owned()
            };
            (name.into_owned(), value.into())
        })
        .collect();
    let details = serde_json::Value::Object(details).to_string();
    if details.len() > MAX_DETAILS_SIZE {
        return Err(AppendError::TooLong(details.len()));
    }
    let request = context::current();
    let request = request.as_deref();
    let actor = entry.actor.or_else(|| {
        request.and_then(|request| request.actor().map(|actor| actor.as_str().to_owned()))
    });
    Ok(Record {
        sequence,
        at_us,
        actor: actor.as_deref().map(truncated),
        tenant: request
            .and_then(|request| request.tenant().map(|tenant| truncated(tenant.as_str()))),
        action: truncated(entry.action),
        target_kind: target_kind.map(truncated),
        target_id: target_id.as_deref().map(truncated),
        outcome: entry.outcome.as_str().to_owned(),
        request_id: request.map(|request| truncated(&redact_request_id(request.request_id()))),
        address: request
            .and_then(|request| request.client_address().map(|address| address.to_string())),
        details,
        hash: Vec::new(),
    })
}

async fn insert(tx: &Transaction, records: &[Record]) -> Result<(), DataError> {
    for records in records.chunks(ROWS_PER_INSERT) {
        let rows = records.iter().map(|record| {
            [
                record.sequence.into(),
                record.at_us.into(),
                record.actor.clone().into(),
                record.tenant.clone().into(),
                record.action.clone().into(),
                record.target_kind.clone().into(),
                record.target_id.clone().into(),
                record.outcome.clone().into(),
                record.request_id.clone().into(),
                record.address.clone().into(),
                record.details.clone().into(),
                record.hash.clone().into(),
            ]
        });
        sql("INSERT INTO audit_log (sequence, at_us, actor, tenant, action, target_kind, target_id, outcome, request_id, address, details, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)**")
            .bind_rows(rows)
            .execute(tx)
            .await?;
    }
    Ok(())
}
