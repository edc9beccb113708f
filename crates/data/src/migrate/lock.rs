use std::time::Duration;

use tokio::time::{self, Instant};

use super::history::{Session, value};
use crate::{DataError, DataErrorKind, Engine, pool::Lease};

/// How long a process waits for the lock: longer than most migrations take.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The number of the advisory lock of PostgreSQL: "seaworth" in ASCII.
const NUMBER: i64 = 0x7365_6177_6f72_7468;

/// Acquires the lock of this database for the session. With a pooler, a transaction has begun and
/// acquires the lock until its end. On SQLite, each migration takes the write lock instead.
pub(super) async fn take(lease: &mut Lease, engine: Engine) -> Result<(), DataError> {
    let statement = match engine {
        Engine::Postgres if Session(lease).is_pooled() => {
            format!("SELECT pg_try_advisory_xact_lock({NUMBER})")
        }
        Engine::Postgres => format!("SELECT pg_try_advisory_lock({NUMBER})"),
        // Names are global on the server and have up to 64 characters, so this one contains the
        // database.
        Engine::MySql => {
            "SELECT COALESCE(GET_LOCK(CONCAT('seaworthy:', LEFT(DATABASE(), 50)), 0), 0)".to_owned()
        }
        Engine::Sqlite => return Ok(()),
    };
    let end = Instant::now() + TIMEOUT;
    loop {
        let is_ours: bool = value(&mut Session(lease), &statement).await?;
        if is_ours {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(DataError::new(
                DataErrorKind::Migration,
                format!(
                    "another process has been migrating this database for longer than {TIMEOUT:?}"
                ),
            ));
        }
        time::sleep(POLL_INTERVAL).await;
    }
}

pub(super) async fn unlock(lease: &mut Lease, engine: Engine) -> Result<(), DataError> {
    let text = match engine {
        Engine::Postgres => format!("SELECT pg_advisory_unlock({NUMBER})"),
        Engine::MySql => {
            "SELECT COALESCE(RELEASE_LOCK(CONCAT('seaworthy:', LEFT(DATABASE(), 50))), 0)"
                .to_owned()
        }
        Engine::Sqlite => return Ok(()),
    };
    value::<bool>(&mut Session(lease), &text).await.map(drop)
}
