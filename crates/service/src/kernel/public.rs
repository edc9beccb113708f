use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use seaworthy_http::{Stack, StackBuilder, StackService, server::ServerHandle};
use seaworthy_telemetry::Telemetry;

use super::{Kernel, bind};
use crate::{
    assembly::Parts,
    listener::{Descriptors, Gate, register_connections},
    start_error::StartError,
};

/// Opens the public listener. It responds only to probes until the assembly is complete.
pub(super) async fn open(parts: &Parts) -> Result<(Gate, ServerHandle, SocketAddr), StartError> {
    let config = &parts.framework.server.http;
    let (probes, errors) = {
        let added = parts.added.lock();
        (added.early_probes.clone(), added.errors.clone())
    };
    let gate = Gate::closed(probes, errors.clone(), |routes| {
        let mut builder = stack(parts, &parts.telemetry.with_separate_metrics());
        if let Some(errors) = errors {
            builder = builder.error_renderer(errors);
        }
        builder.build(routes)
    })
    .map_err(|error| StartError::with_cause("the settings of server.http are not valid", error))?;
    let mut listener = config.listener();
    Descriptors::from_process().bound("server.http", &mut listener.limits.connections);
    let listener = bind("server.http.addr", &listener).await?;
    let address = listener.local_addr();
    let connections = gate.clone();
    let listener = listener.receive_windows(parts.receive_windows.clone());
    let server = listener.serve_with(move |info| connections.connection(info));
    register_connections(parts.telemetry.metrics(), "http", &server);
    Ok((gate, server, address))
}

impl Kernel {
    /// Returns the public routes as the service of a local connection.
    pub(crate) fn http_service(&self) -> StackService {
        let client = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.gate.stack().connection(client, false)
    }
}

impl Kernel {
    /// Applies the settings of the assembly that all listeners for clients share.
    pub(super) fn with_assembly(&self, builder: StackBuilder) -> StackBuilder {
        let added = self.parts.added.lock();
        let mut builder = builder.request_ids(added.request_ids);
        if let Some(authenticate) = &added.authenticate {
            builder = builder.authenticate(Arc::clone(authenticate));
        }
        if let Some(flags) = &added.flags {
            builder = builder.flags(Arc::clone(flags));
        }
        builder
    }
}

/// Returns the builder of the public stack.
pub(super) fn stack(parts: &Parts, telemetry: &Telemetry) -> StackBuilder {
    let mut config = parts.framework.server.http.clone();
    config.security_headers.behind_tls_proxy |= parts.framework.behind_tls_proxy;
    Stack::builder(parts.identity.clone(), config, telemetry)
        .health(parts.health.clone())
        .body_budget(parts.body_budget.clone())
        .switches(&parts.switches)
        .rate_limit_scope(parts.store_scope())
}
