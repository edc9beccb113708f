use std::{
    fmt,
    sync::{Arc, Weak},
};

use http::{HeaderValue, Method};
use parking_lot::RwLock;
use seaworthy_resilience::policies::Policies;

use crate::{
    BuildError, HttpClientBuilder, HttpClientConfig, RequestBuilder, Target, factory::Factory,
    observe::ClientMetrics, sender::Sender,
};

/// An HTTP client of one dependency. Clones share connections, policies and reloads of settings.
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
pub struct HttpClient(Arc<Shared>);

/// The state that clones share.
pub(crate) struct Shared {
    factory: Factory,
    current: RwLock<Arc<Inner>>,
}

/// The client with one version of its settings. A call uses the version with which it began.
pub(crate) struct Inner {
    pub(crate) name: Arc<str>,
    pub(crate) config: Arc<HttpClientConfig>,
    pub(crate) policies: Policies,
    pub(crate) sender: Sender,
    pub(crate) metrics: ClientMetrics,
    pub(crate) user_agent: Option<HeaderValue>,
}

impl Shared {
    /// Applies new settings. Does not change the client if they are not valid.
    pub(crate) fn reload(&self, settings: Option<&HttpClientConfig>) -> Result<(), BuildError> {
        let config = self.factory.config(settings);
        let current = Arc::clone(&self.current.read().config);
        let is_same = HttpClientConfig {
            policies: current.policies.clone(),
            ..config.clone()
        } == *current;
        if !is_same {
            let reloaded = Arc::new(self.factory.build(config)?);
            // Connections close outside of the lock.
            let previous = std::mem::replace(&mut *self.current.write(), reloaded);
            drop(previous);
        }
        Ok(())
    }
}

impl HttpClient {
    /// Returns a builder for the dependency of this name, which metrics, spans and policies use.
    #[must_use]
    pub fn builder(name: &str) -> HttpClientBuilder {
        HttpClientBuilder::new(name)
    }

    pub(crate) fn new(factory: Factory, config: HttpClientConfig) -> Result<Self, BuildError> {
        let inner = factory.build(config)?;
        Ok(Self(Arc::new(Shared {
            factory,
            current: RwLock::new(Arc::new(inner)),
        })))
    }

    pub(crate) fn current(&self) -> Arc<Inner> {
        Arc::clone(&self.0.current.read())
    }

    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    /// Returns the name of the dependency.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.factory.name
    }

    /// Returns the settings in effect, except `policies`, which
    /// [`Policies::config`](Policies::config) returns.
    #[must_use]
    pub fn config(&self) -> Arc<HttpClientConfig> {
        Arc::clone(&self.0.current.read().config)
    }

    /// Returns the policies of the dependency.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.factory.policies
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
    /// [`RequestBuilder::idempotent`].
    pub fn post<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::POST, target)
    }

    /// Starts a PUT request.
    pub fn put<'a>(&self, target: impl Into<Target<'a>>) -> RequestBuilder {
        self.request(Method::PUT, target)
    }

    /// Starts a PATCH request. It is only retried with [`RequestBuilder::idempotency_key`] or
    /// [`RequestBuilder::idempotent`].
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
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
