use std::sync::Arc;

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_health::CheckFailure;
use tokio::sync::Mutex;

use crate::{DataError, Database, driver::Driver};

/// Returns a check that pings the server over its own connection, so that a busy pool does not
/// count as a failure of the server.
pub(super) fn check(
    database: &Database,
) -> impl Fn() -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static {
    let kept: Arc<Mutex<Option<Driver>>> = Arc::default();
    let database = database.clone();
    move || {
        let (kept, database) = (Arc::clone(&kept), database.clone());
        async move {
            let mut kept = kept.lock().await;
            // A check that is dropped before the reply leaves an unusable connection, so the check
            // holds the connection until the reply.
            let pinged = ping(&database, kept.take()).await;
            let driver = pinged.map_err(|error| CheckFailure::new(error.to_string()))?;
            *kept = Some(driver);
            Ok(())
        }
        .boxed()
    }
}

async fn ping(database: &Database, kept: Option<Driver>) -> Result<Driver, DataError> {
    if let Some(mut driver) = kept
        && driver.ping().await.is_ok()
    {
        return Ok(driver);
    }
    let mut driver = database.0.pool.connect_outside_pool().await?;
    driver.ping().await?;
    Ok(driver)
}
