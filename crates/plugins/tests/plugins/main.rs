//! Plugins in a started service.
#![cfg(feature = "wasm")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod app;
mod files;
mod guest;
mod hooks;
mod hostile;
mod reload;
mod versions;
