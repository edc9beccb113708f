use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use axum::{Router, routing};
use seaworthy_core::{Ratio, ServiceIdentity};
use seaworthy_http::{
    HttpConfig, Json, Routes, Stack,
    server::{Listener, ListenerConfig, Protocols},
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, NullSink},
    tracer::TracingConfig,
};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

use crate::{
    Failure,
    contract::orders_service_server::OrdersServiceServer,
    orders::{self, Orders},
    workload::Order,
};

/// What serves the routes, or the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// axum alone, on its own accept loop.
    Bare,
    /// axum alone, on our accept loop: what the listener's limits cost.
    Listener,
    /// Our accept loop and the whole stack: access log to a null writer, one trace in a hundred recorded and exported.
    Stack,
    /// The whole stack in front of a contract's HTTP routes, whose JSON is that of proto3.
    Contract,
    /// tonic alone, on its own accept loop.
    Tonic,
    /// Our accept loop and the whole stack in front of a contract's gRPC methods.
    Calls,
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
            Self::Contract => "contract, full stack",
            Self::Tonic => "bare tonic",
            Self::Calls => "contract, full stack",
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
        if self == Self::Tonic {
            let socket = TcpListener::bind(any_port).await?;
            let address = socket.local_addr()?;
            // What the accept loops of the others do too.
            let incoming = TcpIncoming::from(socket).with_nodelay(Some(true));
            let orders = OrdersServiceServer::new(Orders);
            let server = Server::builder().add_service(orders);
            tokio::spawn(async { server.serve_with_incoming(incoming).await });
            return Ok(address);
        }
        let protocols = match self {
            Self::Calls => Protocols::Http2,
            _ => Protocols::default(),
        };
        let config = ListenerConfig {
            address: any_port,
            protocols,
            ..ListenerConfig::default()
        };
        let listener = Listener::bind(&config).await?;
        let address = listener.local_addr();
        if self == Self::Listener {
            let _server = listener.serve(bare());
            return Ok(address);
        }
        let stack = self.full_stack(collector)?;
        let _server =
            listener.serve_with(move |connection| stack.connection(connection.peer(), false));
        Ok(address)
    }

    fn full_stack(self, collector: &str) -> Result<Stack, Failure> {
        let identity = ServiceIdentity::new("bench", "1.0.0");
        let tracing = TracingConfig {
            endpoint: Some(collector.to_owned()),
            sample_ratio: SAMPLED,
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
        let builder = Stack::builder(identity, config, &telemetry);
        Ok(match self {
            Self::Contract => builder.build(orders::routes())?,
            Self::Calls => builder.grpc().build(orders::calls())?,
            Self::Bare | Self::Listener | Self::Stack | Self::Tonic => builder.build(routes())?,
        })
    }
}
