use std::{collections::BTreeSet, sync::Arc};

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
    tcp::OwnedTLSConfig,
};
use parking_lot::Mutex;
use seaworthy_core::{Backoff, Timeout};
use tokio::{sync::watch, time};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{channels::PublishChannels, config::RabbitmqConfig, topology};
use crate::{
    MessagingConfig, Topic,
    transport::{Cause, TransportError},
};

/// A broker that restarts is back within seconds.
const RECONNECT_INITIAL: Timeout = Timeout::from_millis(50);
/// A knock in a second hurts nobody, and the connection is back as soon as its broker.
const RECONNECT_CAP: Timeout = Timeout::from_secs(1);
/// Closing politely is worth little more than closing.
const CLOSE_TIMEOUT: Timeout = Timeout::from_secs(2);
/// AMQP: everything went well.
const REPLY_SUCCESS: u16 = 200;

/// A connection to the broker.
pub(super) struct Link {
    connection: Connection,
    /// The channels on which batches are published.
    pub(super) channels: PublishChannels,
    looking: Arc<tokio::sync::Mutex<()>>,
    /// Dead-letter topics whose queues existed on this connection.
    pub(super) stores: Mutex<BTreeSet<Topic>>,
}

/// A place for one connection. Once it is lost, a task of its own makes it again, for as long as that takes: callers come and go, wait for a moment only, or are kept away by
/// a breaker, and must find it there when they come.
pub(super) struct Slot {
    shared: Arc<Shared>,
    /// Ends the task when nobody has the slot any more.
    _ended: DropGuard,
}

struct Shared {
    opening: Opening,
    state: Mutex<State>,
    /// How many attempts have ended.
    attempts: watch::Sender<u64>,
    ended: CancellationToken,
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
    /// Its channels confirm what is published.
    Publishing,
    /// Each consumer has a channel of its own.
    Consuming,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    /// Whether the task runs that makes it again.
    mending: bool,
    /// Why the last attempt failed.
    failure: Option<Failure>,
}

/// A [`TransportError`] that is told to all who wait.
#[derive(Clone)]
struct Failure {
    text: String,
    is_refusal: bool,
}

impl Link {
    /// Whether the broker has said that it takes no messages.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Held by whoever looks through dead letters.
    pub(super) fn looking(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.looking)
    }

    fn works(&self) -> bool {
        self.connection.status().connected()
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
        let authorities = match &rabbitmq.ca_file {
            Some(file) => {
                let read = std::fs::read_to_string(file);
                Some(read.map_err(|error| {
                    TransportError::refused(format!("{}: {error}", file.display()))
                })?)
            }
            None => None,
        };
        let ended = CancellationToken::new();
        Ok(Self {
            shared: Arc::new(Shared {
                opening: Opening {
                    uri: url.into(),
                    name: format!("{client} {role:?}"),
                    authorities,
                    role,
                    config: rabbitmq.clone(),
                },
                state: Mutex::default(),
                attempts: watch::Sender::new(0),
                ended: ended.clone(),
            }),
            _ended: ended.drop_guard(),
        })
    }

    /// The connection, if it is there now. If not, it is being made from now on.
    pub(super) fn link(&self) -> Result<Arc<Link>, TransportError> {
        let mut state = self.shared.state.lock();
        if let Some(link) = state.link.as_ref().filter(|link| link.works()) {
            return Ok(Arc::clone(link));
        }
        state.link = None;
        if self.shared.ended.is_cancelled() {
            return Err(TransportError::Closed);
        }
        if !state.mending {
            state.mending = true;
            state.failure = None;
            tokio::spawn(Arc::clone(&self.shared).mend());
        }
        Err(TransportError::unavailable("the connection is lost"))
    }

    /// The connection, or how the attempt to make it ended that runs now or begins next.
    pub(super) async fn made_link(&self) -> Result<Arc<Link>, TransportError> {
        let mut attempts = self.shared.attempts.subscribe();
        let missing = match self.link() {
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

    /// What the broker answers within `limit`. A connection on which it answers nothing at all is not used again. One on which it is stuck with this question alone is kept: a connection that is given
    /// up cannot be closed before the broker answers, so each would stay open, and whoever asks again and again would gather them.
    pub(super) async fn answer<T>(
        &self,
        limit: Timeout,
        question: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match time::timeout(limit.get(), question).await {
            Ok(answer) => answer,
            Err(_elapsed) => {
                if !self.still_answers(limit).await {
                    self.shared.state.lock().link = None;
                }
                let text = format!("no answer within {limit}");
                Err(TransportError::unavailable(text))
            }
        }
    }

    async fn still_answers(&self, limit: Timeout) -> bool {
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
    /// Makes the connection, however often that has to be tried.
    async fn mend(self: Arc<Self>) {
        let backoff = Backoff::new(RECONNECT_INITIAL, RECONNECT_CAP);
        for attempt in 0.. {
            let made = tokio::select! {
                made = self.opening.clone().connect_in_time() => made,
                () = self.ended.cancelled() => return,
            };
            let is_made = made.is_ok();
            {
                let mut state = self.state.lock();
                match made {
                    Ok(link) => {
                        *state = State {
                            link: Some(Arc::new(link)),
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
            text: explain(error),
            is_refusal: matches!(error, TransportError::Refused(_)),
        }
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        if failure.is_refusal {
            Self::refused(failure.text)
        } else {
            Self::unavailable(failure.text)
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
        if self.role == Role::Publishing {
            // The broker may have lost the exchanges.
            let channel = connection.create_channel().await.map_err(failure)?;
            topology::exchanges(&channel, &self.config).await?;
        }
        Ok(Link {
            connection,
            channels: PublishChannels::new(),
            looking: Arc::default(),
            stores: Mutex::default(),
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
