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
    client::{Clients, Quiet, failed, is_refusal, log},
    detached::Detached,
};
use crate::transport::TransportError;

/// A broker that restarts is back within seconds; asking this often costs both sides little.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// More than a client notices between two questions; each costs a fraction of a microsecond.
const MOST_NOTICED: usize = 64;
/// The client ends every question by itself long before; one that it does not end has met a fault of it.
pub(super) const UNANSWERED: Duration = Duration::from_secs(180);
/// No topic has this name. Asking for one that is not there asks the least of a cluster.
const NO_TOPIC: &str = "seaworthy-check";

/// Asks the cluster. The client blocks while it waits, so each question has a thread for that.
#[derive(Clone)]
pub(super) struct Link {
    client: Arc<Detached<BaseConsumer<Quiet>>>,
    timeout: Duration,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_down: AtomicBool,
    lost: Notify,
    closed: CancellationToken,
}

impl Link {
    pub(super) fn new(clients: &Clients, timeout: Duration) -> Result<Self, TransportError> {
        let client = clients.asking().create_with_context(Quiet);
        let link = Self {
            client: Arc::new(Detached::new(client.map_err(failed)?)),
            timeout,
            state: Arc::default(),
        };
        tokio::spawn(link.clone().watch());
        Ok(link)
    }

    /// Asks a question that blocks.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&BaseConsumer<Quiet>, Duration) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, TransportError> {
        let (client, timeout) = (Arc::clone(&self.client), self.timeout);
        blocking(move || {
            let answer = question(&client, timeout);
            // What the client has noticed meanwhile says more than that nobody answered.
            let noticed = drain(&client);
            answer.map_err(|error| noticed.unwrap_or(error))
        })
        .await
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether the cluster answers.
    pub(super) async fn check(&self) -> Result<(), TransportError> {
        self.ask(|client, timeout| client.fetch_metadata(Some(NO_TOPIC), timeout).map(drop))
            .await
    }

    pub(super) fn is_up(&self) -> bool {
        !self.state.is_down.load(Ordering::SeqCst)
    }

    /// What the publishing client tells.
    pub(super) fn listener(&self) -> Listener {
        Listener(Arc::clone(&self.state))
    }

    pub(super) fn close(&self) {
        self.state.closed.cancel();
    }

    /// Closes it when it is dropped.
    pub(super) fn watched(&self) -> DropGuard {
        self.state.closed.clone().drop_guard()
    }

    /// Finds out when a lost cluster is back, also where nobody publishes.
    async fn watch(self) {
        let back = async {
            loop {
                self.state.lost.notified().await;
                while let Err(error) = self.check().await {
                    tracing::debug!(%error, "the cluster is not back yet");
                    time::sleep(ASK_AGAIN).await;
                }
                self.state.is_down.store(false, Ordering::SeqCst);
            }
        };
        tokio::select! {
            () = back => {}
            () = self.state.closed.cancelled() => {}
        }
    }
}

/// Takes what a client that only asks has noticed, which would gather otherwise. Returns a refusal, or that the two do not come to terms about TLS, where there was one.
fn drain(client: &BaseConsumer<Quiet>) -> Option<KafkaError> {
    let mut noticed = None;
    for _ in 0..MOST_NOTICED {
        // Nothing is also what the client says of what it has done itself.
        let Some(Err(error)) = client.poll(Duration::ZERO) else {
            continue;
        };
        let code = error.rdkafka_error_code();
        if code.is_some_and(|code| is_refusal(code) || code == RDKafkaErrorCode::SSL) {
            noticed = Some(error);
        }
    }
    noticed
}

/// Runs what blocks where it may: not in Tokio's pool, for whose threads the end of a runtime waits.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> KafkaResult<T> + Send + 'static,
) -> Result<T, TransportError> {
    let (answer, told) = oneshot::channel();
    let thread = thread::Builder::new().name("kafka question".to_owned());
    let begun = thread.spawn(move || drop(answer.send(work())));
    begun.map_err(TransportError::unavailable)?;
    match time::timeout(UNANSWERED, told).await {
        Ok(Ok(answer)) => answer.map_err(failed),
        Ok(Err(_panicked)) => Err(TransportError::unavailable("a question had no answer")),
        Err(_elapsed) => Err(TransportError::unavailable(
            "the client of Kafka answers no more",
        )),
    }
}

/// Notices that no broker can be reached.
pub(super) struct Listener(Arc<State>);

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown)
            && !self.0.is_down.swap(true, Ordering::SeqCst)
        {
            self.0.lost.notify_one();
        }
    }
}
