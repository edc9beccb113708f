//! Changes of operators at run time: overrides of variants, and definitions.

mod apply;
mod author;
mod change;
#[cfg(feature = "data")]
mod database;
mod definitions;
mod error;
mod file;
mod overrides;
mod pending;
#[cfg(feature = "redis")]
mod redis;
mod state;
mod store;

pub(crate) use apply::apply;
pub use author::{Author, Changed, NewOverride};
pub(crate) use change::Runtime;
#[cfg(feature = "data")]
pub use database::{DatabaseStore, MIGRATIONS};
pub use error::ChangeError;
pub use file::FileStore;
pub(crate) use file::{read, write};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use state::{Change, ChangeAction, Override, OverrideScope, RuntimeDefinition, RuntimeState};
pub use store::{MemoryStore, RuntimeStore, StoreError};
