//! gRPC calls through the same steps, without a library for gRPC. The tests check the bytes on the
//! wire.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use seaworthy_core::{Code, Error, ServiceIdentity, Timeout, context};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    metrics::Format,
    tracer::TracingConfig,
};
use serde_json::Value;
use tower::ServiceExt as _;

mod admission;
mod foreign_failures;
mod time_limits;

use super::*;
use crate::{HttpConfig, RouteOptions, Routes};

/// More messages than a test reads until the deadline.
const FLOOD: usize = 100;

struct Fixture {
    stack: Stack,
    telemetry: Telemetry,
    sink: MemorySink,
}

/// The response as the client sees it: the HTTP status, and head and trailers together.
struct TestResponse {
    status: StatusCode,
    fields: HeaderMap,
}

impl TestResponse {
    fn field(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

fn routes() -> Routes {
    let trailers = |status: &'static str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.parse().unwrap());
        Ok::<_, axum::Error>(http_body::Frame::trailers(trailers))
    };
    let data = || Ok(http_body::Frame::data(Bytes::from_static(b"\0\0\0\0\0")));
    Routes::new()
        .post("/orders.v1.Orders/Get", async move || {
            Response::new(Body::new(StreamBody::new(stream::iter([
                data(),
                trailers("0"),
            ]))))
        })
        .post("/orders.v1.Orders/Refuse", async move || {
            Response::new(Body::new(StreamBody::new(stream::iter([trailers("5")]))))
        })
        .post("/orders.v1.Orders/Panic", async || -> Response<Body> {
            panic!("hunter2")
        })
        .post("/orders.v1.Orders/Hang", async || {
            std::future::pending::<Response<Body>>().await
        })
        .post("/orders.v1.Orders/Watch", async move || {
            Response::new(Body::new(StreamBody::new(
                stream::iter([data()]).chain(stream::pending()),
            )))
        })
        .post("/orders.v1.Orders/Flood", async move || {
            Response::new(Body::new(StreamBody::new(
                stream::repeat_with(data)
                    .take(FLOOD)
                    .chain(stream::iter([trailers("0")])),
            )))
        })
        .post("/orders.v1.Orders/Remaining", async || {
            let remaining = context::current().unwrap().deadline().unwrap().remaining();
            let mut response = Response::new(Body::empty());
            let milliseconds = remaining.unwrap().as_millis().to_string();
            response
                .headers_mut()
                .insert("remaining", milliseconds.parse().unwrap());
            response
        })
}

fn fixture(config: HttpConfig, routes: Routes) -> Fixture {
    let identity = ServiceIdentity::new("orders-service", "1.0.0");
    let sink = MemorySink::default();
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(sink.clone()),
    )
    .unwrap();
    let stack = Stack::builder(identity, config, &telemetry)
        .grpc()
        .build(routes)
        .unwrap();
    Fixture {
        stack,
        telemetry,
        sink,
    }
}

fn plain() -> Fixture {
    fixture(HttpConfig::default(), routes())
}

impl Fixture {
    async fn call(&self, method: &str, headers: &[(&str, &str)]) -> TestResponse {
        let mut request = Request::post(format!("/orders.v1.Orders/{method}"))
            .header("content-type", "application/grpc");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn begin(&self, request: Request<Body>) -> Response<StackBody> {
        let service = self.stack.connection("127.0.0.1:9".parse().unwrap(), false);
        service.oneshot(request).await.unwrap()
    }

    async fn send(&self, request: Request<Body>) -> TestResponse {
        let response = self.begin(request).await;
        let (parts, body) = response.into_parts();
        let mut fields = parts.headers;
        let collected = body.collect().await.unwrap();
        fields.extend(collected.trailers().cloned().unwrap_or_default());
        TestResponse {
            status: parts.status,
            fields,
        }
    }

    fn metrics(&self) -> String {
        self.telemetry.metrics().render(Format::PrometheusText)
    }

    fn lines(&self) -> Vec<Value> {
        let lines = self.sink.lines().into_iter();
        lines
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn a_call_is_counted_by_service_method_and_status_obs_4() {
    let fixture = plain();
    for method in ["Get", "Refuse", "Nothing"] {
        fixture.call(method, &[]).await;
    }
    let metrics = fixture.metrics();
    for line in [
        r#"grpc_requests_total{service="orders.v1.Orders",method="Get",status="OK"} 1"#,
        r#"grpc_requests_total{service="orders.v1.Orders",method="Refuse",status="NotFound"} 1"#,
        r#"grpc_requests_total{service="unmatched",method="unmatched",status="Unimplemented"} 1"#,
        r#"grpc_request_duration_seconds_count{service="orders.v1.Orders",method="Get"} 1"#,
        "grpc_requests_in_flight 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn duration_of_a_declared_stream_ends_at_its_head_obs_4() {
    // Durations are real time, which a paused clock does not change.
    const OPEN: std::time::Duration = std::time::Duration::from_millis(300);
    let slow = async || {
        let end = stream::once(async {
            tokio::time::sleep(OPEN).await;
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            Ok::<_, axum::Error>(http_body::Frame::trailers(trailers))
        });
        Response::new(Body::new(StreamBody::new(end)))
    };
    let streams = Routes::new()
        .post("/orders.v1.Orders/Follow", slow)
        .with_options(RouteOptions::streams_response);
    let routes = routes().post("/orders.v1.Orders/Report", slow);
    let fixture = fixture(HttpConfig::default(), routes.merge(streams));
    for method in ["Follow", "Report"] {
        assert_eq!(fixture.call(method, &[]).await.field("grpc-status"), "0");
    }
    let metrics = fixture.metrics();
    let name = "grpc_request_duration_seconds_bucket";
    for (method, fast) in [("Follow", 1), ("Report", 0)] {
        let labels = format!("service=\"orders.v1.Orders\",method=\"{method}\",le=\"0.25\"");
        let line = format!("{name}{{{labels}}} {fast}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn call_logs_one_line_with_its_ids_obs_7_obs_6_obs_2() {
    let fixture = plain();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = fixture
        .call(
            "Refuse",
            &[("x-request-id", "mine"), ("traceparent", trace)],
        )
        .await;
    assert_eq!(response.field("x-request-id"), "mine");
    assert_eq!(&response.field("traceparent")[3..35], &trace[3..35]);
    let lines = fixture.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["call"], "orders.v1.Orders/Refuse");
    assert_eq!(lines[0]["status"], "NotFound");
    assert_eq!(lines[0]["request_id"], "mine");
}

#[tokio::test]
async fn unknown_method_is_unimplemented_other_media_types_are_http() {
    let fixture = plain();
    let response = fixture.call("Nothing", &[]).await;
    assert_eq!(
        (response.status, response.field("grpc-status")),
        (StatusCode::OK, "12")
    );
    assert_eq!(response.field("content-type"), "application/grpc");
    let request = Request::post("/orders.v1.Orders/Get")
        .body(Body::empty())
        .unwrap();
    let response = fixture.send(request).await;
    assert_eq!(response.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn panic_is_internal_without_details_obs_8() {
    let fixture = plain();
    let response = fixture.call("Panic", &[]).await;
    assert_eq!(
        (response.status, response.field("grpc-status")),
        (StatusCode::OK, "13")
    );
    assert!(!response.field("grpc-message").contains("hunter2"));
}

#[tokio::test]
async fn disconnected_client_cancels_its_call_life_6() {
    let fixture = plain();
    let hanging = fixture.call("Hang", &[]);
    assert!(futures::FutureExt::now_or_never(hanging).is_none());
    let metrics = fixture.metrics();
    let counted = r#"method="Hang",status="Canceled"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn rejections_have_the_error_form_of_the_service_api_2() {
    let identity = ServiceIdentity::new("orders-service", "1.0.0");
    let stack = Stack::builder(identity, HttpConfig::default(), &plain().telemetry)
        .error_renderer(Arc::new(|error: Error| {
            let mut response = Response::new(Body::from(error.reason().to_owned()));
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
            response
        }))
        .build(
            Routes::new()
                .get("/", async || "here")
                .post("/layer", async || {
                    crate::layer_rejection(Error::new(Code::Forbidden, "LAYER", "no"), false)
                }),
        )
        .unwrap();
    let service = stack.connection("127.0.0.1:9".parse().unwrap(), false);
    for (path, reason) in [
        ("/nothing", "ROUTE_NOT_FOUND"),
        ("/", "METHOD_NOT_ALLOWED"),
        ("/layer", "LAYER"),
    ] {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            reason
        );
    }
}

#[tokio::test]
async fn sends_headers_of_marked_error_ahead_of_status_api_2() {
    let refused = |is_marked: bool| {
        let mut response = crate::rpc::rejection(Error::new(Code::NotFound, "ORDER", "no order"));
        let headers = response.headers_mut();
        headers.insert("content-length", "0".parse().unwrap());
        headers.insert("retry-after", "1".parse().unwrap());
        if is_marked {
            response.extensions_mut().insert(crate::StatusInTrailers);
        }
        response
    };
    let routes = Routes::new()
        .post("/orders.v1.Orders/Marked", async move || refused(true))
        .post("/orders.v1.Orders/Plain", async move || refused(false));
    let fixture = fixture(HttpConfig::default(), routes);
    let request = |method: &str| {
        Request::post(format!("/orders.v1.Orders/{method}"))
            .header("content-type", "application/grpc")
            .body(Body::empty())
            .unwrap()
    };
    let plain = fixture.begin(request("Plain")).await;
    assert_eq!(plain.headers()["grpc-status"], "5");
    let (head, body) = fixture.begin(request("Marked")).await.into_parts();
    assert_eq!(head.headers["content-type"], "application/grpc");
    assert!(!head.headers.contains_key("grpc-status"));
    let trailers = body.collect().await.unwrap().trailers().unwrap().clone();
    assert_eq!(trailers["x-request-id"], head.headers["x-request-id"]);
    assert_eq!(trailers["grpc-status"], "5");
    assert_eq!(trailers["grpc-message"], "no order");
    assert!(!head.headers.contains_key("content-length"));
    assert_eq!(head.headers["retry-after"], "1");
    // nghttp2 resets a stream whose trailers have other fields of HTTP.
    let names = trailers.keys().map(http::HeaderName::as_str);
    let expected = ["x-request-id", "grpc-status", "grpc-message"];
    assert!(names.eq(expected), "{trailers:?}");
    let metrics = fixture.metrics();
    let counted = r#"method="Marked",status="NotFound"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}
