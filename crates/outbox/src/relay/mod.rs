//! Publishes committed events.

mod component;
mod disposition;
mod full_topics;
mod publish;
mod run;
mod target;

pub(crate) use component::RelayComponent;
pub(crate) use run::Relay;
pub use target::RelayTarget;

#[cfg(test)]
mod tests;
