//! A process that is killed, or loses its broker, loses no event and has no effect twice (MSG-4,
//! MSG-5).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod outage;
mod points;
mod random;
mod takeover;
mod trial;
