use std::time::Duration;

use seaworthy::{
    core::{FieldViolation, new_id},
    data::{
        FromRow,
        chrono::{DateTime, SubsecRound as _, Utc},
    },
    prelude::*,
};
use serde_json::{Map, Value};
use tutoring_contract::{events::KINDS, is_storable_json};
use uuid::Uuid;

use crate::errors;

/// In characters. A type is a name such as `video_watched`.
const MAX_TYPE: usize = 128;
/// Events of one request. Clients send more in several requests.
const MAX_EVENTS: usize = 100;
/// In bytes of JSON. An event describes one action.
const MAX_METADATA: usize = 4 * 1024;
/// Digits of a second that all databases store.
const PRECISION: u16 = 6;
/// Clocks of telephones are fast by at most this.
const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);
/// An application without a connection sends its events later.
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
        let mut fields = Vec::new();
        let event = self.check(user, "", &mut fields)?;
        match fields.is_empty() {
            true => Ok(event),
            false => Err(Error::invalid(fields)),
        }
    }

    /// Adds the invalid members, whose names follow a prefix.
    fn check(
        self,
        user: Uuid,
        prefix: &str,
        fields: &mut Vec<FieldViolation>,
    ) -> Result<Event, Error> {
        if self.user_id.is_some_and(|given| given != user) {
            return Err(errors::other_user());
        }
        let mut reject = |field: &str, problem: String| {
            fields.push(FieldViolation::new(format!("{prefix}{field}"), problem));
        };
        let event_type = self.event_type.trim().to_owned();
        let is_short = (1..=MAX_TYPE).contains(&event_type.chars().count());
        if !is_short || event_type.contains(char::is_control) {
            let problem = format!("must have 1 to {MAX_TYPE} characters on one line");
            reject("eventType", problem);
        }
        let is_business = |(kind, _): &(&str, &str)| kind.eq_ignore_ascii_case(&event_type);
        if KINDS.iter().any(is_business) {
            let problem = "is reserved for events of the platform: use another name";
            reject("eventType", problem.to_owned());
        }
        let metadata = Value::Object(self.metadata.unwrap_or_default());
        if metadata.to_string().len() > MAX_METADATA {
            let problem = format!("must have at most {MAX_METADATA} bytes");
            reject("metadata", problem);
        }
        if !is_storable_json(&metadata) {
            reject(
                "metadata",
                "must not contain the character U+0000".to_owned(),
            );
        }
        let now = Utc::now();
        let timestamp = self.timestamp.unwrap_or(now);
        if timestamp > now + MAX_AHEAD || timestamp < now - MAX_AGE {
            let problem = "must be within the last 7 days and not in the future";
            reject("timestamp", problem.to_owned());
        }
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
        return Err(errors::invalid("events", &problem));
    }
    let mut fields = Vec::new();
    let mut events = Vec::new();
    for (index, request) in requests.into_iter().enumerate() {
        events.push(request.check(user, &format!("events[{index}]."), &mut fields)?);
    }
    match fields.is_empty() {
        true => Ok(events),
        false => Err(Error::invalid(fields)),
    }
}
