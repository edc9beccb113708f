//! The two HTTP listeners as components: they open before the service is assembled and close in their phase of the stop.

mod component;
mod descriptors;
mod gate;
mod metrics;

pub(crate) use component::ListenerComponent;
pub(crate) use descriptors::Descriptors;
pub(crate) use gate::Gate;
pub(crate) use metrics::register_connections;
