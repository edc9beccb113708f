use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use crate::{BuildError, HttpClient, HttpClientConfig, client::Shared};

/// The HTTP clients whose settings a reload changes (CONF-4). Clones share the clients.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use seaworthy_client::{HttpClient, HttpClientConfig, HttpClients};
///
/// let clients = HttpClients::new();
/// let client = HttpClient::builder("stock").follow(&clients, "stock").build().unwrap();
/// let moved = HttpClientConfig {
///     base_url: Some("http://stock.internal".parse().unwrap()),
///     ..HttpClientConfig::default()
/// };
/// clients.reload(&BTreeMap::from([("stock".to_owned(), moved.clone())])).unwrap();
/// assert_eq!(*client.config(), moved);
/// ```
#[derive(Clone, Default)]
pub struct HttpClients(Arc<Mutex<State>>);

/// The settings of all clients by name.
type AllSettings = BTreeMap<String, HttpClientConfig>;

#[derive(Default)]
struct State {
    /// The settings of the last reload.
    settings: Option<AllSettings>,
    clients: Vec<Registered>,
}

/// A client and the name of its settings.
struct Registered {
    settings: String,
    client: Weak<Shared>,
}

/// Settings of clients that are not valid. The clients keep their previous settings.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
pub struct ReloadError(Vec<BuildError>);

impl HttpClients {
    /// Returns a list without clients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies new settings, by name. Calls in flight finish with the previous settings and their
    /// connections. A client whose settings did not change keeps its connections. Policies do not
    /// change: `Resilience::reload` reloads them. Reads TLS files with blocking calls.
    ///
    /// # Errors
    /// [`ReloadError`] with the clients whose settings are not valid. All other clients have their
    /// new settings.
    pub fn reload(&self, settings: &BTreeMap<String, HttpClientConfig>) -> Result<(), ReloadError> {
        let mut state = self.0.lock();
        state.settings = Some(settings.clone());
        let mut errors = Vec::new();
        state.clients.retain(|registered| {
            let Some(client) = registered.client.upgrade() else {
                return false;
            };
            errors.extend(client.reload(settings.get(&registered.settings)).err());
            true
        });
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ReloadError(errors))
        }
    }

    /// Builds a client with the settings of the last reload, and adds it. Before the first reload,
    /// `build` gets `None`. The lock prevents a reload in between.
    pub(crate) fn add(
        &self,
        name: &str,
        build: impl FnOnce(Option<&AllSettings>) -> Result<HttpClient, BuildError>,
    ) -> Result<HttpClient, BuildError> {
        let mut state = self.0.lock();
        let client = build(state.settings.as_ref())?;
        state.clients.push(Registered {
            settings: name.to_owned(),
            client: client.downgrade(),
        });
        Ok(client)
    }
}

impl fmt::Debug for HttpClients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClients")
            .finish_non_exhaustive()
    }
}
