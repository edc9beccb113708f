//! Practices of one framework or language.

mod constant_results;
mod django;
mod dotnet;
mod dotnet_services;
mod dotnet_values;
mod framework_settings;
mod frameworks;
mod function_bodies;
mod go_brokers;
mod go_frameworks;
mod go_mistakes;
mod go_services;
mod go_shadowed;
mod go_tags;
mod go_zero;
mod jvm_clients;
mod missing_guards;
mod missing_limits;
mod nest;
mod nest_answers;
mod nest_health;
mod nest_limits;
mod nest_programs;
mod nest_services;
mod node_clients;
mod node_handlers;
mod node_services;
mod node_workers;
mod python_programs;
mod python_services;
mod servers;
mod sockets;
mod spring;
mod spring_access;
mod spring_faults;
mod spring_health;
mod spring_operations;
mod spring_proxies;
mod spring_settings;

use super::{GO, HANDLER, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::packs::Pack;

pub(super) const LISTS: &[&[Sign]] = &[
    constant_results::SIGNS,
    django::SIGNS,
    dotnet::SIGNS,
    dotnet_services::SIGNS,
    dotnet_values::SIGNS,
    framework_settings::SIGNS,
    frameworks::SIGNS,
    go_brokers::SIGNS,
    go_frameworks::SIGNS,
    go_services::SIGNS,
    go_zero::SIGNS,
    jvm_clients::SIGNS,
    missing_guards::SIGNS,
    missing_limits::SIGNS,
    nest::SIGNS,
    nest_answers::SIGNS,
    nest_health::SIGNS,
    nest_limits::SIGNS,
    nest_programs::SIGNS,
    nest_services::SIGNS,
    node_clients::SIGNS,
    node_handlers::SIGNS,
    node_services::SIGNS,
    node_workers::SIGNS,
    python_programs::SIGNS,
    python_services::SIGNS,
    sockets::SIGNS,
    spring::SIGNS,
    spring_access::SIGNS,
    spring_faults::SIGNS,
    spring_health::SIGNS,
    spring_operations::SIGNS,
    spring_settings::SIGNS,
];

pub(super) const PACKS: &[Pack] = &[
    function_bodies::PACK,
    go_mistakes::PACK,
    go_shadowed::PACK,
    go_tags::PACK,
    servers::PACK,
    spring_proxies::PACK,
];
