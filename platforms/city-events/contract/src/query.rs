/// The query of a request as the legacy services read it: the first value of each name, without
/// pairs that have an invalid percent-escape.
///
/// ```
/// use city_events_contract::QueryPairs;
///
/// let query = QueryPairs::new(Some("q=a+b&cursor=2026|x&broken=%zz&q=c"));
/// assert_eq!(query.get("q"), Some("a b"));
/// assert_eq!(query.get("cursor"), Some("2026|x"));
/// assert_eq!(query.get("broken"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// Parses the text after the question mark.
    #[must_use]
    pub fn new(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| has_valid_escapes(pair));
        let pairs = pairs.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()).into_owned());
        Self(pairs.collect())
    }

    /// Returns the first value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the first value of this name, or an empty text.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

fn has_valid_escapes(pair: &str) -> bool {
    let mut parts = pair.split('%');
    parts.next();
    parts.all(|part| {
        let mut digits = part.bytes().take(2);
        digits.len() == 2 && digits.all(|digit| digit.is_ascii_hexdigit())
    })
}
