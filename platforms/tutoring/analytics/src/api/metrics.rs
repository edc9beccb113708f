use std::time::Duration;

use seaworthy::prelude::*;
use serde_json::{Value, json};
use tutoring_contract::{MAX_PAGE_LIMIT, Query, Reply};
use tutoring_identity::invalid;

use super::{HandlerResult, State};
use crate::{
    domain::{Hours, Interval, RangeRequest},
    store::{CourseCount, TypeCount, metrics},
};

/// The default number of counts, for a bar chart.
const DEFAULT_LIMIT: u32 = 20;
/// The range without a start.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CountQuery {
    limit: Option<u32>,
    event_type: Option<String>,
    interval: Interval,
}

impl CountQuery {
    fn limit(&self) -> Result<u32, Error> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        match (1..=MAX_PAGE_LIMIT).contains(&limit) {
            true => Ok(limit),
            false => {
                let problem = format!("must be from 1 to {MAX_PAGE_LIMIT}");
                Err(invalid("limit", &problem))
            }
        }
    }

    /// Returns the type, with U+0000 replaced, because PostgreSQL rejects that character.
    fn event_type(&self) -> Option<String> {
        let event_type = self.event_type.as_deref()?;
        Some(event_type.replace('\0', "\u{fffd}"))
    }
}

pub(super) async fn types(
    analytics: State,
    Query(query): Query<CountQuery>,
    Query(range): Query<RangeRequest>,
) -> HandlerResult {
    let range = range.checked(MONTH, analytics.retention)?;
    let items: Vec<TypeCount> = metrics::types(&analytics.database, range, query.limit()?).await?;
    Reply::ok("event types", json!({ "items": items }))
}

pub(super) async fn courses(
    analytics: State,
    Query(query): Query<CountQuery>,
    Query(range): Query<RangeRequest>,
) -> HandlerResult {
    let range = range.checked(MONTH, analytics.retention)?;
    let (database, event_type) = (&analytics.database, query.event_type());
    let items: Vec<CourseCount> =
        metrics::courses(database, range, event_type.as_deref(), query.limit()?).await?;
    Reply::ok("courses", json!({ "items": items }))
}

/// Returns the number of events of each hour, day or week, also of those without events.
pub(super) async fn trends(
    analytics: State,
    Query(query): Query<CountQuery>,
    Query(range): Query<RangeRequest>,
) -> HandlerResult {
    let interval = query.interval;
    let range = range.checked(interval.length(), interval.max_length())?;
    let (zone, event_type) = (&analytics.zone, query.event_type());
    let hours = Hours::of(zone, range);
    let counts = metrics::hours(&analytics.database, range, event_type.as_deref(), hours).await?;
    let items = interval
        .parts(zone, range, (hours, &counts))
        .into_iter()
        .map(|(start, count)| json!({ "start": start, "count": count }));
    let items: Vec<Value> = items.collect();
    let data = json!({ "interval": interval, "items": items });
    Reply::ok("trend", data)
}
