use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use axum::{Router, routing};
use seaworthy_core::{Ratio, ServiceIdentity};
use seaworthy_http::{
    HttpConfig, Json, Routes, Stack,
    server::{Listener, ListenerConfig},
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, NullSink},
    tracer::TracingConfig,
};
use tokio::net::TcpListener;

use crate::{Failure, workload::Order};

/// What serves the two routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// axum alone, on its own accept loop.
    Bare,
    /// axum alone, on our accept loop: what the listener's limits cost.
    Listener,
    /// Our accept loop and the whole stack: access log to a null writer, one trace in a hundred recorded and exported.
    Stack,
}

/// Trace sampling of the full stack.
const SAMPLED: Ratio = Ratio::percent(1);
/// No load of one client reaches it, so every request is counted and none refused.
const UNREACHED_RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();

fn bare() -> Router {
    Router::new().route("/", routing::get(async || ())).route(
        "/echo",
        routing::post(async |axum::Json(order): axum::Json<Order>| axum::Json(order)),
    )
}

fn routes() -> Routes {
    Routes::new()
        .get("/", async || ())
        .post("/echo", async |Json(order): Json<Order>| Json(order))
}

impl Target {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare axum",
            Self::Listener => "axum on our listener",
            Self::Stack => "full stack",
        }
    }

    /// Binds a port of the system's choice and serves on the running runtime for as long as it lives.
    pub(crate) async fn serve(self, collector: &str) -> Result<SocketAddr, Failure> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        if self == Self::Bare {
            let socket = TcpListener::bind(any_port).await?;
            let address = socket.local_addr()?;
            tokio::spawn(async { axum::serve(socket, bare()).await });
            return Ok(address);
        }
        let config = ListenerConfig {
            address: any_port,
            ..ListenerConfig::default()
        };
        let listener = Listener::bind(&config).await?;
        let address = listener.local_addr();
        if self == Self::Listener {
            let _server = listener.serve(bare());
            return Ok(address);
        }
        let stack = full_stack(collector)?;
        let _server =
            listener.serve_with(move |connection| stack.connection(connection.peer(), false));
        Ok(address)
    }
}

fn full_stack(collector: &str) -> Result<Stack, Failure> {
    let identity = ServiceIdentity::new("bench", "1.0.0");
    let tracing = TracingConfig {
        endpoint: Some(collector.to_owned()),
        ratio: SAMPLED,
        ..TracingConfig::default()
    };
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &tracing,
        true,
        Arc::new(NullSink),
    )?;
    let mut config = HttpConfig::default();
    config.rate_limit.requests_per_second = UNREACHED_RATE;
    config.cors.enabled = true;
    config.cors.allowed_origins = vec!["https://app.example.org".to_owned()];
    Ok(Stack::builder(identity, config, &telemetry).build(routes())?)
}
