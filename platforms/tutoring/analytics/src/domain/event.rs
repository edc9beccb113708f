use std::time::Duration;

use seaworthy::{
    core::new_id,
    data::{chrono::SubsecRound as _, is_storable_json, prelude::*},
    prelude::*,
};
use serde_json::{Map, Value};
use tutoring_contract::events::KINDS;
use tutoring_identity::{Checks, NOT_STORABLE, invalid};

use crate::errors;

/// Maximum length of a type, in characters. A type is a name such as `video_watched`.
const MAX_TYPE: usize = 128;
/// Maximum number of events of one request.
const MAX_EVENTS: usize = 100;
/// Maximum size of the metadata, in bytes of JSON.
const MAX_METADATA: usize = 4 * 1024;
/// The number of decimal digits of seconds that all databases store.
const PRECISION: u16 = 6;
/// Tolerated time in the future, because clocks of telephones differ.
const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);
/// Maximum age of an event. An application without a connection sends its events later.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An event as stored and in responses.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) event_type: String,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) course_id: Option<Uuid>,
    pub(crate) metadata: Value,
    #[from_row(column = "occurred_at")]
    pub(crate) timestamp: DateTime<Utc>,
}

/// An event of a client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EventRequest {
    event_type: String,
    user_id: Option<Uuid>,
    course_id: Option<Uuid>,
    metadata: Option<Map<String, Value>>,
    /// If absent, the service uses its own time.
    timestamp: Option<DateTime<Utc>>,
}

impl EventRequest {
    /// Returns the event of a user.
    ///
    /// # Errors
    /// `FORBIDDEN` for the ID of another user, or `VALIDATION_ERROR`.
    pub(crate) fn checked(self, user: Uuid) -> Result<Event, Error> {
        let mut checks = Checks::new();
        let event = self.check(user, "", &mut checks)?;
        checks.finish()?;
        Ok(event)
    }

    /// Adds the invalid fields, whose names follow a prefix.
    fn check(self, user: Uuid, prefix: &str, checks: &mut Checks) -> Result<Event, Error> {
        if self.user_id.is_some_and(|given| given != user) {
            return Err(errors::other_user());
        }
        let mut require = |field: &str, holds: bool, problem: &str| {
            checks.require(format!("{prefix}{field}"), holds, problem);
        };
        let event_type = self.event_type.trim().to_owned();
        let is_short = (1..=MAX_TYPE).contains(&event_type.chars().count());
        let is_type = is_short && !event_type.contains(char::is_control);
        let problem = format!("must have 1 to {MAX_TYPE} characters on one line");
        require("eventType", is_type, &problem);
        let is_business = |(kind, _): &(&str, &str)| kind.eq_ignore_ascii_case(&event_type);
        let problem = "is reserved for events of the platform: use another name";
        require("eventType", !KINDS.iter().any(is_business), problem);
        let metadata = Value::Object(self.metadata.unwrap_or_default());
        let is_small = metadata.to_string().len() <= MAX_METADATA;
        let problem = format!("must have at most {MAX_METADATA} bytes");
        require("metadata", is_small, &problem);
        require("metadata", is_storable_json(&metadata), NOT_STORABLE);
        let now = Utc::now();
        let timestamp = self.timestamp.unwrap_or(now);
        let is_recent = (now - MAX_AGE..=now + MAX_AHEAD).contains(&timestamp);
        let problem = "must be within the last 7 days and not in the future";
        require("timestamp", is_recent, problem);
        Ok(Event {
            id: new_id(),
            event_type,
            user_id: Some(user),
            course_id: self.course_id,
            metadata,
            timestamp: timestamp.trunc_subsecs(PRECISION),
        })
    }
}

/// Returns the events of a user. One invalid event rejects all.
///
/// # Errors
/// `FORBIDDEN` for the ID of another user, or `VALIDATION_ERROR`.
pub(crate) fn checked_all(requests: Vec<EventRequest>, user: Uuid) -> Result<Vec<Event>, Error> {
    if !(1..=MAX_EVENTS).contains(&requests.len()) {
        let problem = format!("must have 1 to {MAX_EVENTS} events");
        return Err(invalid("events", problem));
    }
    let (mut events, mut checks) = (Vec::new(), Checks::new());
    for (index, request) in requests.into_iter().enumerate() {
        events.push(request.check(user, &format!("events[{index}]."), &mut checks)?);
    }
    checks.finish()?;
    Ok(events)
}
