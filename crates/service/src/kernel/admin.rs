use std::net::SocketAddr;

use seaworthy_http::{
    HttpConfig, LoadShedConfig, RateLimitsConfig, Routes, Stack, server::ListenerConfig,
};

use super::bind;
use crate::{
    admin::{self, AdminState, DetailedHealth, TokenAccess},
    component::Stage,
    listener::{Descriptors, Gate, ListenerComponent, register_connections},
    start_error::StartError,
};

/// The open admin listener.
pub(super) struct AdminListener {
    pub(super) component: ListenerComponent,
    pub(super) address: SocketAddr,
    gate: Gate,
    state: AdminState,
}

/// Opens the admin listener.
pub(super) async fn open(state: AdminState) -> Result<AdminListener, StartError> {
    let gate = Gate::from_stack(stack(&state, Routes::new())?);
    let mut listener = ListenerConfig {
        address: state.parts.framework.admin.addr,
        tls: state.parts.framework.admin.tls.clone(),
        ..ListenerConfig::default()
    };
    Descriptors::from_process().bound_admin(&mut listener.limits.connections);
    let listener = bind("admin.addr", &listener).await?;
    let address = listener.local_addr();
    let connections = gate.clone();
    let listener = listener.receive_windows(state.parts.receive_windows.clone());
    let server = listener.serve_with(move |info| connections.connection(info));
    register_connections(state.parts.telemetry.metrics(), "admin", &server);
    Ok(AdminListener {
        component: ListenerComponent::new("admin", Stage::Admin, server, gate.clone()),
        address,
        gate,
        state,
    })
}

impl AdminListener {
    /// Adds routes.
    pub(super) fn add(&self, routes: Routes) -> Result<(), StartError> {
        self.gate.open(stack(&self.state, routes)?);
        Ok(())
    }
}

fn stack(state: &AdminState, added: Routes) -> Result<Stack, StartError> {
    let parts = &state.parts;
    let config = &parts.framework.admin;
    let http = HttpConfig {
        timeout: config.timeout,
        // Limit the rate at which a client can guess the token.
        rate_limit: RateLimitsConfig::default(),
        load_shed: LoadShedConfig::default(),
        ..HttpConfig::default()
    };
    Stack::builder(
        parts.identity.clone(),
        http,
        &parts.telemetry.with_separate_metrics(),
    )
    .health(DetailedHealth(parts.health.clone()))
    .authenticate(TokenAccess::new(
        config.token.clone(),
        parts.telemetry.metrics(),
    ))
    .build(admin::routes(state, added))
    .map_err(|error| StartError::with_cause("the admin listener cannot be opened", error))
}
