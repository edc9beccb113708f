//! Hedged requests: when an answer is late, ask a second time and take what comes first (RES-8).
//!
//! The technique is that of J. Dean and L. A. Barroso, "The Tail at Scale" (2013): a second request
//! after the delay that most answers keep cuts the tail for a few percent more load. It is off
//! unless a layer is put in place or `hedge` is set for the dependency, only for requests that
//! [`Replay`](crate::retry::Replay) keeps, and spends from the retry budget of the dependency, so
//! that a slow dependency is not sent twice as much. `tower::hedge` rotates histograms behind locks
//! and knows no budget.

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
