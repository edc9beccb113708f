//! What the log of the process tells, which leaves the machine.

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

use crate::place::Place;

/// The hashes that the log of the process has told, of all tests.
static TOLD: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| {
    let heard = tracing_subscriber::registry().with(Ear);
    tracing::subscriber::set_global_default(heard).unwrap();
    Mutex::default()
});

struct Ear;

impl<S: Subscriber> Layer<S> for Ear {
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
            TOLD.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Appends a record, which is committed or not, and tells its hash.
async fn append(place: &Place, log: &AuditLog, is_committed: bool) -> String {
    let hash = Mutex::default();
    let appended = place.database.transaction(|tx| {
        let hash = &hash;
        async move {
            // At the same moment of the clock and in the same place the hash of the same entry would be the same.
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

pub(crate) async fn only_what_was_committed_is_told_to_the_log_of_the_process_obs_11(place: Place) {
    let log = place.log();
    let is_told = |hash: &String| TOLD.lock().unwrap().contains(hash);
    // A test beside this one may be about to find out that nobody listens to the line.
    while !is_told(&append(&place, &log, true).await) {
        tracing::callsite::rebuild_interest_cache();
    }
    let undone = append(&place, &log, false).await;
    let done = append(&place, &log, true).await;
    assert_eq!((is_told(&undone), is_told(&done)), (false, true));
}
