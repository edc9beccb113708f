//! The public list.
//!
//! A missing bound of a filter becomes a bound that includes all events. One statement thus serves
//! all filters and can follow the index of the order.
//!
//! PostgreSQL finds words with its text search and the configuration `simple`. The other engines
//! match patterns with the words of the texts. They find the same events with other ranks: a word
//! in a title counts 1, a word in a description counts 0.4.

use chrono::{DateTime, Utc};
use city_events_contract::Timestamp;
use seaworthy::data::{Connection as _, Engine, Statement, sql};
use uuid::Uuid;

use super::{
    Store,
    rows::{Ranked, event_columns},
};
use crate::domain::{Cursor, Event, EventError, Filter, Order, Rank, SearchTerms};

/// Returns a time before all events that the database can compare. MariaDB binds times as
/// `TIMESTAMP`, whose range is 1970 to 2038.
fn min_time(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => 1,
        Engine::Postgres | Engine::Sqlite => -30_000_000_000,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Returns a time after all events that the database can compare.
fn max_time(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => i64::from(i32::MAX),
        Engine::Postgres | Engine::Sqlite => 253_370_764_800,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Condition of the filter.
macro_rules! filter_condition {
    () => {
        "status = 'published' AND city_norm LIKE ? ESCAPE '!' AND (? = '' OR category = ?) AND start_time >= ? AND start_time <= ? AND end_time > ?"
    };
}

/// Condition of the search: each of eight terms is in the title or in the description.
macro_rules! search_condition {
    () => {
        "(title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?)
         AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?)"
    };
}

/// Rank of eight terms in title and description, in units of 10⁻⁸.
macro_rules! rank_expression {
    () => {
        "(CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)
         + (CASE WHEN title_words LIKE ? THEN 100000000 ELSE 0 END) + (CASE WHEN description_words LIKE ? THEN 40000000 ELSE 0 END)"
    };
}

/// A page of the list and the cursor of the next page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) events: Vec<Event>,
    pub(crate) next: Option<Cursor>,
}

impl Store {
    /// Returns a page of published events.
    pub(crate) async fn list(&self, filter: &Filter) -> Result<Page, EventError> {
        match &filter.order {
            Order::Time => self.list_by_time(filter).await,
            Order::Relevance(terms) => self.list_by_relevance(filter, terms).await,
        }
    }

    async fn list_by_time(&self, filter: &Filter) -> Result<Page, EventError> {
        let engine = self.database.engine();
        let statement = match &filter.terms {
            None => bind_filter(
                sql(concat!(
                    "SELECT ",
                    event_columns!(),
                    " FROM events WHERE ",
                    filter_condition!(),
                    " AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                )),
                filter,
                engine,
            ),
            Some(terms) => self.bind_terms(
                bind_filter(
                    sql(concat!(
                        "SELECT ",
                        event_columns!(),
                        " FROM events WHERE ",
                        filter_condition!(),
                        " AND ",
                        search_condition!(),
                        " AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                    ))
                    .on_postgres(concat!(
                        "SELECT ",
                        event_columns!(),
                        " FROM events WHERE ",
                        filter_condition!(),
                        " AND search_vector @@ to_tsquery('simple', ?) AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                    )),
                    filter,
                    engine,
                ),
                terms,
            ),
        };
        let (start_time, id) = page_start(filter, engine);
        let mut events: Vec<Event> = statement
            .bind(start_time)
            .bind(id)
            .bind(filter.size.get() + 1)
            .fetch_all(&self.database)
            .await?;
        let has_more = truncate(&mut events, filter);
        let last = events.last().filter(|_| has_more);
        let next = last.map(|last| cursor(last, None));
        Ok(Page { events, next })
    }

    async fn list_by_relevance(
        &self,
        filter: &Filter,
        terms: &SearchTerms,
    ) -> Result<Page, EventError> {
        let statement = sql(concat!(
            "SELECT * FROM (SELECT ",
            event_columns!(),
            ", ",
            rank_expression!(),
            " AS units FROM events WHERE ",
            filter_condition!(),
            " AND ",
            search_condition!(),
            ") AS found WHERE units < ? OR (units = ? AND (start_time, id) > (?, ?)) ORDER BY units DESC, start_time, id LIMIT ?"
        ))
        .on_postgres(concat!(
            "SELECT * FROM (SELECT ",
            event_columns!(),
            ", CAST(CAST(ts_rank_cd(search_vector, to_tsquery('simple', ?)) AS float8) * 100000000 AS bigint) AS units FROM events WHERE ",
            filter_condition!(),
            " AND search_vector @@ to_tsquery('simple', ?)) AS found WHERE units < ? OR (units = ? AND (start_time, id) > (?, ?)) ORDER BY units DESC, start_time, id LIMIT ?"
        ));
        let engine = self.database.engine();
        let statement = match engine {
            Engine::Postgres => statement.bind(terms.tsquery()),
            Engine::MySql | Engine::Sqlite => bind_twice(statement, terms.rank_patterns()),
        };
        let (start_time, id) = page_start(filter, engine);
        let rank = filter.cursor.and_then(|cursor| cursor.rank);
        let rank = rank.unwrap_or(Rank::MAX).units();
        let mut found: Vec<Ranked> = self
            .bind_terms(bind_filter(statement, filter, engine), terms)
            .bind(rank)
            .bind(rank)
            .bind(start_time)
            .bind(id)
            .bind(filter.size.get() + 1)
            .fetch_all(&self.database)
            .await?;
        let has_more = truncate(&mut found, filter);
        let last = found.last().filter(|_| has_more);
        let next = last.map(|Ranked(event, rank)| cursor(event, Some(*rank)));
        let events = found.into_iter().map(|Ranked(event, _)| event).collect();
        Ok(Page { events, next })
    }

    fn bind_terms(&self, statement: Statement, terms: &SearchTerms) -> Statement {
        match self.database.engine() {
            Engine::Postgres => statement.bind(terms.tsquery()),
            Engine::MySql | Engine::Sqlite => bind_twice(statement, terms.patterns()),
        }
    }
}

/// Binds each pattern twice, for the title and for the description.
fn bind_twice(statement: Statement, patterns: impl IntoIterator<Item = String>) -> Statement {
    let patterns = patterns.into_iter();
    patterns.fold(statement, |statement, pattern| {
        statement.bind(&pattern).bind(pattern)
    })
}

fn bind_filter(statement: Statement, filter: &Filter, engine: Engine) -> Statement {
    let (first, last) = (min_time(engine), max_time(engine));
    let city = filter.city.as_ref().map(|city| city.pattern());
    let end = if filter.without_ended {
        Timestamp::now().get()
    } else {
        first
    };
    statement
        .bind(city.unwrap_or_else(|| "%".to_owned()))
        .bind(&filter.category)
        .bind(&filter.category)
        .bind(filter.from.map_or(first, Timestamp::get).clamp(first, last))
        .bind(filter.to.map_or(last, Timestamp::get).clamp(first, last))
        .bind(end)
}

fn page_start(filter: &Filter, engine: Engine) -> (DateTime<Utc>, Uuid) {
    match &filter.cursor {
        Some(cursor) => {
            let start = cursor.start_time.get();
            (start.clamp(min_time(engine), max_time(engine)), cursor.id)
        }
        None => (min_time(engine), Uuid::nil()),
    }
}

/// Removes the extra row that was read after the page, and returns whether there was one.
fn truncate<T>(rows: &mut Vec<T>, filter: &Filter) -> bool {
    let size = usize::try_from(filter.size.get()).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    has_more
}

fn cursor(event: &Event, rank: Option<Rank>) -> Cursor {
    Cursor {
        rank,
        start_time: event.details.start_time,
        id: event.id,
    }
}
