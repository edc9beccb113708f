//! The messaging engines on real servers, and messaging in a running service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not every engine indexes"
)]

#[cfg(feature = "dapr")]
mod dapr;
mod dead_letters;
mod embedded;
mod event_groups;
#[cfg(any(
    feature = "dapr",
    feature = "kafka",
    feature = "nats",
    feature = "rabbitmq",
    feature = "redis"
))]
mod faulty;
mod full_queue;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
mod other_process;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
#[cfg(feature = "rabbitmq")]
mod rabbitmq_groups;
#[cfg(feature = "rabbitmq")]
mod rabbitmq_transport;
#[cfg(feature = "redis")]
mod redis;
mod rejected_dead_letter;
mod replaced_session;
mod sessions;
mod settings;
