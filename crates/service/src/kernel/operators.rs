use std::net::SocketAddr;

use seaworthy_http::{HttpConfig, LoadShedConfig, RateLimitConfig, Stack, server::ListenerConfig};

use super::bind;
use crate::{
    admin::{self, AdminState, DetailedHealth, TokenAccess},
    component::Stage,
    listener::{Descriptors, Gate, ListenerComponent, register_connections},
    start_error::StartError,
};

/// Opens the listener for operators.
pub(super) async fn open(state: AdminState) -> Result<(ListenerComponent, SocketAddr), StartError> {
    let parts = &state.parts;
    let config = &parts.framework.admin;
    let stack = HttpConfig {
        timeout: config.timeout,
        // Its budget of refused credentials is what a guesser of the token has.
        rate_limit: RateLimitConfig::default(),
        load_shed: LoadShedConfig::default(),
        ..HttpConfig::default()
    };
    let gate = Gate::closed(|_| {
        Stack::builder(
            parts.identity.clone(),
            stack,
            &parts.telemetry.with_metrics_of_its_own(),
        )
        .health(DetailedHealth(parts.health.clone()))
        .authenticate(TokenAccess::new(
            config.token.clone(),
            parts.telemetry.metrics(),
        ))
        .build(admin::routes(&state))
    })
    .map_err(|error| StartError::because("the admin listener cannot be made", error))?;
    let mut listener = ListenerConfig {
        address: config.addr,
        ..ListenerConfig::default()
    };
    Descriptors::of_process().bound_admin(&mut listener.limits.connections);
    let listener = bind("admin.addr", &listener).await?;
    let address = listener.local_addr();
    let connections = gate.clone();
    let server =
        listener.serve_with(move |info| connections.connection(info.peer(), info.tls().is_some()));
    register_connections(parts.telemetry.metrics(), "admin", &server);
    Ok((
        ListenerComponent::new("admin", Stage::Admin, server, gate),
        address,
    ))
}
