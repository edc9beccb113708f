use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use futures::future::{Either, MapErr, Ready, TryFutureExt as _, ready};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use seaworthy_core::Secret;
use tower_layer::Layer;
use tower_service::Service;

use crate::token::{NewToken, SignError, TokenSigner};

/// `typ` of the tokens by which services know each other, so that none is taken for a user's and no user's for one.
pub const SERVICE_TOKEN: &str = "service+jwt";

/// The tokens by which this service proves who it is to another one (AUTH-6): about this service, for that one, and short-lived. One is signed when the last is half way
/// to its end, and not for every call. Cheap to clone.
///
/// The other side believes them with an [`IssuerConfig`](crate::token::IssuerConfig) whose `types` is [`SERVICE_TOKEN`] alone and whose `audiences` are its own name.
#[derive(Clone)]
pub struct ServiceTokens(Arc<Inner>);

struct Inner {
    signer: TokenSigner,
    service: String,
    audience: String,
    lifetime: Duration,
    current: ArcSwapOption<Current>,
}

struct Current {
    token: Secret<String>,
    renew: SystemTime,
}

impl ServiceTokens {
    /// Tokens about `service` for `audience`, signed by a signer whose `kind` is [`SERVICE_TOKEN`]. `lifetime` is the signer's.
    #[must_use]
    pub fn new(
        signer: TokenSigner,
        service: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            lifetime: signer.lifetime(),
            signer,
            service: service.into(),
            audience: audience.into(),
            current: ArcSwapOption::empty(),
        }))
    }

    /// A token that is good for half of its life at least: for `RequestBuilder::bearer` of the HTTP client.
    ///
    /// # Errors
    /// [`SignError`] when a new one cannot be signed.
    pub fn token(&self) -> Result<Secret<String>, SignError> {
        self.token_at(SystemTime::now())
    }

    fn token_at(&self, now: SystemTime) -> Result<Secret<String>, SignError> {
        let inner = &*self.0;
        if let Some(current) = inner.current.load().as_ref()
            && now < current.renew
        {
            return Ok(current.token.clone());
        }
        let token = NewToken::about(inner.service.as_str()).audience(inner.audience.as_str());
        let token = inner.signer.sign_at(token, now)?;
        let renew = now
            .checked_add(inner.lifetime / 2)
            .ok_or(SignError::Clock)?;
        inner.current.store(Some(Arc::new(Current {
            token: token.clone(),
            renew,
        })));
        Ok(token)
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceTokens")
            .field("service", &self.0.service)
            .field("audience", &self.0.audience)
            .finish_non_exhaustive()
    }
}

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
        let value = tokens.token().and_then(|token| {
            let text = Secret::new(format!("Bearer {}", token.expose()));
            HeaderValue::from_str(text.expose()).map_err(|_| SignError::Clock)
        });
        match value {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, value);
                Either::Left(self.service.call(request).map_err(Into::into))
            }
            Err(error) => Either::Right(ready(Err(error.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
