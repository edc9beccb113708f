mod browsers;
mod callers;
mod compression;
mod hostile;
mod identity;
mod limits;
mod overload;
mod replaced_text;
mod responses;
mod routers;
mod slow_calls;
mod telemetry;

use std::{
    future::pending,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, request::Parts};
use http_body_util::BodyExt as _;
use seaworthy_core::{
    Actor, ByteSize, Code, Error, Grants, RequestContext, RequestId, ServiceIdentity, Timeout,
    context,
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    metrics::Format,
    tracer::TracingConfig,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use tower::ServiceExt as _;

use super::*;
use crate::{
    Access, Authenticate, Authentication, HealthSource, HttpConfig, Identity, Json, RouteOptions,
    Routes,
    server::{Listener, ListenerConfig},
};

struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl TestResponse {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.body
        );
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_eq!(problem["status"], self.status.as_u16());
        problem
    }
}

fn identity() -> ServiceIdentity {
    ServiceIdentity::new("orders-service", "1.0.0")
}

fn telemetry() -> (Telemetry, MemorySink) {
    let sink = MemorySink::default();
    let telemetry = Telemetry::start_with_sink(
        &identity(),
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(sink.clone()),
    );
    (telemetry.unwrap(), sink)
}

fn builder(config: HttpConfig) -> StackBuilder {
    Stack::builder(identity(), config, &telemetry().0)
}

fn stack_with(config: HttpConfig, routes: Routes) -> Stack {
    builder(config).build(routes).unwrap()
}

fn stack(routes: Routes) -> Stack {
    stack_with(HttpConfig::default(), routes)
}

async fn send(stack: &Stack, request: Request<Body>) -> TestResponse {
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    let response = stack
        .connection(peer, false)
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(stack: &Stack, path: &str) -> TestResponse {
    send(stack, request(Method::GET, path)).await
}

fn request(method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

fn limited(burst: u32) -> HttpConfig {
    let mut config = HttpConfig::default();
    config.rate_limit.requests = NonZeroU32::new(burst).unwrap();
    config.rate_limit.window = Timeout::from_secs(burst);
    config
}
