//! Hedged requests: if a response is late, send the request again and use the first response
//! (RES-8).
//!
//! The technique is that of J. Dean and L. A. Barroso, "The Tail at Scale" (2013): a second request
//! after the latency of most responses shortens the tail for a few percent more load. It is off
//! unless you add the layer or set `hedge` for the dependency. It applies only to requests that
//! [`Replay`](crate::retry::Replay) keeps. It uses the retry budget of the dependency, so that a
//! slow dependency does not get twice the load. `tower::hedge` rotates histograms under locks and
//! has no budget.

mod config;
mod future;
mod hedging;
mod layer;
mod service;
mod snapshot;

pub use config::HedgeConfig;
pub use future::HedgeFuture;
pub(crate) use hedging::Hedging;
pub use layer::HedgeLayer;
pub use service::HedgeService;
pub use snapshot::HedgeSnapshot;

#[cfg(test)]
mod tests;
