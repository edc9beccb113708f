//! Data of other services on a student's first page.

use futures::future::join;
use seaworthy::{
    client::{HttpClient, RequestBuilder},
    core::error_chain,
    prelude::*,
};
use serde_json::Value;
use uuid::Uuid;

/// The clients in the settings.
pub(crate) const NOTIFICATION: &str = "notification";
pub(crate) const PAYMENT: &str = "payment";

/// Asks other services with the token of the student. A service that does not respond in time leaves
/// its part of the page unknown.
#[derive(Debug)]
pub(crate) struct Summaries {
    notification: HttpClient,
    payment: HttpClient,
}

/// Parts of the first page. `None` is unknown.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) unread_notifications: Option<u64>,
    pub(crate) wallet: Option<Value>,
}

impl Summaries {
    pub(crate) fn new<C: seaworthy::config::Settings>(
        service: &Assembly<C>,
    ) -> Result<Self, StartError> {
        let client = |name: &str| {
            let because =
                |error| StartError::because(format!("clients.{name} cannot be used"), error);
            service.http_client(name).map_err(because)
        };
        Ok(Self {
            notification: client(NOTIFICATION)?,
            payment: client(PAYMENT)?,
        })
    }

    /// Returns the data of the services about a student.
    pub(crate) async fn of(&self, student: Uuid, token: &Secret<String>) -> Summary {
        let unread = self.notification.get("/api/v1/notifications/unread-count");
        let path = format!("/api/v1/payments/wallet/{student}");
        let wallet = self.payment.get(&path);
        let (unread, wallet) = join(data(unread, token), data(wallet, token)).await;
        Summary {
            unread_notifications: unread.and_then(|data| data.get("unreadCount")?.as_u64()),
            wallet,
        }
    }
}

/// Returns the data of a response. `None` for an error, which is logged.
async fn data(request: RequestBuilder, token: &Secret<String>) -> Option<Value> {
    let answer = match request.bearer(token).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let error = error_chain(&error);
            tracing::debug!(error, "a part of the first page is unknown");
            return None;
        }
    };
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        tracing::debug!(status, "a part of the first page is unknown");
        return None;
    }
    let mut body: Value = answer.json().await.ok()?;
    body.get_mut("data").map(Value::take)
}
