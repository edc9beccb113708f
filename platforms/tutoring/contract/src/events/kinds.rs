use jiff::{Timestamp, civil::Date};
use seaworthy::{messaging::ConsumerGroup, prelude::*};
use serde_json::Value;

use super::{EventKey, Kind};
use crate::Territory;
use crate::groups::{
    ALLOCATION, ANALYTICS, BOOKING_COPIES, CHAT_CONTACTS, CHAT_COPIES, COURSE_COPIES, NOTIFICATION,
    PAYMENT, PROGRESS, PURCHASES, SCHEDULING, STUDENT_COPIES, STUDENT_PAGES, TRAINER, TRAINER_AUTH,
};

/// Declares kinds of events with their type, topic, key and groups. The group of analytics
/// receives all of them.
macro_rules! kinds {
    ($(
        $(#[$about:meta])*
        $name:ident = $type:literal on $topic:literal, $key:ident($by:ident) about $entity:ident {
            for [$($group:ident),*];
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
                const GROUPS: &'static [ConsumerGroup] = &[$($group,)* ANALYTICS];

                fn key(&self) -> EventKey {
                    EventKey::$key(self.$by.clone())
                }

                fn entity(&self) -> String {
                    self.$entity.to_string()
                }
            }
        )*

        /// The type and the topic of every kind.
        pub const KINDS: &[(&str, &str)] = &[$(($type, $topic),)*];

        /// The topic of every kind, with the groups that subscribe to it.
        pub const TOPICS: &[(&str, &[ConsumerGroup])] =
            &[$((<$name as Kind>::TOPIC, <$name as Kind>::GROUPS),)*];
    };
}

kinds! {
    /// A payment succeeded.
    PurchaseConfirmed = "PURCHASE_CONFIRMED" on "purchase-confirmed", Student(student_id) about payment_id {
        for [PURCHASES, STUDENT_PAGES];
        /// The ID of the payment.
        payment_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The amount in minor units.
        amount_cents: i64,
        /// The booked schedule, place and sessions.
        metadata: Value,
    }
    /// A course was bought.
    PurchaseCreated = "PURCHASE_CREATED" on "purchase-created", Student(student_id) about purchase_id {
        for [PAYMENT];
        /// The ID of the purchase.
        purchase_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The number of sessions: 10, 20 or 30.
        purchase_tier: u8,
        /// The metadata of the payment.
        metadata: Value,
    }
    /// A student may open a course.
    CourseAccessGranted = "COURSE_ACCESS_GRANTED" on "course-access-granted", Student(student_id) about purchase_id {
        for [ALLOCATION, PAYMENT, STUDENT_PAGES];
        /// The ID of the purchase.
        purchase_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The number of sessions: 10, 20 or 30.
        purchase_tier: u8,
        /// The metadata of the payment.
        metadata: Value,
    }
    /// A trainer was allocated to a student.
    TrainerAllocated = "TRAINER_ALLOCATED" on "trainer-allocated", Student(student_id) about allocation_id {
        for [SCHEDULING, CHAT_CONTACTS, COURSE_COPIES, PAYMENT, STUDENT_PAGES, TRAINER];
        /// The ID of the allocation.
        allocation_id: Uuid,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The number of sessions.
        session_count: u16,
        /// The date of the first session.
        start_date: Date,
        /// The date of the last session.
        end_date: Option<Date>,
        /// The place of the sessions in the administrative order, which decides which
        /// administrators see the student.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        territory: Option<Territory>,
    }
    /// The sessions of an allocation were created.
    SessionsGenerated = "SESSIONS_GENERATED" on "sessions-generated", Student(student_id) about allocation_id {
        for [STUDENT_PAGES];
        /// The ID of the allocation.
        allocation_id: Uuid,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The number of sessions.
        session_count: u16,
        /// The sessions in order.
        session_ids: Vec<Uuid>,
        /// The date of the first session.
        start_date: Date,
    }
    /// An allocation was cancelled.
    StudentDeallocated = "STUDENT_DEALLOCATED" on "student-deallocated", Student(student_id) about allocation_id {
        for [CHAT_CONTACTS, COURSE_COPIES, STUDENT_PAGES, TRAINER];
        /// The ID of the allocation.
        allocation_id: Uuid,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The reason of the operator.
        reason: String,
        /// The time of the cancellation.
        deallocated_at: Timestamp,
    }
    /// An administrator rejected a pending allocation, so the student gets no trainer.
    AllocationRejected = "ALLOCATION_REJECTED" on "allocation-rejected", Student(student_id) about allocation_id {
        for [STUDENT_PAGES];
        /// The ID of the allocation.
        allocation_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The reason of the administrator.
        reason: String,
    }
    /// A session has another date or slot.
    SessionRescheduled = "SESSION_RESCHEDULED" on "session-rescheduled", Student(student_id) about session_id {
        for [STUDENT_PAGES];
        /// The ID of the session.
        session_id: Uuid,
        /// The previous date.
        old_date: Date,
        /// The new date.
        new_date: Date,
        /// The previous slot, `HH:00`.
        old_time_slot: String,
        /// The new slot, `HH:00`.
        new_time_slot: String,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
    }
    /// Another trainer holds a session.
    SessionSubstituted = "SESSION_SUBSTITUTED" on "session-substituted", Student(student_id) about session_id {
        for [CHAT_CONTACTS, STUDENT_PAGES, TRAINER];
        /// The ID of the session.
        session_id: Uuid,
        /// The trainer of the allocation.
        original_trainer_id: Uuid,
        /// The trainer who holds the session.
        substitute_trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The date of the session.
        date: Date,
        /// The slot, `HH:00`.
        time_slot: String,
    }
    /// A session was held and confirmed.
    SessionCompleted = "SESSION_COMPLETED" on "session-completed", Student(student_id) about session_id {
        for [PROGRESS, STUDENT_PAGES, TRAINER];
        /// The ID of the session.
        session_id: Uuid,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The time of the confirmation.
        completed_at: Timestamp,
        /// The duration, in minutes.
        duration: u16,
        /// The planned start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheduled_at: Option<Timestamp>,
        /// The start. A session that the student cancelled late has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
    }
    /// A session was cancelled.
    SessionCancelled = "SESSION_CANCELLED" on "session-cancelled", Student(student_id) about session_id {
        for [STUDENT_PAGES, TRAINER];
        /// The ID of the session.
        session_id: Uuid,
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The reason.
        reason: String,
    }
    /// The student or the trainer of a session reviewed it.
    SessionReviewed = "SESSION_REVIEWED" on "session-reviewed", Student(student_id) about session_id {
        for [TRAINER];
        /// The ID of the session.
        session_id: Uuid,
        /// The trainer who held it.
        trainer_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The side that reviewed: `student` or `trainer`.
        review_type: String,
        /// 0.5 to 5 in steps of 0.5.
        rating: f64,
    }
    /// The number of held sessions of a course changed.
    CourseProgressUpdated = "COURSE_PROGRESS_UPDATED" on "course-progress-updated", Student(student_id) about course_id {
        for [STUDENT_PAGES];
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
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
    CourseCompleted = "COURSE_COMPLETED" on "course-completed", Student(student_id) about course_id {
        for [PAYMENT];
        /// The ID of the course.
        course_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The date of the last session.
        completion_date: Date,
        /// The sessions that were bought.
        total_sessions: u16,
        /// The sessions that were held.
        completed_sessions: u16,
    }
    /// A certificate was issued.
    CertificateIssued = "CERTIFICATE_ISSUED" on "certificate-issued", Student(student_id) about certificate_id {
        for [];
        /// The ID of the certificate.
        certificate_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The time of the issue.
        issued_at: Timestamp,
        /// The URL of the certificate.
        certificate_url: String,
    }
    /// An administrator overrode a decision.
    AdminOverride = "ADMIN_OVERRIDE" on "admin-override", Entity(target_id) about target_id {
        for [];
        /// The action.
        action: String,
        /// The ID of the changed entity.
        target_id: String,
        /// The kind of the changed entity.
        target_type: String,
        /// The changed fields.
        changes: Value,
        /// The reason of the administrator.
        reason: String,
    }
    /// The pay of a month was computed again.
    PayrollRecalculated = "PAYROLL_RECALCULATED" on "payroll-recalculated", Trainer(trainer_id) about snapshot_id {
        for [];
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// The month, `YYYY-MM`.
        month: String,
        /// The ID of the snapshot.
        snapshot_id: Uuid,
        /// The user or worker that computed it.
        recalculated_by: String,
    }
    /// A user should get a notification.
    NotificationRequested = "NOTIFICATION_REQUESTED" on "notification-requested", Student(recipient_id) about recipient_id {
        for [NOTIFICATION];
        /// The recipient, a user of any role. The common field `userId` is the recipient too.
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
    StudentChanged = "STUDENT_CHANGED" on "student-changed", Student(student_id) about student_id {
        for [BOOKING_COPIES, CHAT_COPIES, COURSE_COPIES, PAYMENT, STUDENT_COPIES];
        /// The ID of the student.
        student_id: Uuid,
        /// Grows with each change of the source. Consumers ignore older versions of it.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// The account or profile of a trainer changed.
    TrainerChanged = "TRAINER_CHANGED" on "trainer-changed", Trainer(trainer_id) about trainer_id {
        for [BOOKING_COPIES, CHAT_COPIES, STUDENT_COPIES, TRAINER];
        /// The ID of the trainer.
        trainer_id: Uuid,
        /// Grows with each change of the source. Consumers ignore older versions of it.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// A course changed.
    CourseChanged = "COURSE_CHANGED" on "course-changed", Entity(course_id) about course_id {
        for [BOOKING_COPIES, PAYMENT, STUDENT_COPIES, TRAINER_AUTH];
        /// The ID of the course.
        course_id: String,
        /// Grows with each change. Consumers ignore older versions.
        version: i64,
        /// The public snapshot.
        snapshot: Value,
    }
    /// A payment was refunded.
    PaymentRefunded = "PAYMENT_REFUNDED" on "payment-refunded", Student(student_id) about payment_id {
        for [ALLOCATION, PURCHASES, STUDENT_PAGES];
        /// The ID of the payment.
        payment_id: Uuid,
        /// The ID of the student.
        student_id: Uuid,
        /// The ID of the course.
        course_id: Uuid,
        /// The amount in minor units.
        amount_cents: i64,
    }
}
