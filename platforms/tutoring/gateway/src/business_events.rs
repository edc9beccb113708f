//! Business events for connected clients.

use seaworthy::{
    core::error_chain,
    messaging::{Received, Subscription, Topics},
    realtime::{Event, Hub, Room},
};
use serde_json::Value;
use tutoring_contract::{LiveEvent, events::KINDS, groups::GATEWAY};
use tutoring_identity::LiveSealer;

use crate::socket_io::ADMINS;

/// The event that clients receive.
const EVENT: &str = "business-event";
/// The type of a request to notify a user.
const NOTIFICATION: &str = "NOTIFICATION_REQUESTED";
/// The fields with the users who receive an event, by its type. Administrators receive all events.
const RECIPIENTS: [(&str, &[&str]); 13] = [
    ("PURCHASE_CONFIRMED", &["studentId"]),
    ("PURCHASE_CREATED", &["studentId"]),
    ("COURSE_ACCESS_GRANTED", &["studentId"]),
    ("TRAINER_ALLOCATED", &["studentId", "trainerId"]),
    ("SESSIONS_GENERATED", &["studentId"]),
    ("SESSION_RESCHEDULED", &["studentId", "trainerId"]),
    (
        "SESSION_SUBSTITUTED",
        &["studentId", "originalTrainerId", "substituteTrainerId"],
    ),
    ("SESSION_COMPLETED", &["studentId", "trainerId"]),
    ("SESSION_CANCELLED", &["studentId", "trainerId"]),
    ("COURSE_PROGRESS_UPDATED", &["studentId"]),
    ("COURSE_COMPLETED", &["studentId"]),
    ("CERTIFICATE_ISSUED", &["studentId"]),
    ("PAYROLL_RECALCULATED", &["trainerId"]),
];

/// Returns the topics of the subscription.
pub(crate) fn topics() -> Topics {
    KINDS
        .iter()
        .fold(Topics::from_event::<LiveEvent>(), |topics, (_, topic)| {
            topics.with_topic(topic)
        })
}

/// Returns the subscription that sends business events to clients, at most once.
pub(crate) fn subscription(hub: &Hub, sealer: &LiveSealer) -> Subscription {
    let (live, sealer) = (hub.clone(), sealer.clone());
    let subscription = Subscription::new(GATEWAY.name())
        .max_retries(0)
        .on::<LiveEvent, _, _>(move |received: Received<LiveEvent>| {
            let (live, sealer) = (live.clone(), sealer.clone());
            async move {
                send(&live, &sealer, received.event()).await;
                Ok(())
            }
        });
    KINDS.iter().fold(subscription, |subscription, (_, topic)| {
        let hub = hub.clone();
        subscription.on_topic(topic, move |received: Received<_>| {
            // A message that is not JSON has no recipients.
            if let Ok(data) = serde_json::from_slice(received.event()) {
                publish(&hub, data);
            }
            async { Ok(()) }
        })
    })
}

/// Sends an event of a service to the clients in its room.
async fn send(hub: &Hub, sealer: &LiveSealer, live: &LiveEvent) {
    let data = match sealer.open(live).await {
        Ok(data) => data,
        Err(error) => {
            let error = error_chain(&error);
            tracing::warn!(
                event = live.event,
                error,
                "a live event could not be decrypted"
            );
            return;
        }
    };
    match (live.room.parse::<Room>(), Event::new(&live.event, &data)) {
        (Ok(room), Ok(event)) => {
            hub.publish(&room, event);
        }
        _ => tracing::warn!(event = live.event, "a live event of a service is not valid"),
    }
}

fn publish(hub: &Hub, mut data: Value) {
    remove_private_members(&mut data);
    let Ok(event) = Event::new(EVENT, &data) else {
        return;
    };
    for room in rooms(&data) {
        hub.publish(&room, event.clone());
    }
}

/// Removes the text of a notification, which only its recipient may read. It may be a code.
fn remove_private_members(data: &mut Value) {
    let is_notification = data.get("type").and_then(Value::as_str) == Some(NOTIFICATION);
    if let Some(members) = data.as_object_mut().filter(|_| is_notification) {
        for name in ["body", "data"] {
            members.remove(name);
        }
    }
}

/// Returns the rooms of the users who receive an event, and that of administrators.
fn rooms(data: &Value) -> Vec<Room> {
    let kind = data.get("type").and_then(Value::as_str);
    let found = RECIPIENTS.iter().find(|(name, _)| Some(*name) == kind);
    let members = found.map_or(&[][..], |(_, members)| *members);
    let ids = members
        .iter()
        .filter_map(|member| data.get(member)?.as_str());
    let users = ids.filter_map(|id| Room::new("user", id).ok());
    users.chain(ADMINS.parse()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STUDENT: &str = "studentId";
    const TRAINER: &str = "trainerId";
    /// The table of recipients in the contract: the fields with the users, by the type.
    const CONTRACT: [(&str, &[&str]); 13] = [
        ("PURCHASE_CONFIRMED", &[STUDENT]),
        ("PURCHASE_CREATED", &[STUDENT]),
        ("COURSE_ACCESS_GRANTED", &[STUDENT]),
        ("TRAINER_ALLOCATED", &[STUDENT, TRAINER]),
        ("SESSIONS_GENERATED", &[STUDENT]),
        ("SESSION_RESCHEDULED", &[STUDENT, TRAINER]),
        (
            "SESSION_SUBSTITUTED",
            &[STUDENT, "originalTrainerId", "substituteTrainerId"],
        ),
        ("SESSION_COMPLETED", &[STUDENT, TRAINER]),
        ("SESSION_CANCELLED", &[STUDENT, TRAINER]),
        ("COURSE_PROGRESS_UPDATED", &[STUDENT]),
        ("COURSE_COMPLETED", &[STUDENT]),
        ("CERTIFICATE_ISSUED", &[STUDENT]),
        ("PAYROLL_RECALCULATED", &[TRAINER]),
    ];

    #[test]
    fn recipients_of_every_kind_are_those_of_the_contract_msg_6() {
        for (kind, _) in KINDS {
            let row = CONTRACT.iter().find(|(name, _)| name == kind);
            let members = row.map_or(&[][..], |(_, members)| *members);
            // Each user has the name of the field.
            let users = [STUDENT, TRAINER, "originalTrainerId", "substituteTrainerId"];
            let users = users.into_iter().chain(["userId", "recipientId"]);
            let fields = users.map(|member| (member.to_owned(), json!(member)));
            let event = fields.chain([("type".to_owned(), json!(kind))]).collect();
            let found = rooms(&Value::Object(event));
            let found: Vec<_> = found.iter().map(Room::as_str).collect();
            let users = members.iter().map(|member| format!("user:{member}"));
            let expected: Vec<_> = users.chain([ADMINS.to_owned()]).collect();
            assert_eq!(found, expected, "{kind}");
        }
        let mut unknown = CONTRACT.iter().map(|(name, _)| *name);
        assert!(unknown.all(|name| KINDS.iter().any(|(kind, _)| *kind == name)));
    }

    #[test]
    fn administrators_do_not_see_texts_of_notifications_sec_4() {
        let mut data = json!({
            "type": NOTIFICATION, "recipientId": "s", "title": "Your trainer has arrived",
            "body": "Your session code is 123456.", "data": { "otp": "123456" },
        });
        remove_private_members(&mut data);
        assert!(!data.to_string().contains("123456"), "{data}");
        assert_eq!(data["title"], "Your trainer has arrived");
        assert!(KINDS.iter().any(|(kind, _)| *kind == NOTIFICATION));
    }

    #[test]
    fn events_reach_their_users_and_administrators_only_auth_5() {
        let names = |data: Value| -> Vec<String> {
            rooms(&data)
                .iter()
                .map(|room| room.as_str().to_owned())
                .collect()
        };
        let substituted = json!({
            "type": "SESSION_SUBSTITUTED", "studentId": "s", "originalTrainerId": "t1",
            "substituteTrainerId": "t2", "userId": "other",
        });
        assert_eq!(
            names(substituted),
            ["user:s", "user:t1", "user:t2", "admin"]
        );
        let confirmed = json!({ "type": "PURCHASE_CONFIRMED", "studentId": "s", "trainerId": "t" });
        assert_eq!(names(confirmed), ["user:s", "admin"]);
        assert_eq!(
            names(json!({ "type": "STUDENT_CHANGED", "studentId": "s" })),
            ["admin"]
        );
    }
}
