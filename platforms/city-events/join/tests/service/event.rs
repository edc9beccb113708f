use chrono::{DateTime, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use uuid::Uuid;

/// An event as in messages of the event service.
#[derive(Debug, Clone)]
pub(crate) struct TestEvent {
    pub(crate) id: Uuid,
    pub(crate) owner: Uuid,
    pub(crate) capacity: i32,
    pub(crate) end: DateTime<Utc>,
    /// Time of the change.
    pub(crate) at: DateTime<Utc>,
}

impl TestEvent {
    pub(crate) fn with_capacity(capacity: i32) -> Self {
        Self {
            id: seaworthy::core::new_id(),
            owner: seaworthy::core::new_id(),
            capacity,
            end: Utc::now() + chrono::TimeDelta::hours(2),
            at: Utc::now(),
        }
    }

    pub(crate) fn envelope(&self, status: &str) -> EventEnvelope<Announcement> {
        EventEnvelope {
            version: 1,
            producer: "event-service".to_owned(),
            message_id: Some(seaworthy::core::new_id()),
            trace_id: None,
            occurred_at: self.at,
            payload: Announcement {
                event_id: self.id,
                owner_id: Some(self.owner.to_string()),
                title: "Rust".to_owned(),
                city: "Hamburg".to_owned(),
                category: "tech".to_owned(),
                start_time: Some(self.end - chrono::TimeDelta::hours(1)),
                end_time: Some(self.end),
                capacity: self.capacity,
                status: status.to_owned(),
                reason: None,
                actor_role: None,
                cover_image_ids: Vec::new(),
            },
        }
    }

    /// Returns the event with a later time of the change.
    pub(crate) fn later(&self) -> Self {
        Self {
            at: self.at + chrono::TimeDelta::seconds(1),
            ..self.clone()
        }
    }
}
