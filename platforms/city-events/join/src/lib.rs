//! Join: who has a place in which event, and who waits for one.
//!
//! The one thing that must never go wrong here is the number of places, so every change of an event's places happens in one transaction that first locks the row of that event: in that
//! lock the key of the request is looked at, the decision made, the history written and the message of it stored. Nothing is counted twice and nothing is decided on what another
//! transaction has changed since. `src/domain/` decides, `src/store/` locks and writes, `src/api/` answers over HTTP and gRPC, `src/consumers/` hears of events.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     city_events_join::main()
//! }
//! ```

mod api;
mod config;
mod consumers;
mod domain;
mod metrics;
mod service;
mod store;
mod turnstile;
mod workers;

pub use config::{CountingConfig, JoinConfig, KeysConfig, TurnstileConfig, WaitlistConfig};
pub use service::{assemble, main, service};
