use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, OptionalFromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;
use seaworthy_core::{Code, Error, FieldViolation};
use serde::{Serialize, de::DeserializeOwned};

use super::{object::is_object, type_names::with_json_type, violations::violations};
use crate::body_limit::unreadable;

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON body of a request or a response.
///
/// The extractor responds with 415 if the media type is not JSON, and 413 if the body exceeds the
/// limit of the route. If the body is not valid JSON for the type, it responds with 400 and the
/// paths of the fields.
///
/// `Option<Json<T>>` also accepts a request without a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> Json<T> {
    /// Parses a document.
    ///
    /// # Errors
    /// The text is not valid JSON, has trailing characters, or does not match the type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let is_array = bytes.trim_ascii_start().starts_with(b"[");
        if is_array && is_object::<T>() {
            let problem = "invalid type: sequence, expected a JSON object";
            return Err(Error::invalid(vec![FieldViolation::new(".", problem)]));
        }
        serde_json::from_slice(bytes)
            .map(Self)
            .map_err(|error| explain::<T>(bytes, &error))
    }
}

/// Parses an invalid document again to find field paths. The first parse omits them, for speed.
fn explain<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Error {
    let place = || format!("line {} column {}", error.line(), error.column());
    if !error.is_data() {
        let problem = if error.is_eof() {
            "ends early"
        } else {
            "is malformed"
        };
        return Error::new(
            Code::Invalid,
            "MALFORMED_JSON",
            format!("the JSON body {problem} at {}", place()),
        );
    }
    let mut found = violations::<T>(bytes);
    if found.is_empty() {
        found.push(FieldViolation::new(".", with_json_type(&error.to_string())));
    }
    Error::invalid(found)
}

/// Returns whether the media type is `application/json` or has the suffix `+json`, with any
/// parameters.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(kind)), None) = (kinds.next().map(HeaderValue::to_str), kinds.next()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence
            .rsplit_once('+')
            .is_some_and(|(kind, suffix)| suffix.eq_ignore_ascii_case("json") && kind.contains('/'))
}

/// Reads the whole body, whose size the stack limits.
async fn read(body: Body) -> Result<Bytes, Error> {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(unreadable)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::new(
                Code::UnsupportedMediaType,
                "UNSUPPORTED_MEDIA_TYPE",
                "the body's Content-Type must be application/json",
            ));
        }
        Self::from_bytes(&read(request.into_body()).await?)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Error> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => {
                let mut response = Response::new(Body::from(text));
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, APPLICATION_JSON);
                response
            }
            Err(error) => Error::internal(error).into_response(),
        }
    }
}
