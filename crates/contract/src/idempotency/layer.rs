use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use seaworthy_core::{Code, Error};
use tower::{Layer, Service};

use super::{Begun, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, request};
use crate::error::reason;

/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers that belong to the answer itself; the others are made anew for each request.
const KEPT: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LOCATION,
    header::LAST_MODIFIED,
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
            match request::key(&parts) {
                Ok(None) => inner.call(Request::from_parts(parts, body)).await,
                Ok(Some(key)) => match layer.keyed(&mut inner, key, parts, body).await {
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
        inner: &mut S,
        key: ScopedKey,
        parts: axum::http::request::Parts,
        body: Body,
    ) -> Result<Response, Error>
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let body = self.request_body(body).await?;
        let fingerprint = request::fingerprint(&parts, &body);
        let token = match self.store.begin(&key, fingerprint, self.config.run).await? {
            Begun::New(token) => token,
            Begun::Answered(answer) => return Ok(replay(answer)),
            Begun::Running => {
                return Err(Error::new(
                    Code::Conflict,
                    "IDEMPOTENCY_KEY_IN_USE",
                    "the same request is still running",
                )
                .with_retry_after(std::time::Duration::from_secs(1)));
            }
            Begun::Mismatch => {
                return Err(Error::new(
                    Code::Conflict,
                    "IDEMPOTENCY_KEY_REUSED",
                    "the Idempotency-Key was used for another request",
                ));
            }
        };
        let mut lease = Lease {
            store: Arc::clone(&self.store),
            key: Some(key),
            token,
        };
        let request = Request::from_parts(parts, Body::from(body));
        let Ok(response) = inner.call(request).await;
        if !is_final(response.status()) {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let Some(body) = self.answer_body(body).await else {
            return Err(Error::internal(
                "the answer to a request with an Idempotency-Key is too large to keep or broke off",
            ));
        };
        if let Some(key) = lease.key.take() {
            let answer = RecordedAnswer {
                status: parts.status,
                headers: kept(&parts.headers),
                body: body.clone(),
            };
            // The work is done: a store that fails now must not make the client believe otherwise.
            if let Err(error) = self
                .store
                .finish(&key, token, answer, self.config.keep)
                .await
            {
                tracing::error!(error = ?error, "an answer could not be kept for repeats");
            }
        }
        Ok(Response::from_parts(parts, Body::from(body)))
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

    async fn answer_body(&self, body: Body) -> Option<Bytes> {
        Limited::new(body, self.config.answer_limit.as_usize())
            .collect()
            .await
            .ok()
            .map(http_body_util::Collected::to_bytes)
    }
}

/// Whether a repeat should get the same answer, or try again.
fn is_final(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS
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
