use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
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
    Begun, Ending, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, Times, request,
};
use crate::error::reason;

/// When a repeat of a running request is worth another try: most calls end within a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers that belong to the answer itself; the others are made anew for each request.
const KEPT: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LOCATION,
    header::LAST_MODIFIED,
    header::VARY,
];

/// Runs a call to its end, also when its client has gone.
type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// Gives repeats of a request with an `Idempotency-Key` the same answer. Put it behind authentication, so that keys belong to callers.
#[derive(Clone)]
pub struct IdempotencyLayer {
    config: IdempotencyConfig,
    store: Arc<dyn IdempotencyStore>,
    spawn: Spawn,
}

impl IdempotencyLayer {
    /// A layer that remembers in `store`. Each call with a key is given to `spawn` and outlives its client: in a service, `spawn` starts one of the service's tasks, so that a
    /// stop waits for what the call commits.
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

/// The service that [`IdempotencyLayer`] makes.
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
                Ok(Some(key)) => match layer.keyed(inner, key, parts, body).await {
                    Ok(response) => Ok(response),
                    Err(error) => Ok(layer.refusal(error)),
                },
                Err(error) => Ok(layer.refusal(error)),
            }
        })
    }
}

impl IdempotencyLayer {
    fn refusal(&self, error: Error) -> Response {
        self.config.errors.http(self.config.errors.adapt(error))
    }

    async fn keyed<S>(
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
        let times = Times {
            run: self.config.run,
            keep: self.config.keep,
        };
        let token = match self.store.begin(&key, fingerprint, times).await? {
            Begun::New(token) => token,
            Begun::Answered(answer) => return Ok(replay(answer)),
            Begun::Running => return Err(in_use()),
            Begun::Done => return Err(not_kept()),
            Begun::Unknown => return Err(unknown()),
            Begun::Mismatch => return Err(reused()),
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
        // The server may account for the body in the extensions, and the body stays in memory until
        // the call ends, also after the client has gone away.
        let extensions = parts.extensions.clone();
        let request = Request::from_parts(parts, Body::from(body));
        let (answer, answered) = oneshot::channel();
        let context = context::current();
        let recording = context
            .as_deref()
            .map(|context| Arc::new(context.without_deadline()));
        // A task of its own, because the client that goes away now is the one that will ask again.
        let call = async move {
            let handler = async move { inner.call(request).await };
            let response = match context {
                Some(context) => call.run(context::scope(context, handler)).await,
                None => call.run(handler).await,
            };
            drop(extensions);
            // A client that has gone gets the answer with its next try.
            let _ = answer.send(response);
        }
        .in_current_span();
        // How it ended is recorded also where its deadline has passed.
        (self.spawn)(match recording {
            Some(context) => context::scope(context, call).boxed(),
            None => call.boxed(),
        });
        match answered.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// The bytes of an answer that says its size beforehand and is not above the limit. Waiting for any other could take for ever.
    async fn whole(&self, body: Body) -> Whole {
        let limit = u64::try_from(self.config.answer_limit.as_usize()).unwrap_or(u64::MAX);
        match body.size_hint().exact() {
            Some(size) if size <= limit => match body.collect().await {
                Ok(collected) => Whole::Kept(collected.to_bytes()),
                Err(error) => Whole::Broken(error),
            },
            _ => Whole::Passed(body),
        }
    }

    async fn request_body(&self, body: Body) -> Result<Bytes, Error> {
        let limit = self.config.request_limit;
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

/// A call that holds its key. Where it is dropped, the process ends: the key is known as running until its time has passed.
struct Call {
    layer: IdempotencyLayer,
    key: ScopedKey,
    token: u64,
    effects: Arc<Effects>,
}

impl Call {
    /// Runs the call and records how it ended, before its answer is sent.
    async fn run(
        self,
        call: impl Future<Output = Result<Response, Infallible>>,
    ) -> Result<Response, Box<dyn Any + Send>> {
        let call = effects::scope(Arc::clone(&self.effects), call);
        let call = timeout(self.layer.config.run, AssertUnwindSafe(call).catch_unwind());
        match call.await {
            Ok(Ok(Ok(response))) => Ok(self.remember(response).await),
            Ok(Err(panic)) => {
                self.settle(self.ending(Ending::Unproven)).await;
                Err(panic)
            }
            Err(_elapsed) => {
                self.settle(self.ending(Ending::Unproven)).await;
                Ok(self.layer.refusal(took_too_long()))
            }
        }
    }

    /// Keeps an answer that is final, and gives it on.
    async fn remember(&self, response: Response) -> Response {
        if let Some(ending) = without_answer(response.status()) {
            let ending = self.ending(ending);
            // A refusal after a change is an answer like any other.
            if response.status().is_server_error() || ending == Ending::NotDone {
                self.settle(ending).await;
                return response;
            }
        }
        let (parts, body) = response.into_parts();
        match self.layer.whole(body).await {
            Whole::Kept(bytes) => {
                let answer = RecordedAnswer {
                    status: parts.status,
                    headers: kept(&parts.headers),
                    body: bytes.clone(),
                };
                self.finish(answer).await;
                Response::from_parts(parts, Body::from(bytes))
            }
            Whole::Passed(body) => {
                self.settle(Ending::Done).await;
                Response::from_parts(parts, body)
            }
            Whole::Broken(error) => {
                self.settle(Ending::Done).await;
                self.layer.refusal(Error::internal(error))
            }
        }
    }

    /// What is known of the call where its answer is not kept: what it reported to have changed goes before what its answer says.
    fn ending(&self, told: Ending) -> Ending {
        match self.effects.outcome() {
            Outcome::Changed => Ending::Done,
            Outcome::Unknown => Ending::Unknown,
            Outcome::Unchanged => told,
        }
    }

    async fn finish(&self, answer: RecordedAnswer) {
        let (store, keep) = (&self.layer.store, self.layer.config.keep);
        // The work is done: a store that fails now must not make the client believe otherwise.
        if let Err(error) = store.finish(&self.key, self.token, answer, keep).await {
            tracing::error!(error = ?error, "an answer could not be kept for repeats");
        }
    }

    async fn settle(&self, ending: Ending) {
        let (store, keep) = (&self.layer.store, self.layer.config.keep);
        if let Err(error) = store.settle(&self.key, self.token, ending, keep).await {
            tracing::error!(error = ?error, "the outcome of a request with an Idempotency-Key could not be recorded");
        }
    }
}

/// What became of the body of an answer.
enum Whole {
    Kept(Bytes),
    Passed(Body),
    Broken(axum::Error),
}

fn took_too_long() -> Error {
    Error::new(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the request took too long",
    )
}

fn in_use() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENCY_KEY_IN_USE,
        "the same request is still running",
    )
    .with_retry_after(RETRY_AFTER)
}

fn reused() -> Error {
    Error::new(
        Code::Unprocessable,
        reason::IDEMPOTENCY_KEY_REUSED,
        "the Idempotency-Key was used for another request",
    )
}

fn not_kept() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENT_ANSWER_NOT_KEPT,
        "the request was done before, and its answer was not kept",
    )
}

fn unknown() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENT_OUTCOME_UNKNOWN,
        "the request failed before, and whether it took effect is unknown: read the present state, and use a new Idempotency-Key to send the request again",
    )
}

/// How a call ended whose answer is not kept for repeats: it was refused, and may be mended under the same key, or it failed.
fn without_answer(status: StatusCode) -> Option<Ending> {
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::UNAUTHORIZED
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS
        // Both say that the request was not carried out.
        | StatusCode::NOT_IMPLEMENTED
        | StatusCode::SERVICE_UNAVAILABLE => Some(Ending::NotDone),
        status if status.is_server_error() => Some(Ending::Unproven),
        _ => None,
    }
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    KEPT.iter()
        .filter_map(|name| headers.get(name).map(|value| (name.clone(), value.clone())))
        .collect()
}

fn replay(answer: RecordedAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
