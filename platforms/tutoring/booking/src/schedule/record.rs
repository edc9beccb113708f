use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{AdminOverride, BusinessEvent, Kind, NotificationRequested, message},
};

use super::{Actor, Schedule};

/// The type of notifications.
const NOTICE: &str = "course";

impl Schedule {
    /// Stores an event in the transaction of its change.
    pub(super) async fn publish<K: Kind>(&self, tx: &Transaction, data: K) -> Result<(), Error> {
        self.outbox
            .store(tx, message(&BusinessEvent::new(data)))
            .await?;
        Ok(())
    }

    /// Requests a notification of a user.
    pub(super) async fn notify(
        &self,
        tx: &Transaction,
        (recipient, role): (Uuid, Role),
        text: (&str, String),
        data: Value,
    ) -> Result<(), Error> {
        let request = NotificationRequested::new(recipient, NOTICE, text, data);
        self.request_notice(tx, role, request).await
    }

    /// Requests a notification of a student whose text and data are a secret. The outbox and the
    /// broker store them encrypted.
    pub(super) async fn notify_secretly(
        &self,
        tx: &Transaction,
        student: Uuid,
        text: (&str, String),
        data: Value,
    ) -> Result<(), Error> {
        let request = NotificationRequested::new(student, NOTICE, text, data);
        let sealed = self.secrets.seal(request).await?;
        self.request_notice(tx, Role::Student, sealed).await
    }

    async fn request_notice(
        &self,
        tx: &Transaction,
        role: Role,
        request: NotificationRequested,
    ) -> Result<(), Error> {
        let recipient = request.recipient_id;
        let event = BusinessEvent::new(request).by(recipient, role);
        Ok(self.outbox.store(tx, message(&event)).await?)
    }

    /// Requests a notification of each operator.
    pub(super) async fn notify_operators(
        &self,
        tx: &Transaction,
        title: &str,
        body: &str,
        data: &Value,
    ) -> Result<(), Error> {
        for operator in &self.operators {
            let text = (title, body.to_owned());
            self.notify(tx, (*operator, Role::Admin), text, data.clone())
                .await?;
        }
        Ok(())
    }

    /// Stores the audit entry and the event of a decision of an administrator: the reason, and the
    /// changed fields before and after it. A created entity is `null` before.
    pub(super) async fn record(
        &self,
        tx: &Transaction,
        actor: &Actor,
        (action, permission): (&'static str, &'static str),
        (target_type, target): (&'static str, Uuid),
        (reason, before, after): (&str, Value, Value),
    ) -> Result<(), Error> {
        if actor.role != Some(Role::Admin) {
            return Ok(());
        }
        let entry = AuditEntry::new(action)
            .target(target_type, target.to_string())
            .detail("permission", permission)
            .detail("reason", reason)
            .change(&before, &after);
        self.audit.append(tx, entry).await?;
        let done = AdminOverride {
            action: action.to_owned(),
            target_id: target.to_string(),
            target_type: target_type.to_owned(),
            changes: after,
            reason: reason.to_owned(),
        };
        let event = BusinessEvent::new(done).by(actor.id, Role::Admin);
        Ok(self.outbox.store(tx, message(&event)).await?)
    }
}
