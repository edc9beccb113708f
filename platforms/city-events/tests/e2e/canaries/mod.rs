//! OBS-3 on the whole platform. The tests plant canaries (unique words) in all inputs and search
//! all outputs for them:
//!
//! - Passwords, tokens and keys must not be in any output.
//! - Personal data (e-mail addresses, names) must not be in logs, spans, metrics and admin pages.
//!
//! Each test also finds its canaries in the places where they belong. A test that searches nothing
//! fails.

mod admin;
mod caller;
pub(crate) mod canary;
mod collector;
mod commands;
mod leaks;
mod probes;
pub(crate) mod process;
mod settings;
mod smtp;
mod traffic;
