//! Layered configuration that reports every mistake at once and documents itself.
//!
//! Why it is so: the settings types are the only source. Their JSON Schema drives everything that happens to a tree before serde sees it, so that one
//! pass finds all mistakes with their places, a variable gets the type that its key asks for, and no text about the configuration is written by hand.
//! The raw tree keeps the place of every node, which is why messages and `explain` can name file, line and column. Nothing fails open: what cannot be
//! read is an error, never an empty configuration, and the value of a secret or variable is in no message.
//!
//! [`Loader`] reads the layers, [`Schema`] holds the types, [`Loaded`] is the immutable result, [`Watcher`] follows changes.
//!
//! ```
//! use schemars::JsonSchema;
//! use seaworthy_config::{Environment, Loader, Schema};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct Hello {
//!     /// How many greetings are given at once.
//!     greetings: u8,
//! }
//!
//! let errors = Loader::new("hello")
//!     .environment(Environment::from([("HELLO__GREETING", "1"), ("HELLO__GREETINGS", "many")]))
//!     .load(&Schema::of::<Hello>())
//!     .unwrap_err();
//! assert_eq!(errors.iter().count(), 2);
//! assert!(errors.to_string().contains("did you mean `greetings`?"));
//! ```

mod check;
mod document;
mod entries;
mod environment;
mod error;
mod files;
mod instance;
mod key;
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
mod schema;
mod secret;
mod shape;
mod tree;
mod variables;

pub use entries::{UndeclaredEntries, check_entries};
pub use environment::{Environment, NotUnicode};
pub use error::{ConfigError, ConfigErrors};
pub use loaded::{InlineSecret, Loaded, UnknownSettings};
pub use loader::Loader;
pub use mark::{Mark, Marks, UnsafeValue};
pub use origin::Origin;
pub use profile::{Profile, UnknownProfile};
pub use reload::{Reloadable, Reloaded, WatchError, Watcher};
pub use render::{Shown, UnknownKey};
pub use schema::{Schema, Settings};
pub use secret::{EnvironmentSecrets, FileSecrets, SecretError, SecretFuture, SecretSource};

/// The examples of the user page, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/configuration.md")]
struct UserPage;
