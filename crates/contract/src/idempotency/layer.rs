use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use seaworthy_core::{
    Code, Error, context,
    effects::{self, Effects, Outcome},
};
use tokio::{sync::oneshot, time::timeout};
use tower::{Layer, Service};
use tracing::Instrument;

use super::{
    CallOutcome, IdempotencyConfig, IdempotencyStore, KeyState, KeyedCallObserver, Lifetimes,
    RecordedResponse, Replayed, ScopedKey, rejections, request,
};
use crate::error::reason;

/// The header that marks a response to a repeat.
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers that are stored with a response. The others are new for each request.
const KEPT_HEADERS: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LOCATION,
    header::LAST_MODIFIED,
    header::VARY,
];

/// Runs a call to its end, even if its client has disconnected.
type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// Responds to repeats of a request with an `Idempotency-Key` from a store. Add it inside of
/// authentication, so that keys belong to actors.
#[derive(Clone)]
pub struct IdempotencyLayer {
    config: IdempotencyConfig,
    store: Arc<dyn IdempotencyStore>,
    spawn: Spawn,
}

impl IdempotencyLayer {
    /// Creates a layer over `store`. `spawn` runs each call with a key, because the call continues
    /// without its client. In a service, `spawn` starts a task of the service, so that a stop waits
    /// for the call.
    pub fn new(
        config: IdempotencyConfig,
        store: Arc<dyn IdempotencyStore>,
        spawn: impl Fn(BoxFuture<'static, ()>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            config,
            store,
            spawn: Arc::new(spawn),
        }
    }
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = IdempotencyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        IdempotencyService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of an [`IdempotencyLayer`].
#[derive(Clone)]
pub struct IdempotencyService<S> {
    inner: S,
    layer: IdempotencyLayer,
}

impl<S> Service<Request> for IdempotencyService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let layer = self.layer.clone();
        // The service that was polled ready is the one to call.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match request::key(&parts, layer.config.required) {
                Ok(None) => inner.call(Request::from_parts(parts, body)).await,
                Ok(Some(key)) => match layer.call_with_key(inner, key, parts, body).await {
                    Ok(response) => Ok(response),
                    Err(error) => Ok(layer.rejection(error)),
                },
                Err(error) => Ok(layer.rejection(error)),
            }
        })
    }
}

impl IdempotencyLayer {
    fn rejection(&self, error: Error) -> Response {
        self.config.errors.http(self.config.errors.adapt(error))
    }

    async fn call_with_key<S>(
        &self,
        mut inner: S,
        key: ScopedKey,
        parts: Parts,
        body: Body,
    ) -> Result<Response, Error>
    where
        S: Service<Request, Response = Response, Error = Infallible> + Send + 'static,
        S::Future: Send,
    {
        let body = self.request_body(body).await?;
        let fingerprint = request::fingerprint(&parts, &body);
        let lifetimes = Lifetimes {
            timeout: self.config.timeout,
            ttl: self.config.ttl,
        };
        let token = match self.store.begin(&key, fingerprint, lifetimes).await? {
            KeyState::Claimed(token) => token,
            KeyState::Completed(recorded) => return Ok(replay(recorded)),
            KeyState::Running => return Err(rejections::in_use()),
            KeyState::ResponseNotStored => return Err(rejections::not_kept()),
            KeyState::OutcomeUnknown => return Err(rejections::unknown()),
            KeyState::Mismatch => return Err(rejections::reused()),
        };
        let mut effects = Effects::new();
        if let Some(participant) = self.store.participant(&key, token) {
            effects = effects.with_participant(participant);
        }
        let call = Call {
            layer: self.clone(),
            key,
            token,
            effects: Arc::new(effects),
        };
        // The extensions hold the charges of the request: for load shedding and for its body. The
        // call keeps them until it ends, even if its client has disconnected.
        let extensions = parts.extensions.clone();
        let request = Request::from_parts(parts, Body::from(body));
        let (sender, receiver) = oneshot::channel();
        let context = context::current();
        let recording = context
            .as_deref()
            .map(|context| Arc::new(context.without_deadline()));
        let observer = extensions.get::<KeyedCallObserver>().cloned();
        if let Some(observer) = &observer {
            observer.begin();
        }
        // A separate task, because a client that disconnects will repeat its request.
        let call = async move {
            let handler = async move { inner.call(request).await };
            let response = match context.clone() {
                Some(context) => call.run(context::scope(context, handler)).await,
                None => call.run(handler).await,
            };
            if let Some(observer) = observer {
                let end = || observer.end(response.as_ref().ok());
                match context {
                    Some(context) => context::sync_scope(context, end),
                    None => end(),
                }
            }
            drop(extensions);
            // A client that has disconnected gets the response with its next attempt.
            let _ = sender.send(response);
        }
        .in_current_span();
        // The outcome is recorded even after the deadline of the request.
        (self.spawn)(match recording {
            Some(context) => context::scope(context, call).boxed(),
            None => call.boxed(),
        });
        match receiver.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Reads the body of a response if its size is known and within the limit. Reading any other
    /// body could take forever.
    async fn read_response(&self, body: Body) -> RecordedBody {
        let limit = u64::try_from(self.config.max_response_size.as_usize()).unwrap_or(u64::MAX);
        match body.size_hint().exact() {
            Some(size) if size <= limit => match body.collect().await {
                Ok(collected) => RecordedBody::Read(collected.to_bytes()),
                Err(error) => RecordedBody::Failed(error),
            },
            _ => RecordedBody::Unread(body),
        }
    }

    async fn request_body(&self, body: Body) -> Result<Bytes, Error> {
        let limit = self.config.max_request_size;
        match Limited::new(body, limit.as_usize()).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Error::new(
                Code::TooLarge,
                reason::BODY_TOO_LARGE,
                format!("the body is larger than {} bytes", limit.get()),
            )),
            Err(error) => Err(Error::new(
                Code::Invalid,
                reason::MALFORMED_REQUEST,
                "the body ended before it was complete",
            )
            .with_cause(error.to_string())),
        }
    }
}

/// A call that has claimed its key. If it is dropped, the process is ending. The key is then in use
/// until its timeout has passed.
struct Call {
    layer: IdempotencyLayer,
    key: ScopedKey,
    token: u64,
    effects: Arc<Effects>,
}

impl Call {
    /// Runs the call and records its outcome before its response.
    async fn run(
        self,
        call: impl Future<Output = Result<Response, Infallible>>,
    ) -> Result<Response, Box<dyn Any + Send>> {
        let call = effects::scope(Arc::clone(&self.effects), call);
        let call = timeout(
            self.layer.config.timeout,
            AssertUnwindSafe(call).catch_unwind(),
        );
        match call.await {
            Ok(Ok(Ok(response))) => Ok(self.record(response).await),
            Ok(Err(panic)) => {
                self.settle(self.outcome(CallOutcome::Failed)).await;
                Err(panic)
            }
            Err(_elapsed) => {
                self.settle(self.outcome(CallOutcome::Failed)).await;
                Ok(self.layer.rejection(rejections::took_too_long()))
            }
        }
    }

    /// Stores the response for repeats, unless a repeat must run or get another response.
    async fn record(&self, response: Response) -> Response {
        if let Some(outcome) = without_response(response.status()) {
            let outcome = self.outcome(outcome);
            // A rejection after a change is stored like any other response.
            if response.status().is_server_error() || outcome == CallOutcome::Unchanged {
                self.settle(outcome).await;
                return response;
            }
        }
        let (parts, body) = response.into_parts();
        match self.layer.read_response(body).await {
            RecordedBody::Read(bytes) => {
                let recorded = RecordedResponse {
                    status: parts.status,
                    headers: kept_headers(&parts.headers),
                    body: bytes.clone(),
                };
                self.finish(recorded).await;
                Response::from_parts(parts, Body::from(bytes))
            }
            RecordedBody::Unread(body) => {
                self.settle(CallOutcome::Changed).await;
                Response::from_parts(parts, body)
            }
            RecordedBody::Failed(error) => {
                self.settle(CallOutcome::Changed).await;
                self.layer.rejection(Error::internal(error))
            }
        }
    }

    /// Returns the outcome of a call without a stored response. Reported changes take precedence
    /// over its status.
    fn outcome(&self, by_status: CallOutcome) -> CallOutcome {
        match self.effects.outcome() {
            Outcome::Changed => CallOutcome::Changed,
            Outcome::Unknown => CallOutcome::Unknown,
            Outcome::Unchanged => by_status,
        }
    }

    async fn finish(&self, response: RecordedResponse) {
        let (store, ttl) = (&self.layer.store, self.layer.config.ttl);
        // The call succeeded, so its client gets its response even if the store fails.
        if let Err(error) = store.finish(&self.key, self.token, response, ttl).await {
            tracing::error!(error = ?error, "the response to a request with an Idempotency-Key could not be stored");
        }
    }

    async fn settle(&self, outcome: CallOutcome) {
        let (store, ttl) = (&self.layer.store, self.layer.config.ttl);
        if let Err(error) = store.settle(&self.key, self.token, outcome, ttl).await {
            tracing::error!(error = ?error, "the outcome of a request with an Idempotency-Key could not be stored");
        }
    }
}

/// The body of a response.
enum RecordedBody {
    Read(Bytes),
    /// Too large, or of unknown size.
    Unread(Body),
    Failed(axum::Error),
}

/// Returns the outcome of a call whose response is not stored. Either it was rejected, so the
/// client may correct it under the same key, or it failed.
fn without_response(status: StatusCode) -> Option<CallOutcome> {
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::UNAUTHORIZED
        // A repeat can succeed after an operator grants the permission or corrects a policy.
        | StatusCode::FORBIDDEN
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS
        // With these two statuses the service did not process the request.
        | StatusCode::NOT_IMPLEMENTED
        | StatusCode::SERVICE_UNAVAILABLE => Some(CallOutcome::Unchanged),
        status if status.is_server_error() => Some(CallOutcome::Failed),
        _ => None,
    }
}

fn kept_headers(headers: &HeaderMap) -> HeaderMap {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| headers.get(name).map(|value| (name.clone(), value.clone())))
        .collect()
}

fn replay(recorded: RecordedResponse) -> Response {
    let mut response = Response::new(Body::from(recorded.body));
    *response.status_mut() = recorded.status;
    *response.headers_mut() = recorded.headers;
    response
        .headers_mut()
        .insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    response.extensions_mut().insert(Replayed);
    response
}
