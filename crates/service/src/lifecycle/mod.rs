//! The lifecycle of a service as one ordered list (LIFE-2, LIFE-3, LIFE-4). [`Phase`] is that list.
//! The other types of this module run it.

mod config;
mod phase;
mod signal;
mod stop;
mod watchdog;

pub use config::LifecycleConfig;
pub use phase::Phase;
use signal::Signals;
pub(crate) use stop::Stopping;
pub use stop::{ForceReason, StopOutcome};
pub(crate) use watchdog::{Watchdog, Watched};

#[cfg(test)]
mod tests;
