use std::net::SocketAddr;

use seaworthy_http::{
    HttpConfig, Routes, Stack,
    server::{ListenerConfig, ServerHandle},
};

use super::bind;
use crate::{
    assembly::Parts,
    component::Stage,
    listener::{Descriptors, Gate, ListenerComponent, register_connections},
    start_error::StartError,
};

/// The key of the setting with the address.
const ADDRESS: &str = "health.addr";

/// The open listener of probes, if the settings have one.
pub(super) struct ProbeListener {
    server: ServerHandle,
    gate: Gate,
    pub(super) address: SocketAddr,
}

/// Opens the listener of probes. Until the assembly is complete it has only those of the framework.
pub(super) async fn open(parts: &Parts) -> Result<Option<ProbeListener>, StartError> {
    let Some(address) = parts.framework.health.addr else {
        return Ok(None);
    };
    let (probes, errors) = {
        let added = parts.added.lock();
        (added.early_probes.clone(), added.errors.clone())
    };
    let gate = Gate::closed(probes, errors, |routes| stack(parts, routes)).map_err(unusable)?;
    let mut listener = ListenerConfig {
        address,
        ..ListenerConfig::default()
    };
    Descriptors::from_process().bound_admin(&mut listener.limits.connections);
    let listener = bind(ADDRESS, &listener).await?;
    let address = listener.local_addr();
    let connections = gate.clone();
    let listener = listener.receive_windows(parts.receive_windows.clone());
    let server = listener.serve_with(move |info| connections.connection(info));
    register_connections(parts.telemetry.metrics(), "health", &server);
    Ok(Some(ProbeListener {
        server,
        gate,
        address,
    }))
}

impl ProbeListener {
    /// Adds the probes of the assembly.
    pub(super) fn add(&self, parts: &Parts, probes: Routes) -> Result<(), StartError> {
        self.gate.open(stack(parts, probes).map_err(unusable)?);
        Ok(())
    }

    /// Returns the listener as a component, which closes last.
    pub(super) fn into_component(self) -> ListenerComponent {
        ListenerComponent::new("health", Stage::Admin, self.server, self.gate)
    }
}

fn stack(parts: &Parts, probes: Routes) -> Result<Stack, seaworthy_http::StackError> {
    let telemetry = parts.telemetry.with_separate_metrics();
    Stack::builder(parts.identity.clone(), HttpConfig::default(), &telemetry)
        .health(parts.health.clone())
        .build(probes)
}

fn unusable(error: seaworthy_http::StackError) -> StartError {
    StartError::with_cause("the health listener cannot be opened", error)
}
