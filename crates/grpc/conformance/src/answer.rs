//! Converts the requested responses of the conformance runner to those of tonic.

use std::time::Duration;

use http::HeaderMap;
use prost::Message;
use tonic::{Code, Response, Status, metadata::MetadataMap};

use crate::{
    contract::{
        Any, ConformancePayload, Error, Header, RichStatus, UnaryResponseDefinition,
        conformance_payload::RequestInfo, unary_response_definition,
    },
    headers,
    trailers::Trailers,
};

const PACKAGE: &str = "type.googleapis.com/connectrpc.conformance.v1";

/// A message with its name.
pub(crate) fn any(name: &str, message: &impl Message) -> Any {
    Any {
        type_url: format!("{PACKAGE}.{name}"),
        value: message.encode_to_vec(),
    }
}

/// The metadata and messages of a call.
pub(crate) fn request_info(metadata: &MetadataMap, requests: Vec<Any>) -> RequestInfo {
    let fields = metadata.clone().into_headers();
    let timeout = seaworthy_http::grpc_timeout(&fields);
    RequestInfo {
        request_headers: headers::received(&fields),
        timeout_ms: timeout.and_then(|timeout| timeout.as_millis().try_into().ok()),
        requests,
    }
}

/// Returns the message, or the error, of a unary response.
pub(crate) async fn unary<A>(
    definition: Option<UnaryResponseDefinition>,
    info: RequestInfo,
    answer: impl FnOnce(ConformancePayload) -> A,
) -> Result<Response<A>, Status> {
    let definition = definition.unwrap_or_default();
    pause(definition.response_delay_ms).await;
    let data = match definition.response {
        Some(unary_response_definition::Response::Error(error)) => {
            let both = [definition.response_headers, definition.response_trailers].concat();
            return Err(status(error, Some(info), &both));
        }
        Some(unary_response_definition::Response::ResponseData(data)) => data,
        None => Vec::new(),
    };
    let payload = ConformancePayload {
        data,
        request_info: Some(info),
    };
    Ok(with_fields(
        answer(payload),
        &definition.response_headers,
        &definition.response_trailers,
    ))
}

/// Returns a response with headers and trailers.
pub(crate) fn with_fields<A>(answer: A, before: &[Header], after: &[Header]) -> Response<A> {
    let mut response = Response::from_parts(
        MetadataMap::from_headers(headers::wanted(before)),
        answer,
        tonic::Extensions::default(),
    );
    let trailers: HeaderMap = headers::wanted(after);
    response.extensions_mut().insert(Trailers(trailers));
    response
}

/// Returns the requested error. Its details repeat the request if no message did.
pub(crate) fn status(error: Error, info: Option<RequestInfo>, fields: &[Header]) -> Status {
    let info = info.map(|info| any("ConformancePayload.RequestInfo", &info));
    let message = error.message.unwrap_or_default();
    let details = RichStatus {
        code: error.code,
        message: message.clone(),
        details: error.details.into_iter().chain(info).collect(),
    };
    let metadata = MetadataMap::from_headers(headers::wanted(fields));
    let details = details.encode_to_vec().into();
    Status::with_details_and_metadata(Code::from_i32(error.code), message, details, metadata)
}

/// Waits for the delay of a definition.
pub(crate) async fn pause(milliseconds: u32) {
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    }
}
