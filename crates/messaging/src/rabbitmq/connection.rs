use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
    tcp::OwnedTLSConfig,
};
use parking_lot::Mutex;
use seaworthy_core::{Backoff, RotationAttempts, Secret, Timeout};
use tokio::{sync::watch, time};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{bound::Bound, channels::PublishChannels, config::RabbitmqConfig, topology};
use crate::{
    BrokerUrl, MessagingConfig, Topic,
    transport::{Cause, TransportError},
};

/// The first backoff of reconnects. A broker that restarts is back within seconds.
const RECONNECT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(50);
/// The maximum backoff of reconnects, so that the connection is back soon after its broker.
const RECONNECT_MAX_BACKOFF: Timeout = Timeout::from_secs(1);
/// Maximum time of a close: a service stops soon even if the broker does not respond.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// How often a connection checks whether its password was rotated.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The maximum size of a frame in bytes, the default of RabbitMQ. The client reserves 8 MiB for each
/// connection, for 32 frames in each direction. If it learns the size from the broker, it grows its
/// buffers, which writes to all of this memory.
const MAX_FRAME_SIZE: u32 = 128 * 1024;
/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

/// A connection to the broker.
pub(super) struct Link {
    connection: Connection,
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
    link: Option<Arc<Link>>,
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

impl Link {
    /// Whether the broker blocks publishers.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Returns the lock of the browsing task. One task at a time browses dead letters.
    pub(super) fn browsing(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.browsing)
    }

    fn is_connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Completes when a connection with a newer password replaces this one.
    pub(super) async fn superseded(&self) {
        self.superseded.cancelled().await;
    }

    pub(super) async fn new_channel(&self) -> Result<Channel, TransportError> {
        self.connection.create_channel().await.map_err(failure)
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
    pub(super) fn current(&self) -> Result<Arc<Link>, TransportError> {
        let mut state = self.shared.state.lock();
        if let Some(link) = state.link.as_ref().filter(|link| link.is_connected()) {
            return Ok(Arc::clone(link));
        }
        state.link = None;
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
    pub(super) async fn connected(&self) -> Result<Arc<Link>, TransportError> {
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
        match (&state.link, &state.failure) {
            (Some(link), _) => Ok(Arc::clone(link)),
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
                    self.shared.state.lock().link = None;
                }
                let text = format!("no response within {limit}");
                Err(TransportError::unavailable(text))
            }
        }
    }

    async fn is_responsive(&self, limit: Timeout) -> bool {
        let link = self.shared.state.lock().link.clone();
        match link {
            Some(link) => time::timeout(limit.get(), link.new_channel())
                .await
                .is_ok_and(|made| made.is_ok()),
            None => false,
        }
    }

    pub(super) async fn close(&self) {
        self.shared.ended.cancel();
        let Some(link) = self.shared.state.lock().link.take() else {
            return;
        };
        if link.connection.status().connected() {
            let closing = link
                .connection
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
                    Ok(link) => {
                        let link = Arc::new(link);
                        tokio::spawn(Arc::clone(&self).follow_password(Arc::clone(&link)));
                        *state = State {
                            link: Some(link),
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

impl Shared {
    /// Replaces a connection after its password was rotated (CONF-5). The connection stays until the
    /// broker accepts the new password, and closes after its last use. Ends when the connection is
    /// lost.
    async fn follow_password(self: Arc<Self>, link: Arc<Link>) {
        let mut followed = Arc::downgrade(&link);
        drop(link);
        let mut attempts = RotationAttempts::default();
        loop {
            tokio::select! {
                () = time::sleep(POLL_INTERVAL) => {}
                () = self.ended.cancelled() => return,
            }
            let is_current = |state: &State| {
                let current = state.link.as_ref();
                current.is_some_and(|link| Arc::as_ptr(link) == followed.as_ptr())
            };
            let old = match followed.upgrade().filter(|link| link.is_connected()) {
                Some(old) if is_current(&self.state.lock()) => old,
                _ => return,
            };
            let newest = self.parameters.password_version();
            let now = time::Instant::now().into_std();
            if old.password_version == newest || !attempts.is_due(newest, now) {
                continue;
            }
            match self.parameters.clone().connect_in_time().await {
                Ok(link) => {
                    let link = Arc::new(link);
                    let mut state = self.state.lock();
                    if !is_current(&state) || self.ended.is_cancelled() {
                        return;
                    }
                    followed = Arc::downgrade(&link);
                    state.link = Some(link);
                    old.superseded.cancel();
                }
                Err(error) => {
                    if attempts.record_failure(newest, time::Instant::now().into_std()) {
                        let problem = explain(&error);
                        tracing::warn!(
                            problem,
                            "no connection with the rotated password can be opened, so the other one stays open"
                        );
                    }
                }
            }
        }
    }
}

impl From<&TransportError> for Failure {
    fn from(error: &TransportError) -> Self {
        Self {
            text: explain(error),
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

    async fn connect_in_time(self) -> Result<Link, TransportError> {
        let limit = self.config.connect_timeout;
        let connected = time::timeout(limit.get(), self.connect()).await;
        let late = |_| {
            Err(TransportError::unavailable(format!(
                "no response within {limit}"
            )))
        };
        connected.unwrap_or_else(late)
    }

    async fn connect(self) -> Result<Link, TransportError> {
        // Read before connecting: if the password rotates meanwhile, a new connection follows.
        let password_version = self.password_version();
        let uri = self.uri()?;
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let tls = OwnedTLSConfig {
            identity: None,
            cert_chain: self.authorities,
        };
        let runtime = lapin::runtime::default_runtime().map_err(failure)?;
        let connection = Connection::connect_with_config(&uri, properties, tls, runtime)
            .await
            .map_err(failure)?;
        if self.role == Role::Publishing {
            // The broker may have lost the exchanges.
            let channel = connection.create_channel().await.map_err(failure)?;
            topology::exchanges(&channel, &self.config).await?;
        }
        Ok(Link {
            connection,
            channels: PublishChannels::new(),
            browsing: Arc::default(),
            stores: Mutex::default(),
            bound: Mutex::default(),
            password_version,
            superseded: CancellationToken::new(),
        })
    }
}

/// Classifies an error of the client. A rejection, such as wrong credentials or other queue
/// arguments, is permanent. Any other error is transient.
pub(super) fn failure(error: lapin::Error) -> TransportError {
    let is_rejection = match error.kind() {
        ErrorKind::ProtocolError(protocol) => match protocol.kind() {
            AMQPErrorKind::Soft(soft) => matches!(
                soft,
                AMQPSoftError::ACCESSREFUSED
                    | AMQPSoftError::PRECONDITIONFAILED
                    | AMQPSoftError::NOTFOUND
            ),
            AMQPErrorKind::Hard(hard) => matches!(
                hard,
                AMQPHardError::NOTALLOWED
                    | AMQPHardError::NOTIMPLEMENTED
                    | AMQPHardError::COMMANDINVALID
            ),
        },
        _ => false,
    };
    if is_rejection {
        TransportError::rejected(error)
    } else {
        TransportError::unavailable(error)
    }
}

/// Whether the broker closed a channel with this error.
pub(super) fn is_soft(error: &lapin::Error, expected: &AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(protocol) if matches!(protocol.kind(), AMQPErrorKind::Soft(soft) if soft == expected))
}

/// Whether the broker closed a channel with this error. See [`failure`].
pub(super) fn is_rejection(error: &TransportError, expected: &AMQPSoftError) -> bool {
    let TransportError::Rejected(cause) = error else {
        return false;
    };
    let cause = cause.downcast_ref::<lapin::Error>();
    cause.is_some_and(|error| is_soft(error, expected))
}

/// Returns the cause of an error as text, for the results of many messages.
pub(super) fn explain(error: &TransportError) -> String {
    match error {
        TransportError::Unavailable(cause) | TransportError::Rejected(cause) => text(cause),
        TransportError::Closed => error.to_string(),
    }
}

fn text(cause: &Cause) -> String {
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_sets_heartbeat_and_frame_size_once() {
        let uri = |url: &str| {
            let parameters = Parameters {
                url: url.parse().unwrap(),
                password: None,
                name: "test".to_owned(),
                authorities: None,
                role: Role::Consuming,
                config: RabbitmqConfig::default(),
            };
            parameters.uri().unwrap()
        };
        assert_eq!(
            uri("amqp://localhost:5672/%2f"),
            "amqp://localhost:5672/%2f?heartbeat=10&frame_max=131072"
        );
        let own = "amqp://localhost:5672/%2f?frame_max=8192&heartbeat=3";
        assert_eq!(uri(own), own);
    }
}
