use futures::future::BoxFuture;
use seaworthy_http::{Stack, server::ServerHandle};

use super::gate::Gate;
use crate::component::{Component, Stage};

/// A serving listener as a component.
pub(crate) struct ListenerComponent {
    name: &'static str,
    stage: Stage,
    server: ServerHandle,
    gate: Gate,
}

impl ListenerComponent {
    pub(crate) fn new(name: &'static str, stage: Stage, server: ServerHandle, gate: Gate) -> Self {
        Self {
            name,
            stage,
            server,
            gate,
        }
    }

    fn stack(&self) -> &Stack {
        self.gate.stack()
    }
}

impl Component for ListenerComponent {
    fn name(&self) -> &str {
        self.name
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn request_stop(&self) {
        self.server.drain();
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.server.finished())
    }

    fn unfinished_work(&self) -> Vec<String> {
        let handlers = self.stack().in_flight_routes();
        if !handlers.is_empty() {
            return handlers;
        }
        match self.server.connections().len() {
            0 => Vec::new(),
            open => vec![format!("{open} open connections")],
        }
    }

    fn abort(&self) {
        self.server.abort();
    }
}
