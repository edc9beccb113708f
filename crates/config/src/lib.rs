//! Layered configuration that reports every mistake at once and documents itself.

mod check;
mod document;
mod environment;
mod error;
mod files;
mod instance;
mod key;
mod loaded;
mod loader;
mod nearest;
mod origin;
mod overrides;
mod placeholder;
mod profile;
mod reload;
mod render;
mod schema;
mod secret;
mod shape;
mod tree;
mod variables;

pub use environment::Environment;
pub use error::{ConfigError, ConfigErrors};
pub use loaded::{InlineSecret, Loaded, UnknownSettings};
pub use loader::Loader;
pub use origin::Origin;
pub use profile::{Profile, UnknownProfile};
pub use reload::{Reloadable, Reloaded, WatchError, Watcher};
pub use render::{Shown, UnknownKey};
pub use schema::{Schema, Settings};
pub use secret::{EnvironmentSecrets, FileSecrets, SecretError, SecretFuture, SecretSource};
