//! Kafka: one topic for each topic, one consumer group for each group, and one topic of dead letters for each topic.
//!
//! The client is librdkafka (by `rdkafka`): the one that Kafka's own vendor keeps, with cooperative rebalancing, an idempotent producer and the metadata of commits, which all of this needs. The pure Rust
//! `krafka` is young and the work of one person; when it has proved itself it fits behind the same port. librdkafka is C and is built from its source; that is why this is a feature.
//!
//! Kafka knows nothing of single messages: a group has one offset for each partition. So what is handled out of order is written into the metadata of that offset, and with it how often what is not handled yet was
//! delivered ([`ledger`]). An offset moves over what is done alone; a crash repeats what nobody had acknowledged, not what lies behind it; and a message that kills its consumers is counted. For that a message is
//! only handed out after a commit says so, which many messages share.
//!
//! Before a partition goes to another member, its messages in hand are finished and committed (at most for `handover`), so a rebalance repeats nothing and a key is in one pair of hands at a time: order holds
//! over the whole group, without anybody standing by.
//!
//! Dead letters are in a topic that is both compacted and cut: each has its identifier as its key, and removing one publishes a message without a body for it. What is removed at the beginning is cut off.

mod broker;
mod client;
mod config;
mod dead_letters;
mod deliveries;
mod detached;
mod groups;
mod ledger;
mod link;
mod member;
mod names;
mod partition;
mod publications;
mod rebalance;
mod session;
mod state;
mod topology;
mod wire;

pub use broker::KafkaBroker;
pub use config::{KafkaConfig, KafkaSasl};
