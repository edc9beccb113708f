use city_events_contract::{QueryPairs, Timestamp, event::v1::ListEventsRequest};

use super::{CityPrefix, Cursor, EventError, PageSize, SearchTerms};

/// Order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// By start time, ascending.
    Time,
    /// By rank, descending.
    Relevance(SearchTerms),
}

/// Selects published events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) order: Order,
    pub(crate) city: Option<CityPrefix>,
    /// Empty for all categories.
    pub(crate) category: String,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// `None` for no search.
    pub(crate) terms: Option<SearchTerms>,
    pub(crate) without_ended: bool,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) size: PageSize,
}

/// Parameters of a list as text.
#[derive(Debug, Clone, Copy)]
struct RawFilter<'a> {
    sort: &'a str,
    city: &'a str,
    category: &'a str,
    from: &'a str,
    to: &'a str,
    query: &'a str,
    cursor: &'a str,
}

impl Filter {
    /// Parses the query of a request. It ignores `limit` and `page`, because existing clients send
    /// them and expect pages of 20.
    ///
    /// # Errors
    /// [`EventError::Invalid`] for the first invalid parameter.
    pub(crate) fn from_query(query: &QueryPairs) -> Result<Self, EventError> {
        let raw = RawFilter {
            sort: query.text("sort"),
            city: query.text("city"),
            category: query.text("category"),
            from: query.text("from"),
            to: query.text("to"),
            query: query.text("q"),
            cursor: query.text("cursor"),
        };
        let without_ended = match query.text("exclude_expired") {
            "" => false,
            text => parse_boolean(text).ok_or(EventError::invalid_query("exclude_expired"))?,
        };
        let size = PageSize::from_query(query.get("page_size"));
        Self::new(raw, without_ended, size)
    }

    /// Parses a gRPC request.
    ///
    /// # Errors
    /// [`EventError::Invalid`] for the first invalid parameter.
    pub(crate) fn from_request(request: &ListEventsRequest) -> Result<Self, EventError> {
        let raw = RawFilter {
            sort: &request.sort,
            city: &request.city,
            category: &request.category,
            from: &request.from,
            to: &request.to,
            query: &request.query,
            cursor: &request.cursor,
        };
        let size = PageSize::from_request(request.page_size);
        Self::new(raw, request.exclude_expired, size)
    }

    fn new(raw: RawFilter<'_>, without_ended: bool, size: PageSize) -> Result<Self, EventError> {
        let terms = SearchTerms::from_query(raw.query);
        let order = match raw.sort {
            "" | "time" => Order::Time,
            "relevance" => Order::Relevance(terms.clone().ok_or(EventError::invalid_query("q"))?),
            _ => return Err(EventError::invalid_query("sort")),
        };
        let (from, to) = (parse_time("from", raw.from)?, parse_time("to", raw.to)?);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(EventError::invalid_query("to"));
        }
        let cursor = match (&order, raw.cursor) {
            (_, "") => None,
            (Order::Time, text) => Some(Cursor::parse_time(text)?),
            (Order::Relevance(_), text) => Some(Cursor::parse_relevance(text)?),
        };
        Ok(Self {
            order,
            city: CityPrefix::from_filter(raw.city),
            category: raw.category.to_owned(),
            from,
            to,
            terms,
            without_ended,
            cursor,
            size,
        })
    }
}

fn parse_time(field: &'static str, text: &str) -> Result<Option<Timestamp>, EventError> {
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| EventError::invalid_query(field)),
    }
}

/// Parses the spellings of a boolean that the legacy service accepts.
fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<Filter, EventError> {
        Filter::from_query(&QueryPairs::new(Some(query)))
    }

    #[test]
    fn empty_query_lists_all_events_by_time() {
        let all = filter("limit=3&page=9").unwrap();
        assert_eq!(all.order, Order::Time);
        assert_eq!(all.size.get(), 20);
        assert_eq!((all.city, all.terms, all.cursor), (None, None, None));
    }

    #[test]
    fn invalid_parameters_are_rejected() {
        for wrong in [
            "sort=start_time",
            "sort=relevance",
            "sort=relevance&q=%25",
            "from=tomorrow",
            "to=1",
            "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
            "cursor=x",
            "exclude_expired=perhaps",
        ] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
        assert!(filter("q=%25&cursor=%zz").is_ok());
    }
}
