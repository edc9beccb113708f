use std::{net::SocketAddr, time::Duration};

use axum::body::{Body, Bytes};
use futures::stream;
use http::{HeaderMap, Response, uri::PathAndQuery};
use http_body::Frame;
use http_body_util::StreamBody;
use seaworthy_config::Loader;
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, RunningService, Service};
use tonic::{Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

/// An empty message, as it goes over the wire.
const EMPTY: &[u8] = &[0; 5];

/// Returns the response to a call with an empty message.
pub(crate) fn done() -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let frames = [
        Ok::<_, axum::Error>(Frame::data(Bytes::from_static(EMPTY))),
        Ok(Frame::trailers(trailers)),
    ];
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body).unwrap()
}

/// A service with a gRPC listener.
pub(crate) struct TestApp {
    running: RunningService,
}

impl TestApp {
    /// Starts the service with further settings below `server.grpc.`.
    pub(crate) async fn start(calls: Routes, settings: &[&str]) -> Self {
        let settings = settings.iter();
        let settings = settings.map(|setting| format!("server.grpc.{setting}"));
        let address = "server.grpc.addr=127.0.0.1:0".to_owned();
        let loader = Loader::for_tests("orders").overrides(settings.chain([address]));
        Self::start_with(calls, loader).await
    }

    /// Starts the service with the settings of a loader.
    pub(crate) async fn start_with(calls: Routes, loader: Loader) -> Self {
        let running = Service::new("orders", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                service.grpc(calls);
                Ok(())
            })
            .await
            .unwrap();
        Self { running }
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.running.addresses().admin
    }

    pub(crate) async fn channel(&self) -> Channel {
        let address = self.running.addresses().grpc.unwrap();
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        endpoint.connect().await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

/// Calls a method. Returns the metadata of the response.
pub(crate) async fn call(channel: &Channel, path: &'static str) -> Result<HeaderMap, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let codec = ProstCodec::<(), ()>::default();
    let answer = grpc
        .unary(Request::new(()), PathAndQuery::from_static(path), codec)
        .await?;
    Ok(answer.metadata().clone().into_headers())
}

/// Calls a method, and leaves after a time without a response.
pub(crate) async fn call_within(
    channel: &Channel,
    path: &'static str,
    timeout: Duration,
) -> Option<Result<HeaderMap, Status>> {
    tokio::time::timeout(timeout, call(channel, path))
        .await
        .ok()
}
