use seaworthy::{
    audit_log::{AuditEntry, AuditLog},
    data::Transaction,
    outbox::Outbox,
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{
    Role,
    events::{AdminOverride, BusinessEvent, message},
};

/// A change of a user's profile by an administrator.
#[derive(Debug)]
pub struct ProfileEdit<'a> {
    /// The administrator.
    pub admin: Uuid,
    /// The permission of the change.
    pub permission: &'static str,
    /// The action in the audit log and in the event, such as `student.profile`.
    pub action: &'static str,
    /// The role and the ID of the user.
    pub target: (&'static str, Uuid),
    /// The previous values of the changed fields.
    pub before: Map<String, Value>,
    /// The changed fields.
    pub after: &'a Map<String, Value>,
}

impl ProfileEdit<'_> {
    /// Stores the audit entry and the event of the change in its transaction. The event has no
    /// values of the profile.
    ///
    /// # Errors
    /// An error of the database.
    pub async fn record(
        self,
        tx: &Transaction,
        audit: &AuditLog,
        outbox: &Outbox,
    ) -> Result<(), Error> {
        let (kind, id) = self.target;
        let entry = AuditEntry::new(self.action)
            .target(kind, id.to_string())
            .detail("permission", self.permission)
            .change(&Value::Object(self.before), &json!(self.after));
        audit.append(tx, entry).await?;
        let names: Vec<_> = self.after.keys().collect();
        let done = AdminOverride {
            action: self.action.to_owned(),
            target_id: id.to_string(),
            target_type: kind.to_owned(),
            changes: json!({ "members": names }),
            reason: String::new(),
        };
        let event = BusinessEvent::new(done).by(self.admin, Role::Admin);
        Ok(outbox.store(tx, message(&event)).await?)
    }
}
