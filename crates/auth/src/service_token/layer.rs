use std::task::{Context, Poll};

use futures::future::{Either, MapErr, Ready, TryFutureExt as _, ready};
use http::{Request, header::AUTHORIZATION};
use tower_layer::Layer;
use tower_service::Service;

use super::ServiceTokens;

/// The error type that generated clients accept.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Adds a [`ServiceTokens`] token to each call without an `Authorization` header. It wraps a
/// `GrpcChannel` or any HTTP client.
///
/// ```
/// use seaworthy_auth::{ServiceTokenLayer, ServiceTokenService, ServiceTokens};
/// use tower_layer::Layer;
///
/// fn with_tokens<S>(channel: S, tokens: ServiceTokens) -> ServiceTokenService<S> {
///     ServiceTokenLayer::new(tokens).layer(channel)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ServiceTokenLayer(Option<ServiceTokens>);

/// See [`ServiceTokenLayer`].
#[derive(Debug, Clone)]
pub struct ServiceTokenService<S> {
    service: S,
    tokens: Option<ServiceTokens>,
}

impl ServiceTokenLayer {
    /// Creates a layer that adds these tokens.
    #[must_use]
    pub const fn new(tokens: ServiceTokens) -> Self {
        Self(Some(tokens))
    }

    /// Creates a layer that adds nothing without tokens, as with client certificates.
    #[must_use]
    pub const fn optional(tokens: Option<ServiceTokens>) -> Self {
        Self(tokens)
    }
}

impl<S> Layer<S> for ServiceTokenLayer {
    type Service = ServiceTokenService<S>;

    fn layer(&self, service: S) -> Self::Service {
        ServiceTokenService {
            service,
            tokens: self.0.clone(),
        }
    }
}

impl<S, B> Service<Request<B>> for ServiceTokenService<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future =
        Either<MapErr<S::Future, fn(S::Error) -> BoxError>, Ready<Result<S::Response, BoxError>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.service.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let tokens = self.tokens.as_ref();
        let Some(tokens) = tokens.filter(|_| !request.headers().contains_key(AUTHORIZATION)) else {
            return Either::Left(self.service.call(request).map_err(Into::into));
        };
        match tokens.bearer() {
            Ok(value) => {
                request.headers_mut().insert(AUTHORIZATION, value);
                Either::Left(self.service.call(request).map_err(Into::into))
            }
            Err(error) => Either::Right(ready(Err(error.into()))),
        }
    }
}
