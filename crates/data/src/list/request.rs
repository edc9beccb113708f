/// What a caller asks of a list, not looked at yet.
///
/// `limit`, `offset`, `cursor`, `sort` and `total` are about the page; everything else is a filter: `label=x`, `created.from=2026-01-01T00:00:00Z`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRequest {
    pub(super) pairs: Vec<(String, String)>,
}

impl ListRequest {
    /// From the names and values of a query.
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs = pairs.into_iter();
        Self {
            pairs: pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// From the query of a URL, percent-encoded, without its question mark.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        Self::new(url::form_urlencoded::parse(query.as_bytes()).into_owned())
    }
}
