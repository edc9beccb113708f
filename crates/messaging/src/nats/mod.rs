//! NATS JetStream: one stream for each topic, one durable pull consumer on it for each group.
//!
//! Streams have the retention `limits`, and the members of groups cut off what every group of the topic has acknowledged, but for the last message, so that no stream loses its place. As a message that no
//! group gets would stay for ever, the publisher asks whether a topic has groups before it publishes, and believes a yes for some seconds. A group that gives up a topic has to be deleted by hand (`nats consumer rm`),
//! or messages stay.
//!
//! JetStream redelivers what is given back before anything new, in the order in which it was given back. So a session that stops keeps what goes back until its last handler has ended, and then gives
//! all of it back in the order of the stream; a session that dies loses its messages after `lease`, which the server takes back in their order, too. JetStream itself has no group
//! of which one member works at a time before version 2.11: an ordered group has a lease of its own, which the members hand on through a small stream ([`turn`]).
//!
//! What survives is the server's own affair. Version 2.9 confirms a message some moments before it writes it: a server that is stopped keeps everything, one that is killed may lose what it confirmed last,
//! unless the stream has replicas on others.

mod broker;
mod config;
mod dead_letters;
mod deliveries;
mod hold;
mod link;
mod names;
mod publications;
mod pull;
mod returns;
mod topology;
mod turn;
mod wire;

pub use broker::NatsBroker;
pub use config::NatsConfig;
