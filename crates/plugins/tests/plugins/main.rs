//! Plugins in a started service.
#![cfg(feature = "wasm")]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod app;
mod attacks;
#[cfg(feature = "audit-log")]
mod audit_log;
#[cfg(feature = "fuzz")]
mod binary;
mod capabilities;
mod changes;
mod clients;
mod contract;
mod dependency_races;
mod dependents;
mod disable;
mod ends;
mod escapes;
mod events;
mod files;
mod flood;
mod folder;
mod follow;
mod guest;
mod hooks;
mod hostile;
mod impersonation;
mod limits;
mod open_requests;
mod points;
mod publish;
mod races;
#[cfg(feature = "fuzz")]
mod random;
mod reload;
mod requests;
mod required;
mod samples;
mod server;
mod settings;
mod shutdown;
mod steps;
mod stops;
#[cfg(target_os = "linux")]
mod unloads;
mod updates;
mod versions;
