//! Redis Streams: one stream for each topic, one consumer group for each group.
//!
//! What survives is Redis' own affair: a message is confirmed when Redis has answered, which means what its `appendonly`, `appendfsync` and replication make of it. Only
//! `appendfsync always` keeps every confirmed message over a crash; with Redis' defaults a crash may lose all of them.
//!
//! Streams share messages out, and no more: what else the port promises happens in scripts ([`scripts`]), so that it happens at once. A message that is given back
//! belongs to a consumer that nobody is; one whose session says nothing for a lease is taken over, and Redis counts. An ordered group has one active member at a time. Order holds
//! within a topic. It asks for one Redis, 7.0 or later; a replica that takes its place may lack what was confirmed last.

mod broker;
mod config;
mod deliveries;
mod failure;
mod hold;
mod keys;
mod publications;
mod scripts;
mod wire;

pub use broker::RedisBroker;
pub use config::RedisStreamsConfig;
