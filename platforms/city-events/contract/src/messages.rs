//! The messages of City Events. Bodies are bare JSON, as the contract has them; only those of events have an envelope, because consumers of the original read it.

use chrono::{DateTime, Utc};
use seaworthy::{messaging::Event, prelude::*};
use uuid::Uuid;

macro_rules! kinds {
    ($($message:ty => $kind:literal),* $(,)?) => {$(
        impl Event for $message {
            const TYPE: &'static str = $kind;
            const VERSION: u32 = 1;
        }
    )*};
}

kinds! {
    VerifyEmailRequested => "auth.email.verify.requested",
    PasswordResetRequested => "auth.password.reset.requested",
    AvatarUpdated => "auth.avatar.updated",
    UserChanged => "auth.user.changed",
    EventPublished => "event.published",
    EventUpdated => "event.updated",
    EventCanceled => "event.canceled",
    EventUnpublished => "event.unpublished",
    JoinCreated => "join.created",
    JoinCanceled => "join.canceled",
    JoinPromoted => "join.promoted",
    JoinKicked => "join.kicked",
    JoinBanned => "join.banned",
    JoinUnbanned => "join.unbanned",
    JoinCounted => "join.counted",
    EmailEventCanceled => "email.event_canceled",
}

/// Somebody has to show that an address is theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyEmailRequested {
    /// The user.
    pub user_id: String,
    /// Where to.
    pub email: String,
    /// The link, which is good once.
    pub url: String,
}

/// Somebody forgot a password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordResetRequested {
    /// The user.
    pub user_id: String,
    /// Where to.
    pub email: String,
    /// The link, which is good once.
    pub url: String,
}

/// Somebody has another picture, or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AvatarUpdated {
    /// The user.
    pub user_id: String,
    /// The picture that nobody needs any more; empty where there was none.
    #[serde(default)]
    pub old_avatar_id: String,
}

/// Access tokens of a user with a lower version count no more: a ban, a new role, a new password. The original has no such message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserChanged {
    /// The user.
    pub user_id: String,
    /// The lowest `ver` that counts.
    pub version: u64,
}

/// The envelope of what the event service tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventEnvelope<P> {
    /// Always 1.
    pub version: u32,
    /// Always `event-service`.
    pub producer: String,
    /// The message's id, also on retries.
    pub message_id: Uuid,
    /// The trace in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What happened.
    pub payload: P,
}

/// What is told of a published event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// The event.
    pub event_id: Uuid,
    /// Whose it is. Missing in messages of earlier services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its city.
    #[serde(default)]
    pub city: String,
    /// Its category.
    #[serde(default)]
    pub category: String,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    /// How many may take part; 0 for everybody.
    #[serde(default)]
    pub capacity: i32,
    /// Its state.
    #[serde(default)]
    pub status: String,
    /// Why, where somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The role of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cover_image_ids: Vec<String>,
}

/// An event was published.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventPublished(pub EventEnvelope<Announcement>);

/// A published event was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventUpdated(pub EventEnvelope<Announcement>);

/// An event was canceled.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventCanceled(pub EventEnvelope<Announcement>);

/// An event is a draft again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventUnpublished(pub EventEnvelope<Announcement>);

/// How many places of an event are taken after what a message tells. Whoever keeps a count takes it from here: it stays right also where messages come twice, late or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// How many have a place.
    pub active: i64,
    /// How many wait.
    pub waitlisted: i64,
    /// Grows with every change of the two.
    pub revision: i64,
}

/// How many places of an event are taken, told again from time to time. The original has no such message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCounted {
    /// The event.
    pub event_id: Uuid,
    /// The count.
    pub seats: Seats,
}

/// Somebody joined or waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCreated {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// `active` or `waitlisted`.
    pub status: String,
    /// The count after it. Messages of earlier services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
}

/// Somebody gave a place back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCanceled {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// What they had.
    #[serde(default)]
    pub prev_status: String,
    /// The count after it. Messages of earlier services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
}

/// Somebody who waited has a place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinPromoted {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// `slot_freed`.
    #[serde(default)]
    pub reason: String,
    /// The count after it. Messages of earlier services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
}

/// Somebody was removed by an organiser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinKicked {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// Who did it.
    pub actor_id: String,
    /// What they had.
    #[serde(default)]
    pub prev_status: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// `kicked`.
    #[serde(default)]
    pub action: String,
    /// The count after it. Messages of earlier services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
}

/// Somebody may not take part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinBanned {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// Who did it.
    pub actor_id: String,
    /// What they had; empty where they had never joined.
    #[serde(default)]
    pub prev_status: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// `banned`.
    #[serde(default)]
    pub action: String,
    /// The count after it. Messages of earlier services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
}

/// Somebody may take part again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinUnbanned {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// Who did it.
    pub actor_id: String,
    /// `unbanned`.
    #[serde(default)]
    pub action: String,
}

/// Somebody has to hear that an event they had a place in is canceled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmailEventCanceled {
    /// The event.
    pub event_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// What they had.
    #[serde(default)]
    pub prev_status: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The trace in which it happened.
    #[serde(default)]
    pub trace_id: String,
    /// `join-service`.
    #[serde(default)]
    pub producer: String,
    /// `canceled`.
    #[serde(default)]
    pub event_action: String,
}
