//! The admin listener: the state of the service, and settings that operators change at run time.
//!
//! It opens first and closes last, so that operators can inspect a start or a stop that hangs.
//! Probes and metrics need no token. Everything else needs the admin token, if one is set. A change
//! needs a reason, is logged, and expires.

mod access;
mod breakers;
mod info;
mod levels;
mod metrics;
mod policies;
mod seconds;
mod settings;
mod workers;

pub(crate) use access::TokenAccess;
use axum::response::Json;
use seaworthy_config::{Loaded, Watcher};
use seaworthy_health::Health;
use seaworthy_http::{Access, HealthSource, RouteDescription, Routes};
use serde_json::{Value, json};

use crate::{assembly::Parts, listener::Gate};

/// The state of the endpoints.
#[derive(Clone)]
pub(crate) struct AdminState {
    pub(crate) parts: Parts,
    pub(crate) public: Gate,
    pub(crate) watcher: Watcher,
}

impl AdminState {
    fn loaded(&self) -> Loaded {
        self.watcher.current()
    }

    fn public_routes(&self) -> Vec<RouteDescription> {
        self.public.stack().routes().to_vec()
    }
}

/// Returns the endpoints of the admin listener, with the added ones.
pub(crate) fn routes(state: &AdminState, added: Routes) -> Routes {
    let open = match state.parts.framework.metrics.enabled {
        true => metrics::routes(),
        false => Routes::new(),
    };
    let guarded = Routes::new()
        .merge(info::routes())
        .merge(settings::routes())
        .merge(levels::routes())
        .merge(workers::routes())
        .merge(breakers::routes())
        .merge(policies::routes())
        .with_options(|options| options.access(Access::Authenticated));
    let endpoints = open
        .with_options(|options| options.access(Access::Public))
        .merge(guarded)
        .with_state(state.clone())
        .merge(added.with_options(|options| options.access(Access::Authenticated)));
    let listed: Value = json!({ "endpoints": endpoints.list() });
    let index = async move || Json(listed);
    endpoints.merge(
        Routes::new()
            .get("/", index)
            .with_options(|options| options.access(Access::Public)),
    )
}

/// Health with details, which only this listener shows.
#[derive(Debug, Clone)]
pub(crate) struct DetailedHealth(pub(crate) Health);

impl HealthSource for DetailedHealth {
    fn is_ready(&self) -> bool {
        self.0.readiness().accepts_traffic()
    }

    fn has_started(&self) -> bool {
        self.0.has_started()
    }

    fn report(&self) -> String {
        serde_json::to_string(&self.0.report()).unwrap_or_default()
    }
}
