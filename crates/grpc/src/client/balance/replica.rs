use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use seaworthy_client::is_connection_refused;
use seaworthy_core::{Backoff, Timeout, error_chain};
use seaworthy_resilience::Outcome;
use tokio::{
    net::TcpStream,
    sync::{Notify, watch},
    task::AbortHandle,
};
use tonic::transport::{Channel, Uri};
use tower::service_fn;

use super::{ejection::Ejection, notify_on_close::NotifyOnClose};
use crate::client::target::Target;

/// The initial delay between attempts to connect. A process that restarts accepts connections soon.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// The maximum delay between attempts to connect. A lost address costs little, and is used soon
/// after its return.
const MAX_BACKOFF: Timeout = Timeout::from_secs(5);
/// A connection with a shorter lifetime counts as a failed attempt to connect, unless it is the
/// first one or the server drained it.
const MIN_LIFETIME: Duration = Duration::from_secs(1);
/// Maximum delay between two attempts to connect while calls wait for an address.
const REFUSED_BACKOFF: Timeout = Timeout::from_millis(50);
/// The delay after a failed attempt to connect until a call triggers the next one.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One address of a dependency, and the connection to it.
#[derive(Debug)]
pub(crate) struct Replica {
    address: SocketAddr,
    connection: Mutex<Connection>,
    ejection: Mutex<Ejection>,
    in_flight: AtomicU32,
    /// Notified when a call needs a connection.
    wanted: Notify,
    task: Mutex<Option<AbortHandle>>,
}

#[derive(Debug)]
enum Connection {
    Opening,
    Open(OpenConnection),
    /// The process may be restarting.
    Rejected(Arc<str>),
    Failed {
        why: Arc<str>,
        at: Instant,
        is_refused: bool,
    },
}

/// A connection that accepts calls.
#[derive(Debug, Clone)]
pub(super) struct OpenConnection {
    pub(super) channel: Channel,
    /// Notified when the connection stops accepting new calls, although its streams may continue.
    drained: Arc<Notify>,
}

/// Whether a replica can be called.
pub(super) enum Availability {
    Open(OpenConnection),
    Opening,
    /// The process may be restarting. A call waits for a limited time.
    Rejected(Arc<str>),
    Failed {
        why: Arc<str>,
        is_refused: bool,
    },
}

/// A call that a replica serves. Dropping it ends the call.
#[derive(Debug)]
pub(crate) struct InFlight {
    replica: Arc<Replica>,
    /// Identifies the connection that the call uses.
    drained: Arc<Notify>,
    began: Instant,
    /// An attempt that is cancelled after this time has failed, unless its response has begun.
    attempt_timeout: Duration,
    /// Whether the call tests the replica after its ejection.
    is_test: bool,
    has_peers: bool,
    reported: bool,
}

impl Replica {
    /// Creates a replica and begins to connect.
    pub(super) fn open(
        address: SocketAddr,
        target: &Arc<Target>,
        changed: &watch::Sender<()>,
    ) -> Arc<Self> {
        let replica = Arc::new(Self {
            address,
            connection: Mutex::new(Connection::Opening),
            ejection: Mutex::default(),
            in_flight: AtomicU32::new(0),
            wanted: Notify::new(),
            task: Mutex::new(None),
        });
        let keeping = keep_open(Arc::clone(&replica), Arc::clone(target), changed.clone());
        *replica.task.lock() = Some(tokio::spawn(keeping).abort_handle());
        replica
    }

    /// Stops connecting. Calls in flight continue.
    pub(super) fn retire(&self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn is_ejected(&self, now: Instant) -> bool {
        self.ejection.lock().is_ejected(now)
    }

    /// Returns the state of the connection. Triggers an attempt to connect if the last one failed
    /// some time ago.
    pub(super) fn availability(&self, now: Instant) -> Availability {
        let mut connection = self.connection.lock();
        match &*connection {
            Connection::Opening => Availability::Opening,
            Connection::Open(open) => Availability::Open(open.clone()),
            Connection::Rejected(why) => Availability::Rejected(Arc::clone(why)),
            Connection::Failed { at, .. }
                if now.saturating_duration_since(*at) >= RECONNECT_DELAY =>
            {
                *connection = Connection::Opening;
                self.wanted.notify_one();
                Availability::Opening
            }
            Connection::Failed {
                why, is_refused, ..
            } => Availability::Failed {
                why: Arc::clone(why),
                is_refused: *is_refused,
            },
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(*self.connection.lock(), Connection::Open(_))
    }

    pub(super) fn begin(
        self: &Arc<Self>,
        connection: &OpenConnection,
        attempt_timeout: Duration,
        has_peers: bool,
    ) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let is_test = self.ejection.lock().begin(attempt_timeout, began);
        InFlight {
            replica: Arc::clone(self),
            drained: Arc::clone(&connection.drained),
            began,
            attempt_timeout,
            is_test,
            has_peers,
            reported: false,
        }
    }

    fn set_connection(&self, connection: Connection, changed: &watch::Sender<()>) {
        *self.connection.lock() = connection;
        changed.send_replace(());
    }

    fn record(&self, failed: bool) {
        if self.ejection.lock().record(failed, Instant::now()) {
            tracing::warn!(address = %self.address, "replica ejected because its calls fail");
        }
    }
}

/// Keeps the connection open.
async fn keep_open(replica: Arc<Replica>, target: Arc<Target>, changed: watch::Sender<()>) {
    let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
    let refused_backoff = Backoff::new(REFUSED_BACKOFF, REFUSED_BACKOFF);
    let mut failures = 0_u32;
    let mut refused_since = None;
    loop {
        let (closed, drained) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let why = match connect(replica.address, &target, &closed, &drained).await {
            Ok(channel) => {
                refused_since = None;
                let opened = Instant::now();
                let open = OpenConnection {
                    channel,
                    drained: Arc::clone(&drained),
                };
                replica.set_connection(Connection::Open(open), &changed);
                let is_drained = tokio::select! {
                    biased;
                    () = drained.notified() => true,
                    () = closed.notified() => false,
                };
                if opened.elapsed() >= MIN_LIFETIME {
                    failures = 0;
                    replica.set_connection(Connection::Opening, &changed);
                    continue;
                }
                // A server that drains a connection immediately, or ends the first one immediately,
                // may be restarting. Calls wait for the next connection.
                if is_drained || failures == 0 {
                    replica.set_connection(Connection::Opening, &changed);
                    if failures > 0 {
                        tokio::time::sleep(backoff.delay(failures)).await;
                    }
                    failures = failures.saturating_add(1);
                    continue;
                }
                NoConnection {
                    why: "the connection was closed immediately".to_owned(),
                    is_refused: false,
                }
            }
            Err(error) => error,
        };
        let NoConnection { why, is_refused } = why;
        let at = Instant::now();
        if is_refused && at.duration_since(*refused_since.get_or_insert(at)) < target.max_restart()
        {
            // Calls wait for the process, because they were not sent.
            replica.set_connection(Connection::Rejected(why.into()), &changed);
            tokio::time::sleep(refused_backoff.delay(0)).await;
            continue;
        }
        if !is_refused {
            refused_since = None;
        }
        tracing::debug!(address = %replica.address, why, "connection attempt failed");
        let why = why.into();
        replica.set_connection(
            Connection::Failed {
                why,
                at,
                is_refused,
            },
            &changed,
        );
        let wait = backoff.delay(failures);
        failures = failures.saturating_add(1);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = replica.wanted.notified() => {}
        }
    }
}

async fn connect(
    address: SocketAddr,
    target: &Arc<Target>,
    closed: &Arc<Notify>,
    drained: &Arc<Notify>,
) -> Result<Channel, NoConnection> {
    let endpoint = target
        .endpoint()
        .await
        .map_err(|error| NoConnection::new(&error))?;
    let mut closed = Some(Arc::clone(closed));
    let drained = Arc::clone(drained);
    let connector = service_fn(move |_: Uri| {
        // A channel reconnects automatically when the first connection stops accepting new calls.
        // `keep_open` reconnects instead, because it also tracks the replica's state.
        let closed = closed.take();
        if closed.is_none() {
            drained.notify_one();
        }
        async move {
            let closed = closed.ok_or(ConnectionDrained)?;
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, BoxError>(TokioIo::new(NotifyOnClose::new(stream, closed)))
        }
    });
    let limit = target.connect_timeout();
    match tokio::time::timeout(limit, endpoint.connect_with_connector(connector)).await {
        Ok(connected) => connected.map_err(|error| NoConnection::new(&error)),
        Err(_) => Err(NoConnection {
            why: format!("no connection within {limit:?}"),
            is_refused: false,
        }),
    }
}

/// The connection does not accept new calls: the server sent GOAWAY, or the connection has ended.
#[derive(Debug, thiserror::Error)]
#[error("the connection accepts no new calls")]
pub(crate) struct ConnectionDrained;

/// The error of a connection that could not be opened.
struct NoConnection {
    why: String,
    is_refused: bool,
}

impl NoConnection {
    fn new(error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            why: error_chain(error),
            is_refused: is_connection_refused(error),
        }
    }
}

impl InFlight {
    /// Stops selecting the connection, because it refused the call unsent. Its open streams
    /// continue.
    pub(crate) fn leave_connection(&self) {
        let mut connection = self.replica.connection.lock();
        let is_current = matches!(&*connection, Connection::Open(open) if Arc::ptr_eq(&open.drained, &self.drained));
        if is_current {
            *connection = Connection::Opening;
        }
        drop(connection);
        self.drained.notify_one();
    }

    /// Whether the replica has healthy peers.
    pub(crate) fn has_peers(&self) -> bool {
        self.has_peers
    }

    /// Records that the response began without an error. Ending its body early is then not a
    /// failure of the replica.
    pub(crate) fn record_response(&mut self) {
        self.attempt_timeout = Duration::MAX;
        self.end_test();
    }

    fn end_test(&mut self) {
        if std::mem::take(&mut self.is_test) {
            self.replica.ejection.lock().end_test();
        }
    }

    /// Records the outcome of the call. Later outcomes are ignored.
    pub(crate) fn report(&mut self, outcome: Outcome) {
        let failed = match outcome {
            Outcome::Success | Outcome::Throttled { .. } => false,
            Outcome::Transient { .. } | Outcome::Unreachable | Outcome::Permanent => true,
            Outcome::Neutral => return,
        };
        if !std::mem::replace(&mut self.reported, true) {
            self.replica.record(failed);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.replica.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.reported {
            return;
        }
        if self.began.elapsed() >= self.attempt_timeout {
            self.replica.record(true);
        } else {
            self.end_test();
        }
    }
}
