//! What publishes the rows that were committed.

mod component;
mod fate;
mod full_topics;
mod target;
mod turn;

pub(crate) use component::RelayComponent;
pub use target::RelayTarget;
pub(crate) use turn::Relay;
