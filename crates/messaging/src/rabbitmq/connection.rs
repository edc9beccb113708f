use std::sync::Arc;

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind,
    options::ConfirmSelectOptions,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
    tcp::OwnedTLSConfig,
};
use seaworthy_core::{Backoff, Timeout};
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{self, Instant},
};

use super::{config::RabbitmqConfig, topology};
use crate::{
    MessagingConfig,
    transport::{Cause, TransportError},
};

/// A broker that restarts is back within seconds.
const RECONNECT_INITIAL: Timeout = Timeout::from_millis(50);
/// Whoever needs the connection asks again by itself; a knock in a second hurts nobody.
const RECONNECT_CAP: Timeout = Timeout::from_secs(1);
/// Closing politely is worth little more than closing.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// AMQP: everything went well.
const REPLY_SUCCESS: u16 = 200;

/// A connection with a first channel.
pub(super) struct Link {
    connection: Connection,
    pub(super) channel: Channel,
}

/// A place for one connection, which is made when it is needed and made again when it is lost.
pub(super) struct Slot {
    opening: Opening,
    state: Mutex<State>,
}

/// What a connection is made of.
#[derive(Clone)]
struct Opening {
    uri: String,
    name: String,
    authorities: Option<String>,
    role: Role,
    config: RabbitmqConfig,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its first channel confirms what is published.
    Publishing,
    /// Each consumer has a channel of its own.
    Consuming,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    /// An attempt is a task of its own, which ends with `connect_timeout`: callers that wait for a moment only, such as a breaker's trials, would never see one through.
    connecting: Option<JoinHandle<Result<Link, TransportError>>>,
    failures: u32,
    not_before: Option<Instant>,
}

impl Link {
    /// Whether the broker has said that it takes no messages.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    fn works(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    pub(super) async fn new_channel(&self) -> Result<Channel, TransportError> {
        self.connection.create_channel().await.map_err(failure)
    }
}

impl Slot {
    pub(super) fn new(
        config: &MessagingConfig,
        client: &str,
        role: Role,
    ) -> Result<Self, TransportError> {
        let password = config
            .password
            .as_ref()
            .map(|password| password.expose().as_str());
        let url = config.url.with_credentials(password);
        let mut url = url.ok_or_else(|| TransportError::refused("the URL cannot be used"))?;
        let rabbitmq = &config.rabbitmq;
        if !url.query_pairs().any(|(name, _)| name == "heartbeat") {
            let seconds = rabbitmq.heartbeat.get().as_secs().max(1).to_string();
            url.query_pairs_mut().append_pair("heartbeat", &seconds);
        }
        let authorities = match &rabbitmq.certificate_authorities {
            Some(file) => {
                let read = std::fs::read_to_string(file);
                Some(read.map_err(|error| {
                    TransportError::refused(format!("{}: {error}", file.display()))
                })?)
            }
            None => None,
        };
        Ok(Self {
            opening: Opening {
                uri: url.into(),
                name: format!("{client} {role:?}"),
                authorities,
                role,
                config: rabbitmq.clone(),
            },
            state: Mutex::default(),
        })
    }

    /// The connection, a new one where there is none that works. After a failure it is not tried again for a moment.
    pub(super) async fn link(&self) -> Result<Arc<Link>, TransportError> {
        let mut state = self.state.lock().await;
        if let Some(link) = state.link.as_ref().filter(|link| link.works()) {
            return Ok(Arc::clone(link));
        }
        state.link = None;
        if state.connecting.is_none()
            && state
                .not_before
                .is_some_and(|moment| Instant::now() < moment)
        {
            return Err(TransportError::unavailable("the connection is lost"));
        }
        let opening = &self.opening;
        let connecting = state
            .connecting
            .get_or_insert_with(|| tokio::spawn(opening.clone().connect_in_time()));
        let connected = connecting.await;
        state.connecting = None;
        match connected.unwrap_or_else(|error| Err(TransportError::unavailable(error))) {
            Ok(link) => {
                let link = Arc::new(link);
                *state = State {
                    link: Some(Arc::clone(&link)),
                    ..State::default()
                };
                Ok(link)
            }
            Err(error) => {
                let backoff = Backoff::new(RECONNECT_INITIAL, RECONNECT_CAP);
                state.not_before = Some(Instant::now() + backoff.delay(state.failures));
                state.failures = state.failures.saturating_add(1);
                Err(error)
            }
        }
    }

    /// What the broker answers within `limit`. A connection on which it does not answer is not used again: the broker may hear it and be stuck.
    pub(super) async fn answer<T>(
        &self,
        limit: Timeout,
        question: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match time::timeout(limit.get(), question).await {
            Ok(answer) => answer,
            Err(_elapsed) => {
                self.state.lock().await.link = None;
                let text = format!("no answer within {limit}");
                Err(TransportError::unavailable(text))
            }
        }
    }

    pub(super) async fn close(&self) {
        let Some(link) = self.state.lock().await.link.take() else {
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

impl Opening {
    async fn connect_in_time(self) -> Result<Link, TransportError> {
        let limit = self.config.connect_timeout;
        let connected = time::timeout(limit.get(), self.connect()).await;
        let late = |_| {
            Err(TransportError::unavailable(format!(
                "no answer within {limit}"
            )))
        };
        connected.unwrap_or_else(late)
    }

    async fn connect(self) -> Result<Link, TransportError> {
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let tls = OwnedTLSConfig {
            identity: None,
            cert_chain: self.authorities,
        };
        let runtime = lapin::runtime::default_runtime().map_err(failure)?;
        let connection = Connection::connect_with_config(&self.uri, properties, tls, runtime)
            .await
            .map_err(failure)?;
        let channel = connection.create_channel().await.map_err(failure)?;
        if self.role == Role::Publishing {
            // What the broker may have forgotten.
            topology::exchanges(&channel, &self.config).await?;
            let select = channel.confirm_select(ConfirmSelectOptions::default());
            select.await.map_err(failure)?;
        }
        Ok(Link {
            connection,
            channel,
        })
    }
}

/// What a failure of the client means: a refusal (a queue with other arguments, wrong credentials) is told at once, everything else may pass.
pub(super) fn failure(error: lapin::Error) -> TransportError {
    let is_refusal = match error.kind() {
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
    if is_refusal {
        TransportError::refused(error)
    } else {
        TransportError::unavailable(error)
    }
}

/// An error and its cause as one text, for many messages at once.
pub(super) fn explain(error: &TransportError) -> String {
    match error {
        TransportError::Unavailable(cause) | TransportError::Refused(cause) => text(cause),
        TransportError::Closed => error.to_string(),
    }
}

fn text(cause: &Cause) -> String {
    cause.to_string()
}
