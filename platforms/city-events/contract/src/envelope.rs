use std::{collections::BTreeMap, time::Duration};

use seaworthy::{
    axum::{
        body::Body,
        http::{HeaderValue, StatusCode, header},
        response::{IntoResponse, Response},
    },
    core::context,
    prelude::*,
};
use serde_json::json;

/// A successful answer of auth, event and join: `{"data": …}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}

/// A refusal as clients of City Events read it: `{"error": {code, message, meta?, request_id?}}`.
#[derive(Debug)]
pub struct Fault {
    status: StatusCode,
    code: String,
    message: String,
    meta: BTreeMap<String, String>,
    retry_after: Option<u64>,
}

impl Fault {
    /// A refusal with this status, and code and message as the contract words them.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            meta: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// Says more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }

    /// Says when another try may be worth it, in whole seconds and one at least.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.retry_after = Some(seconds.max(1));
        self
    }
}

/// An error as a refusal: its reason in lower case is the code.
#[must_use]
pub fn fault(error: &Error) -> Fault {
    let status = StatusCode::from_u16(error.code().http_status());
    let mut fault = Fault::new(
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        error.reason().to_lowercase(),
        error.message(),
    );
    fault.retry_after = error.retry_after().map(|wait| wait.as_secs().max(1));
    for violation in error.fields() {
        fault = fault.with(&violation.field, violation.description.clone());
    }
    fault
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(members) = error.as_object_mut() {
            if !self.meta.is_empty() {
                members.insert("meta".to_owned(), json!(self.meta));
            }
            context::with_current(|context| {
                if let Some(context) = context {
                    members.insert(
                        "request_id".to_owned(),
                        json!(context.request_id().as_str()),
                    );
                }
            });
        }
        let mut response = Response::new(Body::from(json!({ "error": error }).to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
