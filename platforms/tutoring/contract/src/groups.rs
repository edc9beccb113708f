//! The consumer groups. Publishers create the groups of their events, so an event reaches consumers
//! that start later.

use seaworthy::messaging::ConsumerGroup;

/// Allocations for bought courses, in the booking service.
pub const ALLOCATION: ConsumerGroup = ConsumerGroup::new("trainer-allocation-workers");
/// Sessions of allocations, in the booking service.
pub const SCHEDULING: ConsumerGroup = ConsumerGroup::new("session-scheduling-workers");
/// Copies of other services' data, in the booking service.
pub const BOOKING_COPIES: ConsumerGroup = ConsumerGroup::new("booking-copies");
/// Contacts in the chat service.
pub const CHAT_CONTACTS: ConsumerGroup = ConsumerGroup::new("chat-contacts");
/// Copies of other services' data, in the chat service.
pub const CHAT_COPIES: ConsumerGroup = ConsumerGroup::new("chat-copies");
/// Purchases of payments, in the course service.
pub const PURCHASES: ConsumerGroup = ConsumerGroup::new("purchase-creation-workers");
/// Completed sessions, in the course service.
pub const PROGRESS: ConsumerGroup = ConsumerGroup::new("progress-workers");
/// Copies of other services' data, in the course service.
pub const COURSE_COPIES: ConsumerGroup = ConsumerGroup::new("course-copies");
/// The group of the payment service.
pub const PAYMENT: ConsumerGroup = ConsumerGroup::new("payment-workers");
/// Cached pages, in the student service.
pub const STUDENT_PAGES: ConsumerGroup = ConsumerGroup::new("cache-invalidation-workers");
/// Copies of other services' data, in the student service.
pub const STUDENT_COPIES: ConsumerGroup = ConsumerGroup::new("student-copies");
/// The group of the trainer service.
pub const TRAINER: ConsumerGroup = ConsumerGroup::new("trainer-copies");
/// The group of the trainer-auth service.
pub const TRAINER_AUTH: ConsumerGroup = ConsumerGroup::new("trainer-auth-courses");
/// The group of the notification service.
pub const NOTIFICATION: ConsumerGroup = ConsumerGroup::new("notification-workers");
/// The group of the analytics service, which receives all business events.
pub const ANALYTICS: ConsumerGroup = ConsumerGroup::new("analytics-ingest");
/// The group of all gateways, which receives all events. One gateway gets each message, and sends
/// it to the clients of all gateways. Publishers do not create it: its clients see events at most
/// once, and outdated codes and locations are useless.
pub const GATEWAY: ConsumerGroup = ConsumerGroup::new("realtime-fanout");
