use seaworthy::{
    core::FieldViolation,
    data::chrono::{DateTime, Utc},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{is_storable, is_storable_json};
use uuid::Uuid;

use super::NotificationKind;

/// Longer titles do not fit on a lock screen, and e-mail accepts no longer subject.
const MAX_TITLE: usize = 200;
/// A notification is a hint, not a document.
const MAX_BODY: usize = 4_000;
/// Data name an entity of the application. Push services accept 4 KiB with the text.
const MAX_DATA: usize = 8_192;

const NOT_STORABLE: &str = "must not contain the character U+0000";

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
    /// Checks the members of a notification.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn new(
        user: Uuid,
        kind: &str,
        (title, body): (&str, &str),
        data: Option<Value>,
    ) -> Result<Self, Error> {
        let mut fields = Vec::new();
        let known = NotificationKind::from_name(kind);
        if known.is_none() {
            let problem = "must be course, assignment, achievement, payment or system";
            fields.push(FieldViolation::new("type", problem));
        }
        let (title, body) = (title.trim(), body.trim());
        for (name, text, max) in [("title", title, MAX_TITLE), ("body", body, MAX_BODY)] {
            if text.is_empty() || text.chars().count() > max {
                let problem = format!("must have 1 to {max} characters");
                fields.push(FieldViolation::new(name, problem));
            }
            if !is_storable(text) {
                fields.push(FieldViolation::new(name, NOT_STORABLE));
            }
        }
        if !data.as_ref().is_none_or(is_storable_json) {
            fields.push(FieldViolation::new("data", NOT_STORABLE));
        }
        if let Some(data) = &data
            && !(data.is_object() && data.to_string().len() <= MAX_DATA)
        {
            let problem = format!("must be an object of at most {MAX_DATA} bytes");
            fields.push(FieldViolation::new("data", problem));
        }
        match known {
            Some(kind) if fields.is_empty() => Ok(Self {
                user,
                kind,
                title: title.to_owned(),
                body: body.to_owned(),
                data,
                is_secret: false,
            }),
            _ => Err(Error::invalid(fields)),
        }
    }

    /// Returns when the notification loses its use: the member `expiresAt` of its data, such as
    /// that of a session code.
    pub(crate) fn expires_at(&self) -> Option<DateTime<Utc>> {
        let text = self.data.as_ref()?.get("expiresAt")?.as_str()?;
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        Some(parsed.with_timezone(&Utc))
    }

    /// Returns the text that searches look at.
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
