//! The listeners as components. They open before the assembly and close in their phase of the stop.

mod component;
mod descriptors;
mod gate;
mod metrics;

pub(crate) use component::ListenerComponent;
pub(crate) use descriptors::Descriptors;
pub(crate) use gate::Gate;
pub(crate) use metrics::register_connections;
