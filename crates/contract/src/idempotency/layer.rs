use std::{
    convert::Infallible,
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
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use seaworthy_core::{Code, Error, context};
use tokio::time::timeout;
use tower::{Layer, Service};
use tracing::Instrument;

use super::{Begun, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, request};
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

/// Gives repeats of a request with an `Idempotency-Key` the same answer. Put it behind authentication, so that keys belong to callers.
#[derive(Clone)]
pub struct IdempotencyLayer {
    config: IdempotencyConfig,
    store: Arc<dyn IdempotencyStore>,
}

impl IdempotencyLayer {
    /// A layer that remembers in `store`.
    pub fn new(config: IdempotencyConfig, store: Arc<dyn IdempotencyStore>) -> Self {
        Self { config, store }
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
        let token = match self.store.begin(&key, fingerprint, self.config.run).await? {
            Begun::New(token) => token,
            Begun::Answered(answer) => return Ok(replay(answer)),
            Begun::Running => {
                return Err(Error::new(
                    Code::Conflict,
                    reason::IDEMPOTENCY_KEY_IN_USE,
                    "the same request is still running",
                )
                .with_retry_after(RETRY_AFTER));
            }
            Begun::Mismatch => {
                return Err(Error::new(
                    Code::Unprocessable,
                    reason::IDEMPOTENCY_KEY_REUSED,
                    "the Idempotency-Key was used for another request",
                ));
            }
        };
        let lease = Lease {
            store: Arc::clone(&self.store),
            key: Some(key),
            token,
        };
        let layer = self.clone();
        // The server may account for the body in the extensions, and the body stays in memory until
        // the call ends, also after the client has gone away.
        let extensions = parts.extensions.clone();
        let request = Request::from_parts(parts, Body::from(body));
        // A task of its own, because the client that goes away now is the one that will ask again.
        let call = async move {
            let Ok(response) = timeout(layer.config.run, inner.call(request))
                .await
                .unwrap_or_else(|_elapsed| Ok(layer.refusal(took_too_long())));
            let response = layer.remember(lease, response).await;
            drop(extensions);
            response
        }
        .in_current_span();
        let task = match context::current() {
            Some(context) => tokio::spawn(context::scope(context, call)),
            None => tokio::spawn(call),
        };
        match task.await {
            Ok(response) => Ok(response),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(Error::internal(error)),
            },
        }
    }

    /// Keeps an answer that is final, and gives it on.
    async fn remember(&self, mut lease: Lease, response: Response) -> Response {
        if !is_final(response.status()) {
            return response;
        }
        let (parts, body) = response.into_parts();
        let (answer, body) = match self.whole(body).await {
            Whole::Kept(bytes) => {
                let answer = RecordedAnswer {
                    status: parts.status,
                    headers: kept(&parts.headers),
                    body: bytes.clone(),
                };
                (answer, Body::from(bytes))
            }
            Whole::Passed(body) => (self.not_kept().await, body),
            Whole::Broken(error) => {
                return self.refusal(Error::internal(error));
            }
        };
        if let Some(key) = lease.key.take() {
            // The work is done: a store that fails now must not make the client believe otherwise.
            let finished = self
                .store
                .finish(&key, lease.token, answer, self.config.keep);
            if let Err(error) = finished.await {
                tracing::error!(error = ?error, "an answer could not be kept for repeats");
            }
        }
        Response::from_parts(parts, body)
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

    /// What a repeat is told where the answer was not kept.
    async fn not_kept(&self) -> RecordedAnswer {
        let refusal = self.refusal(Error::new(
            Code::Conflict,
            reason::IDEMPOTENT_ANSWER_NOT_KEPT,
            "the request was done before, and its answer was not kept",
        ));
        let (parts, body) = refusal.into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        RecordedAnswer {
            status: parts.status,
            headers: kept(&parts.headers),
            body: body.unwrap_or_default(),
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

/// Whether a repeat should get the same answer, or try again: what was not done can be tried again, and a request that could not be read may
/// be mended under the same key.
fn is_final(status: StatusCode) -> bool {
    let not_done = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && !not_done.contains(&status)
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

/// Gives the key back where the request ends without an answer to keep, also by being dropped.
struct Lease {
    store: Arc<dyn IdempotencyStore>,
    key: Option<ScopedKey>,
    token: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.store.abandon(&key, self.token);
        }
    }
}
