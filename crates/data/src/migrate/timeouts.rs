use super::{history::Session, text::Reader};
use crate::{DataError, DatabaseConfig, Engine, driver::Driver, pool::Lease};

/// Removes the timeouts for requests, because a migration may take hours. The connection must be
/// closed after use.
pub(super) async fn remove(lease: &mut Lease, config: &DatabaseConfig) -> Result<(), DataError> {
    if let Some(Driver::Postgres(_, session)) = lease.driver_mut()
        && session.is_pooled()
    {
        session.set_local(&format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = {}",
            config.lock_timeout.get().as_millis()
        ));
        return Ok(());
    }
    let mut session = Session(lease);
    let texts = match (session.engine(), session.reader()) {
        (Engine::Postgres, _) => vec![
            "SET statement_timeout = 0",
            "SET idle_in_transaction_session_timeout = 0",
        ],
        (_, Reader::MariaDb) => vec!["SET SESSION max_statement_time = 0"],
        _ => Vec::new(),
    };
    for text in texts {
        session.run(text).await?;
    }
    Ok(())
}
