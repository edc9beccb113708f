#![cfg_attr(feature = "wasm", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "wasm"), doc = "Empty without the feature `wasm`.")]
// The compilation of the engine takes minutes. Without the feature the crate is empty.
#![cfg(feature = "wasm")]

mod admin;
mod attach;
mod command;
mod config;
mod error;
mod event;
mod folder;
mod hook;
mod info;
mod load_order;
mod manifest;
mod pack;
mod plugin;
mod plugins;
mod runtime;
mod sandbox;
mod wasm;

pub use attach::PluginAuthentication;
pub use command::plugins_command;
pub use config::{FailureMode, GrantConfig, PluginFileConfig, PluginSecurityConfig, PluginsConfig};
pub use error::{PluginError, PluginErrorCode};
pub use event::{Event, EventBus, EventType, HandlerError};
pub use hook::{HookCall, HookPoint, Rejection};
pub use info::{Metadata, PluginFailure, PluginInfo, PluginStatus};
pub use manifest::{
    Capability, HandlerDeclaration, HookDeclaration, Interface, Manifest, Signature, SigningKey,
    World,
};
pub use pack::pack;
pub use plugins::{Decision, HookReport, Plugins};
