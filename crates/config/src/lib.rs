//! Layered configuration with typed settings, which reports all errors together.
//!
//! You declare settings as Rust types. Their JSON Schema drives the checks, the types of
//! environment variables and the generated documents. Every value keeps its origin, so that errors
//! and `explain` name file, line and column. A file that cannot be read is an error, never an empty
//! configuration. No message contains the value of a secret or an environment variable.
//!
//! [`Loader`] reads the layers, [`Schema`] holds the types, [`Loaded`] is the immutable result, and
//! [`Watcher`] reloads it.
//!
//! ```
//! use schemars::JsonSchema;
//! use seaworthy_config::{Environment, Loader, Schema};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct Hello {
//!     /// The number of greetings.
//!     greetings: u8,
//! }
//!
//! let errors = Loader::new("hello")
//!     .environment(Environment::from([("HELLO__GREETING", "1"), ("HELLO__GREETINGS", "many")]))
//!     .load(&Schema::from_settings::<Hello>())
//!     .unwrap_err();
//! assert_eq!(errors.iter().count(), 2);
//! assert!(errors.to_string().contains("did you mean `greetings`?"));
//! ```

mod check;
mod conversion;
mod description;
mod document;
mod effect;
mod entries;
mod environment;
mod error;
mod files;
mod instance;
mod key;
mod legacy_key;
mod legacy_variable;
mod loaded;
mod loader;
mod mark;
mod nearest;
mod origin;
mod overrides;
mod placeholder;
mod profile;
mod reload;
mod render;
mod requirement;
mod schema;
mod secret;
mod shape;
mod tree;
mod url_change;
mod variables;

pub use conversion::Conversion;
pub use entries::{UndeclaredEntries, check_entries};
pub use environment::{Environment, NotUnicode};
pub use error::{ConfigError, ConfigErrors};
pub use legacy_key::LegacyKey;
pub use legacy_variable::LegacyVariable;
pub use loaded::{IgnoredVariable, InlineSecret, Loaded, UnknownSettings};
pub use loader::Loader;
pub use mark::{Mark, Marks, UnsafeValue};
pub use origin::Origin;
pub use profile::{Profile, UnknownProfile};
pub use reload::{Reloadable, Reloaded, WatchError, Watcher};
pub use render::{EffectiveValue, SettingDescription, UnknownKey};
pub use schema::{Schema, Settings};
pub use secret::{EnvironmentSecrets, FileSecrets, SecretError, SecretFuture, SecretSource};
pub use url_change::UrlChange;

/// The examples of the documentation, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/configuration.md")]
struct UserPage;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
