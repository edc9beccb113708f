/// The query of a request as earlier services read it: the first value of each name, and pairs with broken percent-escapes left out.
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
    /// What the text behind the question mark says.
    #[must_use]
    pub fn new(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| has_whole_escapes(pair));
        let pairs = pairs.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()).into_owned());
        Self(pairs.collect())
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same, empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

fn has_whole_escapes(pair: &str) -> bool {
    let mut parts = pair.split('%');
    parts.next();
    parts.all(|part| {
        let mut digits = part.bytes().take(2);
        digits.len() == 2 && digits.all(|digit| digit.is_ascii_hexdigit())
    })
}
