//! Compression of JSON and HTML responses, safe against BREACH.
//!
//! The length of a compressed response depends on its content. A page of another site can make a
//! browser request a page with the user's cookies. It can choose a part of that page, and guess a
//! secret in it by the length (BREACH, 2013). So a response is compressed only if no other site can
//! have caused it. A response that sets a cookie or a session is never compressed.

mod config;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, Response, header, request::Parts};
use http_body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::{CompressionLevel, compression::Compression as Compressor};
use tower_service::Service;

use crate::{RouteOptions, cross_site};
pub use config::{CompressionConfig, ContentEncoding};

const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Compresses the responses of a listener.
pub(crate) struct Compression {
    config: CompressionConfig,
    free: Arc<Semaphore>,
}

/// A response that is compressed until its body ends.
pub(crate) type Compressing = OwnedSemaphorePermit;

impl Compression {
    pub(crate) fn new(config: &CompressionConfig) -> Self {
        let max = usize::try_from(config.max_concurrent.get()).unwrap_or(usize::MAX);
        Self {
            config: config.clone(),
            free: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Returns the encodings that the client accepts, if its request cannot come from another site.
    pub(crate) fn accepted(
        &self,
        request: &Parts,
        options: Option<&RouteOptions>,
    ) -> Option<HeaderValue> {
        let is_secret = options.is_some_and(RouteOptions::is_uncompressed);
        if !self.config.enabled || is_secret || !cross_site::is_own_request(request) {
            return None;
        }
        request.headers.get(header::ACCEPT_ENCODING).cloned()
    }

    /// Compresses a response for a client that accepts it.
    pub(crate) fn apply(
        &self,
        accepted: Option<HeaderValue>,
        mut response: Response<Body>,
    ) -> (Response<Body>, Option<Compressing>) {
        if !(self.config.enabled && self.is_suitable(&response)) {
            return (response, None);
        }
        // A cache must not send the response to a client with other headers.
        vary(response.headers_mut());
        let Some(accepted) = accepted.filter(|_| self.is_large(&response)) else {
            return (response, None);
        };
        // Each encoder needs memory until its client has read the response.
        let Ok(compressing) = Arc::clone(&self.free).try_acquire_owned() else {
            return (response, None);
        };
        let mut request = Request::new(());
        request
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, accepted);
        let offers = |encoding| self.config.encodings.contains(&encoding);
        let compressed = Compressor::new(StoredResponse(Some(response)))
            .br(offers(ContentEncoding::Br))
            .gzip(offers(ContentEncoding::Gzip))
            .zstd(offers(ContentEncoding::Zstd))
            .quality(CompressionLevel::Default)
            .compress_when(true_for_all)
            .call(request)
            .now_or_never();
        let Some(Ok(response)) = compressed else {
            return (Response::new(Body::empty()), None);
        };
        let mut response = response.map(Body::new);
        let is_compressed = response.headers().contains_key(header::CONTENT_ENCODING);
        if is_compressed {
            weaken_tag(response.headers_mut());
        }
        (response, is_compressed.then_some(compressing))
    }

    /// Returns whether a response may be compressed.
    fn is_suitable(&self, response: &Response<Body>) -> bool {
        let headers = response.headers();
        let is_transformable = !headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            memchr::memmem::find(&value, b"no-transform").is_some()
        });
        is_text(headers.get(header::CONTENT_TYPE))
            && is_transformable
            && !headers.contains_key(header::SET_COOKIE)
            && !headers.contains_key(header::CONTENT_ENCODING)
            && !headers.contains_key(header::CONTENT_RANGE)
    }

    fn is_large(&self, response: &Response<Body>) -> bool {
        let exact = response.body().size_hint().exact();
        exact.is_none_or(|size| size >= self.config.min_size.get().max(1))
    }
}

/// Returns whether a media type is JSON or HTML.
fn is_text(kind: Option<&HeaderValue>) -> bool {
    let kind = kind.map_or(&[][..], HeaderValue::as_bytes);
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    let kind = kind.trim_ascii().to_ascii_lowercase();
    matches!(&*kind, b"application/json" | b"text/html") || kind.ends_with(b"+json")
}

fn vary(headers: &mut HeaderMap) {
    let is_named = headers.get_all(header::VARY).iter().any(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value == b"*" || memchr::memmem::find(&value, b"accept-encoding").is_some()
    });
    if !is_named {
        headers.append(header::VARY, ACCEPT_ENCODING);
    }
}

/// Turns a strong entity tag into a weak one, because the bytes differ by encoding (RFC 9110,
/// 8.8.1).
fn weaken_tag(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG) else {
        return;
    };
    if tag.as_bytes().starts_with(b"W/") {
        return;
    }
    let weak = [b"W/", tag.as_bytes()].concat();
    match HeaderValue::from_bytes(&weak) {
        Ok(weak) => headers.insert(header::ETAG, weak),
        Err(_) => headers.remove(header::ETAG),
    };
}

/// The rules of this module decide. The compressor takes every response.
fn true_for_all(
    _: http::StatusCode,
    _: http::Version,
    _: &HeaderMap,
    _: &http::Extensions,
) -> bool {
    true
}

/// A service that returns one response, so that tower-http's compressor can wrap it.
struct StoredResponse(Option<Response<Body>>);

impl Service<Request<()>> for StoredResponse {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(self.0.take().unwrap_or_default()))
    }
}
