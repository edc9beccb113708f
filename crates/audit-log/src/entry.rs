use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

/// How what was done ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed.
    Refused,
    /// It was allowed and failed.
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

/// What is to be written down. Actor, tenant, request and address are those of the request in which it is appended.
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
    /// Something was done; an action's name is a noun and a verb, such as `user.ban`.
    pub const fn new(action: &'static str) -> Self {
        Self {
            action,
            target: None,
            outcome: Outcome::Done,
            actor: None,
            details: BTreeMap::new(),
        }
    }

    /// To what it was done: a kind of thing and which one.
    pub fn target(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.target = Some((kind, id.into()));
        self
    }

    /// How it ended, where it was not simply done.
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Who did it, where the request does not know yet, as at a login.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// What else somebody will want to know. What looks like a secret or like data about a person is masked as in logs (OBS-3).
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.insert(Cow::Borrowed(name), value.into());
        self
    }
}
