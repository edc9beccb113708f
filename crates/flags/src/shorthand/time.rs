use chrono::{DateTime, NaiveTime, Timelike as _};
use serde_json::{Map, Value, json};

use crate::problem::{Path, Problems};

mod zone;

pub(super) use zone::Zone;

const DAY: i64 = 24 * 60 * 60;

/// Returns a condition on the time. The start is inclusive, the end exclusive.
pub(super) fn condition(name: &str, value: &Value, zone: &Zone) -> Result<Value, String> {
    let now = json!({"var": "$flagd.timestamp"});
    match name {
        "from" | "start_time" => Ok(json!({">=": [now, seconds(value)?]})),
        "until" | "end_time" => Ok(json!({"<": [now, seconds(value)?]})),
        "workdays_only" => match value.as_bool() {
            Some(false) => Ok(true.into()),
            // Day 0 of the Unix epoch is a Thursday, so Monday is day 4 and Saturday day 2.
            Some(true) => {
                let now = zone.local_seconds();
                let midnight = json!({"-": [now, {"%": [now, DAY]}]});
                let weekday = json!({"%": [{"+": [{"/": [midnight, DAY]}, 3]}, 7]});
                Ok(json!({"<": [weekday, 5]}))
            }
            None => Err("must be true or false".to_owned()),
        },
        _ => hours(value, zone),
    }
}

/// Reports an end that is not after the start.
pub(super) fn check_order(rules: &Map<String, Value>, path: &Path<'_>, problems: &mut Problems) {
    let time = |names: [&'static str; 2]| {
        let given = names
            .into_iter()
            .find_map(|name| Some((name, rules.get(name)?)));
        let (name, value) = given?;
        Some((name, seconds(value).ok()?))
    };
    if let (Some((_, start)), Some((name, end))) =
        (time(["from", "start_time"]), time(["until", "end_time"]))
        && end <= start
    {
        problems.add(&path.then(name), "must be after the start");
    }
}

fn seconds(value: &Value) -> Result<i64, String> {
    let time = value
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let time = time.ok_or("must be a time such as 2026-12-24T00:00:00Z")?;
    Ok(time.timestamp())
}

/// Returns a condition on the time of day. The range may contain midnight.
fn hours(value: &Value, zone: &Zone) -> Result<Value, String> {
    let read = |name: &str| {
        let text = value.get(name)?.as_str()?;
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
        Some(i64::from(time.num_seconds_from_midnight()))
    };
    let (Some(start), Some(end)) = (read("start"), read("end")) else {
        return Err("must have `start` and `end`, such as \"09:00\" and \"17:30\"".to_owned());
    };
    let now = json!({"%": [zone.local_seconds(), DAY]});
    let (after, before) = (json!({">=": [now, start]}), json!({"<": [now, end]}));
    let both = if start <= end { "and" } else { "or" };
    Ok(json!({both: [after, before]}))
}
