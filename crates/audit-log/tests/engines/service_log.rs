//! Records in the log of the service.

use std::{
    fmt,
    sync::{LazyLock, Mutex},
};

use seaworthy_audit_log::{AppendError, AuditEntry, AuditLog};
use seaworthy_data::sql;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};

use crate::test_database::TestDatabase;

/// The hashes in the log of the process, of all tests.
static LOGGED: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::registry().with(CaptureLayer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    Mutex::default()
});

struct CaptureLayer;

impl<S: Subscriber> Layer<S> for CaptureLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "seaworthy_audit_log::log" {
            event.record(&mut Hash);
        }
    }
}

struct Hash;

impl Visit for Hash {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "hash" {
            LOGGED.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Appends a record, commits it or not, and returns its hash.
async fn append(test_database: &TestDatabase, log: &AuditLog, is_committed: bool) -> String {
    let hash = Mutex::default();
    let appended = test_database.database.transaction(|tx| {
        let hash = &hash;
        async move {
            // The same entry at the same time and position would have the same hash.
            let action = if is_committed {
                "event.cancel"
            } else {
                "event.publish"
            };
            log.append(&tx, AuditEntry::new(action)).await?;
            let (last,): (Vec<u8>,) = sql("SELECT last_hash FROM audit_log_chain")
                .fetch_one(&tx)
                .await?;
            *hash.lock().unwrap() = last.iter().map(|byte| format!("{byte:02x}")).collect();
            if is_committed {
                return Ok(());
            }
            let reason = "-".repeat(9_000);
            log.append(
                &tx,
                AuditEntry::new("event.cancel").detail("reason", reason),
            )
            .await
        }
    });
    let appended: Result<(), AppendError> = appended.await;
    assert_eq!(appended.is_ok(), is_committed);
    hash.into_inner().unwrap()
}

pub(crate) async fn service_log_contains_only_committed_records_obs_11(
    test_database: TestDatabase,
) {
    let log = test_database.log();
    let is_logged = |hash: &String| LOGGED.lock().unwrap().contains(hash);
    // A concurrent test may be registering the callsite without the subscriber.
    while !is_logged(&append(&test_database, &log, true).await) {
        tracing::callsite::rebuild_interest_cache();
    }
    let undone = append(&test_database, &log, false).await;
    let done = append(&test_database, &log, true).await;
    assert_eq!((is_logged(&undone), is_logged(&done)), (false, true));
}
