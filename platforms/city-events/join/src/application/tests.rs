//! Tests of the use cases on every database, without the workers and the relay of the service.

mod audit;
mod cancellation;
mod fixture;
mod recount;
