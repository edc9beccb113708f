//! Push notifications by Firebase Cloud Messaging and by the Apple Push Notification service.
//!
//! - [`Pushes`] selects the service of a device.
//! - Each error says whether the device token is invalid, or whether a retry can succeed.
//! - A reload of the settings replaces the private keys (CONF-5).
//!
//! To deliver a push reliably, store it first, and send it from a worker. An Apple device shows a
//! repeated push with the same ID once. A device that Firebase serves may show it twice.
//!
//! ```
//! use schemars::JsonSchema;
//! use seaworthy_push::{ApnsConfig, FcmConfig, Pushes};
//! use seaworthy_service::{Assembly, StartError};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct NoticesConfig {
//!     fcm: FcmConfig,
//!     apns: ApnsConfig,
//! }
//!
//! fn pushes(service: &Assembly<NoticesConfig>) -> Result<Pushes, StartError> {
//!     Pushes::new(service, |settings| &settings.fcm, |settings| &settings.apns)
//! }
//! ```

mod account;
mod apns;
mod assertion;
mod config;
mod fcm;
mod pushes;

pub use config::{ApnsConfig, FcmConfig};
pub use pushes::{Push, PushError, PushFuture, Pushes, SendPush};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
