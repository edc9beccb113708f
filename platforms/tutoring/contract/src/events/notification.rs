use seaworthy::prelude::*;
use serde_json::Value;

use super::NotificationRequested;

impl NotificationRequested {
    /// Creates a request with data for the application. `kind` is the field `notificationType`.
    #[must_use]
    pub fn new(
        recipient: Uuid,
        kind: &str,
        (title, body): (&str, impl Into<String>),
        data: Value,
    ) -> Self {
        Self {
            recipient_id: recipient,
            notification_type: kind.to_owned(),
            title: title.to_owned(),
            body: body.into(),
            data: Some(data),
        }
    }
}
