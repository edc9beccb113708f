//! A process that is killed, or loses its broker, loses no event and does nothing twice (MSG-4, MSG-5).

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

mod anywhere;
mod outage;
mod points;
mod trial;
