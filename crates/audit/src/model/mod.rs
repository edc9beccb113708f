//! The model of a repository: services with located, three-valued facts.

mod build;
mod dependency;
mod fact_store;
pub mod facts;
mod mention;
mod not_audited;
mod resolution;
mod service;

pub use build::build;
pub use fact_store::{Fact, FactSet, FactSink, FactStore, Gap, Place};
pub use not_audited::NotAudited;
pub use resolution::Resolution;
pub use service::{FileFacts, Model, Service, ServiceKind};
