#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod context;
mod definition;
mod evaluation;
mod flag;
mod flags;
mod gate;
mod guarded_routes;
#[cfg(feature = "open-feature")]
mod open_feature;
mod problem;
mod rule;
mod runtime;
mod serve;
mod served_apis;
mod set;
mod shorthand;
mod snapshot;
mod source;
mod span_event;
mod switch;
mod toggle;
mod value;

pub use catalogue::{CapabilityKind, Feature, FlagOrigin};
pub use config::{Bucketing, FlagsConfig};
pub use context::Context;
pub use definition::{Definition, Metadata, Resolved, Strictness};
pub use evaluation::{ErrorCode, Evaluation, Reason, Variant};
pub use flag::{Declaration, DeclareError, Flag, Kind};
pub use flags::Flags;
#[cfg(feature = "open-feature")]
pub use open_feature::OpenFeatureProvider;
pub use problem::Problem;
#[cfg(feature = "redis")]
pub use runtime::RedisStore;
pub use runtime::{
    Author, Change, ChangeAction, ChangeError, Changed, FileStore, MemoryStore, NewOverride,
    Override, OverrideScope, RuntimeDefinition, RuntimeState, RuntimeStore, StoreError,
};
#[cfg(feature = "data")]
pub use runtime::{DatabaseStore, MIGRATIONS};
#[cfg(feature = "grpc")]
pub use serve::FlagServer;
pub use serve::flags_command;
pub use set::{Compiler, FlagSet};
pub use source::{FILE_FIELDS, FlagsBuilder, RemoteConfig, RemoteSource};
pub use toggle::Toggle;
pub use value::FlagValue;
