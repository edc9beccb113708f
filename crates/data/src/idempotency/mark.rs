use std::sync::Arc;

use seaworthy_core::effects;

use crate::{Database, Statement, database::Inner, sql};

/// The key of a running call. Each writing transaction of the database marks it, so that the effect
/// and the mark are committed together.
pub(crate) struct KeyMark {
    database: Database,
    digest: String,
    token: u64,
}

impl KeyMark {
    pub(super) fn new(database: Database, digest: String, token: u64) -> Self {
        Self {
            database,
            digest,
            token,
        }
    }

    /// Returns the statement that marks the key of the running call, or `None` if the call has no
    /// key in this database. If the statement does not change a row, another call has taken the
    /// key.
    pub(crate) fn statement(database: &Arc<Inner>) -> Option<Statement> {
        let effects = effects::current()?;
        let mark = effects.participant::<Self>()?;
        Arc::ptr_eq(&mark.database.0, database).then(|| {
            sql("UPDATE idempotency_keys SET outcome = ? WHERE digest = ? AND token = ?")
                .bind(super::outcome::DONE)
                .bind(mark.digest.as_str())
                .bind(mark.token.cast_signed())
        })
    }
}
