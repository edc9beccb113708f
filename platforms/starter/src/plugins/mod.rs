//! Plugins, in builds with the feature `plugins`.

#[cfg(not(feature = "plugins"))]
mod absent;
#[cfg(feature = "plugins")]
mod present;

#[cfg(not(feature = "plugins"))]
pub(crate) use absent::{LEGACY_KEYS, LEGACY_VARIABLES, ServicePlugins};
#[cfg(feature = "plugins")]
pub(crate) use present::{LEGACY_KEYS, LEGACY_VARIABLES, ServicePlugins};
