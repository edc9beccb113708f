//! NATS JetStream: one stream per topic, one durable pull consumer per group on it.
//!
//! Streams have the retention `limits`. Members of groups trim the messages that every group of the
//! topic has acknowledged, except the last one, so that the stream keeps its sequence. A message
//! without a group would stay forever. So the publisher checks whether a topic has groups before it
//! publishes, and caches a positive result for some seconds. If a group stops using a topic, delete
//! its consumer (`nats consumer rm`), or messages stay.
//!
//! JetStream redelivers returned messages before new ones, in the order of their return. So a
//! stopping session returns its messages after its last handler has ended, in the order of the
//! stream. If a session crashes, the server redelivers its messages in order after `lease`.
//! JetStream below 2.11 has no groups with one active member. So members of an ordered group share
//! a lease in a small stream ([`group_lease`]).
//!
//! Durability depends on the server. Version 2.9 confirms a message shortly before it writes it. A
//! stopped server does not lose messages. A killed one may lose the last confirmed messages, unless
//! the stream has replicas.

mod broker;
mod config;
mod connection;
mod dead_letters;
mod deliveries;
mod group_lease;
mod in_flight;
mod names;
mod publications;
mod pull;
mod redelivery_counts;
mod session;
mod topology;
mod wire;

pub use broker::NatsBroker;
pub use config::NatsConfig;
