use seaworthy::{data::Transaction, messaging::Topics, outbox::Outbox, prelude::*};
use tutoring_contract::events::{
    BusinessEvent, NotificationRequested, StudentChanged, TrainerChanged, message,
};

use crate::{Account, AccountKind};

/// Returns the topics to which a service of accounts publishes.
pub(crate) fn topics(kind: AccountKind) -> Topics {
    match kind {
        AccountKind::Student => Topics::new().with_unroutable::<BusinessEvent<StudentChanged>>(),
        // Decisions on applications notify trainers.
        AccountKind::Trainer => Topics::new()
            .with_unroutable::<BusinessEvent<TrainerChanged>>()
            .with_unroutable::<BusinessEvent<NotificationRequested>>(),
    }
}

/// Publishes the snapshot of an account, without addresses.
pub(crate) async fn publish(
    outbox: &Outbox,
    kind: AccountKind,
    tx: &Transaction,
    account: &Account,
) -> Result<(), Error> {
    let snapshot = json!({
        "username": account.username,
        "isEmailVerified": account.is_email_verified,
        "isPhoneVerified": account.is_phone_verified,
        "isDisabled": account.is_disabled,
        "approvalStatus": account.approval_status,
        "createdAt": account.created_at,
    });
    let (id, role, version) = (account.id, kind.role(), account.version);
    let message = match kind {
        AccountKind::Student => {
            let student_id = id;
            let changed = StudentChanged {
                student_id,
                version,
                snapshot,
            };
            message(&BusinessEvent::new(changed).by(id, role))
        }
        AccountKind::Trainer => {
            let trainer_id = id;
            let changed = TrainerChanged {
                trainer_id,
                version,
                snapshot,
            };
            message(&BusinessEvent::new(changed).by(id, role))
        }
    };
    Ok(outbox.store(tx, message).await?)
}
