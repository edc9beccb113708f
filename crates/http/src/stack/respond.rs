use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body as _;
use seaworthy_core::{Code, Error, ResponseError};
use seaworthy_resilience::{Outcome, rate_limit::RateLimitHeaders};

use super::{
    ErrorRenderer, PublicErrorBody, StackBody,
    exchange::Exchange,
    layer_rejection,
    replaced_text::{ReplacedText, is_text},
};
use crate::{
    body_limit::BodyReport,
    cors::CrossOrigin,
    load_shed::OpenEnded,
    observe,
    request_id::{self, RequestIds},
    routes::{MethodLabel, RouteOptions},
    rpc::{Protocol, RpcStatus, StatusInTrailers, replace_message, with_trailers},
};

/// The number of headers with the request ID and the trace.
const IDENTITY_HEADERS: usize = 2;

impl Exchange {
    /// Completes the steps with the response. The request ends with the body.
    pub(super) fn respond(mut self, response: Response<Body>) -> Response<StackBody> {
        let mut response = match layer_rejection::take(&response) {
            Some(error) => self.fail(error),
            None => response,
        };
        let status = response.status();
        self.status = status.as_u16();
        // Dropping it releases the body's bytes to the budget.
        let body = self.body.take();
        if let Some(admission) = &self.admission {
            let waited = body.as_ref().map(BodyReport::waited);
            let outcome = match self.stack.protocol {
                Protocol::Http => outcome_of(status),
                Protocol::Grpc => RpcStatus::of(response.headers())
                    .map_or_else(|| outcome_of(status), RpcStatus::outcome),
            };
            let waited = waited.unwrap_or_default();
            admission.record(outcome, waited);
            admission.begin_response();
        }
        let is_open_ended = response.extensions_mut().remove::<OpenEnded>().is_some();
        if is_open_ended {
            self.admission = None;
        }
        let options = self.target.options();
        if is_open_ended || options.is_some_and(RouteOptions::is_streaming_response) {
            self.open_ended = Some(self.started.elapsed());
        }
        let fault = body.and_then(|report| report.error());
        if self.stack.protocol == Protocol::Grpc {
            return self.respond_to_call(response, fault);
        }
        if status.is_client_error() || status.is_server_error() {
            response = self.explain(response, fault);
        }
        if self.method == MethodLabel::Head && !response.body().is_end_stream() {
            without_body(&mut response);
        }
        let headers = response.headers_mut();
        headers.reserve(self.added_headers());
        request_id::apply(self.context.request_id(), self.stack.request_ids, headers);
        observe::apply_trace(self.context.trace(), headers);
        self.stack.security_headers.apply(self.tls, headers);
        std::mem::replace(&mut self.cross_origin, CrossOrigin::Unrestricted).apply(headers);
        if let Some(rate_limit) = self.rate_limit.take() {
            rate_limit.apply(headers);
        }
        if let Some(challenge) = self.challenge.take() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        let accepted = self.accepted_encodings.take();
        let accepted = accepted.filter(|_| self.method != MethodLabel::Head);
        let (response, compressing) = self.stack.compression.apply(accepted, response);
        self.compressing = compressing;
        response.map(|body| StackBody::new(body, Some(self)))
    }

    /// Returns the number of headers that the stack adds. Space for more than these would double
    /// the memory of the map.
    fn added_headers(&self) -> usize {
        let rate_limit = self.rate_limit.as_ref();
        IDENTITY_HEADERS
            + usize::from(self.stack.request_ids == RequestIds::Correlation)
            + self.stack.security_headers.count(self.tls)
            + rate_limit.map_or(0, RateLimitHeaders::header_count)
            + usize::from(self.challenge.is_some())
            + self.cross_origin.header_count()
    }

    /// Completes the steps of a gRPC call, which needs no headers for browsers and caches.
    fn respond_to_call(
        mut self,
        mut response: Response<Body>,
        fault: Option<Error>,
    ) -> Response<StackBody> {
        let failed = RpcStatus::of(response.headers()).is_some_and(|status| !status.is_ok());
        if let Some(error) = fault
            && failed
        {
            response = self.fail(error);
        }
        response = self.replace_text(response);
        self.failure = response.extensions_mut().remove::<ResponseError>();
        let is_public = response.extensions_mut().remove::<PublicErrorBody>();
        let headers = response.headers_mut();
        self.rpc = RpcStatus::of(headers);
        if self.failure.is_none()
            && is_public.is_none()
            && let Some(status) = self.rpc
        {
            self.failure = self.replace_message(status, headers);
        }
        request_id::apply(self.context.request_id(), self.stack.request_ids, headers);
        observe::apply_trace(self.context.trace(), headers);
        if let Some(rate_limit) = self.rate_limit.take() {
            rate_limit.apply(headers);
        }
        let is_marked = response.extensions_mut().remove::<StatusInTrailers>();
        if is_marked.is_some() && self.rpc.is_some() {
            response = with_trailers(response);
        }
        response.map(|body| StackBody::new(body, Some(self)))
    }

    /// Replaces a 5xx response without a gRPC status, such as that of a foreign layer, because its
    /// text may contain internals (SEC-4).
    fn replace_text(&mut self, mut response: Response<Body>) -> Response<Body> {
        let status = response.status();
        let is_known = response.extensions().get::<ResponseError>().is_some()
            || RpcStatus::of(response.headers()).is_some();
        if is_known || !status.is_server_error() || !self.is_replaced(&mut response) {
            return response;
        }
        let redactor = self.stack.observer.redactor();
        let text = self.guard(|| ReplacedText::take(&mut response, redactor));
        let code = match status {
            // As gRPC clients map it.
            StatusCode::BAD_GATEWAY => Code::Unavailable,
            _ => code_of(status).unwrap_or(Code::Internal),
        };
        let replaced = self.fail(foreign_failure(code, text.unwrap_or_default()));
        self.status = replaced.status().as_u16();
        replaced
    }

    /// Replaces the message of a failure, because a handler or a library may have written internals
    /// into it (SEC-4). Returns the error for the log. The message of a status in trailers stays,
    /// because it is not known before the stream ends.
    fn replace_message(&self, status: RpcStatus, headers: &mut HeaderMap) -> Option<ResponseError> {
        let code = status.internal_failure()?;
        let replaced = replace_message(headers, code.title())?;
        let redactor = self.stack.observer.redactor();
        let text = self.guard(|| ReplacedText::of_message(&replaced, redactor));
        let error = foreign_failure(code, text.unwrap_or_default());
        Some(ResponseError::new(error))
    }

    /// Turns a failure into a problem document: the response to a body that was too large, too slow
    /// or over budget, and an error status without a body. A document also replaces the text of a
    /// 5xx response, because a handler, an extractor or a library may have written internals into
    /// it (SEC-4).
    fn explain(&mut self, mut response: Response<Body>, fault: Option<Error>) -> Response<Body> {
        if let Some(error) = fault {
            let mut problem = self
                .guard(|| (self.stack.errors)(error))
                .unwrap_or_else(|_| Response::new(Body::empty()));
            self.status = problem.status().as_u16();
            self.failure = problem.extensions_mut().remove::<ResponseError>();
            return problem;
        }
        self.failure = response.extensions_mut().remove::<ResponseError>();
        if self.failure.is_some() {
            return response;
        }
        let status = response.status();
        let bare = response.body().is_end_stream() && self.method != MethodLabel::Head;
        if !(bare || status.is_server_error() && self.is_replaced(&mut response)) {
            return response;
        }
        let text = match status.is_server_error() {
            true => {
                let redactor = self.stack.observer.redactor();
                self.guard(|| ReplacedText::take(&mut response, redactor))
            }
            false => Ok(None),
        };
        response.headers_mut().remove(header::CONTENT_ENCODING);
        let text = text.unwrap_or_default();
        let Some(code) = code_of(status) else {
            if let Some(text) = text {
                let failed = self.fail(Error::internal(text));
                self.failure = failed.into_parts().0.extensions.remove::<ResponseError>();
            }
            *response.body_mut() = Body::empty();
            let headers = response.headers_mut();
            headers.remove(header::CONTENT_LENGTH);
            headers.remove(header::CONTENT_TYPE);
            return response;
        };
        let error = foreign_failure(code, text);
        let explained = self
            .guard(|| (self.stack.errors)(error))
            .unwrap_or_else(|_| Response::new(Body::empty()));
        let (mut explanation, body) = explained.into_parts();
        if status.is_server_error() {
            self.failure = explanation.extensions.remove::<ResponseError>();
        }
        let (mut parts, _) = response.into_parts();
        for (name, value) in &explanation.headers {
            parts.headers.insert(name, value.clone());
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, body)
    }

    /// Whether a document replaces the body of a 5xx response. Probes respond with their checks.
    fn is_replaced(&self, response: &mut Response<Body>) -> bool {
        let is_public = response.extensions_mut().remove::<PublicErrorBody>();
        let is_probe = self.target.options().is_some_and(RouteOptions::is_probe);
        is_public.is_none() && !is_probe && is_text(response.headers())
    }
}

/// Returns the first code with an HTTP status.
fn code_of(status: StatusCode) -> Option<Code> {
    let mut codes = Code::ALL.into_iter();
    codes.find(|code| code.http_status() == status.as_u16())
}

/// Returns the error of a response that is not of an [`Error`]. The text is for the log only.
fn foreign_failure(code: Code, text: Option<ReplacedText>) -> Error {
    let error = Error::new(code, code.name(), code.title());
    match text {
        Some(text) => error.with_cause(text),
        None => error,
    }
}

/// Returns the outcome of a response for load shedding.
fn outcome_of(status: StatusCode) -> Outcome {
    if status.is_success() || status.is_redirection() {
        Outcome::Success
    } else if status.is_server_error() {
        Outcome::TRANSIENT
    } else {
        Outcome::Permanent
    }
}

/// Removes the body from the response to `HEAD`. axum does that for handlers, but not for the
/// responses of the stack.
fn without_body(response: &mut Response<Body>) {
    if let Some(length) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| length.into());
    }
    *response.body_mut() = Body::empty();
}

/// Returns the error for a path without a route.
pub(super) fn not_found() -> Error {
    Error::new(
        Code::NotFound,
        "ROUTE_NOT_FOUND",
        "no route matches this path",
    )
}

/// Returns the response to a method without a handler. It lists the served methods, which `OPTIONS`
/// requests.
pub(super) fn other_methods(
    method: &Method,
    allow: &HeaderValue,
    errors: &ErrorRenderer,
) -> Response<Body> {
    let mut response = if *method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        errors(Error::new(
            Code::MethodNotAllowed,
            "METHOD_NOT_ALLOWED",
            "the path does not support this method",
        ))
    };
    response.headers_mut().insert(header::ALLOW, allow.clone());
    response
}

/// Returns the error after a panic, without its message (OBS-8).
pub(super) fn panicked() -> Error {
    Error::new(Code::Internal, "INTERNAL", "the service failed to respond")
}
