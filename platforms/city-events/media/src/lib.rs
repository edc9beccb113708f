//! The media service of City Events: uploads of pictures.
//!
//! A client requests a signed URL, sends the file to the storage, and completes the upload. The
//! worker creates the pictures. This service then serves them.

mod adoption;
mod api;
mod config;
mod consumer;
mod legacy;
mod pictures;
mod service;

pub use config::MediaConfig;
pub use service::{assemble, main, service};
