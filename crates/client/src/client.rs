use std::{fmt, sync::Arc};

use http::{HeaderValue, Method};
use seaworthy_resilience::policies::Policies;

use crate::{
    HttpClientBuilder, HttpClientConfig, RequestBuilder, Target, observe::ClientMetrics,
    sender::Sender,
};

/// An HTTP client of one dependency. Clones share connections and policies.
///
/// ```no_run
/// use seaworthy_client::HttpClient;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = HttpClient::builder("ledger").build()?;
/// let response = client.get("https://ledger.example.org/balance").send().await?;
/// # drop(response);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: Arc<str>,
    pub(crate) config: HttpClientConfig,
    pub(crate) policies: Policies,
    pub(crate) sender: Sender,
    pub(crate) metrics: ClientMetrics,
    pub(crate) user_agent: Option<HeaderValue>,
}

impl HttpClient {
    /// Returns a builder for the dependency of this name, which metrics, spans and policies use.
    #[must_use]
    pub fn builder(name: &str) -> HttpClientBuilder {
        HttpClientBuilder::new(name)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Returns the name of the dependency.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &HttpClientConfig {
        &self.0.config
    }

    /// Returns the policies of the dependency.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// Starts a request. An invalid target is reported when the request is sent.
    pub fn request<'a>(&self, method: Method, target: impl Into<Target<'a>>) -> RequestBuilder {
        RequestBuilder::new(self, method, target.into())
    }

    /// Starts a GET request.
    pub fn get<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::GET, target)
    }

    /// Starts a HEAD request.
    pub fn head<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::HEAD, target)
    }

    /// Starts a POST request. It is only retried with [`RequestBuilder::idempotency_key`] or
    /// [`RequestBuilder::repeatable`].
    pub fn post<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::POST, target)
    }

    /// Starts a PUT request.
    pub fn put<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::PUT, target)
    }

    /// Starts a PATCH request. It is only retried with [`RequestBuilder::idempotency_key`] or
    /// [`RequestBuilder::repeatable`].
    pub fn patch<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::PATCH, target)
    }

    /// Starts a DELETE request.
    pub fn delete<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::DELETE, target)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClient")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}
