use std::{fmt, sync::Arc};

use http::{HeaderValue, Method};
use seaworthy_resilience::policies::Policies;

use crate::{
    HttpClientBuilder, HttpClientConfig, RequestBuilder, Target, observe::ClientMetrics,
    sender::Sender,
};

/// Calls one dependency over HTTP, within all limits. Cheap to clone; all clones share connections and policies.
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
    /// A client for the dependency of this name, which metrics, spans and policies go by.
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

    /// The name of the dependency.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &HttpClientConfig {
        &self.0.config
    }

    /// The policies of the dependency: its breaker, its places, its retries.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// A request of any method. What is wrong with the target is told when the request is sent.
    pub fn request<'a>(&self, method: Method, target: impl Into<Target<'a>>) -> RequestBuilder {
        RequestBuilder::new(self, method, target.into())
    }

    /// Reads.
    pub fn get<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::GET, target)
    }

    /// Reads the head alone.
    pub fn head<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::HEAD, target)
    }

    /// Does something. It is not tried again without [`RequestBuilder::idempotency_key`] or [`RequestBuilder::repeatable`].
    pub fn post<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::POST, target)
    }

    /// Replaces.
    pub fn put<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::PUT, target)
    }

    /// Changes. It is not tried again without [`RequestBuilder::idempotency_key`] or [`RequestBuilder::repeatable`].
    pub fn patch<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::PATCH, target)
    }

    /// Removes.
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
