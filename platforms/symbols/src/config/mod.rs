//! Settings of both programs.

mod broker;
mod queue;
mod service;
mod worker;

pub(crate) use queue::QueueConfig;
pub(crate) use service::SymbolsConfig;
pub(crate) use worker::WorkerConfig;
