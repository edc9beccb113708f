//! Health of the upstream services. It is information for operators and does not affect the
//! readiness of the gateway (HLTH-2).

use std::time::Duration;

use prost::Message;
use seaworthy::grpc::client::GrpcChannel;
use serde::Serialize;
use tokio::time::timeout;
use tonic::{Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::Upstreams;

/// The time limit of one check.
const TIMEOUT: Duration = Duration::from_secs(2);
/// `ServingStatus.SERVING` of `grpc.health.v1`.
const SERVING: i32 = 1;
const CHECK: PathAndQuery = PathAndQuery::from_static("/grpc.health.v1.Health/Check");

/// The health of one service.
#[derive(Debug, Serialize)]
pub(crate) struct UpstreamHealth {
    name: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

impl Upstreams {
    /// Checks all gRPC services in parallel.
    pub(crate) async fn health(&self) -> [UpstreamHealth; 3] {
        let [auth, event, join] = self.channels.clone();
        let (auth, event, join) = tokio::join!(health(auth), health(event), health(join));
        [auth, event, join]
    }
}

async fn health((name, channel): (&'static str, GrpcChannel)) -> UpstreamHealth {
    let error = match timeout(TIMEOUT, check(channel)).await {
        Ok(Ok(SERVING)) => None,
        Ok(Ok(_)) => Some("not serving"),
        Ok(Err(_)) => Some("unreachable"),
        Err(_) => Some("timeout"),
    };
    UpstreamHealth {
        name,
        status: if error.is_none() {
            "healthy"
        } else {
            "unhealthy"
        },
        error,
    }
}

async fn check(channel: GrpcChannel) -> Result<i32, Status> {
    let mut grpc = Grpc::new(channel);
    let not_ready = |_| Status::unavailable("no connection");
    grpc.ready().await.map_err(not_ready)?;
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let request = Request::new(HealthCheckRequest::default());
    let response = grpc.unary(request, CHECK, codec).await?;
    Ok(response.into_inner().status)
}
