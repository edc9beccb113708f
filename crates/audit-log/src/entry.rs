use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use serde_json::Value;

use crate::fields::fields_detail;

/// The result of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The action succeeded.
    Done,
    /// The action was forbidden.
    Refused,
    /// The action was allowed and failed.
    Failed,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An entry to append. Actor, tenant, request ID and client address are those of the request.
///
/// ```
/// use seaworthy_audit_log::{AuditEntry, Outcome};
///
/// let entry = AuditEntry::new("event.cancel")
///     .target("event", "0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11")
///     .detail("reason", "the hall is closed");
/// let refused = AuditEntry::new("user.ban").target("user", "7").outcome(Outcome::Refused);
/// # drop((entry, refused));
/// ```
#[derive(Debug, Clone)]
#[must_use = "an entry is written by AuditLog::append"]
pub struct AuditEntry {
    pub(crate) action: &'static str,
    pub(crate) target: Option<(&'static str, String)>,
    pub(crate) outcome: Outcome,
    pub(crate) actor: Option<String>,
    pub(crate) details: BTreeMap<Cow<'static, str>, String>,
}

impl AuditEntry {
    /// Creates an entry for an action. Its name is a noun and a verb, such as `user.ban`.
    pub const fn new(action: &'static str) -> Self {
        Self {
            action,
            target: None,
            outcome: Outcome::Done,
            actor: None,
            details: BTreeMap::new(),
        }
    }

    /// Sets the target: its kind and its identifier.
    pub fn target(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.target = Some((kind, id.into()));
        self
    }

    /// Sets the result. The default is success.
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Sets the actor, for requests without one, such as a login.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Adds a detail. Secrets and personal data are masked as in logs (OBS-3).
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.insert(Cow::Borrowed(name), value.into());
        self
    }

    /// Adds the details `before` and `after`, as JSON. An object that is too long has only the
    /// names of its fields. A target that was created was `null` before.
    ///
    /// ```
    /// use seaworthy_audit_log::AuditEntry;
    /// use serde_json::json;
    ///
    /// let (before, after) = (json!({ "price": 1 }), json!({ "price": 2 }));
    /// let entry = AuditEntry::new("price.set").change(&before, &after);
    /// # drop(entry);
    /// ```
    pub fn change(self, before: &Value, after: &Value) -> Self {
        let text = |value: &Value| match value {
            Value::Object(fields) => fields_detail(fields),
            value => value.to_string(),
        };
        self.detail("before", text(before))
            .detail("after", text(after))
    }
}
