use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rdkafka::{
    client::ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
};
use tokio::{
    sync::{Notify, oneshot},
    time,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    client::{Clients, LogContext, is_rejection, log, transport_error},
    detached::Detached,
    renewed::Renewed,
    rotation::follow_password,
};
use crate::transport::TransportError;

/// The interval of requests to a lost cluster. A request is cheap, and a restart takes seconds.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// Maximum events that one step reads, more than a client has between two requests. Each read takes
/// less than a microsecond.
const MAX_EVENTS: usize = 64;
/// Maximum time of a request. A client that does not end a request earlier has a fault.
pub(super) const MAX_REQUEST_TIME: Duration = Duration::from_secs(180);
/// The name of a topic that does not exist, for the cheapest request.
const NO_TOPIC: &str = "seaworthy-check";

/// Sends metadata requests to the cluster. The client blocks, so each request has a thread.
#[derive(Clone)]
pub(super) struct BrokerConnection {
    client: Arc<Renewed<BaseConsumer<LogContext>>>,
    timeout: Duration,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_down: AtomicBool,
    lost: Notify,
    closed: CancellationToken,
}

impl BrokerConnection {
    pub(super) fn new(clients: &Clients, timeout: Duration) -> Result<Self, TransportError> {
        let create = |clients: &Clients| clients.metadata().create_with_context(LogContext);
        let client = Renewed::new(clients, create).map_err(transport_error)?;
        let connection = Self {
            client: Arc::new(client),
            timeout,
            state: Arc::default(),
        };
        tokio::spawn(connection.clone().watch(clients.clone()));
        Ok(connection)
    }

    /// Runs a blocking request.
    pub(super) async fn request<T: Send + 'static>(
        &self,
        request: impl FnOnce(&BaseConsumer<LogContext>, Duration) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, TransportError> {
        let (client, timeout) = (Arc::clone(&self.client), self.timeout);
        blocking(move || {
            let client = client.get()?.ok_or(KafkaError::Canceled)?;
            let answer = request(&client, timeout);
            // Events of the client are more precise than a timeout.
            let event = drain(&client);
            answer.map_err(|error| event.unwrap_or(error))
        })
        .await
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Checks that the cluster responds.
    pub(super) async fn check(&self) -> Result<(), TransportError> {
        self.request(metadata).await
    }

    pub(super) fn is_up(&self) -> bool {
        !self.state.is_down.load(Ordering::SeqCst)
    }

    /// Returns a context for the publishing client.
    pub(super) fn listener(&self) -> Listener {
        Listener(Arc::clone(&self.state))
    }

    pub(super) fn close(&self) {
        self.state.closed.cancel();
    }

    /// Returns a guard that closes the connection when it is dropped.
    pub(super) fn watched(&self) -> DropGuard {
        self.state.closed.clone().drop_guard()
    }

    /// Detects the return of a lost cluster without a publication, and follows the password.
    async fn watch(self, clients: Clients) {
        let back = async {
            loop {
                self.state.lost.notified().await;
                while let Err(error) = self.check().await {
                    tracing::debug!(%error, "the cluster is still unavailable");
                    time::sleep(RETRY_INTERVAL).await;
                }
                self.state.is_down.store(false, Ordering::SeqCst);
            }
        };
        tokio::select! {
            () = back => {}
            () = follow_password(clients, self.timeout) => {}
            () = self.state.closed.cancelled() => {}
        }
    }
}

/// Checks that the cluster accepts the password of a new client.
pub(super) async fn check_password(
    clients: &Clients,
    timeout: Duration,
) -> Result<(), TransportError> {
    let config = clients.metadata();
    blocking(move || {
        let client: BaseConsumer<LogContext> = config.create_with_context(LogContext)?;
        let client = Detached::new(client);
        let answer = metadata(&client, timeout);
        // Events of the client are more precise than a timeout.
        let event = drain(&client);
        answer.map_err(|error| event.unwrap_or(error))
    })
    .await
}

/// Sends the cheapest request.
fn metadata(client: &BaseConsumer<LogContext>, timeout: Duration) -> KafkaResult<()> {
    client.fetch_metadata(Some(NO_TOPIC), timeout).map(drop)
}

/// Removes the events of a metadata client, which would accumulate otherwise. Returns a rejection
/// or a TLS error if there was one.
fn drain(client: &BaseConsumer<LogContext>) -> Option<KafkaError> {
    let mut event = None;
    for _ in 0..MAX_EVENTS {
        // `None` also represents internal events.
        let Some(Err(error)) = client.poll(Duration::ZERO) else {
            continue;
        };
        let code = error.rdkafka_error_code();
        if code.is_some_and(|code| is_rejection(code) || code == RDKafkaErrorCode::SSL) {
            event = Some(error);
        }
    }
    event
}

/// Runs blocking work on its own thread. The end of a runtime would wait for a thread of Tokio's
/// pool.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> KafkaResult<T> + Send + 'static,
) -> Result<T, TransportError> {
    let (sender, answer) = oneshot::channel();
    let thread = thread::Builder::new().name("kafka request".to_owned());
    let begun = thread.spawn(move || drop(sender.send(work())));
    begun.map_err(TransportError::unavailable)?;
    match time::timeout(MAX_REQUEST_TIME, answer).await {
        Ok(Ok(answer)) => answer.map_err(transport_error),
        Ok(Err(_panicked)) => Err(TransportError::unavailable("a request to Kafka panicked")),
        Err(_elapsed) => Err(TransportError::unavailable(
            "the Kafka client does not respond",
        )),
    }
}

/// Detects that no broker can be reached.
pub(super) struct Listener(Arc<State>);

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "error of the publishing Kafka client");
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown)
            && !self.0.is_down.swap(true, Ordering::SeqCst)
        {
            self.0.lost.notify_one();
        }
    }
}
