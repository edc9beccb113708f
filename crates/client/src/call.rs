//! One call with its limits and redirects.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, RANGE, USER_AGENT},
};
use http_body::Body as _;
use hyper::body::Incoming;
use seaworthy_core::context;
use seaworthy_resilience::{
    CallError, UNPROCESSED, circuit_breaker::DeferredReport, retry::ReplayBody,
};
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use crate::{
    BodySize, ClientError, HttpResponse, RedirectProblem, RequestBody, ResponseBody, TimeoutKind,
    body::{Bound, Encoding, Received},
    client::Inner,
    observe::CallRecord,
    redirect,
    replay::ReplayRequest,
    request::{Content, RequestBuilder},
    target::host_of,
    transport::Attempt,
};

pub(crate) async fn send(request: RequestBuilder) -> Result<HttpResponse, ClientError> {
    let RequestBuilder {
        client,
        method,
        url,
        mut headers,
        extensions,
        body,
        timeout,
        follows_redirects,
    } = request;
    let inner = &*client;
    let url = url.map_err(|error| error.of_client(&inner.name))?;
    let parent = context::current();
    let trace = inner
        .metrics
        .tracer()
        .start_span(parent.as_ref().map(|parent| parent.trace()));
    let host = host_of(&url);
    let mut record = inner.metrics.begin(&method, &host, trace);

    let propagation = inner.config.propagation;
    propagation.apply(&mut headers, parent.as_deref(), record.trace());
    let left = parent
        .as_ref()
        .and_then(|parent| parent.deadline())
        .map(|deadline| deadline.remaining().unwrap_or_default());
    let decodes = asks_for_encodings(&mut headers);
    if let Some(agent) = &inner.user_agent {
        headers.entry(USER_AGENT).or_insert_with(|| agent.clone());
    }

    let mut exchange = Exchange {
        inner,
        url,
        host,
        method,
        headers,
        extensions,
        bound: bound(inner, timeout, left),
        follows_redirects,
    };
    let result = exchange.run(body, &mut record).await;
    match result {
        Ok(response) => exchange.into_response(response, decodes, record),
        Err(error) => {
            record.record_failure(&error);
            Err(error)
        }
    }
}

/// Returns whether the client decompresses the response. It does not if the caller requests an
/// encoding or a range.
fn asks_for_encodings(headers: &mut HeaderMap) -> bool {
    if headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(RANGE) {
        return false;
    }
    headers.insert(ACCEPT_ENCODING, Encoding::ACCEPTED);
    true
}

fn bound(inner: &Inner, requested: Option<Duration>, left: Option<Duration>) -> Bound {
    let total = inner.policies.total_timeout().get();
    let total = requested.map_or(total, |requested| total.min(requested));
    let (kind, allowed) = match left {
        Some(left) if left < total => (TimeoutKind::Deadline, left),
        _ => (TimeoutKind::Total, total),
    };
    Bound {
        at: Instant::now() + allowed,
        kind,
        allowed,
    }
}

struct Exchange<'a> {
    inner: &'a Inner,
    url: Url,
    host: Arc<str>,
    method: Method,
    headers: HeaderMap,
    extensions: http::Extensions,
    bound: Bound,
    follows_redirects: bool,
}

impl Exchange<'_> {
    /// Sends the request and follows redirects.
    async fn run(
        &mut self,
        body: Content,
        record: &mut CallRecord,
    ) -> Result<Response<Incoming>, ClientError> {
        let (mut bytes, mut stream) = match body {
            Content::Bytes(bytes) => (Some(bytes), None),
            Content::Stream(stream) => (None, Some(stream)),
        };
        let mut followed = 0;
        let mut sends_credentials = true;
        loop {
            let body = match (&bytes, stream.take()) {
                (Some(bytes), _) => RequestBody::from(bytes.clone()),
                (None, Some(stream)) => stream,
                (None, None) => return Err(self.redirect_error(RedirectProblem::Body)),
            };
            let attempt = Attempt {
                host: Arc::clone(&self.host),
                deadline: self.bound.at,
                sends_timeout: self.inner.config.propagation.sends_timeout(),
                count: Arc::clone(record.attempts()),
                bytes: bytes.clone(),
                sends_credentials,
            };
            let request = self.request(body, attempt)?;
            let response = self.call(request).await?;
            record.record_status(response.status());
            if !self.follows_redirects {
                return Ok(response);
            }
            let redirected = redirect::follow(
                (
                    &self.inner.config.redirects,
                    self.inner.config.base_url.as_ref(),
                ),
                followed,
                &self.url,
                &mut self.method,
                &mut self.headers,
                (response.status(), response.headers()),
            )?;
            let Some(redirected) = redirected else {
                return Ok(response);
            };
            // A redirect back to the first origin is still a request of the other origin.
            sends_credentials &= !redirected.leaves_origin;
            if !redirected.keeps_body {
                bytes = Some(bytes::Bytes::new());
            }
            followed += 1;
            self.url = redirected.url;
            self.host = host_of(&self.url);
        }
    }

    fn request(&self, body: RequestBody, attempt: Attempt) -> Result<ReplayRequest, ClientError> {
        let uri = self.url[..Position::AfterQuery]
            .parse::<http::Uri>()
            .map_err(|_| {
                ClientError::url("the URL is not a valid URI").of_client(&self.inner.name)
            })?;
        let body = ReplayBody::new(body, self.inner.config.max_replay_size);
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        *request.extensions_mut() = self.extensions.clone();
        request.extensions_mut().insert(attempt);
        Ok(request)
    }

    /// Sends one request through the policies.
    async fn call(&self, request: ReplayRequest) -> Result<Response<Incoming>, ClientError> {
        match timeout_at(self.bound.at, self.inner.sender.send(request)).await {
            Ok(result) => result.map_err(|error| self.failure(error)),
            Err(_) => Err(self.timed_out(self.bound.kind, self.bound.allowed)),
        }
    }

    fn failure(&self, error: CallError<ClientError>) -> ClientError {
        match error {
            CallError::Failed(error) => error,
            CallError::Rejected(rejection) => ClientError::Rejected {
                host: Arc::clone(&self.host),
                rejection,
            },
            CallError::TimedOut(elapsed) => {
                let head = self.inner.policies.attempt_timeout().get();
                if elapsed.timeout() == head && head < self.bound.allowed {
                    self.timed_out(TimeoutKind::Head, head)
                } else {
                    self.timed_out(self.bound.kind, self.bound.allowed)
                }
            }
        }
    }

    fn timed_out(&self, kind: TimeoutKind, after: Duration) -> ClientError {
        ClientError::TimedOut {
            host: Arc::clone(&self.host),
            kind,
            after,
        }
    }

    fn redirect_error(&self, problem: RedirectProblem) -> ClientError {
        ClientError::Redirect {
            host: Arc::clone(&self.host),
            problem,
        }
    }

    /// Returns the response with a limited body.
    fn into_response(
        self,
        mut response: Response<Incoming>,
        decodes: bool,
        record: CallRecord,
    ) -> Result<HttpResponse, ClientError> {
        let config = &self.inner.config;
        let report = DeferredReport::take_from(&mut response);
        let (mut parts, body) = response.into_parts();
        // It concerns only the connection to this service, and a proxy could forward it.
        parts.headers.remove(UNPROCESSED);
        let max_size = config.max_response_size;
        if body.size_hint().lower() > max_size.get() {
            let error = ClientError::TooLarge {
                host: self.host,
                limit: max_size,
                of: BodySize::Received,
            };
            record.record_failure(&error);
            return Err(error);
        }
        let has_body = self.method != Method::HEAD
            && !matches!(
                parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let encoding = if decodes && has_body {
            Encoding::of(&parts.headers)
        } else {
            None
        };
        if encoding.is_some() {
            const STALE: [HeaderName; 2] = [CONTENT_ENCODING, CONTENT_LENGTH];
            for name in STALE {
                parts.headers.remove(name);
            }
        }
        let host = Arc::clone(&self.host);
        let idle = config.idle_timeout.get();
        let received = Received::new(body, Arc::clone(&host), max_size, idle, self.bound);
        let body = ResponseBody::new(
            received,
            encoding,
            Arc::clone(&host),
            max_size,
            record,
            report,
        );
        let response = Response::from_parts(parts, body);
        Ok(HttpResponse::new(response, host, max_size))
    }
}
