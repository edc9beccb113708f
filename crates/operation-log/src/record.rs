use std::time::Instant;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt as _;
use seaworthy_core::{RequestContext, ResponseError, context, new_id};

use crate::{content, log::OperationLog};

/// The result of a call that has not ended.
pub(crate) const UNKNOWN: &str = "unknown";
/// The result of a call without an error.
const OK: &str = "ok";

/// A call at its start.
pub(crate) struct Begin {
    pub(crate) id: String,
    pub(crate) user: Option<String>,
    pub(crate) operation: String,
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) content: Option<String>,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) client_ip: String,
}

/// The end of a call.
pub(crate) struct End {
    pub(crate) id: String,
    pub(crate) user: Option<String>,
    pub(crate) status: i32,
    pub(crate) result: String,
    pub(crate) duration_ms: i64,
}

impl OperationLog {
    /// Stores the entry of an unsafe call around its handler.
    pub(crate) async fn record(self, request: Request, next: Next) -> Response {
        let path = request.uri().path().to_owned();
        let call = self.calls().get(&path).cloned();
        let is_grpc = is_grpc(request.headers());
        let is_unsafe = if is_grpc {
            call.is_some()
        } else {
            is_unsafe(request.method())
        };
        let Some(context) = context::current().filter(|_| is_unsafe) else {
            return next.run(request).await;
        };
        let started = Instant::now();
        let template = request.extensions().get::<MatchedPath>();
        let template = template
            .map_or(path.as_str(), MatchedPath::as_str)
            .to_owned();
        let (operation, target) = match &call {
            Some(call) if is_grpc => {
                let service = call.parent_service().full_name().to_owned();
                (call.name().to_owned(), service)
            }
            _ => (request.method().to_string(), template),
        };
        let has_one_message = call.as_ref().is_none_or(|call| !call.is_client_streaming());
        let config = self.config();
        let (request, content) = if is_grpc && has_one_message {
            let message = call.map(|call| call.input());
            buffered(request, |body| content::of_grpc(body, message?, config)).await
        } else if is_json(request.headers()) {
            buffered(request, |body| content::of_json(body, config)).await
        } else {
            (request, None)
        };
        let begin = Begin {
            id: new_id().to_string(),
            user: actor(&context),
            operation,
            target,
            path,
            content,
            request_id: context.request_id().to_string(),
            trace_id: context.trace().trace_id().to_string(),
            client_ip: context
                .client_address()
                .map(|address| address.to_string())
                .unwrap_or_default(),
        };
        let id = begin.id.clone();
        self.begin(begin).await;
        let response = next.run(request).await;
        let (status, result) = outcome(&response, is_grpc);
        self.end(End {
            id,
            // A login knows its user only at the end.
            user: actor(&context),
            status,
            result,
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
        .await;
        response
    }
}

fn actor(context: &RequestContext) -> Option<String> {
    context.actor().map(|actor| actor.as_str().to_owned())
}

fn is_unsafe(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    )
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn is_grpc(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("application/grpc")
}

fn is_json(headers: &HeaderMap) -> bool {
    content_type(headers).starts_with("application/json")
}

/// Reads the body, whose size the stack limits. A body that cannot be read has no content, and the
/// handler gets the same error.
async fn buffered(
    request: Request,
    read: impl FnOnce(&[u8]) -> Option<String>,
) -> (Request, Option<String>) {
    let (parts, body) = request.into_parts();
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            let content = read(&bytes);
            (Request::from_parts(parts, Body::from(bytes)), content)
        }
        Err(error) => {
            let failed = std::future::ready(Err::<axum::body::Bytes, _>(error));
            let body = Body::from_stream(futures::stream::once(failed));
            (Request::from_parts(parts, body), None)
        }
    }
}

/// Returns the status and the result of a response.
fn outcome(response: &Response, is_grpc: bool) -> (i32, String) {
    let failure = response.extensions().get::<ResponseError>();
    let reason = failure.map(|failure| failure.error().reason().to_owned());
    let status = if is_grpc {
        failure.map_or(0, |failure| failure.error().code().grpc())
    } else {
        response.status().as_u16().into()
    };
    let is_error = if is_grpc { status != 0 } else { status >= 400 };
    let result = reason.unwrap_or_else(|| if is_error { "error" } else { OK }.to_owned());
    (status, result)
}
