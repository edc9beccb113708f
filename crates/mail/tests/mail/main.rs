//! Mail over a real SMTP server, and the mailbox over a real listener.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod address;
mod app;
mod delivery;
mod mailbox;
mod outcome;
