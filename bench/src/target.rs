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

/// The server of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// axum with its own accept loop.
    Bare,
    /// axum with the accept loop of the framework, to measure the limits of the listener.
    Listener,
    /// The full stack. The access log has a null sink, and 1% of the traces are exported.
    Stack,
    /// The full stack with the HTTP routes of a contract.
    Contract,
    /// tonic with its own accept loop.
    Tonic,
    /// The full stack with the gRPC methods of a contract.
    Calls,
}

/// Sample ratio of the full stack.
const SAMPLED: Ratio = Ratio::percent(1);
/// A rate limit that counts all requests and rejects none.
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

    /// Binds a free port, and serves on the current runtime until it shuts down.
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
            // The other accept loops set this too.
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
        config.rate_limit.requests = UNREACHED_RATE;
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
