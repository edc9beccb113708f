//! The stores of the cache, on a real Redis.

mod fixture;
mod idempotency;
mod stores;
mod suite;
