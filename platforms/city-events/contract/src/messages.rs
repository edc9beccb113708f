//! The messages of City Events.
//!
//! Bodies are bare JSON. Only the messages of the event service have an envelope, because the
//! legacy consumers read it.

use chrono::{DateTime, Utc};
use seaworthy::{
    messaging::{ConsumerGroup, Event},
    prelude::*,
};
use uuid::Uuid;

use crate::groups::{EMAIL, EVENT, FEED, JOIN, MEDIA, MEDIA_WORKER};

macro_rules! message_types {
    ($($message:ty => $name:literal for [$($group:ident),*]),* $(,)?) => {
        $(
            impl Event for $message {
                const TYPE: &'static str = $name;
                const VERSION: u32 = 1;
                const GROUPS: &'static [ConsumerGroup] = &[$($group),*];
            }
        )*

        /// The topics, with the groups that subscribe to each.
        pub const TOPICS: &[(&str, &[ConsumerGroup])] =
            &[$((<$message as Event>::TOPIC, <$message as Event>::GROUPS)),*];
    };
}

// Publishers create the groups, so a message reaches consumers that start later.
message_types! {
    VerifyEmailRequested => "auth.email.verify.requested" for [EMAIL],
    PasswordResetRequested => "auth.password.reset.requested" for [EMAIL],
    AvatarUpdated => "auth.avatar.updated" for [MEDIA],
    UserChanged => "auth.user.changed" for [EVENT, JOIN],
    EventPublished => "event.published" for [JOIN, FEED],
    EventUpdated => "event.updated" for [JOIN, FEED],
    EventCanceled => "event.canceled" for [JOIN, FEED, EMAIL],
    EventUnpublished => "event.unpublished" for [JOIN, FEED, EMAIL],
    EventCoversRemoved => "event.covers.removed" for [MEDIA],
    JoinCreated => "join.created" for [EVENT, FEED],
    JoinCanceled => "join.canceled" for [EVENT, FEED],
    JoinPromoted => "join.promoted" for [EVENT],
    JoinKicked => "join.kicked" for [EVENT],
    JoinBanned => "join.banned" for [EVENT],
    JoinUnbanned => "join.unbanned" for [],
    JoinCounted => "join.counted" for [EVENT],
    EmailEventCanceled => "email.event_canceled" for [EMAIL],
    ProcessImage => "media.process.image" for [MEDIA_WORKER],
}

/// A user must confirm an e-mail address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyEmailRequested {
    /// UUID of the user.
    pub user_id: String,
    /// The address to confirm.
    pub email: String,
    /// The confirmation link. It works once.
    pub url: String,
}

/// A user requested a new password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordResetRequested {
    /// UUID of the user.
    pub user_id: String,
    /// The address of the user.
    pub email: String,
    /// The link to the form. It works once.
    pub url: String,
}

/// A user changed or removed the avatar.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AvatarUpdated {
    /// UUID of the user.
    pub user_id: String,
    /// The unused image ID, or an empty text if the user had no avatar.
    #[serde(default)]
    pub old_avatar_id: String,
}

/// The access tokens of a user with a lower version are revoked: after a ban, a new role or a new
/// password. The legacy services have no such message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserChanged {
    /// UUID of the user.
    pub user_id: String,
    /// The lowest valid `ver` claim.
    pub version: u64,
}

/// The envelope of the messages of the event service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventEnvelope<P> {
    /// Always 1.
    pub version: u32,
    /// Always `event-service`.
    pub producer: String,
    /// The ID of the message, the same on retries. Absent in some messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Uuid>,
    /// The trace ID of the request that caused the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Time of the change.
    pub occurred_at: DateTime<Utc>,
    /// The event after the change.
    pub payload: P,
}

/// An event in messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// ID of the event.
    pub event_id: Uuid,
    /// UUID of the owner. Absent in some messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// The title.
    #[serde(default)]
    pub title: String,
    /// The city.
    #[serde(default)]
    pub city: String,
    /// The category.
    #[serde(default)]
    pub category: String,
    /// Start of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// End of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    /// Maximum number of participants. 0: unlimited.
    #[serde(default)]
    pub capacity: i32,
    /// `draft`, `published` or `canceled`.
    #[serde(default)]
    pub status: String,
    /// The reason that the user gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Role of the user who made the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// Image IDs, at most two.
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

/// A published event became a draft again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventUnpublished(pub EventEnvelope<Announcement>);

/// No event of the owner uses these pictures. The legacy service has no such message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventCoversRemoved {
    /// ID of the event.
    pub event_id: Uuid,
    /// UUID of its owner. Pictures of other users stay.
    pub owner_id: String,
    /// The image IDs.
    pub cover_image_ids: Vec<Uuid>,
}

/// The number of joins of an event after a change.
///
/// A consumer that stores a count takes it from here if the revision is higher than the stored one.
/// The count is then correct even if messages are duplicated, delayed or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatCounts {
    /// Joins with a seat.
    pub active: i64,
    /// Joins on the waitlist.
    pub waitlisted: i64,
    /// Increases with every change of the two counts.
    pub revision: i64,
}

/// The current counts of an event, published at intervals. The legacy service has no such message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCounted {
    /// ID of the event.
    pub event_id: Uuid,
    /// The counts.
    pub seats: SeatCounts,
}

/// A user joined an event or its waitlist.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCreated {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the user.
    pub user_id: Uuid,
    /// `active` or `waitlisted`.
    pub status: String,
    /// The counts after the change. Absent in messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatCounts>,
}

/// A user left an event or its waitlist.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinCanceled {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the user.
    pub user_id: Uuid,
    /// `active` or `waitlisted`.
    #[serde(default)]
    pub prev_status: String,
    /// The counts after the change. Absent in messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatCounts>,
}

/// A user moved from the waitlist to a seat.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinPromoted {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the user.
    pub user_id: Uuid,
    /// `slot_freed`.
    #[serde(default)]
    pub reason: String,
    /// The counts after the change. Absent in messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatCounts>,
}

/// An organizer removed a user from an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinKicked {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the removed user.
    pub user_id: Uuid,
    /// UUID of the user who removed the other.
    pub actor_id: String,
    /// The status that the join had.
    #[serde(default)]
    pub prev_status: String,
    /// The reason that the actor gave, or `kicked`.
    #[serde(default)]
    pub reason: String,
    /// `kicked`.
    #[serde(default)]
    pub action: String,
    /// The counts after the change. Absent in messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatCounts>,
}

/// An organizer banned a user from an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinBanned {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the banned user.
    pub user_id: Uuid,
    /// UUID of the user who banned the other.
    pub actor_id: String,
    /// `active`, `waitlisted`, or an empty text if the user had neither.
    #[serde(default)]
    pub prev_status: String,
    /// The reason that the actor gave. May be empty.
    #[serde(default)]
    pub reason: String,
    /// `banned`.
    #[serde(default)]
    pub action: String,
    /// The counts after the change. Absent in messages of the legacy service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatCounts>,
}

/// An organizer lifted a ban.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinUnbanned {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the user.
    pub user_id: Uuid,
    /// UUID of the user who lifted the ban.
    pub actor_id: String,
    /// `unbanned`.
    #[serde(default)]
    pub action: String,
}

/// A user must be notified by e-mail that a joined event was canceled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmailEventCanceled {
    /// ID of the event.
    pub event_id: Uuid,
    /// ID of the user.
    pub user_id: Uuid,
    /// `active` or `waitlisted`.
    #[serde(default)]
    pub prev_status: String,
    /// The reason of the cancellation.
    #[serde(default)]
    pub reason: String,
    /// Time of the cancellation.
    pub occurred_at: DateTime<Utc>,
    /// Trace ID of the request that canceled the event. May be empty.
    #[serde(default)]
    pub trace_id: String,
    /// `join-service`.
    #[serde(default)]
    pub producer: String,
    /// `canceled`.
    #[serde(default)]
    pub event_action: String,
}

/// An uploaded picture is to be processed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessImage {
    /// ID of the upload.
    pub upload_id: Uuid,
    /// Key of the uploaded file.
    #[serde(default)]
    pub object_key: String,
    /// `avatar` or `event_cover`.
    #[serde(default)]
    pub purpose: String,
}
