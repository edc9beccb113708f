//! Rate limits and settings documents of the service.

mod limits;
mod settings;
