//! Calls to the booking service, which owns prices and discounts.

use seaworthy::{
    axum::http::StatusCode,
    client::{ClientError, HttpClient, HttpResponse},
    data::chrono::{DateTime, Utc},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{Quote, ServiceTokens};

use crate::domain::SessionBooking;

/// The name of the HTTP client in settings and metrics.
pub(crate) const CLIENT: &str = "booking";
const RESERVATIONS: &str = "/api/v1/booking/pricing/reservations";
/// The code of the error for a place outside of all zones.
const NO_SERVICE: &str = "SERVICE_NOT_AVAILABLE";

/// The booking service.
#[derive(Debug)]
pub(crate) struct Booking {
    client: HttpClient,
    tokens: ServiceTokens,
}

/// A successful response.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// An error response.
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: String,
    /// The reasons of a response with the status 400.
    #[serde(default)]
    errors: Vec<InvalidField>,
}

#[derive(Deserialize)]
struct InvalidField {
    #[serde(default)]
    field: String,
    message: String,
}

/// The result of settling a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Done,
    /// The student has meanwhile used another discount, or the reservation does not exist.
    Conflict,
}

impl Booking {
    pub(crate) const fn new(client: HttpClient, tokens: ServiceTokens) -> Self {
        Self { client, tokens }
    }

    /// Returns the price of a package and reserves its discount for a payment.
    ///
    /// # Errors
    /// The rejection of the booking service with its status, or `SERVICE_UNAVAILABLE`.
    pub(crate) async fn reserve(
        &self,
        payment: Uuid,
        student: Uuid,
        package: &SessionBooking,
        expires_at: DateTime<Utc>,
    ) -> Result<Quote, Error> {
        let body = json!({
            "paymentId": payment,
            "studentId": student,
            "expiresAt": expires_at,
            "classType": package.class_type(),
            "sessionCount": package.session_count,
            "couponCode": package.coupon_code,
            "claimDeal": package.claim_deal,
            "deliveryMode": package.delivery_mode(),
            "place": package.place(),
        });
        let sent = self.post(RESERVATIONS, &body).await?;
        let status = sent.status();
        let is_rejection = matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::NOT_FOUND
        );
        if !is_rejection {
            let response = sent.success().map_err(unavailable)?;
            let quote: Envelope<Quote> = response.json().await.map_err(unavailable)?;
            return Ok(quote.data);
        }
        let problem: Problem = sent.json().await.map_err(unavailable)?;
        let (code, reason) = match (status, &*problem.code) {
            (StatusCode::CONFLICT, _) => (Code::Conflict, "CONFLICT"),
            (StatusCode::NOT_FOUND, NO_SERVICE) => (Code::NotFound, NO_SERVICE),
            (StatusCode::NOT_FOUND, _) => {
                return Err(Error::internal(
                    "the booking service has no route for reservations",
                ));
            }
            _ => (Code::Invalid, "INVALID_PACKAGE"),
        };
        let Some(first) = problem.errors.into_iter().next() else {
            return Err(Error::new(code, reason, problem.message));
        };
        let field = match &*first.field {
            "deliveryMode" => "schedule.deliveryMode".to_owned(),
            _ => first.field,
        };
        let error = Error::new(code, reason, first.message.clone());
        Err(error.with_field(field, first.message))
    }

    /// Records that a payment with a discount succeeded.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE`.
    pub(crate) async fn redeem(&self, payment: Uuid) -> Result<Settled, Error> {
        self.settle(payment, "redeem").await
    }

    /// Releases the discount of a payment that failed.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE`.
    pub(crate) async fn release(&self, payment: Uuid) -> Result<Settled, Error> {
        self.settle(payment, "release").await
    }

    /// Sends a request. A repeat has the same effect and result.
    async fn post(&self, path: &str, body: &Value) -> Result<HttpResponse, Error> {
        let request = self.client.post(path).bearer(&self.tokens.sign()?);
        let sent = request.idempotent().json(body).send().await;
        sent.map_err(unavailable)
    }

    async fn settle(&self, payment: Uuid, action: &str) -> Result<Settled, Error> {
        let path = format!("{RESERVATIONS}/{payment}/{action}");
        let sent = self.post(&path, &Value::Null).await?;
        if matches!(sent.status(), StatusCode::CONFLICT | StatusCode::NOT_FOUND) {
            return Ok(Settled::Conflict);
        }
        sent.success().map_err(unavailable)?;
        Ok(Settled::Done)
    }
}

fn unavailable(error: ClientError) -> Error {
    let (code, reason, message) = match &error {
        ClientError::TimedOut { .. } => (
            Code::DeadlineExceeded,
            "REQUEST_TIMEOUT",
            "the booking service did not respond in time: try again",
        ),
        _ => (
            Code::Unavailable,
            "SERVICE_UNAVAILABLE",
            "the booking service cannot be reached: try again later",
        ),
    };
    Error::new(code, reason, message).with_cause(error)
}
