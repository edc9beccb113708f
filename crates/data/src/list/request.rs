/// The parameters that a client sent for a list, before validation.
///
/// `limit`, `offset`, `cursor`, `sort` and `total` select the page. Every other parameter is a
/// filter, such as `label=x` or `created.from=2026-01-01T00:00:00Z`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRequest {
    pub(super) pairs: Vec<(String, String)>,
}

impl ListRequest {
    /// Creates a request from names and values.
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs = pairs.into_iter();
        Self {
            pairs: pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// Parses the percent-encoded query of a URL, without its question mark.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        Self::new(url::form_urlencoded::parse(query.as_bytes()).into_owned())
    }
}
