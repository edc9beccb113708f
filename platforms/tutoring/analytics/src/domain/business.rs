use seaworthy::{core::new_id, data::prelude::*};
use serde_json::{Map, Value};

use super::Event;

/// The fields of business events that are stored: IDs, dates, numbers and names of kinds. Texts
/// that people write, codes of sessions, places and snapshots are not stored.
const STORED_FIELDS: [&str; 41] = [
    "action",
    "allocationId",
    "amountCents",
    "certificateId",
    "completedAt",
    "completedSessions",
    "completionDate",
    "date",
    "deallocatedAt",
    "duration",
    "endDate",
    "issuedAt",
    "lastCompletedAt",
    "month",
    "newDate",
    "newTimeSlot",
    "notificationType",
    "oldDate",
    "oldTimeSlot",
    "originalTrainerId",
    "paymentId",
    "percentage",
    "purchaseId",
    "purchaseTier",
    "recipientId",
    "role",
    "sessionCount",
    "sessionId",
    "sessionIds",
    "snapshotId",
    "startDate",
    "studentId",
    "substituteTrainerId",
    "targetId",
    "targetType",
    "timeSlot",
    "totalSessions",
    "trainerId",
    "userId",
    "version",
    "courseId",
];
/// The fields with the user of an event. The first one counts.
const USERS: [&str; 4] = ["studentId", "recipientId", "trainerId", "userId"];

/// The message is not a business event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not a JSON object with type and timestamp")]
pub(crate) struct NotAnEvent;

/// Returns the event of a message of a service.
///
/// # Errors
/// [`NotAnEvent`] if the message is not JSON, or has no type and time.
pub(crate) fn business_event(payload: &[u8]) -> Result<Event, NotAnEvent> {
    let data: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| NotAnEvent)?;
    let event_type = data.get("type").and_then(Value::as_str).ok_or(NotAnEvent)?;
    let timestamp = data.get("timestamp").and_then(Value::as_i64);
    let timestamp = timestamp.and_then(DateTime::<Utc>::from_timestamp_millis);
    let id = |name: &str| data.get(name)?.as_str()?.parse::<Uuid>().ok();
    let fields = STORED_FIELDS.into_iter().filter_map(|name| {
        let value = data.get(name)?;
        Some((name.to_owned(), value.clone()))
    });
    Ok(Event {
        id: new_id(),
        event_type: event_type.to_owned(),
        user_id: USERS.into_iter().find_map(id),
        course_id: id("courseId"),
        metadata: Value::Object(fields.collect()),
        timestamp: timestamp.ok_or(NotAnEvent)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(data: &Value) -> Result<Event, NotAnEvent> {
        business_event(data.to_string().as_bytes())
    }

    #[test]
    fn texts_of_people_are_not_stored_sec_5() {
        let recipient = Uuid::from_u128(7);
        let requested = json!({
            "type": "NOTIFICATION_REQUESTED", "timestamp": 1_772_000_000_123_i64,
            "recipientId": recipient, "notificationType": "course", "title": "Your code",
            "body": "Read 123456 to your trainer", "data": { "otp": "123456" },
        });
        let stored = event(&requested).unwrap();
        assert_eq!(stored.user_id, Some(recipient));
        assert_eq!(
            stored.metadata,
            json!({ "recipientId": recipient, "notificationType": "course" })
        );
        assert_eq!(stored.timestamp.timestamp_millis(), 1_772_000_000_123);
    }

    #[test]
    fn messages_without_type_or_time_are_not_events_msg_6() {
        for wrong in [
            json!({ "type": "COURSE_COMPLETED" }),
            json!({ "timestamp": 1 }),
            json!([1]),
        ] {
            assert_eq!(event(&wrong), Err(NotAnEvent), "{wrong}");
        }
        assert_eq!(business_event(b"\xff"), Err(NotAnEvent));
    }
}
