//! Plugins, in builds with the feature `plugins`.

#[cfg(not(feature = "plugins"))]
mod absent;
#[cfg(feature = "plugins")]
mod audit;
#[cfg(feature = "plugins")]
mod present;

#[cfg(not(feature = "plugins"))]
pub(crate) use absent::{KEYS, ServicePlugins, VARIABLES};
#[cfg(feature = "plugins")]
pub(crate) use present::{KEYS, ServicePlugins, VARIABLES};
