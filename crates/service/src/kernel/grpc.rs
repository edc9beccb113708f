use std::sync::Arc;

use seaworthy_http::Stack;

use super::{Kernel, bind};
use crate::{
    component::Stage,
    config::{FrameworkConfig, GrpcConfig},
    listener::{Descriptors, Gate, ListenerComponent, register_connections},
    reload, settings,
    start_error::StartError,
};

impl Kernel {
    /// Builds the stack of the gRPC routes, if the assembly has some.
    pub(super) fn grpc_stack(&self) -> Result<Option<Stack>, StartError> {
        let (routes, errors) = {
            let mut added = self.parts.added.lock();
            let routes = added.grpc_routes.take();
            (
                routes.map(|routes| added.wrap(routes)),
                added.grpc_errors.take(),
            )
        };
        let Some(routes) = routes else {
            return Ok(None);
        };
        if self.parts.framework.server.grpc.is_none()
            && settings::rejects_unsafe(self.parts.profile)
        {
            return Err(StartError::new(
                "server.grpc.addr must be set explicitly in production (CONF-7)",
            ));
        }
        let config = config(&self.parts.framework);
        let builder = Stack::builder(
            self.parts.identity.clone(),
            config.stack(),
            &self.parts.telemetry,
        );
        let mut builder = self
            .with_assembly(builder)
            .body_budget(self.parts.body_budget.clone())
            .switches(&self.parts.switches)
            .rate_limit_scope(self.parts.store_scope())
            .grpc();
        if let Some(errors) = errors {
            builder = builder.error_renderer(errors);
        }
        builder
            .build(routes)
            .map(Some)
            .map_err(|error| StartError::with_cause("the gRPC routes cannot be served", error))
    }

    /// Opens the gRPC listener and adds it to the components.
    pub(super) async fn open_grpc(&self, stack: Stack) -> Result<(), StartError> {
        let config = config(&self.parts.framework);
        let mut listener = config.listener();
        Descriptors::from_process().bound("server.grpc", &mut listener.limits.connections);
        let listener = bind("server.grpc.addr", &listener).await?;
        let _ = self.grpc.set(listener.local_addr());
        let gate = Gate::from_stack(stack);
        let connections = gate.clone();
        let listener = listener.receive_windows(self.parts.receive_windows.clone());
        let server = listener.serve_with(move |info| connections.connection(info));
        register_connections(self.parts.telemetry.metrics(), "grpc", &server);
        reload::listener(
            &self.parts,
            &self.watcher,
            "server.grpc",
            &gate,
            &server,
            |framework| framework.server.grpc.as_ref().map(GrpcConfig::stack),
        )?;
        let component = ListenerComponent::new("grpc", Stage::Listener, server, gate);
        let mut added = self.parts.added.lock();
        added.components.push(Arc::new(component));
        Ok(())
    }
}

fn config(framework: &FrameworkConfig) -> GrpcConfig {
    framework.server.grpc.clone().unwrap_or_default()
}
