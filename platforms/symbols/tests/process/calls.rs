//! Shared gRPC clients.

use http::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use tonic::{
    Status,
    body::Body,
    codegen::Bytes,
    transport::{Channel, Endpoint},
};
use tower::ServiceExt as _;

use crate::{
    app::SymbolsApp,
    contract::service::symbols::v1::{
        CreateSymbolRequest, symbols_service_client::SymbolsServiceClient,
    },
};

pub(crate) type Client = SymbolsServiceClient<Channel>;

pub(crate) async fn client(service: &SymbolsApp) -> Client {
    let url = format!("http://{}", service.grpc());
    SymbolsServiceClient::connect(url).await.unwrap()
}

pub(crate) fn create(number: u32) -> CreateSymbolRequest {
    CreateSymbolRequest {
        project_id: 7,
        uid: format!("00000000-0000-4000-8000-{number:012}"),
        label: "Hero".to_owned(),
        class_name: "c-hero".to_owned(),
        component_target: "page".to_owned(),
        version: 1,
        data: vec![0, 255, 16],
    }
}

/// Returns the reason of the first detail, which must be an `ErrorInfo`.
pub(crate) fn reason(status: &Status) -> String {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Details {
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct ErrorInfo {
        #[prost(string, tag = "1")]
        reason: String,
        #[prost(string, tag = "2")]
        domain: String,
    }
    use prost::Message as _;
    let details = Details::decode(status.details()).unwrap().details;
    assert_eq!(
        details[0].type_url,
        "type.googleapis.com/google.rpc.ErrorInfo"
    );
    let info = ErrorInfo::decode(&*details[0].value).unwrap();
    assert_eq!(info.domain, "", "clients of the legacy service expect none");
    info.reason
}

pub(crate) async fn channel(service: &SymbolsApp) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", service.grpc())).unwrap();
    endpoint.connect().await.unwrap()
}

/// Sends a gRPC body with its prefix, and returns the status.
pub(crate) async fn raw(channel: &Channel, method: &str, body: &[u8]) -> Status {
    headers_and_status(channel, method, body).await.1
}

/// Sends a gRPC body with its prefix. Returns the initial headers and the status.
pub(crate) async fn headers_and_status(
    channel: &Channel,
    method: &str,
    body: &[u8],
) -> (HeaderMap, Status) {
    let body = Full::new(Bytes::copy_from_slice(body)).map_err(|never| match never {});
    let request = http::Request::post(method)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(body))
        .unwrap();
    let response = channel.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("x-request-id"));
    let headers = response.headers().clone();
    if let Some(status) = Status::from_header_map(&headers) {
        return (headers, status);
    }
    let body = response.into_body().collect().await.unwrap();
    let trailers = body.trailers().unwrap();
    // nghttp2 resets a stream with other headers in the trailers.
    for name in trailers.keys().map(http::HeaderName::as_str) {
        assert!(
            name == "x-request-id" || name.starts_with("grpc-"),
            "{name}"
        );
    }
    assert!(!headers.contains_key("content-length"));
    let status = Status::from_header_map(trailers).unwrap();
    (headers, status)
}
