use std::sync::Arc;

use seaworthy_health::{CheckFailure, Probe};
use tokio::sync::Mutex;

use crate::{DataError, Database, driver::Driver};

/// Asks the server over a connection of its own: that all others are busy says nothing about the server.
pub(super) fn probe(database: &Database) -> Probe {
    let kept: Arc<Mutex<Option<Driver>>> = Arc::default();
    let database = database.clone();
    Probe::critical(Arc::clone(database.0.pool.name()), move || {
        let (kept, database) = (Arc::clone(&kept), database.clone());
        async move {
            let mut kept = kept.lock().await;
            // Taken out while it is asked: an answer that is not waited for to its end makes it unusable.
            let answered = ask(&database, kept.take()).await;
            let driver = answered.map_err(|error| CheckFailure::new(error.to_string()))?;
            *kept = Some(driver);
            Ok(())
        }
    })
}

async fn ask(database: &Database, kept: Option<Driver>) -> Result<Driver, DataError> {
    if let Some(mut driver) = kept
        && driver.ping().await.is_ok()
    {
        return Ok(driver);
    }
    let mut driver = database.0.pool.connect_apart().await?;
    driver.ping().await?;
    Ok(driver)
}
