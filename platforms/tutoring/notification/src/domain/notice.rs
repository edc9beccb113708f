use seaworthy::{
    data::{is_storable_json, prelude::*},
    prelude::*,
};
use serde_json::Value;
use tutoring_identity::{Checks, NOT_STORABLE, invalid};

use super::NotificationKind;

/// Maximum length of a title, in characters. It must fit on a lock screen and in a subject line.
const MAX_TITLE: usize = 200;
/// Maximum length of a text, in characters.
const MAX_BODY: usize = 4_000;
/// Maximum size of the data, in bytes of JSON.
const MAX_DATA: usize = 8_192;

/// A notification to store.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) user: Uuid,
    pub(crate) kind: NotificationKind,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) data: Option<Value>,
    /// Whether no database, outbox or broker may store the text.
    pub(crate) is_secret: bool,
}

impl Notice {
    /// Checks the fields of a notification.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn new(
        user: Uuid,
        kind: &str,
        (title, body): (&str, &str),
        data: Option<Value>,
    ) -> Result<Self, Error> {
        let mut checks = Checks::new();
        let known = NotificationKind::from_name(kind);
        let problem = "must be course, assignment, achievement, payment or system";
        checks.require("type", known.is_some(), problem);
        let (title, body) = (title.trim(), body.trim());
        for (name, text, max) in [("title", title, MAX_TITLE), ("body", body, MAX_BODY)] {
            checks.length(name, text, 1, max);
            checks.storable(name, text);
        }
        if let Some(data) = &data {
            checks.require("data", is_storable_json(data), NOT_STORABLE);
            let is_short = data.is_object() && data.to_string().len() <= MAX_DATA;
            let problem = format!("must be an object of at most {MAX_DATA} bytes");
            checks.require("data", is_short, problem);
        }
        checks.finish()?;
        Ok(Self {
            user,
            kind: known.ok_or_else(|| invalid("type", problem))?,
            title: title.to_owned(),
            body: body.to_owned(),
            data,
            is_secret: false,
        })
    }

    /// Returns when the notification loses its use: the field `expiresAt` of its data, such as
    /// that of a session code.
    pub(crate) fn expires_at(&self) -> Option<DateTime<Utc>> {
        let text = self.data.as_ref()?.get("expiresAt")?.as_str()?;
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        Some(parsed.with_timezone(&Utc))
    }

    /// Returns the text in which users search.
    pub(crate) fn search_text(&self) -> String {
        format!("{}\n{}", self.title, self.body).to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_invalid_field_is_named_api_2() {
        let user = Uuid::from_u128(7);
        let refused = Notice::new(user, "other", (" ", ""), Some(json!([]))).unwrap_err();
        let names: Vec<_> = refused.fields().iter().map(|field| &*field.field).collect();
        assert_eq!(names, ["type", "title", "body", "data"]);
        let data = json!({ "expiresAt": "2026-03-01T10:00:00Z" });
        let notice = Notice::new(user, "course", ("A code", "Read it"), Some(data)).unwrap();
        assert_eq!(
            notice.expires_at().unwrap().to_rfc3339(),
            "2026-03-01T10:00:00+00:00"
        );
    }
}
