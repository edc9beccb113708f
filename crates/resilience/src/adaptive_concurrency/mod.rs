//! Load shedding by measured latency: admits as many requests at once as the bottleneck, whatever
//! it is, can serve, and the important first (RES-7).
//!
//! A limit by CPU does not see a pool of connections or a slow dependency; a fixed limit is wrong
//! after the next release. So the limit follows what every bottleneck shows, that more at once only
//! makes each slower. The rule is the gradient of Netflix's `concurrency-limits` ("Performance
//! Under Load", 2018): `limit * (base / latency) + sqrt(limit)`, where `base` is the latency
//! without a queue; the square root is the queue that keeps the bottleneck busy. Two things are
//! ours, because simulations showed the need (`docs/resilience-overload.md`):
//!
//! - The base is measured and not remembered: every probe interval the limit is halved for a
//!   moment, and the latency then is the base. A minimum over time is too low where work varies,
//!   and a moving average rises with the queue that it should notice.
//! - Each priority has its own share of the limit. A class gives way, step by step, while a more
//!   important one is refused, and comes back slowly.
//!
//! Nothing queues here: what is not admitted is refused at once, for its client to go elsewhere
//! while that is still of use.

mod config;
mod handle;
mod layer;
mod limit;
mod priority;
mod service;
mod shares;

pub use config::AdaptiveConcurrencyConfig;
pub use handle::{AdaptiveConcurrency, ConcurrencyPermit, ConcurrencySnapshot};
pub use layer::AdaptiveConcurrencyLayer;
pub use priority::{Prioritize, Priority};
pub use service::AdaptiveConcurrencyService;

#[cfg(test)]
mod tests;
