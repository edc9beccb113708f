//! The stores of the cache, on a real Redis.

mod idempotency;
mod stores;
