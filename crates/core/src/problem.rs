use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Error, FieldViolation, RequestId};

/// An RFC 9457 problem document, the body of a failed request (API-2).
///
/// `type` is `about:blank`, so `title` is the phrase of the status (section 4.2.1). `code`,
/// `reason`, `request_id`, `fields` and `metadata` are extension members. The document never
/// contains the private cause of the [`Error`].
///
/// ```
/// use seaworthy_core::{Code, Error, Problem};
///
/// let error = Error::new(Code::Conflict, "EVENT_FULL", "the event is full").with_cause("row 17 locked");
/// let text = serde_json::to_string(&Problem::new(&error, None)).unwrap();
/// assert_eq!(
///     text,
///     r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"the event is full","code":"CONFLICT","reason":"EVENT_FULL"}"#
/// );
/// ```
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldViolation],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<&'static str, String>,
}

impl<'a> Problem<'a> {
    /// The media type of the document.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Creates the document of an error.
    #[must_use]
    pub fn new(error: &'a Error, request_id: Option<&'a RequestId>) -> Self {
        let code = error.code();
        Self {
            r#type: "about:blank",
            title: code.title(),
            status: code.http_status(),
            detail: error.message(),
            code: code.name(),
            reason: error.reason(),
            request_id: request_id.map(RequestId::as_str),
            fields: error.fields(),
            metadata: error.metadata(),
        }
    }

    /// Replaces the status and its phrase, for a status that no [`Code`](crate::Code) has, such as
    /// 414 or 431.
    #[must_use]
    pub const fn with_status(mut self, status: u16, title: &'static str) -> Self {
        self.status = status;
        self.title = title;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_lists_all_fields_and_request_id_api_3() {
        let error = Error::invalid(vec![
            FieldViolation::new("name", "is empty"),
            FieldViolation::new("items[2].price", "is below zero"),
        ]);
        let id = RequestId::parse(b"r-1").unwrap();
        let document = serde_json::to_value(Problem::new(&error, Some(&id))).unwrap();
        assert_eq!(document["status"], 400);
        assert_eq!(document["request_id"], "r-1");
        assert_eq!(document["fields"][1]["field"], "items[2].price");
        assert_eq!(document["fields"][1]["description"], "is below zero");
    }

    #[test]
    fn problem_has_metadata_only_if_the_error_has_api_2() {
        let error = Error::new(
            crate::Code::Forbidden,
            "ACCOUNT_LOCKED",
            "the account is locked",
        );
        let document = serde_json::to_value(Problem::new(&error, None)).unwrap();
        assert!(document.get("metadata").is_none(), "{document}");
        let error = error.with_metadata("unlock_time", "1700000000");
        let document = serde_json::to_value(Problem::new(&error, None)).unwrap();
        assert_eq!(document["metadata"]["unlock_time"], "1700000000");
    }

    #[test]
    fn problem_omits_private_cause_sec_4() {
        let error = Error::internal("password of db is hunter2");
        let text = serde_json::to_string(&Problem::new(&error, None)).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
    }
}
