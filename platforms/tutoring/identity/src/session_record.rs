use seaworthy::{
    account::{ActiveSession, RequestOrigin},
    data::{chrono::SecondsFormat, prelude::*},
    prelude::*,
};
use tutoring_contract::Role;

/// An active session as stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRecord {
    /// The ID of the session.
    pub session_id: String,
    /// The user.
    pub user_id: Uuid,
    /// The role of the user.
    pub role: Role,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_activity_at: String,
    /// The client's IP address at the login or the last refresh.
    pub ip: String,
    /// The `User-Agent` of the login or the last refresh.
    pub user_agent: String,
}

impl SessionRecord {
    /// Creates the record of a session that the client of this request begins or refreshes.
    /// `begun_us` is the time of the login, in microseconds since 1970.
    #[must_use]
    pub fn from_request(session: &str, user: Uuid, role: Role, begun_us: i64) -> Self {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let begun = DateTime::from_timestamp_micros(begun_us);
        let origin = RequestOrigin::current();
        Self {
            session_id: session.to_owned(),
            user_id: user,
            role,
            created_at: text(begun.unwrap_or_else(Utc::now)),
            last_activity_at: text(Utc::now()),
            ip: origin.address,
            user_agent: origin.user_agent,
        }
    }
}

impl ActiveSession for SessionRecord {
    fn session_id(&self) -> &str {
        &self.session_id
    }
}
