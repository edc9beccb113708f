//! Limits and state of a plugin beyond one call: CPU time, faults, stored values, and its access to
//! HTTP, events and the log. Also the threads and permits of guests, and the conversion of JSON.

mod cpu_share;
mod cpu_time;
mod event_access;
mod faults;
mod guest_threads;
mod http_access;
pub(crate) mod json;
mod key_value;
mod log_access;
mod permits;
mod rate;

pub(crate) use cpu_share::{CallOrigin, CpuShare, max_cpu_time};
pub(crate) use cpu_time::CpuTime;
pub(crate) use event_access::EventAccess;
pub(crate) use faults::{FaultCount, Permission, Transition, WINDOW as FAULT_WINDOW};
pub(crate) use guest_threads::{Ended, GuestThreads};
pub(crate) use http_access::HttpAccess;
pub(crate) use key_value::KeyValueStore;
pub(crate) use log_access::LogAccess;
pub(crate) use permits::{Permit, Permits};
