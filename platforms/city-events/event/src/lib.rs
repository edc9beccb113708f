//! Event: the events of a city, from draft to the end.
//!
//! An event changes in one transaction that first locks its row, so that no change undoes another one, and the message of it is stored there too. What state leads to what other state is decided by the
//! type of the state (`src/domain/`), never by a statement. How many take part is kept from the messages of the join service, which carry the whole count, so that a message that comes twice, late or
//! not at all does no harm.
//!
//! On PostgreSQL the table `events` stands in the schema `public` with exactly the columns of the written contract. What the service keeps beside it (outbox, inbox, counts, audit log, history of the
//! schema) goes where the search path of the connection points first: with `?options=-csearch_path%3Dcity_events_event,public` in the URL, to a schema of its own, which an operator has made.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     city_events_event::main()
//! }
//! ```

mod api;
mod config;
mod consumers;
mod domain;
mod metrics;
mod service;
mod store;

pub use config::EventConfig;
pub use service::{assemble, main, service};
