//! The media worker of City Events: pictures of users and events in their sizes.

mod config;
mod legacy;
mod pictures;
mod service;

pub use config::MediaWorkerConfig;
pub use service::{assemble, main, service};
