//! Redis Streams: one stream per topic, one consumer group per group.
//!
//! A message is confirmed when Redis has responded. Its durability depends on `appendonly`,
//! `appendfsync` and replication. Only with `appendfsync always` every confirmed message survives a
//! crash. With the defaults of Redis a crash may lose all of them.
//!
//! Atomic scripts ([`scripts`]) implement what streams do not have. A returned message belongs to a
//! consumer that no session uses. If a session does not extend its messages within the lease,
//! another session takes them over, and Redis counts the delivery. An ordered group has one active
//! member at a time. Order holds within a topic.
//!
//! The engine needs one Redis, 7.0 or later. A replica that becomes the master may lack the
//! messages that were confirmed last.

mod broker;
mod config;
mod deliveries;
mod failure;
mod in_flight;
mod keys;
mod publications;
mod scripts;
mod wire;

pub use broker::RedisBroker;
pub use config::RedisStreamsConfig;
