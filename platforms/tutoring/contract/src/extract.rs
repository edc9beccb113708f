use seaworthy::{
    axum::{
        extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request},
        http::request::Parts,
    },
    http::Json as Parsed,
};
use serde::de::DeserializeOwned;

use crate::ApiError;

/// An extractor as a result, for a handler that checks its caller first.
pub type ExtractResult<T> = Result<T, ApiError>;

/// The JSON body of a request, like the extractor of the framework. Its errors are envelopes.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = <Parsed<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(body.0))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let body = <Parsed<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
        Ok(body.map(|body| Self(body.0)))
    }
}

macro_rules! from_parts {
    ($($(#[$about:meta])* $name:ident)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<T>(pub T);

        impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for $name<T> {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
                let found = seaworthy::http::$name::<T>::from_request_parts(parts, state).await?;
                Ok(Self(found.0))
            }
        }
    )+};
}

from_parts! {
    /// Parameters of the path, like the extractor of the framework. Its errors are envelopes.
    Path
    /// Parameters of the query, like the extractor of the framework. Its errors are envelopes.
    Query
}
