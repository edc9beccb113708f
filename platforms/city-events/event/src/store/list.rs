//! The public list.
//!
//! Every bound that a caller does not give is one that all events are within, so that one statement serves all filters and can go along the index of the order. Words are found by PostgreSQL's text
//! search with the configuration `simple`, and elsewhere by patterns over the words of the texts; what is found is the same, ranks are not: a word in a title counts 1 there and one in a description
//! 0.4, whatever stands between them.

use chrono::{DateTime, Utc};
use city_events_contract::Moment;
use seaworthy::data::{Connection as _, Engine, Statement, sql};
use uuid::Uuid;

use super::{
    Store,
    rows::{Ranked, event_columns},
};
use crate::domain::{Cursor, Event, EventError, Filter, Order, Rank, Words};

/// Before any event, and a moment that the database can compare with. What is bound to a statement on MariaDB is a timestamp there, which begins in 1970 and ends in 2038.
fn earliest(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => 1,
        Engine::Postgres | Engine::Sqlite => -30_000_000_000,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// After any event, and a moment that the database can compare with.
fn latest(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => i64::from(i32::MAX),
        Engine::Postgres | Engine::Sqlite => 253_370_764_800,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// What every event of the list has to be.
macro_rules! wanted {
    () => {
        "status = 'published' AND city_norm LIKE ? ESCAPE '!' AND (? = '' OR category = ?) AND start_time >= ? AND start_time <= ? AND end_time > ?"
    };
}

/// Eight words, each in one of the two texts.
macro_rules! has_words {
    () => {
        "(title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?)
         AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?) AND (title_words LIKE ? OR description_words LIKE ?)"
    };
}

/// What eight words in the two texts are worth, in units of the eighth decimal.
macro_rules! worth {
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

/// A page of the list, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) events: Vec<Event>,
    pub(crate) next: Option<Cursor>,
}

impl Store {
    /// A page of published events.
    pub(crate) async fn list(&self, filter: &Filter) -> Result<Page, EventError> {
        match &filter.order {
            Order::Time => self.list_by_time(filter).await,
            Order::Relevance(words) => self.list_by_relevance(filter, words).await,
        }
    }

    async fn list_by_time(&self, filter: &Filter) -> Result<Page, EventError> {
        let engine = self.database.engine();
        let statement = match &filter.words {
            None => wanted(
                sql(concat!(
                    "SELECT ",
                    event_columns!(),
                    " FROM events WHERE ",
                    wanted!(),
                    " AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                )),
                filter,
                engine,
            ),
            Some(words) => self.with_words(
                wanted(
                    sql(concat!(
                        "SELECT ",
                        event_columns!(),
                        " FROM events WHERE ",
                        wanted!(),
                        " AND ",
                        has_words!(),
                        " AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                    ))
                    .on_postgres(concat!(
                        "SELECT ",
                        event_columns!(),
                        " FROM events WHERE ",
                        wanted!(),
                        " AND search_vector @@ to_tsquery('simple', ?) AND (start_time, id) > (?, ?) ORDER BY start_time, id LIMIT ?"
                    )),
                    filter,
                    engine,
                ),
                words,
            ),
        };
        let (start_time, id) = behind(filter, engine);
        let mut events: Vec<Event> = statement
            .bind(start_time)
            .bind(id)
            .bind(filter.size.get() + 1)
            .fetch_all(&self.database)
            .await?;
        let is_more = cut(&mut events, filter);
        let last = events.last().filter(|_| is_more);
        let next = last.map(|last| cursor(last, None));
        Ok(Page { events, next })
    }

    async fn list_by_relevance(&self, filter: &Filter, words: &Words) -> Result<Page, EventError> {
        let statement = sql(concat!(
            "SELECT * FROM (SELECT ",
            event_columns!(),
            ", ",
            worth!(),
            " AS units FROM events WHERE ",
            wanted!(),
            " AND ",
            has_words!(),
            ") AS found WHERE units < ? OR (units = ? AND (start_time, id) > (?, ?)) ORDER BY units DESC, start_time, id LIMIT ?"
        ))
        .on_postgres(concat!(
            "SELECT * FROM (SELECT ",
            event_columns!(),
            ", CAST(CAST(ts_rank_cd(search_vector, to_tsquery('simple', ?)) AS float8) * 100000000 AS bigint) AS units FROM events WHERE ",
            wanted!(),
            " AND search_vector @@ to_tsquery('simple', ?)) AS found WHERE units < ? OR (units = ? AND (start_time, id) > (?, ?)) ORDER BY units DESC, start_time, id LIMIT ?"
        ));
        let engine = self.database.engine();
        let statement = match engine {
            Engine::Postgres => statement.bind(words.tsquery()),
            Engine::MySql | Engine::Sqlite => both(statement, words.rank_patterns()),
        };
        let (start_time, id) = behind(filter, engine);
        let rank = filter.cursor.and_then(|cursor| cursor.rank);
        let rank = rank.unwrap_or(Rank::BEST).units();
        let mut found: Vec<Ranked> = self
            .with_words(wanted(statement, filter, engine), words)
            .bind(rank)
            .bind(rank)
            .bind(start_time)
            .bind(id)
            .bind(filter.size.get() + 1)
            .fetch_all(&self.database)
            .await?;
        let is_more = cut(&mut found, filter);
        let last = found.last().filter(|_| is_more);
        let next = last.map(|Ranked(event, rank)| cursor(event, Some(*rank)));
        let events = found.into_iter().map(|Ranked(event, _)| event).collect();
        Ok(Page { events, next })
    }

    fn with_words(&self, statement: Statement, words: &Words) -> Statement {
        match self.database.engine() {
            Engine::Postgres => statement.bind(words.tsquery()),
            Engine::MySql | Engine::Sqlite => both(statement, words.patterns()),
        }
    }
}

/// Each pattern for the title and for the description.
fn both(statement: Statement, patterns: impl IntoIterator<Item = String>) -> Statement {
    let patterns = patterns.into_iter();
    patterns.fold(statement, |statement, pattern| {
        statement.bind(&pattern).bind(pattern)
    })
}

fn wanted(statement: Statement, filter: &Filter, engine: Engine) -> Statement {
    let (first, last) = (earliest(engine), latest(engine));
    let city = filter.city.as_ref().map(|city| city.pattern());
    let end = if filter.without_ended {
        Moment::now().get()
    } else {
        first
    };
    statement
        .bind(city.unwrap_or_else(|| "%".to_owned()))
        .bind(&filter.category)
        .bind(&filter.category)
        .bind(filter.from.map_or(first, Moment::get).clamp(first, last))
        .bind(filter.to.map_or(last, Moment::get).clamp(first, last))
        .bind(end)
}

fn behind(filter: &Filter, engine: Engine) -> (DateTime<Utc>, Uuid) {
    match &filter.cursor {
        Some(cursor) => {
            let start = cursor.start_time.get();
            (start.clamp(earliest(engine), latest(engine)), cursor.id)
        }
        None => (earliest(engine), Uuid::nil()),
    }
}

/// One more was asked for than the page holds: it tells whether there is another.
fn cut<T>(rows: &mut Vec<T>, filter: &Filter) -> bool {
    let most = usize::try_from(filter.size.get()).unwrap_or(usize::MAX);
    let is_more = rows.len() > most;
    rows.truncate(most);
    is_more
}

fn cursor(event: &Event, rank: Option<Rank>) -> Cursor {
    Cursor {
        rank,
        start_time: event.details.start_time,
        id: event.id,
    }
}
