//! Feature flags as the contract shows them.

mod always_on;
mod entry;
mod evaluate;

use seaworthy::{
    config::Profile,
    flags::{Flags, FlagsBuilder, FlagsConfig},
};

pub(crate) use always_on::check_can_be_off;
pub(crate) use entry::Entry;
pub(crate) use evaluate::evaluate;

/// The flags that the service defines without a file.
const KNOWN: &str = include_str!("../../flags/features.yaml");
/// The fields of these flags that differ in production.
const KNOWN_IN_PRODUCTION: &str = include_str!("../../flags/features.production.yaml");

/// Returns a builder with the flags that the service defines without a file.
pub(crate) fn builder(config: &FlagsConfig, profile: Profile) -> FlagsBuilder {
    let flags = Flags::builder(config).built_in(KNOWN);
    match profile {
        Profile::Production => flags.built_in(KNOWN_IN_PRODUCTION),
        Profile::Development | Profile::Test | Profile::Staging => flags,
    }
}
