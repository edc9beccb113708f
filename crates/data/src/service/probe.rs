use std::{sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_health::CheckFailure;
use tokio::sync::Mutex;

use crate::{DataError, Database, Engine, driver::Driver};

/// The timeout for the graceful close of a connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The connection that the health check keeps open.
struct Kept {
    driver: Driver,
    password_version: u64,
}

/// Returns a check that pings the server over its own connection, so that a busy pool does not
/// count as a failure of the server.
pub(super) fn check(
    database: &Database,
) -> impl Fn() -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static {
    let kept: Arc<Mutex<Option<Kept>>> = Arc::default();
    let database = database.clone();
    move || {
        let (kept, database) = (Arc::clone(&kept), database.clone());
        async move {
            let mut kept = kept.lock().await;
            // A check that is dropped before the reply leaves an unusable connection, so the check
            // holds the connection until the reply.
            let pinged = ping(&database, kept.take()).await;
            let pinged = pinged.map_err(|error| CheckFailure::new(error.to_string()))?;
            *kept = Some(pinged);
            Ok(())
        }
        .boxed()
    }
}

async fn ping(database: &Database, kept: Option<Kept>) -> Result<Kept, DataError> {
    let pool = &database.0.pool;
    if let Some(mut kept) = kept {
        // An open file of SQLite stays readable after its removal, so the check opens it again.
        let is_embedded = kept.driver.engine() == Engine::Sqlite;
        if is_embedded || pool.is_superseded(kept.password_version) {
            kept.driver.close(CLOSE_TIMEOUT).await;
        } else if kept.driver.ping().await.is_ok() {
            return Ok(kept);
        }
    }
    let password_version = pool.password_version();
    let mut driver = pool.connect_outside_pool().await?;
    driver.ping().await?;
    Ok(Kept {
        driver,
        password_version,
    })
}
