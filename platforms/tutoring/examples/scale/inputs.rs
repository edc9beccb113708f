//! The inputs of the simulation. Each one has its source: the contract, the code, a measurement in
//! `docs/benchmarks.md`, or an assumption.

/// The numbers of active students that the page shows. A student is active while a trainer is
/// allocated.
pub(crate) const STUDENTS: [u64; 4] = [10_000, 100_000, 300_000, 1_000_000];

/// Percent of the sessions of a day in each slot from 06:00 to 19:00. Assumed: school children are
/// free in the evening.
pub(crate) const SLOT_PERCENT: [u64; 14] = [1, 2, 2, 3, 4, 4, 4, 4, 6, 12, 18, 18, 14, 8];
/// The first slot. Contract, section 8.1.
pub(crate) const FIRST_SLOT: u64 = 6;
/// Trainers arrive within this time around the full hour, in seconds. Assumed.
pub(crate) const ARRIVAL_WINDOW: u64 = 600;
/// From the start to the right code, in seconds. Assumed.
pub(crate) const CODE_DELAY: u64 = 60;
/// The duration of a session, in seconds. Code: `DURATION_MIN` of booking.
pub(crate) const SESSION_SECONDS: u64 = 40 * 60;
/// Percent of the sessions that students confirm, a minute after the end. Assumed.
pub(crate) const CONFIRMED_PERCENT: u64 = 70;
/// Devices of 100 students. Assumed.
pub(crate) const DEVICES_PERCENT: u64 = 120;
/// Chat messages around a session. Assumed.
pub(crate) const MESSAGES_PER_SESSION: u64 = 2;
/// Requests of both users around a session, with the pages that they open. Assumed.
pub(crate) const REQUESTS_PER_SESSION: u64 = 12;
/// Percent of the users in a session whose application is connected. Assumed.
pub(crate) const ONLINE_PERCENT: u64 = 50;

/// The mean package. Assumed: the contract sells 10, 20 and 30 sessions.
pub(crate) const SESSIONS_PER_PURCHASE: u64 = 20;
/// Percent of the purchases of a day in its busiest hour. Assumed.
pub(crate) const PURCHASE_PEAK_PERCENT: u64 = 15;
/// Purchases on the busiest day, in multiples of a mean day. Assumed: a month begins.
pub(crate) const BUSIEST_DAY: u64 = 3;
/// Webhooks of a purchase. Assumed: authorized, captured, order paid.
pub(crate) const WEBHOOKS_PER_PURCHASE: u64 = 3;
/// Purchases of 1,000 without a trainer nearby, which stay pending for a week. Assumed.
pub(crate) const PENDING_PER_THOUSAND: u64 = 10;
/// Courses that share the purchases evenly. Assumed.
pub(crate) const COURSES: u64 = 20;

/// Statements of a measured PostgreSQL, per second. Benchmarks, "Joins": 2,601 joins of 6
/// statements on two cores, which the clients share.
pub(crate) const STATEMENTS_PER_SECOND: u64 = 2_601 * 6;
/// Requests of a measured machine, per second. Benchmarks, "Pages": 2,512 through the gateway on
/// two cores, with database and clients.
pub(crate) const REQUESTS_PER_SECOND: u64 = 2_512;
/// Events of one process from the outbox to the consumer, per second. Benchmarks, "Outbox".
pub(crate) const EVENTS_PER_SECOND: u64 = 7_300;
/// Entries of a Redis stream that one process handles, per second. Benchmarks, "Messaging".
pub(crate) const STREAM_ENTRIES_PER_SECOND: u64 = 17_949;
/// Memory of a connected client, in bytes. Benchmarks, "Events for connected clients".
pub(crate) const SOCKET_BYTES: u64 = 8_965;
/// Cores of the measured machines.
pub(crate) const MEASURED_CORES: u64 = 2;
/// Percent of a resource that may be in use. The autoscaler has the same target.
pub(crate) const TARGET_PERCENT: u64 = 70;

/// Pushes that the worker sends at the same time. Code: `BATCH` of `deliver.rs`.
pub(crate) const DELIVERY_BATCH: u64 = 32;
/// A round of the worker, in milliseconds. Assumed: the slowest of 32 responses of a push service.
pub(crate) const DELIVERY_ROUND_MS: u64 = 150;
/// A push with a session code must be sent within this time, in seconds. Assumed.
pub(crate) const MAX_PUSH_DELAY: u64 = 10;
/// Connections of a gateway. Code: `realtime.max_connections`.
pub(crate) const MAX_CONNECTIONS: u64 = 1_000;
/// Replicas of a service. Code: `maxReplicas` of the generated autoscaler.
pub(crate) const MAX_REPLICAS: u64 = 10;
/// Webhooks per minute. Code: `WEBHOOK` of payment.
pub(crate) const WEBHOOKS_PER_MINUTE: u64 = 600;
/// Pending allocations of one run, and seconds between runs. Code: booking.
pub(crate) const RETRY_BATCH: u64 = 50;
pub(crate) const RETRY_INTERVAL: u64 = 600;
/// A pending allocation should be tried again within this time, in seconds. Assumed: a day.
pub(crate) const MAX_RETRY_AGE: u64 = 24 * 60 * 60;
/// The timeout of a reconciliation, in seconds, and the days that it compares. Code: payment.
pub(crate) const RECONCILIATION_TIMEOUT: u64 = 2 * 60 * 60;
pub(crate) const LOOKBACK_DAYS: u64 = 3;
/// Calls to the provider for one payment, one after another. Code: `refresh`, `compare_money`.
pub(crate) const CALLS_PER_PAYMENT: u64 = 2;
/// The duration of a call to the provider, in milliseconds. Assumed.
pub(crate) const PROVIDER_CALL_MS: u64 = 100;
/// A transaction under the lock of a course, in milliseconds. Assumed: ten statements.
pub(crate) const COURSE_LOCK_MS: u64 = 10;

/// Statements of a session with its messages, by service. Benchmarks, "Tutoring": start, code, end,
/// confirmation and two messages, each alone. Under load, relays share their statements.
pub(crate) const STATEMENTS_PER_SESSION: [(&str, u64); 6] = [
    ("booking", 72),
    ("notification", 71),
    ("chat", 70),
    ("course", 19),
    ("student", 7),
    ("trainer", 3),
];
/// Events of a start and of an end: the request of a notification, and the notification for
/// connected clients. Counted in the code.
pub(crate) const NOTIFICATION_EVENTS: u64 = 2;
/// Events of a confirmation: `session-completed` and `course-progress-updated`, and their entries
/// in the stream of live events: one per room. Counted in the code.
pub(crate) const CONFIRMATION_EVENTS: u64 = 2;
pub(crate) const CONFIRMATION_ENTRIES: u64 = 5;
/// Events of a message: the message, and those of a notification. Counted in the code.
pub(crate) const MESSAGE_EVENTS: u64 = 3;
/// Rows of a session that stay: session, slot, attendance, copies, notifications, messages,
/// operation log. Counted in the code.
pub(crate) const ROWS_PER_SESSION: u64 = 16;
/// A row with its indexes, in bytes. Assumed.
pub(crate) const ROW_BYTES: u64 = 400;
/// Sessions of a student in a month. Contract, section 8.2: weekdays and Saturdays.
pub(crate) const SESSIONS_PER_MONTH: u64 = 26;
/// Copies of the data: the primary, a standby and backups.
pub(crate) const COPIES: u64 = 3;
/// Months of data that are stored.
pub(crate) const MONTHS: u64 = 12;

/// Prices in US cents. Assumed: replace them by those of your provider.
pub(crate) const CORE_MONTH_CENTS: u64 = 2_500;
pub(crate) const GIB_MONTH_CENTS: u64 = 10;
/// Cores of Kafka (3 brokers of 2), Redis (3 masters and 3 replicas of 1) and monitoring (2).
pub(crate) const FIXED_CORES: u64 = 14;
