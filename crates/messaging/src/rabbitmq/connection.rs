mod rotation;

use std::{collections::BTreeSet, sync::Arc};

use lapin::{Channel, Connection, ConnectionProperties, tcp::OwnedTLSConfig};
use parking_lot::Mutex;
use seaworthy_core::{Backoff, Secret, Timeout};
use tokio::{sync::watch, time};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    binding_cache::Bound,
    channels::PublishChannels,
    config::RabbitmqConfig,
    failure::{cause_text, transport_error},
    topology,
};
use crate::{BrokerUrl, MessagingConfig, Topic, transport::TransportError};

/// The first backoff of reconnects. A broker that restarts is back within seconds.
const RECONNECT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(50);
/// The maximum backoff of reconnects, so that the connection is back soon after its broker.
const RECONNECT_MAX_BACKOFF: Timeout = Timeout::from_secs(1);
/// Maximum time of a close: a service stops soon even if the broker does not respond.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// The maximum size of a frame in bytes, the default of RabbitMQ. The client reserves 8 MiB for
/// each connection, for 32 frames in each direction. If it learns the size from the broker, it
/// grows its buffers, which writes to all of this memory.
const MAX_FRAME_SIZE: u32 = 128 * 1024;
/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

/// A connection to the broker.
pub(super) struct BrokerConnection {
    inner: Connection,
    /// The channels on which batches are published.
    pub(super) channels: PublishChannels,
    browsing: Arc<tokio::sync::Mutex<()>>,
    /// The dead-letter topics whose queues existed on this connection.
    pub(super) stores: Mutex<BTreeSet<Topic>>,
    /// The topics whose required groups were bound on this connection.
    pub(super) bound: Mutex<Bound>,
    /// The version of the password with which it was opened.
    password_version: u64,
    /// Cancelled when a connection with a newer password replaces it.
    superseded: CancellationToken,
}

/// Holds one connection. After the connection is lost, a background task reconnects until it
/// succeeds. Callers do not reconnect, because their timeouts and breakers would interrupt it.
pub(super) struct ConnectionSlot {
    shared: Arc<Shared>,
    /// Ends the background task when this value is dropped.
    _ended: DropGuard,
}

struct Shared {
    parameters: Parameters,
    state: Mutex<State>,
    /// The number of ended attempts.
    attempts: watch::Sender<u64>,
    ended: CancellationToken,
}

/// The parameters of a connection.
#[derive(Clone)]
struct Parameters {
    url: BrokerUrl,
    password: Option<Secret<String>>,
    name: String,
    authorities: Option<String>,
    role: Role,
    config: RabbitmqConfig,
}

/// The use of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its channels confirm what is published.
    Publishing,
    /// Each consumer has its own channel.
    Consuming,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<BrokerConnection>>,
    /// Whether the background task runs.
    is_reconnecting: bool,
    /// The error of the last attempt.
    failure: Option<Failure>,
}

/// A [`TransportError`] that can be cloned for all waiting callers.
#[derive(Clone)]
struct Failure {
    text: String,
    is_rejection: bool,
}

impl BrokerConnection {
    /// Whether the broker blocks publishers.
    pub(super) fn is_blocked(&self) -> bool {
        self.inner.status().blocked()
    }

    /// Returns the lock of the browsing task. One task at a time browses dead letters.
    pub(super) fn browsing(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.browsing)
    }

    fn is_connected(&self) -> bool {
        self.inner.status().connected()
    }

    /// Completes when a connection with a newer password replaces this one.
    pub(super) async fn superseded(&self) {
        self.superseded.cancelled().await;
    }

    pub(super) async fn new_channel(&self) -> Result<Channel, TransportError> {
        self.inner.create_channel().await.map_err(transport_error)
    }
}

impl ConnectionSlot {
    pub(super) fn new(
        config: &MessagingConfig,
        client: &str,
        role: Role,
    ) -> Result<Self, TransportError> {
        let rabbitmq = &config.rabbitmq;
        let authorities = match &rabbitmq.ca_file {
            Some(file) => {
                let read = std::fs::read_to_string(file);
                Some(read.map_err(|error| {
                    TransportError::rejected(format!("{}: {error}", file.display()))
                })?)
            }
            None => None,
        };
        let ended = CancellationToken::new();
        let parameters = Parameters {
            url: config.url.clone(),
            password: config.password.clone(),
            name: format!("{client} {role:?}"),
            authorities,
            role,
            config: rabbitmq.clone(),
        };
        parameters.uri()?;
        Ok(Self {
            shared: Arc::new(Shared {
                parameters,
                state: Mutex::default(),
                attempts: watch::Sender::new(0),
                ended: ended.clone(),
            }),
            _ended: ended.drop_guard(),
        })
    }

    /// Returns the connection if it is open. If not, the background task reconnects.
    pub(super) fn current(&self) -> Result<Arc<BrokerConnection>, TransportError> {
        let mut state = self.shared.state.lock();
        if let Some(connection) = state
            .connection
            .as_ref()
            .filter(|connection| connection.is_connected())
        {
            return Ok(Arc::clone(connection));
        }
        state.connection = None;
        if self.shared.ended.is_cancelled() {
            return Err(TransportError::Closed);
        }
        if !state.is_reconnecting {
            state.is_reconnecting = true;
            state.failure = None;
            tokio::spawn(Arc::clone(&self.shared).reconnect());
        }
        Err(TransportError::unavailable("the connection is lost"))
    }

    /// Returns the connection, or waits for the result of the current attempt to connect.
    pub(super) async fn connected(&self) -> Result<Arc<BrokerConnection>, TransportError> {
        let mut attempts = self.shared.attempts.subscribe();
        let missing = match self.current() {
            Err(missing @ TransportError::Unavailable(_)) => missing,
            found => return found,
        };
        tokio::select! {
            _ = attempts.changed() => {}
            () = self.shared.ended.cancelled() => return Err(TransportError::Closed),
        }
        let state = self.shared.state.lock();
        match (&state.connection, &state.failure) {
            (Some(connection), _) => Ok(Arc::clone(connection)),
            (None, Some(failure)) => Err(failure.clone().into()),
            (None, None) => Err(missing),
        }
    }

    /// Waits for a reply of the broker. After a timeout, a connection without any reply is
    /// abandoned. A connection that still responds to other requests is kept. Abandoned connections
    /// stay open until the broker responds, so repeated requests would accumulate them.
    pub(super) async fn await_reply<T>(
        &self,
        limit: Timeout,
        request: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match time::timeout(limit.get(), request).await {
            Ok(reply) => reply,
            Err(_elapsed) => {
                if !self.is_responsive(limit).await {
                    self.shared.state.lock().connection = None;
                }
                let text = format!("no response within {limit}");
                Err(TransportError::unavailable(text))
            }
        }
    }

    async fn is_responsive(&self, limit: Timeout) -> bool {
        let connection = self.shared.state.lock().connection.clone();
        match connection {
            Some(connection) => time::timeout(limit.get(), connection.new_channel())
                .await
                .is_ok_and(|made| made.is_ok()),
            None => false,
        }
    }

    pub(super) async fn close(&self) {
        self.shared.ended.cancel();
        let Some(connection) = self.shared.state.lock().connection.take() else {
            return;
        };
        if connection.inner.status().connected() {
            let closing = connection
                .inner
                .close(REPLY_SUCCESS, "the service stops".into());
            let _ = time::timeout(CLOSE_TIMEOUT.get(), closing).await;
        }
    }
}

impl Shared {
    /// Reconnects until it succeeds.
    async fn reconnect(self: Arc<Self>) {
        let backoff = Backoff::new(RECONNECT_INITIAL_BACKOFF, RECONNECT_MAX_BACKOFF);
        for attempt in 0.. {
            let made = tokio::select! {
                made = self.parameters.clone().connect_in_time() => made,
                () = self.ended.cancelled() => return,
            };
            let is_made = made.is_ok();
            {
                let mut state = self.state.lock();
                match made {
                    Ok(connection) => {
                        let connection = Arc::new(connection);
                        tokio::spawn(Arc::clone(&self).follow_password(Arc::clone(&connection)));
                        *state = State {
                            connection: Some(connection),
                            ..State::default()
                        }
                    }
                    Err(error) => state.failure = Some((&error).into()),
                }
            }
            self.attempts.send_modify(|count| *count += 1);
            if is_made {
                return;
            }
            tokio::select! {
                () = time::sleep(backoff.delay(attempt)) => {}
                () = self.ended.cancelled() => return,
            }
        }
    }
}

impl From<&TransportError> for Failure {
    fn from(error: &TransportError) -> Self {
        Self {
            text: cause_text(error),
            is_rejection: matches!(error, TransportError::Rejected(_)),
        }
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        if failure.is_rejection {
            Self::rejected(failure.text)
        } else {
            Self::unavailable(failure.text)
        }
    }
}

impl Parameters {
    /// Returns the version of the newest password.
    fn password_version(&self) -> u64 {
        self.password.as_ref().map_or(0, Secret::version)
    }

    /// Returns the URI with the newest password (CONF-5).
    fn uri(&self) -> Result<String, TransportError> {
        let password = self.password.as_ref().map(Secret::current);
        let password = password.as_ref().map(|password| password.expose().as_str());
        let mut url = self.url.with_credentials(password).ok_or_else(|| {
            TransportError::rejected("the password cannot be added to the broker URL")
        })?;
        // The client reads `/` as a virtual host without a name, which RabbitMQ does not have.
        if url.path() == "/" {
            url.set_path("/%2f");
        }
        let seconds = self.config.heartbeat.get().as_secs().max(1);
        let defaults = [
            ("heartbeat", seconds.to_string()),
            ("frame_max", MAX_FRAME_SIZE.to_string()),
        ];
        for (name, value) in defaults {
            if !url.query_pairs().any(|(other, _)| other == name) {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(url.into())
    }

    async fn connect_in_time(self) -> Result<BrokerConnection, TransportError> {
        let limit = self.config.connect_timeout;
        let connected = time::timeout(limit.get(), self.connect()).await;
        let late = |_| {
            Err(TransportError::unavailable(format!(
                "no response within {limit}"
            )))
        };
        connected.unwrap_or_else(late)
    }

    async fn connect(self) -> Result<BrokerConnection, TransportError> {
        // Read before connecting: if the password rotates meanwhile, a new connection follows.
        let password_version = self.password_version();
        let uri = self.uri()?;
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let tls = OwnedTLSConfig {
            identity: None,
            cert_chain: self.authorities,
        };
        let runtime = lapin::runtime::default_runtime().map_err(transport_error)?;
        let connection = Connection::connect_with_config(&uri, properties, tls, runtime)
            .await
            .map_err(transport_error)?;
        if self.role == Role::Publishing {
            // The broker may have lost the exchanges.
            let channel = connection.create_channel().await.map_err(transport_error)?;
            topology::exchanges(&channel, &self.config).await?;
        }
        Ok(BrokerConnection {
            inner: connection,
            channels: PublishChannels::new(),
            browsing: Arc::default(),
            stores: Mutex::default(),
            bound: Mutex::default(),
            password_version,
            superseded: CancellationToken::new(),
        })
    }
}

#[cfg(test)]
mod tests;
