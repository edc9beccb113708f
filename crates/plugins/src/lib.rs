#![cfg_attr(feature = "wasm", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "wasm"), doc = "Empty without the feature `wasm`.")]
// The compilation of the engine takes minutes. Without the feature the crate is empty.
#![cfg(feature = "wasm")]

mod admin;
#[cfg(feature = "audit-log")]
mod audit_log;
mod command;
mod config;
mod error;
mod event;
mod folder;
mod hook;
mod host;
mod info;
mod load_order;
mod manifest;
mod middleware;
mod pack;
mod plugin;
mod runtime;
mod sandbox;
mod text;
mod wasm;

pub use command::plugins_command;
pub use config::{FailureMode, GrantConfig, PluginSecurityConfig, PluginSettings, PluginsConfig};
pub use error::{PluginError, PluginErrorCode};
pub use event::{Event, EventBus, EventType, HandlerError, InvalidEventType, SubscriptionId};
pub use hook::{HookCall, HookPoint, Rejection};
pub use host::{Decision, HookReport, Plugins};
pub use info::{PluginFailure, PluginInfo, PluginMetadata, PluginStatus};
pub use manifest::{
    Capability, HandlerDeclaration, HookDeclaration, Interface, Manifest, Signature, SigningKey,
    SigningKeyError, World,
};
pub use middleware::PluginAuthentication;
pub use pack::{PackError, pack};
