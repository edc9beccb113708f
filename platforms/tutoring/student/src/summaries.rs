//! Data of other services on the pages of a student.

use futures::future::join;
use seaworthy::{
    client::{HttpClient, HttpResponse, RequestBuilder},
    core::error_chain,
    prelude::*,
};
use serde_json::Value;

/// The clients in the settings.
pub(crate) const NOTIFICATION: &str = "notification";
pub(crate) const PAYMENT: &str = "payment";
pub(crate) const BOOKING: &str = "booking";
/// The sessions of one response.
const PAGE: usize = 100;
/// Maximum number of pages that are read, more than a student has.
const MAX_PAGES: usize = 10;

/// Calls other services with the token of the student. If a service does not respond in time, its
/// part of the page is `None`.
#[derive(Debug)]
pub(crate) struct Summaries {
    notification: HttpClient,
    payment: HttpClient,
    booking: HttpClient,
}

/// The date and the slot of a session.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Planned {
    pub(crate) id: Uuid,
    pub(crate) scheduled_date: String,
    pub(crate) time_slot: String,
}

/// Parts of the home page from other services. `None` if a service did not respond.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) unread_notifications: Option<u64>,
    pub(crate) wallet: Option<Value>,
}

impl Summaries {
    pub(crate) fn new<C: seaworthy::config::Settings>(
        service: &Assembly<C>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            notification: service.http_client(NOTIFICATION)?,
            payment: service.http_client(PAYMENT)?,
            booking: service.http_client(BOOKING)?,
        })
    }

    /// Returns the client of the service of wallets.
    pub(crate) const fn payment(&self) -> &HttpClient {
        &self.payment
    }

    /// Returns the sessions of a student with their dates, as far as they are known.
    pub(crate) async fn schedule(&self, student: Uuid, token: &Secret<String>) -> Vec<Planned> {
        let mut sessions = Vec::new();
        for page in 1..=MAX_PAGES {
            let path = format!("/api/v1/admin/sessions/student/{student}?limit={PAGE}&page={page}");
            let Some(mut found) = data(self.booking.get(&path), token).await else {
                break;
            };
            let items = found.get_mut("items").map(Value::take);
            let items: Vec<Planned> = items
                .and_then(|items| serde_json::from_value(items).ok())
                .unwrap_or_default();
            let is_last = items.len() < PAGE;
            sessions.extend(items);
            if is_last {
                break;
            }
        }
        sessions
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
    let answer = request.bearer(token).send().await;
    let answer = answer.and_then(HttpResponse::success).inspect_err(|error| {
        let error = error_chain(error);
        tracing::debug!(error, "a part of the home page could not be loaded");
    });
    let mut body: Value = answer.ok()?.json().await.ok()?;
    body.get_mut("data").map(Value::take)
}
