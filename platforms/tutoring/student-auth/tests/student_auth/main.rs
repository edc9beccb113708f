//! Rate limits, operation log and settings documents of the service.

mod limits;
mod operations;
mod settings;
