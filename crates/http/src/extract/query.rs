use axum::extract::FromRequestParts;
use http::request::Parts;
use seaworthy_core::Error;
use serde::de::DeserializeOwned;

use super::violations::query_violations;

/// Parameters of the query. An error names all bad parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    T::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|_| {
        let mut found = query_violations::<T>(query);
        // The path of a problem of the whole query.
        for violation in found.iter_mut().filter(|found| found.field == ".") {
            "query".clone_into(&mut violation.field);
        }
        Error::invalid(found)
    })
}
