//! Tests of the test tools, and of the documents that name tests.

mod catalogue;
mod fault_proxy;
mod links;
mod servers;
mod targets;
mod unsafe_settings;
