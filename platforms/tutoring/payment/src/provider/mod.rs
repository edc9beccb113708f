//! The trait of payment providers.

mod api_key;
mod fake;
mod razorpay;
mod signature;

use std::{pin::Pin, sync::Arc};

use seaworthy::{client::ClientError, config::Profile, data::prelude::*, prelude::*};
use tutoring_contract::Money;

pub(crate) use fake::FakeProvider;
pub(crate) use signature::Signatures;

use self::{api_key::ApiKeys, razorpay::Razorpay};
use crate::config::{PaymentConfig, ProviderKind};

/// The state of a payment at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProviderStatus {
    Created,
    Authorized,
    Captured,
    Refunded,
    Failed,
}

/// A payment at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "razorpay::PaymentEntity")]
pub(crate) struct ProviderPayment {
    pub(crate) id: String,
    pub(crate) order_id: Option<String>,
    pub(crate) amount: Money,
    pub(crate) status: ProviderStatus,
    /// The reason of a rejection.
    pub(crate) failure: Option<String>,
}

/// An order to create.
#[derive(Debug, Clone)]
pub(crate) struct NewOrder {
    pub(crate) amount: Money,
    /// At most 40 characters.
    pub(crate) receipt: String,
    pub(crate) payment: String,
    pub(crate) student: String,
}

/// A refund at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ProviderRefund {
    pub(crate) id: String,
    /// In minor units.
    pub(crate) amount: i64,
    /// Such as `processed` or `failed`.
    pub(crate) status: String,
    pub(crate) payment_id: Option<String>,
}

/// A page of the payments in a range of time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProviderPage {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) skip: u32,
    /// At most 100.
    pub(crate) count: u32,
}

/// The result of a call to the provider.
pub(crate) type ProviderFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// A payment provider with orders, such as Razorpay.
pub(crate) trait PaymentProvider: Send + Sync + 'static {
    /// Creates an order. Returns its ID.
    fn create_order(&self, order: NewOrder) -> ProviderFuture<'_, String>;
    /// Returns the ID of an order with a receipt.
    fn find_order<'a>(&'a self, receipt: &'a str) -> ProviderFuture<'a, Option<String>>;
    /// Returns all payments of an order.
    fn payments_of_order<'a>(&'a self, order: &'a str) -> ProviderFuture<'a, Vec<ProviderPayment>>;
    /// Returns a payment.
    fn payment<'a>(&'a self, id: &'a str) -> ProviderFuture<'a, Option<ProviderPayment>>;
    /// Captures an authorized payment.
    fn capture<'a>(&'a self, id: &'a str, amount: Money) -> ProviderFuture<'a, ProviderPayment>;
    /// Refunds a payment in full.
    fn refund<'a>(&'a self, payment: &'a str, amount: Money) -> ProviderFuture<'a, ProviderRefund>;
    /// Returns the refunds of a payment.
    fn refunds<'a>(&'a self, payment: &'a str) -> ProviderFuture<'a, Vec<ProviderRefund>>;
    /// Returns a page of the payments that were created in a range of time.
    fn payments_between(&self, page: ProviderPage) -> ProviderFuture<'_, Vec<ProviderPayment>>;
}

/// Errors of calls to the provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// The provider rejected the request.
    #[error("the payment provider rejected the request")]
    Rejected(#[source] ClientError),
    /// The provider is unavailable, or its response is not valid.
    #[error("the payment provider is unavailable")]
    Unavailable(#[source] ClientError),
    /// The fake provider rejected the request.
    #[error("the fake payment provider rejected the request: {0}")]
    Fake(&'static str),
}

impl ProviderError {
    /// Whether the error is permanent: a retry cannot succeed.
    pub(crate) fn is_permanent(&self) -> bool {
        !matches!(self, Self::Unavailable(_))
    }
}

impl From<ProviderError> for Error {
    fn from(error: ProviderError) -> Self {
        let (code, reason, message) = match &error {
            ProviderError::Unavailable(ClientError::TimedOut { .. }) => (
                Code::DeadlineExceeded,
                "REQUEST_TIMEOUT",
                "the payment provider did not respond in time: try again",
            ),
            ProviderError::Unavailable(_) => (
                Code::Unavailable,
                "SERVICE_UNAVAILABLE",
                "the payment provider cannot be reached: try again later",
            ),
            ProviderError::Rejected(_) | ProviderError::Fake(_) => (
                Code::Conflict,
                "PROVIDER_REJECTED",
                "the payment provider rejected the request",
            ),
        };
        Self::new(code, reason, message).with_cause(error)
    }
}

/// The provider of the settings.
pub(crate) struct Provider {
    pub(crate) calls: Arc<dyn PaymentProvider>,
    pub(crate) signatures: Signatures,
    keys: ApiKeys,
    /// The fake provider, at which developers pay.
    pub(crate) fake: Option<Arc<FakeProvider>>,
}

impl Provider {
    /// Returns the provider of the settings.
    ///
    /// # Errors
    /// [`StartError`] for a missing key, and for the fake provider in production.
    pub(crate) fn new(service: &Assembly<PaymentConfig>) -> Result<Self, StartError> {
        let config = &service.settings().provider;
        let keys = ApiKeys::new(service.reloadable())?;
        let missing = || StartError::new("provider.webhook_secret must be set");
        let webhook = config.webhook_secret.as_ref().ok_or_else(missing)?;
        let signatures = Signatures::new(&keys, webhook);
        let (calls, fake): (Arc<dyn PaymentProvider>, _) = match config.kind {
            ProviderKind::Razorpay => {
                let razorpay = Razorpay::new(service, &keys)?;
                (Arc::new(razorpay), None)
            }
            ProviderKind::Fake => {
                if service.profile() == Profile::Production {
                    return Err(StartError::new(
                        "provider.kind=fake confirms payments without money: production needs razorpay",
                    ));
                }
                let fake = Arc::new(FakeProvider::default());
                (Arc::clone(&fake) as _, Some(fake))
            }
        };
        Ok(Self {
            calls,
            signatures,
            keys,
            fake,
        })
    }

    /// Returns the public ID of the API key, with which clients open the page of the provider.
    pub(crate) fn key_id(&self) -> String {
        self.keys.current().id
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Provider")
    }
}
