//! HTTP server with a deadline on every phase, and one fixed middleware order.

pub mod server;
pub mod tls;
