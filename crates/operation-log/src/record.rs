use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use seaworthy_contract::idempotency::KeyedCallObserver;
use seaworthy_core::{Deadline, RequestContext, context};
use seaworthy_http::{grpc_timeout, is_grpc, is_json};
use seaworthy_telemetry::redact::redact_request_id;

use crate::{
    body::{Peeked, Summary, peek},
    content,
    log::OperationLog,
    methods::Method,
    outcome::{Outcome, is_rejected},
    path,
    running_call::{Pending, RunningCall},
    store::Entry,
    trailers::{StreamEnd, read_unary, store_status},
};

/// The maximum size of the content of an anonymous call, in bytes, so that anonymous clients cannot
/// fill the database.
const MAX_ANONYMOUS_CONTENT: usize = 500;
/// The maximum size of a request that the log reads, in bytes. Most requests are smaller, and all
/// concurrent ones together need little memory. The log stores only the size of a larger request.
const MAX_READ_SIZE: usize = 64 * 1024;

/// The maximum time from the start of most requests to the log, for example for authentication.
const MAX_STACK_TIME: Duration = Duration::from_secs(1);

/// The paths of services that every gRPC listener has. They change nothing, and probes call them
/// often and without a rate limit.
const STANDARD_SERVICES: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

/// A call at its start.
pub(crate) struct CallStart {
    pub(crate) user: Option<String>,
    pub(crate) method: String,
    pub(crate) operation: String,
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) content: Option<String>,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) client_ip: String,
}

impl CallStart {
    pub(crate) fn new(
        context: &RequestContext,
        operation: String,
        target: String,
        path: String,
    ) -> Self {
        let address = context.client_address();
        Self {
            user: actor(context),
            method: String::new(),
            operation,
            target,
            path,
            content: None,
            request_id: redact_request_id(context.request_id()).into_owned(),
            trace_id: context.trace().trace_id().to_string(),
            client_ip: address.map(|ip| ip.to_string()).unwrap_or_default(),
        }
    }
}

/// A call whose handler has ended.
#[derive(Default)]
pub(crate) struct CallEnd {
    pub(crate) user: Option<String>,
    pub(crate) content: Option<String>,
    /// `None` while only the handler has ended, and the trailers of its response are not known.
    pub(crate) status: Option<i32>,
    pub(crate) result: Option<String>,
    pub(crate) duration_ms: Option<i64>,
}

impl CallEnd {
    /// Creates the end of a call without its outcome. The entry of a rejected anonymous call has no
    /// content.
    pub(crate) fn new(user: Option<String>, content: Option<Content>, is_rejected: bool) -> Self {
        let content = content.and_then(Content::into_text);
        let content = match user {
            Some(_) => content,
            None => content
                .filter(|_| !is_rejected)
                .map(|text| content::cut(text, MAX_ANONYMOUS_CONTENT)),
        };
        Self {
            user,
            content,
            ..Self::default()
        }
    }

    /// Adds the parts of a later end. They replace all earlier parts except the content.
    pub(crate) fn followed_by(self, later: Self) -> Self {
        Self {
            user: later.user.or(self.user),
            content: self.content.or(later.content),
            status: later.status.or(self.status),
            result: later.result.or(self.result),
            duration_ms: later.duration_ms.or(self.duration_ms),
        }
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome, started: Instant) -> Self {
        self.status = Some(outcome.status);
        self.with_result(outcome.result, started)
    }

    pub(crate) fn with_result(mut self, result: String, started: Instant) -> Self {
        let duration_ms = i64::try_from(started.elapsed().as_millis());
        self.result = Some(result);
        self.duration_ms = Some(duration_ms.unwrap_or(i64::MAX));
        self
    }
}

impl OperationLog {
    /// Stores the entry of an unsafe call around its handler.
    pub(crate) async fn record(self, request: Request, next: Next) -> Response {
        self.record_around(request, |request| next.run(request))
            .await
    }

    pub(crate) async fn record_around<F>(
        self,
        request: Request,
        run: impl FnOnce(Request) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        let method = self.grpc_method(&request);
        let context = context::current().filter(|_| is_recorded(&request, method.as_ref()));
        let Some(context) = context else {
            return run(request).await;
        };
        let started = Instant::now();
        let client_timeout = method
            .as_ref()
            .and_then(|_| grpc_timeout(request.headers()));
        let mut start = self.call_start(&request, method.as_ref(), &context);
        let query = content::of_query(request.uri(), self.config());
        let (mut request, body) = self.body(request, method.as_ref()).await;
        let mut content = Content { query, body };
        // A handler may reject the content of an anonymous caller.
        if start.user.is_some() {
            start.content = content.take_text();
        }
        let entry = Entry::new(&self, start);
        let is_grpc = method.is_some();
        let running = RunningCall::start(self.clone(), entry.clone(), &context, started, is_grpc);
        let observer = KeyedCallObserver::new(Arc::clone(&running) as _);
        request.extensions_mut().insert(observer);
        let recording = Recording {
            log: self.clone(),
            entry: entry.clone(),
            context,
            running,
            client_timeout,
            content: Some(content),
        };
        self.store_start(&entry).await;
        let response = run(request).await;
        recording.finish(response, method.as_ref()).await
    }

    /// Returns the gRPC method of a request. Only the path of a method makes a request a gRPC call:
    /// clients choose the media type.
    fn grpc_method(&self, request: &Request) -> Option<Method> {
        let method = self.methods().get(request.uri().path());
        method.filter(|_| is_grpc(request.headers())).cloned()
    }

    /// Returns the start of a call without its content.
    fn call_start(
        &self,
        request: &Request,
        method: Option<&Method>,
        context: &RequestContext,
    ) -> CallStart {
        let http_method = request.method().to_string();
        let path = request.uri().path();
        let (operation, target, path) = match method {
            Some(Method { descriptor, .. }) => {
                let service = descriptor.parent_service().full_name().to_owned();
                (descriptor.name().to_owned(), service, path.to_owned())
            }
            None => {
                let template = request.extensions().get::<MatchedPath>();
                let template = template.map(MatchedPath::as_str);
                let path = path::masked(path, template, self.config());
                let target = template.map_or_else(|| path.clone(), str::to_owned);
                (http_method.clone(), target, path)
            }
        };
        let mut start = CallStart::new(context, operation, target, path);
        start.method = http_method;
        start.path = path::cut(start.path, start.user.is_none());
        start
    }

    /// Reads the body of a request.
    async fn body(&self, request: Request, method: Option<&Method>) -> (Request, BodyContent) {
        if method.is_some_and(|method| method.descriptor.is_client_streaming()) {
            return (request, BodyContent::None);
        }
        // Some handlers ignore the media type, so the log reads the content with any media type.
        let is_declared = method.is_some() || is_json(request.headers());
        let is_readable = |bytes: &[u8]| is_declared || begins_json(bytes);
        let (parts, body) = request.into_parts();
        let (body, peeked) = peek(body, MAX_READ_SIZE, is_readable).await;
        let content = match peeked {
            Peeked::Failed => BodyContent::None,
            Peeked::Whole(bytes) if bytes.is_empty() => BodyContent::None,
            Peeked::Summarized(summary) => BodyContent::Summarized(summary),
            Peeked::Whole(bytes) => {
                let text = match method {
                    Some(Method { descriptor, .. }) => {
                        content::of_grpc(&bytes, descriptor.input(), self.config())
                    }
                    None => content::of_json(&bytes, self.config()),
                };
                let summary = || Summary::of(&bytes).json().to_string();
                BodyContent::Text(text.unwrap_or_else(summary))
            }
        };
        (Request::from_parts(parts, body), content)
    }
}

/// A call whose request is handled. If it is dropped before the response, it stores the outcome.
struct Recording {
    log: OperationLog,
    entry: Entry,
    context: Arc<RequestContext>,
    running: Arc<RunningCall>,
    /// The timeout of a gRPC client.
    client_timeout: Option<Duration>,
    /// `None` after the end.
    content: Option<Content>,
}

impl Recording {
    /// Stores the end of the call. The entry of a stream gets its status at the end of the stream.
    async fn finish(mut self, mut response: Response, method: Option<&Method>) -> Response {
        let mut outcome = Outcome::of_response(&response);
        let is_unary = method.is_some_and(|method| !method.descriptor.is_server_streaming());
        if outcome.is_none() && is_unary {
            // The entry does not wait for the client, which may never read its response.
            let status;
            (response, status) = read_unary(response).await;
            outcome = Some(Outcome::of_trailers(status));
        }
        self.running.finish();
        let content = self.content.take();
        // The user of a login is known only at its end.
        let mut end = CallEnd::new(actor(&self.context), content, is_rejected(&response));
        match outcome {
            Some(outcome) => end = end.with_outcome(outcome, self.running.started()),
            // If the client disconnects meanwhile, the status may be stored first.
            None => response = store_status(response, self.stream_end()),
        }
        // The change of a stream does not wait for its status, because a stream may last long.
        self.log.store_end(&self.entry, end, &self.context).await;
        response
    }

    fn stream_end(&self) -> StreamEnd {
        let started = self.running.started();
        let timeout = self.client_timeout;
        StreamEnd {
            log: self.log.clone(),
            entry: self.entry.clone(),
            context: Arc::clone(&self.context),
            started,
            deadline: timeout.map(|timeout| stream_deadline(&self.context, started, timeout)),
            is_stored: false,
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(content) = self.content.take() {
            let user = actor(&self.context);
            let pending = Pending { user, content };
            self.running.abandon(pending, self.context.deadline());
        }
    }
}

/// The content of a request.
pub(crate) struct Content {
    /// The redacted query.
    query: Option<String>,
    body: BodyContent,
}

enum BodyContent {
    None,
    /// The redacted request.
    Text(String),
    /// The request is too large or not JSON. The handler has not read it yet.
    Summarized(Summary),
}

impl Content {
    /// Returns the text if it is known before the call, and leaves nothing.
    fn take_text(&mut self) -> Option<String> {
        if matches!(self.body, BodyContent::Summarized(_)) {
            return None;
        }
        let content = Self {
            query: self.query.take(),
            body: std::mem::replace(&mut self.body, BodyContent::None),
        };
        content.into_text()
    }

    /// Returns the text at the end of the call.
    fn into_text(self) -> Option<String> {
        let body = match self.body {
            BodyContent::None => None,
            BodyContent::Text(text) => Some(text),
            BodyContent::Summarized(summary) => Some(summary.json().to_string()),
        };
        match (self.query, body) {
            (None, body) => body,
            (Some(query), None) => Some(format!(r#"{{"query":{query}}}"#)),
            (Some(query), Some(body)) => Some(format!(r#"{{"query":{query},"body":{body}}}"#)),
        }
    }
}

/// Whether a call has an entry.
fn is_recorded(request: &Request, method: Option<&Method>) -> bool {
    !is_standard(request.uri().path())
        && match method {
            Some(method) => !method.is_safe,
            None => !request.method().is_safe(),
        }
}

/// Whether a path is that of a standard gRPC service.
fn is_standard(path: &str) -> bool {
    let mut services = STANDARD_SERVICES.iter();
    services.any(|service| path.starts_with(service))
}

/// Whether a body without the media type of JSON begins like a JSON object or list.
fn begins_json(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, None | Some(b'{' | b'['))
}

/// Returns the user of the current request.
pub(crate) fn current_actor() -> Option<String> {
    context::with_current(|context| actor(context?))
}

fn actor(context: &RequestContext) -> Option<String> {
    context.actor().map(|actor| actor.as_str().to_owned())
}

/// Returns the deadline of the client of a stream. The deadline of the context is earlier if the
/// service limits the time until the response begins. It is exact otherwise, because its time
/// begins at the start of the request and not at that of the log.
fn stream_deadline(context: &RequestContext, started: Instant, timeout: Duration) -> Deadline {
    let own = Deadline::from_instant(started, timeout.saturating_sub(MAX_STACK_TIME));
    context.deadline().map_or(own, |deadline| own.max(deadline))
}
