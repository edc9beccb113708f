//! How the services behind this one are, for those who look after it. Nothing here decides whether this one is ready (HLTH-2).

use std::time::Duration;

use prost::Message;
use seaworthy::grpc::client::GrpcChannel;
use serde::Serialize;
use tokio::time::timeout;
use tonic::{Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::Upstreams;

/// One service.
const PATIENCE: Duration = Duration::from_secs(2);
/// `ServingStatus.SERVING` of `grpc.health.v1`.
const SERVING: i32 = 1;
const CHECK: PathAndQuery = PathAndQuery::from_static("/grpc.health.v1.Health/Check");

/// What is known of one service.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
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
    /// Asks all of them at once.
    pub(crate) async fn standings(&self) -> [Standing; 3] {
        let [auth, event, join] = self.channels.clone();
        let (auth, event, join) = tokio::join!(standing(auth), standing(event), standing(join));
        [auth, event, join]
    }
}

async fn standing((name, channel): (&'static str, GrpcChannel)) -> Standing {
    let error = match timeout(PATIENCE, check(channel)).await {
        Ok(Ok(SERVING)) => None,
        Ok(Ok(_)) => Some("not serving"),
        Ok(Err(_)) => Some("unreachable"),
        Err(_) => Some("timeout"),
    };
    Standing {
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
    let unready = |_| Status::unavailable("no connection");
    grpc.ready().await.map_err(unready)?;
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let request = Request::new(HealthCheckRequest::default());
    let answer = grpc.unary(request, CHECK, codec).await?;
    Ok(answer.into_inner().status)
}
