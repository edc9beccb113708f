use city_events_contract::{Moment, QueryPairs, event::v1::ListEventsRequest};

use super::{CityPrefix, Cursor, EventError, PageSize, Words};

/// In what order events are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// The first to begin first.
    Time,
    /// The best match first.
    Relevance(Words),
}

/// Which published events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) order: Order,
    pub(crate) city: Option<CityPrefix>,
    /// Empty for all.
    pub(crate) category: String,
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
    /// None for all.
    pub(crate) words: Option<Words>,
    pub(crate) without_ended: bool,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) size: PageSize,
}

/// The texts of a query, before anything is known of them.
#[derive(Debug, Clone, Copy)]
struct Texts<'a> {
    sort: &'a str,
    city: &'a str,
    category: &'a str,
    from: &'a str,
    to: &'a str,
    query: &'a str,
    cursor: &'a str,
}

impl Filter {
    /// As the query of a request says it. `limit` and `page` are not looked at: clients send them and count on pages of 20.
    ///
    /// # Errors
    /// The first thing that means nothing.
    pub(crate) fn of_query(query: &QueryPairs) -> Result<Self, EventError> {
        let texts = Texts {
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
            text => boolean(text).ok_or(EventError::query("exclude_expired"))?,
        };
        let size = PageSize::of_query(query.get("page_size"));
        Self::new(texts, without_ended, size)
    }

    /// As a call says it.
    ///
    /// # Errors
    /// The first thing that means nothing.
    pub(crate) fn of_call(request: &ListEventsRequest) -> Result<Self, EventError> {
        let texts = Texts {
            sort: &request.sort,
            city: &request.city,
            category: &request.category,
            from: &request.from,
            to: &request.to,
            query: &request.query,
            cursor: &request.cursor,
        };
        let size = PageSize::of_call(request.page_size);
        Self::new(texts, request.exclude_expired, size)
    }

    fn new(texts: Texts<'_>, without_ended: bool, size: PageSize) -> Result<Self, EventError> {
        let words = Words::of_query(texts.query);
        let order = match texts.sort {
            "" | "time" => Order::Time,
            "relevance" => Order::Relevance(words.clone().ok_or(EventError::query("q"))?),
            _ => return Err(EventError::query("sort")),
        };
        let (from, to) = (moment("from", texts.from)?, moment("to", texts.to)?);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(EventError::query("to"));
        }
        let cursor = match (&order, texts.cursor) {
            (_, "") => None,
            (Order::Time, text) => Some(Cursor::of_time(text)?),
            (Order::Relevance(_), text) => Some(Cursor::of_relevance(text)?),
        };
        Ok(Self {
            order,
            city: CityPrefix::of_filter(texts.city),
            category: texts.category.to_owned(),
            from,
            to,
            words,
            without_ended,
            cursor,
            size,
        })
    }
}

fn moment(field: &'static str, text: &str) -> Result<Option<Moment>, EventError> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| EventError::query(field)),
    }
}

/// The words that earlier services took for yes and no.
fn boolean(text: &str) -> Option<bool> {
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
        Filter::of_query(&QueryPairs::new(Some(query)))
    }

    #[test]
    fn without_a_query_everything_is_listed_by_time() {
        let all = filter("limit=3&page=9").unwrap();
        assert_eq!(all.order, Order::Time);
        assert_eq!(all.size.get(), 20);
        assert_eq!((all.city, all.words, all.cursor), (None, None, None));
    }

    #[test]
    fn what_means_nothing_is_refused() {
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
