//! Queries as clients send them: unknown names are passed over, and so is a pair whose escapes are broken.

use std::convert::Infallible;

use city_events_contract::event::v1::ListEventsRequest;
use seaworthy::axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

use crate::refusal::Refusal;

/// Names and values of a query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(crate) fn parse(query: &str) -> Self {
        let whole = query.split('&').filter(|pair| !is_broken(pair));
        let pairs = whole.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()));
        Self(pairs.into_owned_pairs())
    }

    /// The first value of a name; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// The same as a text of its own.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }
}

trait IntoOwnedPairs {
    fn into_owned_pairs(self) -> Vec<(String, String)>;
}

impl<'pair, I> IntoOwnedPairs for I
where
    I: Iterator<Item = (std::borrow::Cow<'pair, str>, std::borrow::Cow<'pair, str>)>,
{
    fn into_owned_pairs(self) -> Vec<(String, String)> {
        self.map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }
}

/// Whether a `%` is not followed by two digits of sixteen.
fn is_broken(pair: &str) -> bool {
    let mut parts = pair.split('%');
    parts.next();
    parts.any(|part| {
        let mut digits = part.bytes().take(2);
        let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        !(is_digit(digits.next()) && is_digit(digits.next()))
    })
}

impl<S: Sync> FromRequestParts<S> for Pairs {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// What of the public list is asked for. `limit` and `page` mean nothing, as ever.
pub(crate) fn events(pairs: &Pairs) -> Result<ListEventsRequest, Refusal> {
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

fn flag(text: &str) -> Result<bool, Refusal> {
    match text {
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        _ => Err(Refusal::new(
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
    fn a_pair_with_broken_escapes_is_as_if_it_were_not_there() {
        let pairs = Pairs::parse("cursor=%zz&city=K%C3%B6ln&q=a%2&category=x+y&city=Rome");
        assert_eq!(pairs.get("cursor"), "");
        assert_eq!(pairs.get("q"), "");
        assert_eq!(pairs.get("city"), "Köln");
        assert_eq!(pairs.get("category"), "x y");
    }

    #[test]
    fn limit_and_page_mean_nothing_and_a_bad_page_size_is_the_default() {
        let request = |query| events(&Pairs::parse(query)).unwrap();
        assert_eq!(request("limit=3&page=7").page_size, 0);
        assert_eq!(request("page_size=-1").page_size, 0);
        assert_eq!(request("page_size=7").page_size, 7);
        assert!(events(&Pairs::parse("exclude_expired=maybe")).is_err());
        assert_eq!(
            request("cursor=2030-01-02T03:04:05Z|id").cursor,
            "2030-01-02T03:04:05Z|id"
        );
    }
}
