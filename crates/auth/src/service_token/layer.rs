use std::task::{Context, Poll};

use futures::future::{Either, MapErr, Ready, TryFutureExt as _, ready};
use http::{Request, header::AUTHORIZATION};
use tower_layer::Layer;
use tower_service::Service;

use super::ServiceTokens;

/// What generated clients take for the error of their channel.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Puts a [`ServiceTokens`] token on every call that has no `Authorization` of its own: around a `GrpcChannel`, or any client of HTTP requests.
#[derive(Debug, Clone)]
pub struct ServiceTokenLayer(Option<ServiceTokens>);

/// See [`ServiceTokenLayer`].
#[derive(Debug, Clone)]
pub struct ServiceTokenService<S> {
    service: S,
    tokens: Option<ServiceTokens>,
}

impl ServiceTokenLayer {
    /// Proves who calls by these tokens.
    #[must_use]
    pub const fn new(tokens: ServiceTokens) -> Self {
        Self(Some(tokens))
    }

    /// Without tokens it adds nothing, as where a client certificate proves who calls.
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
