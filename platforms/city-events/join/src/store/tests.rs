//! Tests the store on every database, without the workers and the relay of the service.

mod cancellation;
mod counts;
mod fixture;
