//! The candidates of an unfiltered list by score, read from the index of scores.
//!
//! The order by score changes with time, but events with equal points keep their order: by start
//! time. The nearness of the start adds at most six half points. The next events of a list are
//! therefore among the first ones of few levels, where a level is the events with equal points.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use seaworthy::data::{Connection as _, DataError, Engine, Statement, sql};
use uuid::Uuid;

use super::{Candidate, Store};
use crate::{
    cursor::Cursor,
    rank::{MAX_NEARNESS_POINTS, POINTS_PER_SCORE, first_second_at_most, score},
};

/// Number of levels that one statement reads.
const LEVELS: usize = 8;
/// Maximum number of events whose change since the first page is undone.
const MAX_CHANGED: u32 = 2_000;
/// Maximum number of changes of scores that a page undoes. They take about 10 ms.
const MAX_CHANGES: u32 = 20_000;
/// Latest time that MariaDB can compare.
const MAX_MYSQL_SECONDS: i64 = i32::MAX as i64;

type Row = (Uuid, i64, DateTime<Utc>);

/// The part of a level that a page can contain.
#[derive(Debug, Clone, Copy)]
struct Level {
    points: i64,
    from: DateTime<Utc>,
    /// The last event of the previous page, if it is in this level.
    last: Option<Uuid>,
}

/// The parameters that all statements of one page share.
#[derive(Debug, Clone, Copy)]
struct Page {
    now: DateTime<Utc>,
    ranked_at: DateTime<Utc>,
    /// The number of events to read: one more than the page contains.
    count: u32,
}

macro_rules! unchanged {
    () => {
        " AND NOT EXISTS (SELECT 1 FROM feed_score_changes c WHERE c.event_id = s.event_id AND c.changed_at > ?)"
    };
}

macro_rules! level {
    ($name:literal) => {
        concat!(
            "SELECT event_id, points, start_time FROM (SELECT s.event_id, s.points, s.start_time FROM feed_scores s
             WHERE s.is_listed = TRUE AND s.points = ? AND s.start_time >= ? AND NOT (s.start_time = ? AND s.event_id >= ?)",
            unchanged!(),
            " ORDER BY s.start_time, s.event_id DESC LIMIT ?) AS ",
            $name
        )
    };
}

impl Store {
    /// Returns whether scores changed too often since a time to rank further pages as at that time.
    /// It reads the index of change times only, up to the limit.
    pub(crate) async fn has_too_many_changes(
        &self,
        since: DateTime<Utc>,
    ) -> Result<bool, DataError> {
        sql("SELECT changed_at FROM feed_score_changes WHERE changed_at > ? ORDER BY changed_at LIMIT 1 OFFSET ?")
            .bind(since)
            .bind(MAX_CHANGES)
            .exists(&self.0)
            .await
    }

    /// Returns candidates that include the next events of an unfiltered list by score. The number
    /// of rows that it reads depends on `limit` and on the changes since `ranked_at`, not on the
    /// number of events, joins or views.
    pub(crate) async fn trending(
        &self,
        now: DateTime<Utc>,
        ranked_at: DateTime<Utc>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Candidate>, DataError> {
        let page = Page {
            now,
            ranked_at,
            count: u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1),
        };
        let mut levels = Vec::new();
        let mut max_points = i64::MAX;
        if let Some(cursor) = after {
            let top = half_points(cursor.score);
            // A client can send any score.
            max_points = top.saturating_sub(MAX_NEARNESS_POINTS + 1);
            let reachable = (max_points + 1).max(0)..=top;
            levels.extend(reachable.filter_map(|points| self.level_after(points, &cursor, page)));
        }
        let mut found = self.first_by_points(max_points, page).await?;
        levels.extend(lower_levels(&found, page));
        found.extend(self.levels(&levels, page).await?);
        // This statement is the last one, so it finds each event that the others left out.
        found.extend(self.changed(page).await?);
        let found: BTreeMap<_, _> = found.into_iter().map(|row| (row.0, row)).collect();
        let candidates = found.into_values();
        Ok(candidates
            .map(|(id, points, start_time)| Candidate {
                id,
                category: String::new(),
                start_time,
                points,
            })
            .collect())
    }

    /// Returns the part of a level after a cursor, or `None` if it is empty.
    fn level_after(&self, points: i64, cursor: &Cursor, page: Page) -> Option<Level> {
        if score(points, cursor.start_time, cursor.ranked_at)
            .total_cmp(&cursor.score)
            .is_eq()
        {
            let is_future = cursor.start_time > page.now;
            return Some(Level {
                points,
                from: self.comparable(cursor.start_time.max(next_microsecond(page.now))),
                last: is_future.then_some(cursor.id),
            });
        }
        let second = first_second_at_most(cursor.score, points)?;
        let from = cursor.ranked_at + TimeDelta::seconds(second.into());
        Some(Level {
            points,
            from: self.comparable(from.max(next_microsecond(page.now))),
            last: None,
        })
    }

    fn comparable(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        match self.0.engine() {
            Engine::MySql => {
                let max = DateTime::from_timestamp(MAX_MYSQL_SECONDS, 0);
                time.min(max.unwrap_or(time))
            }
            Engine::Postgres | Engine::Sqlite => time,
        }
    }

    /// Returns the first events by points and start time.
    async fn first_by_points(&self, max_points: i64, page: Page) -> Result<Vec<Row>, DataError> {
        if max_points < 0 {
            return Ok(Vec::new());
        }
        sql(concat!(
            "SELECT s.event_id, s.points, s.start_time FROM feed_scores s WHERE s.is_listed = TRUE AND s.points <= ? AND s.start_time > ?",
            unchanged!(),
            " ORDER BY s.points DESC, s.start_time, s.event_id DESC LIMIT ?"
        ))
        .bind(max_points)
        .bind(page.now)
        .bind(page.ranked_at)
        .bind(page.count)
        .fetch_all(&self.0)
        .await
    }

    /// Returns the first events of each level.
    async fn levels(&self, levels: &[Level], page: Page) -> Result<Vec<Row>, DataError> {
        let mut rows = Vec::new();
        for levels in levels.chunks(LEVELS) {
            let statement = sql(concat!(
                level!("a"),
                " UNION ALL ",
                level!("b"),
                " UNION ALL ",
                level!("c"),
                " UNION ALL ",
                level!("d"),
                " UNION ALL ",
                level!("e"),
                " UNION ALL ",
                level!("f"),
                " UNION ALL ",
                level!("g"),
                " UNION ALL ",
                level!("h")
            ));
            let unused = Level {
                points: -1,
                from: page.now,
                last: None,
            };
            let padded = levels.iter().copied().chain(std::iter::repeat(unused));
            let statement = padded.take(LEVELS).fold(statement, |statement, level| {
                bind_level(statement, level, page)
            });
            let read: Vec<Row> = statement.fetch_all(&self.0).await?;
            rows.extend(read);
        }
        Ok(rows)
    }

    /// Returns the events whose points changed after the first page, with their points at its time.
    async fn changed(&self, page: Page) -> Result<Vec<Row>, DataError> {
        sql("SELECT s.event_id, s.points - c.points, s.start_time FROM feed_scores s
             JOIN (SELECT event_id, CAST(SUM(points) AS BIGINT) AS points FROM feed_score_changes WHERE changed_at > ? GROUP BY event_id) c ON c.event_id = s.event_id
             WHERE s.is_listed = TRUE AND s.start_time > ? ORDER BY s.start_time, s.event_id LIMIT ?")
            .on_mysql("SELECT s.event_id, CAST(s.points - c.points AS SIGNED), s.start_time FROM feed_scores s
             JOIN (SELECT event_id, SUM(points) AS points FROM feed_score_changes WHERE changed_at > ? GROUP BY event_id) c ON c.event_id = s.event_id
             WHERE s.is_listed = TRUE AND s.start_time > ? ORDER BY s.start_time, s.event_id LIMIT ?")
            .bind(page.ranked_at)
            .bind(page.now)
            .bind(MAX_CHANGED)
            .fetch_all(&self.0)
            .await
    }
}

fn bind_level(statement: Statement, level: Level, page: Page) -> Statement {
    // Without a last event, the condition compares with the greatest ID, which is not in use.
    statement
        .bind(level.points)
        .bind(level.from)
        .bind(level.from)
        .bind(level.last.unwrap_or(Uuid::max()))
        .bind(page.ranked_at)
        .bind(page.count)
}

/// Returns the levels below the first events by points that can contain an event with a higher
/// score than one of them.
fn lower_levels(first: &[Row], page: Page) -> Vec<Level> {
    let (Some((_, highest, _)), Some((_, lowest, _))) = (first.first(), first.last()) else {
        return Vec::new();
    };
    if first.len() < usize::try_from(page.count).unwrap_or(usize::MAX) {
        return Vec::new();
    }
    let scores = first
        .iter()
        .map(|(_, points, start_time)| score(*points, *start_time, page.ranked_at));
    let last_score = scores.fold(f64::INFINITY, f64::min);
    let min_points = (half_points(last_score) - MAX_NEARNESS_POINTS).max(0);
    // If all first events are in one level, they are its first events.
    let max_points = if highest == lowest {
        lowest - 1
    } else {
        *lowest
    };
    let points = min_points..=max_points;
    points
        .map(|points| Level {
            points,
            from: next_microsecond(page.now),
            last: None,
        })
        .collect()
}

/// Returns the greatest number of half points that is not above a score.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, and scores are far below the limit"
)]
fn half_points(score: f64) -> i64 {
    (score * POINTS_PER_SCORE).floor() as i64
}

fn next_microsecond(time: DateTime<Utc>) -> DateTime<Utc> {
    time + TimeDelta::microseconds(1)
}
