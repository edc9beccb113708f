use seaworthy::{data::Transaction, outbox::Outbox, prelude::*};
use tutoring_contract::events::{BusinessEvent, TrainerChanged, message};

use crate::{api::snapshot, store::Trainer};

/// Stores the message about a changed trainer in the transaction of the change.
///
/// # Errors
/// An error of the database.
pub(crate) async fn announce(
    tx: &Transaction,
    outbox: &Outbox,
    trainer: &Trainer,
) -> Result<(), Error> {
    let changed = BusinessEvent::new(TrainerChanged {
        trainer_id: trainer.id,
        version: trainer.version,
        snapshot: snapshot(trainer),
    });
    Ok(outbox.store(tx, message(&changed)).await?)
}
