//! Real servers for tests. Each has free ports on loopback and its own folder, and ends with the
//! test.
//!
//! A test with its own server can kill, freeze and restart it. Other tests share a server:
//! [`Shared`] starts it once for the test binary.

pub mod clamd;
pub mod cost;
pub mod dapr;
pub mod database;
pub mod exim;
pub mod image;
pub mod kafka;
pub mod mariadb;
pub mod nats;
pub mod oidc_provider;
pub mod pgbouncer;
pub mod postgres;
mod process;
pub mod program;
pub mod prometheus;
pub mod rabbitmq;
mod reaper;
pub mod redis;
mod shared;
mod spawner;
pub mod vault;
pub mod versitygw;

pub use process::free_address;
pub use shared::Shared;
