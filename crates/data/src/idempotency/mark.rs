use std::sync::Arc;

use seaworthy_core::effects;

use crate::{Database, Statement, database::Inner, sql};

/// The key of a running call, which each transaction of its database marks as done: the effect and the mark are committed together, or neither is.
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

    /// The statement by which a transaction of this database marks the key of the running call; `None` where the call has no key there. No row means that the key is not of
    /// this call any more.
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
