//! Limits and state of a plugin that last longer than one call, and its access to HTTP.

mod cpu_share;
mod faults;
mod guest_threads;
mod http_access;
mod key_value;
mod processor_time;

pub(crate) use cpu_share::{CpuShare, max_processor_time};
pub(crate) use faults::{FaultCount, Transition, WINDOW as FAULT_WINDOW};
pub(crate) use guest_threads::GuestThreads;
pub(crate) use http_access::HttpAccess;
pub(crate) use key_value::KeyValueStore;
pub(crate) use processor_time::ProcessorTime;
