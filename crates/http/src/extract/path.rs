use axum::extract::{FromRequestParts, path::ErrorKind, rejection::PathRejection};
use http::request::Parts;
use seaworthy_core::{Error, FieldViolation};
use serde::de::DeserializeOwned;

/// Parameters of the path, like axum's extractor of the same name. An error names the parameter.
///
/// ```
/// use seaworthy_http::{Path, Routes};
///
/// let routes: Routes =
///     Routes::new().get("/orders/{id}", async |Path(id): Path<u32>| format!("order {id}"));
/// # drop(routes);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(path_error)
    }
}

fn path_error(rejection: PathRejection) -> Error {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return Error::internal(rejection);
    };
    let (field, problem) = match failed.kind() {
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => (key.clone(), format!("is not a {expected_type}")),
        ErrorKind::InvalidUtf8InPathParam { key } => (key.clone(), "is not UTF-8".to_owned()),
        ErrorKind::DeserializeError { key, message, .. } => (key.clone(), message.clone()),
        ErrorKind::ParseErrorAtIndex {
            index,
            expected_type,
            ..
        } => (format!("[{index}]"), format!("is not a {expected_type}")),
        ErrorKind::ParseError { expected_type, .. } => {
            ("path".to_owned(), format!("is not a {expected_type}"))
        }
        ErrorKind::Message(message) => ("path".to_owned(), message.clone()),
        // The handler and its route have different parameters, which is an error of the service.
        _ => return Error::internal(failed),
    };
    Error::invalid(vec![FieldViolation::new(field, problem)])
}
