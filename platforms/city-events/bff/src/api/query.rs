//! Query strings. Unknown names and pairs with invalid percent-escapes are ignored.

use std::convert::Infallible;

use city_events_contract::event::v1::ListEventsRequest;
use seaworthy::axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

use crate::api_error::ApiError;

/// The pairs of a query string.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    pub(crate) fn parse(query: &str) -> Self {
        let valid = query.split('&').filter(|pair| !has_invalid_escape(pair));
        let pairs = valid.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()).into_owned());
        Self(pairs.collect())
    }

    /// Returns the first value of a name, or an empty text.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns the first value of a name as an owned text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }
}

/// Whether a `%` is not followed by two hexadecimal digits.
fn has_invalid_escape(pair: &str) -> bool {
    let mut parts = pair.split('%');
    parts.next();
    parts.any(|part| {
        let mut digits = part.bytes().take(2);
        let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        !(is_digit(digits.next()) && is_digit(digits.next()))
    })
}

impl<S: Sync> FromRequestParts<S> for QueryPairs {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// Parses the query of the public list. `limit` and `page` are ignored.
pub(crate) fn events(pairs: &QueryPairs) -> Result<ListEventsRequest, ApiError> {
    Ok(ListEventsRequest {
        sort: pairs.text("sort"),
        city: pairs.text("city"),
        category: pairs.text("category"),
        from: pairs.text("from"),
        to: pairs.text("to"),
        query: pairs.text("q"),
        exclude_expired: flag(pairs.get("exclude_expired"))?,
        cursor: pairs.text("cursor"),
        page_size: pairs.get("page_size").parse().unwrap_or_default(),
    })
}

fn flag(text: &str) -> Result<bool, ApiError> {
    match text {
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        _ => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "validation_error",
            "invalid query param",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_pairs_with_invalid_escapes() {
        let pairs = QueryPairs::parse("cursor=%zz&city=K%C3%B6ln&q=a%2&category=x+y&city=Rome");
        assert_eq!(pairs.get("cursor"), "");
        assert_eq!(pairs.get("q"), "");
        assert_eq!(pairs.get("city"), "Köln");
        assert_eq!(pairs.get("category"), "x y");
    }

    #[test]
    fn ignores_limit_page_and_invalid_page_size() {
        let request = |query| events(&QueryPairs::parse(query)).unwrap();
        assert_eq!(request("limit=3&page=7").page_size, 0);
        assert_eq!(request("page_size=-1").page_size, 0);
        assert_eq!(request("page_size=7").page_size, 7);
        assert!(events(&QueryPairs::parse("exclude_expired=maybe")).is_err());
        assert_eq!(
            request("cursor=2030-01-02T03:04:05Z|id").cursor,
            "2030-01-02T03:04:05Z|id"
        );
    }
}
