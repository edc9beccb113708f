//! Kafka: one topic per topic, one consumer group per group, and one dead-letter topic per topic.
//!
//! The client is librdkafka (by `rdkafka`), which the vendor of Kafka maintains. The engine needs
//! its cooperative rebalancing, its idempotent producer and the metadata of commits. It is built
//! from C sources, so this engine is a cargo feature.
//!
//! Kafka has no state of single messages: a group has one offset per partition. So the metadata of
//! the committed offset contains which later messages are settled, and how often the others were
//! delivered ([`ledger`]). The offset moves only over settled messages. After a crash, Kafka
//! redelivers only unacknowledged messages, and counts their deliveries. A message is delivered
//! after a commit has counted the delivery. Many messages share one commit.
//!
//! Before a partition moves to another member, its messages are finished and committed, for
//! `handover` at most. So a rebalance repeats nothing, and one member at a time has a key: order
//! holds over the whole group.
//!
//! Dead-letter topics are compacted. Each letter has its ID as its key, and a removal publishes a
//! tombstone. Removed letters at the beginning of the log are trimmed.

mod broker;
mod client;
mod config;
mod connection;
mod dead_letters;
mod deliveries;
mod detached;
mod groups;
mod ledger;
mod member;
mod names;
mod partition;
mod publications;
mod rebalance;
mod renewed;
mod required;
mod rotation;
mod session;
mod starts;
mod state;
mod topology;
mod wire;

pub use broker::KafkaBroker;
pub use config::{KafkaConfig, KafkaSasl};
