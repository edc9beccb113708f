use city_events_contract::Timestamp;
use uuid::Uuid;

use super::JoinStatus;

/// The join of a user, in any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    pub(crate) id: Uuid,
    pub(crate) event: Uuid,
    pub(crate) user: Uuid,
    pub(crate) status: JoinStatus,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) activated_at: Option<Timestamp>,
    pub(crate) canceled_at: Option<Timestamp>,
    pub(crate) canceled_by: Option<Uuid>,
    pub(crate) canceled_reason: Option<String>,
    pub(crate) expired_at: Option<Timestamp>,
    pub(crate) expired_reason: Option<String>,
    pub(crate) rejected_at: Option<Timestamp>,
    pub(crate) rejected_by: Option<String>,
    pub(crate) rejected_reason: Option<String>,
}

/// A status change of a join, for the history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusChange<'a> {
    pub(crate) user: Uuid,
    pub(crate) from: Option<JoinStatus>,
    pub(crate) to: JoinStatus,
    pub(crate) reason: Option<&'a str>,
    pub(crate) actor: Option<Uuid>,
    pub(crate) at: Timestamp,
}
