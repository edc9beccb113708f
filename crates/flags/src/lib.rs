#![doc = include_str!("../README.md")]

mod config;
mod context;
mod definition;
mod evaluation;
mod flag;
mod flags;
mod problem;
mod rule;
mod serve;
mod set;
mod short;
mod snapshot;
mod source;
mod value;

pub use config::{Bucketing, FlagsConfig};
pub use context::Context;
pub use definition::{Definition, Metadata, Resolved, Strictness};
pub use evaluation::{ErrorCode, Evaluation, Reason, Variant};
pub use flag::{Declaration, DeclareError, Flag, Kind};
pub use flags::{Flags, Toggle};
pub use problem::Problem;
pub use set::{Compiler, FlagSet};
pub use value::FlagValue;
