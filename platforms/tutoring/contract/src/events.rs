//! The kinds of events, their topics and their keys.
//!
//! The data of an event are those of the legacy service: common members beside those of the kind.
//! One student's events have one key, so they stay in order.
//!
//! ```
//! use tutoring_contract::events::{Occurred, StudentDeallocated, message};
//! use uuid::Uuid;
//!
//! let student_id = Uuid::from_u128(7);
//! let ended = StudentDeallocated {
//!     allocation_id: Uuid::from_u128(1),
//!     trainer_id: Uuid::from_u128(2),
//!     student_id,
//!     course_id: Uuid::from_u128(3),
//!     reason: "moved away".to_owned(),
//!     deallocated_at: "2026-03-01T10:00:00Z".parse().unwrap(),
//! };
//! let event = Occurred::of(ended);
//! assert_eq!(serde_json::to_value(&event).unwrap()["type"], "STUDENT_DEALLOCATED");
//! let _message = message(&event);
//! ```

use jiff::{Timestamp, civil::Date};
use seaworthy::{
    messaging::{Event, Message},
    prelude::*,
};
use serde_json::Value;
use uuid::Uuid;

use crate::Role;

/// The entity whose events stay in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKey {
    /// The ID of a student.
    Student(Uuid),
    /// The ID of a trainer.
    Trainer(Uuid),
    /// The ID of another entity, such as a course or the target of an operator.
    Entity(String),
}

impl EventKey {
    /// Returns the key of the message.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Student(id) | Self::Trainer(id) => id.to_string(),
            Self::Entity(id) => id.clone(),
        }
    }
}

/// A kind of event.
pub trait Kind: Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static {
    /// The member `type`, such as `TRAINER_ALLOCATED`.
    const TYPE: &'static str;
    /// The topic, such as `trainer-allocated`.
    const TOPIC: &'static str;

    /// Returns the key of the message.
    fn key(&self) -> EventKey;
}

/// An event of a kind: the common members, and those of the kind beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Occurred<K> {
    /// The type of the kind.
    pub r#type: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The user who caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// The role of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The data of the kind.
    #[serde(flatten)]
    pub data: K,
}

impl<K: Kind> Occurred<K> {
    /// Creates an event of this moment.
    #[must_use]
    pub fn of(data: K) -> Self {
        Self {
            r#type: K::TYPE.to_owned(),
            timestamp: Timestamp::now().as_millisecond(),
            user_id: None,
            role: None,
            data,
        }
    }

    /// Sets the user who caused the event.
    #[must_use]
    pub const fn by(mut self, user: Uuid, role: Role) -> Self {
        self.user_id = Some(user);
        self.role = Some(role);
        self
    }
}

impl<K: Kind> Event for Occurred<K> {
    const TYPE: &'static str = K::TYPE;
    const VERSION: u32 = 1;
    const TOPIC: &'static str = K::TOPIC;
}

/// Returns the message of an event, with its key.
pub fn message<K: Kind>(event: &Occurred<K>) -> Message {
    Message::from_event(event).key(&event.data.key().text())
}

/// Declares kinds of events with their type, topic and key.
macro_rules! kinds {
    ($(
        $(#[$about:meta])*
        $name:ident = $type:literal on $topic:literal, $key:ident($by:ident) {
            $($(#[$field_about:meta])* $field:ident: $of:ty,)*
        }
    )*) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $name {
                $($(#[$field_about])* pub $field: $of,)*
            }

            impl Kind for $name {
                const TYPE: &'static str = $type;
                const TOPIC: &'static str = $topic;

                fn key(&self) -> EventKey {
                    EventKey::$key(self.$by.clone())
                }
            }
        )*

        /// The type and the topic of every kind.
        pub const KINDS: &[(&str, &str)] = &[$(($type, $topic),)*];
    };
}

kinds! {
    /// A payment succeeded.
    PurchaseConfirmed = "PURCHASE_CONFIRMED" on "purchase-confirmed", Student(student_id) {
        /// The payment.
        payment_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The amount in minor units.
        amount_cents: i64,
        /// The booked schedule, place and sessions.
        metadata: Value,
    }
    /// A course was bought.
    PurchaseCreated = "PURCHASE_CREATED" on "purchase-created", Student(student_id) {
        /// The purchase.
        purchase_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The number of sessions: 10, 20 or 30.
        purchase_tier: u8,
        /// The metadata of the payment.
        metadata: Value,
    }
    /// A student may open a course.
    CourseAccessGranted = "COURSE_ACCESS_GRANTED" on "course-access-granted", Student(student_id) {
        /// The purchase.
        purchase_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The number of sessions: 10, 20 or 30.
        purchase_tier: u8,
        /// The metadata of the payment.
        metadata: Value,
    }
    /// A trainer was allocated to a student.
    TrainerAllocated = "TRAINER_ALLOCATED" on "trainer-allocated", Student(student_id) {
        /// The allocation.
        allocation_id: Uuid,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The number of sessions.
        session_count: u16,
        /// The date of the first session.
        start_date: Date,
        /// The date of the last session.
        end_date: Option<Date>,
    }
    /// The sessions of an allocation were created.
    SessionsGenerated = "SESSIONS_GENERATED" on "sessions-generated", Student(student_id) {
        /// The allocation.
        allocation_id: Uuid,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The number of sessions.
        session_count: u16,
        /// The sessions in order.
        session_ids: Vec<Uuid>,
        /// The date of the first session.
        start_date: Date,
    }
    /// An allocation was cancelled.
    StudentDeallocated = "STUDENT_DEALLOCATED" on "student-deallocated", Student(student_id) {
        /// The allocation.
        allocation_id: Uuid,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The reason of the operator.
        reason: String,
        /// The time of the cancellation.
        deallocated_at: Timestamp,
    }
    /// An administrator rejected a pending allocation, so the student gets no trainer.
    AllocationRejected = "ALLOCATION_REJECTED" on "allocation-rejected", Student(student_id) {
        /// The allocation.
        allocation_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The reason of the administrator.
        reason: String,
    }
    /// A session has another date or slot.
    SessionRescheduled = "SESSION_RESCHEDULED" on "session-rescheduled", Student(student_id) {
        /// The session.
        session_id: Uuid,
        /// The previous date.
        old_date: Date,
        /// The new date.
        new_date: Date,
        /// The previous slot, `HH:00`.
        old_time_slot: String,
        /// The new slot, `HH:00`.
        new_time_slot: String,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
    }
    /// Another trainer holds a session.
    SessionSubstituted = "SESSION_SUBSTITUTED" on "session-substituted", Student(student_id) {
        /// The session.
        session_id: Uuid,
        /// The trainer of the allocation.
        original_trainer_id: Uuid,
        /// The trainer who holds the session.
        substitute_trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The date of the session.
        date: Date,
        /// The slot, `HH:00`.
        time_slot: String,
    }
    /// A session was held and confirmed.
    SessionCompleted = "SESSION_COMPLETED" on "session-completed", Student(student_id) {
        /// The session.
        session_id: Uuid,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The time of the confirmation.
        completed_at: Timestamp,
        /// Minutes.
        duration: u16,
        /// The planned start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheduled_at: Option<Timestamp>,
        /// The start. A session that the student cancelled late has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
    }
    /// A session was cancelled.
    SessionCancelled = "SESSION_CANCELLED" on "session-cancelled", Student(student_id) {
        /// The session.
        session_id: Uuid,
        /// The trainer.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The reason.
        reason: String,
    }
    /// The student or the trainer of a session reviewed it.
    SessionReviewed = "SESSION_REVIEWED" on "session-reviewed", Student(student_id) {
        /// The session.
        session_id: Uuid,
        /// The trainer who held it.
        trainer_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The side that reviewed: `student` or `trainer`.
        review_type: String,
        /// 0.5 to 5 in steps of 0.5.
        rating: f64,
    }
    /// The number of held sessions of a course changed.
    CourseProgressUpdated = "COURSE_PROGRESS_UPDATED" on "course-progress-updated", Student(student_id) {
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The sessions that were held.
        completed_sessions: u16,
        /// The sessions that were bought.
        total_sessions: u16,
        /// The share, 0 to 100.
        percentage: u8,
        /// The time of the last held session.
        last_completed_at: Option<Timestamp>,
    }
    /// All bought sessions of a course were held.
    CourseCompleted = "COURSE_COMPLETED" on "course-completed", Student(student_id) {
        /// The course.
        course_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The date of the last session.
        completion_date: Date,
        /// The sessions that were bought.
        total_sessions: u16,
        /// The sessions that were held.
        completed_sessions: u16,
    }
    /// A certificate was issued.
    CertificateIssued = "CERTIFICATE_ISSUED" on "certificate-issued", Student(student_id) {
        /// The certificate.
        certificate_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The time of the issue.
        issued_at: Timestamp,
        /// The URL of the certificate.
        certificate_url: String,
    }
    /// An administrator overrode a decision.
    AdminOverride = "ADMIN_OVERRIDE" on "admin-override", Entity(target_id) {
        /// The action.
        action: String,
        /// The ID of the changed entity.
        target_id: String,
        /// The kind of the changed entity.
        target_type: String,
        /// The changed members.
        changes: Value,
        /// The reason of the administrator.
        reason: String,
    }
    /// The pay of a month was computed again.
    PayrollRecalculated = "PAYROLL_RECALCULATED" on "payroll-recalculated", Trainer(trainer_id) {
        /// The trainer.
        trainer_id: Uuid,
        /// The month, `YYYY-MM`.
        month: String,
        /// The snapshot.
        snapshot_id: Uuid,
        /// The user or worker that computed it.
        recalculated_by: String,
    }
    /// A user should get a notification.
    NotificationRequested = "NOTIFICATION_REQUESTED" on "notification-requested", Student(recipient_id) {
        /// The recipient, a user of any role. The common member `userId` is the recipient too.
        recipient_id: Uuid,
        /// `course`, `assignment`, `achievement`, `payment` or `system`.
        notification_type: String,
        /// The title.
        title: String,
        /// The text.
        body: String,
        /// Data for the application.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    }
    /// The account or profile of a student changed.
    StudentChanged = "STUDENT_CHANGED" on "student-changed", Student(student_id) {
        /// The student.
        student_id: Uuid,
        /// Grows with each change of the source. Consumers ignore older versions of it.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// The account or profile of a trainer changed.
    TrainerChanged = "TRAINER_CHANGED" on "trainer-changed", Trainer(trainer_id) {
        /// The trainer.
        trainer_id: Uuid,
        /// Grows with each change of the source. Consumers ignore older versions of it.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// A course changed.
    CourseChanged = "COURSE_CHANGED" on "course-changed", Entity(course_id) {
        /// The course.
        course_id: String,
        /// Grows with each change. Consumers ignore older versions.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// A payment was refunded.
    PaymentRefunded = "PAYMENT_REFUNDED" on "payment-refunded", Student(student_id) {
        /// The payment.
        payment_id: Uuid,
        /// The student.
        student_id: Uuid,
        /// The course.
        course_id: Uuid,
        /// The amount in minor units.
        amount_cents: i64,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_has_its_own_topic_msg_6() {
        let topics: BTreeSet<_> = KINDS.iter().map(|(_, topic)| *topic).collect();
        assert_eq!((topics.len(), KINDS.len()), (22, 22));
        for (name, topic) in KINDS {
            assert_eq!(name.to_lowercase().replace('_', "-"), *topic);
        }
    }

    #[test]
    fn events_of_a_student_have_one_key_msg_3() {
        let student_id = Uuid::from_u128(7);
        let refunded = PaymentRefunded {
            payment_id: Uuid::from_u128(1),
            student_id,
            course_id: Uuid::from_u128(2),
            amount_cents: 900_000,
        };
        assert_eq!(refunded.key(), EventKey::Student(student_id));
        let event = Occurred::of(refunded).by(student_id, Role::Student);
        let body = serde_json::to_value(&event).unwrap();
        assert_eq!(body["amountCents"], 900_000);
        assert_eq!(body["role"], "student");
        assert_eq!(body["userId"], json!(student_id));
        let read: Occurred<PaymentRefunded> = serde_json::from_value(body).unwrap();
        assert_eq!(read, event);
    }

    #[test]
    fn notifications_name_their_recipient_twice_msg_6() {
        let recipient_id = Uuid::from_u128(7);
        let requested = NotificationRequested {
            recipient_id,
            notification_type: "system".to_owned(),
            title: "a title".to_owned(),
            body: "a text".to_owned(),
            data: None,
        };
        let event = Occurred::of(requested).by(recipient_id, Role::Trainer);
        let body = serde_json::to_value(&event).unwrap();
        assert_eq!(
            (&body["userId"], &body["recipientId"]),
            (&json!(recipient_id), &json!(recipient_id))
        );
        let read: Occurred<NotificationRequested> = serde_json::from_value(body).unwrap();
        assert_eq!(read, event);
    }
}
