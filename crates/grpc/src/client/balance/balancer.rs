use std::{
    collections::HashSet,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use rand::{RngExt as _, seq::SliceRandom as _};
use seaworthy_client::Resolve;
use tokio::{sync::watch, task::AbortHandle};
use tonic::{Status, transport::Channel};

use super::replica::{Availability, InFlight, OpenConnection, Replica};
use crate::client::{observe::Attempts, target::Target};

/// Minimum interval of resolutions: a loss of all connections causes one resolution.
const MIN_RESOLVE_INTERVAL: Duration = Duration::from_secs(1);

/// Every address refused the connection, so the call was not sent.
#[derive(Debug, thiserror::Error)]
#[error("the connection was refused")]
pub(crate) struct ConnectionRefused;

/// The resolver of addresses.
pub(crate) type Resolver = Arc<dyn Resolve>;

/// Balances calls over the addresses of a name. It connects at the first call, and disconnects when
/// it is dropped.
pub(crate) struct Balancer {
    shared: Arc<Shared>,
    begun: AtomicBool,
    resolver: Resolver,
    task: parking_lot::Mutex<Option<AbortHandle>>,
}

struct Shared {
    target: Arc<Target>,
    known: RwLock<Known>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Known {
    replicas: Vec<Arc<Replica>>,
    /// The error of the last resolution. `None` before the first result.
    problem: Option<Arc<str>>,
}

/// The reason why no replica is available.
struct NoReplica {
    why: Arc<str>,
    is_refused: bool,
}

/// The result of selecting a replica.
enum Choice {
    /// The replica, and whether it has healthy peers.
    Call(OpenConnection, Arc<Replica>, bool),
    Wait,
    /// No address is open, and one that refuses connections may belong to a process that restarts.
    WaitForRestart(NoReplica),
    Fail(NoReplica),
}

impl Choice {
    /// Returns whether every address refuses connections.
    fn is_refused(&self) -> bool {
        match self {
            Self::WaitForRestart(_) => true,
            Self::Fail(no_replica) => no_replica.is_refused,
            Self::Call(..) | Self::Wait => false,
        }
    }
}

/// Returns the status of a call whose deadline passed while every address refused connections.
pub(crate) fn refused() -> Status {
    let why = "every address refused the connection until the deadline".into();
    let is_refused = true;
    NoReplica { why, is_refused }.into()
}

impl From<NoReplica> for Status {
    fn from(NoReplica { why, is_refused }: NoReplica) -> Self {
        let mut status = Self::unavailable(format!("no connection: {why}"));
        if is_refused {
            status.set_source(Arc::new(ConnectionRefused));
        }
        status
    }
}

impl Balancer {
    pub(crate) fn new(target: Target, resolver: Resolver) -> Self {
        Self {
            shared: Arc::new(Shared {
                target: Arc::new(target),
                known: RwLock::default(),
                changed: watch::Sender::new(()),
            }),
            begun: AtomicBool::new(false),
            resolver,
            task: parking_lot::Mutex::default(),
        }
    }

    /// Waits for a connection for one call. `attempt_timeout` is the time limit of the attempt.
    /// Records in `attempts` whether every address refuses connections.
    pub(crate) async fn choose(
        &self,
        attempt_timeout: Duration,
        attempts: Option<&Attempts>,
    ) -> Result<(Channel, InFlight), Status> {
        self.begin();
        // Measured from the start of the call.
        let give_up = tokio::time::Instant::now() + self.shared.target.max_refused_wait();
        let mut changed = self.shared.changed.subscribe();
        loop {
            let choice = self.shared.choose();
            if let Some(attempts) = attempts {
                attempts.set_refused(choice.is_refused());
            }
            let change = match choice {
                Choice::Call(connection, replica, has_peers) => {
                    let running = replica.begin(&connection, attempt_timeout, has_peers);
                    return Ok((connection.channel, running));
                }
                Choice::Fail(no_replica) => return Err(no_replica.into()),
                Choice::WaitForRestart(no_replica) => {
                    let limited = tokio::time::timeout_at(give_up, changed.changed());
                    limited.await.map_err(|_| no_replica)?
                }
                Choice::Wait => changed.changed().await,
            };
            if change.is_err() {
                return Err(Status::unavailable("no connection: the client was closed"));
            }
        }
    }

    /// Returns the number of open connections.
    pub(crate) fn open_connections(&self) -> usize {
        let known = self.shared.known.read();
        known
            .replicas
            .iter()
            .filter(|replica| replica.is_open())
            .count()
    }

    fn begin(&self) {
        if self.begun.load(Ordering::Acquire) || self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        let resolving = keep_resolved(Arc::clone(&self.shared), Arc::clone(&self.resolver));
        *self.task.lock() = Some(tokio::spawn(resolving).abort_handle());
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
        for replica in &self.shared.known.read().replicas {
            replica.retire();
        }
    }
}

impl Shared {
    fn choose(&self) -> Choice {
        let known = self.known.read();
        let now = Instant::now();
        let (mut open, mut opening, mut restarting) = (Vec::new(), 0_usize, None);
        let mut failed = known.problem.clone().map(|why| NoReplica {
            why,
            is_refused: false,
        });
        for replica in &known.replicas {
            match replica.availability(now) {
                Availability::Open(connection) => open.push((connection, replica)),
                Availability::Opening => opening += 1,
                Availability::Rejected(why) => restarting = Some(why),
                Availability::Failed { why, is_refused } => {
                    failed = Some(NoReplica { why, is_refused });
                }
            }
        }
        let out: Vec<bool> = open
            .iter()
            .map(|(_, replica)| replica.is_ejected(now))
            .collect();
        let left_out = out.iter().filter(|out| **out).count();
        let leaves_out = left_out * 2 <= known.replicas.len() && left_out < open.len();
        if leaves_out {
            let mut out = out.into_iter();
            open.retain(|_| !out.next().unwrap_or(false));
        }
        let total = open.len();
        if total == 0 {
            return match (restarting, failed) {
                _ if opening > 0 => Choice::Wait,
                (Some(why), _) => Choice::WaitForRestart(NoReplica {
                    why,
                    is_refused: true,
                }),
                (None, Some(failed)) => Choice::Fail(failed),
                (None, None) => Choice::Wait,
            };
        }
        let mut random = rand::rng();
        let first = random.random_range(0..total);
        let second = (first + random.random_range(1..total.max(2))) % total;
        let load = |index: usize| {
            open.get(index)
                .map_or(u32::MAX, |(_, replica)| replica.in_flight())
        };
        let best = if load(second) < load(first) {
            second
        } else {
            first
        };
        let (connection, replica) = open.swap_remove(best);
        let has_peers = leaves_out && total + opening > 1;
        Choice::Call(connection, Arc::clone(replica), has_peers)
    }

    /// Keeps current replicas, retires removed ones and opens new ones.
    fn update(&self, addresses: Vec<IpAddr>) {
        let port = self.target.port();
        let mut wanted: Vec<SocketAddr> = addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let mut known = self.known.write();
        let known = &mut *known;
        let max_connections = self.target.max_connections();
        known.replicas.retain(|replica| {
            let stays = wanted.contains(&replica.address());
            if !stays {
                replica.retire();
            }
            stays
        });
        wanted.retain(|address| {
            known
                .replicas
                .iter()
                .all(|replica| replica.address() != *address)
        });
        // If there are more addresses than connections, each client selects other addresses.
        wanted.shuffle(&mut rand::rng());
        for address in wanted
            .into_iter()
            .take(max_connections.saturating_sub(known.replicas.len()))
        {
            let replica = Replica::open(address, &self.target, &self.changed);
            known.replicas.push(replica);
        }
        known.problem = known
            .replicas
            .is_empty()
            .then(|| "the name has no addresses".into());
        self.changed.send_replace(());
    }

    /// If a name cannot be resolved, the addresses of the last resolution stay in use.
    fn record_resolve_failure(&self, problem: &std::io::Error) {
        tracing::debug!(host = self.target.host(), %problem, "name resolution failed");
        let mut known = self.known.write();
        if known.replicas.is_empty() {
            known.problem = Some(format!("the name cannot be resolved: {problem}").into());
        }
        drop(known);
        self.changed.send_replace(());
    }

    fn open_connections(&self) -> usize {
        let known = self.known.read();
        known
            .replicas
            .iter()
            .filter(|replica| replica.is_open())
            .count()
    }
}

async fn keep_resolved(shared: Arc<Shared>, resolver: Resolver) {
    if let Some(address) = shared.target.address() {
        shared.update(vec![address]);
        return;
    }
    let mut changed = shared.changed.subscribe();
    loop {
        match resolver.resolve(shared.target.host()).await {
            Ok(addresses) => shared.update(addresses),
            Err(problem) => shared.record_resolve_failure(&problem),
        }
        let begun = Instant::now();
        let next = tokio::time::sleep(shared.target.resolve_interval());
        tokio::pin!(next);
        let mut open = shared.open_connections();
        // Waits until the interval is over, or a connection is lost.
        loop {
            tokio::select! {
                () = &mut next => break,
                _ = changed.changed() => {}
            }
            let left = shared.open_connections();
            let lost = left < open;
            open = left;
            if lost || left == 0 {
                let wait = MIN_RESOLVE_INTERVAL.saturating_sub(begun.elapsed());
                tokio::time::sleep(wait).await;
                break;
            }
        }
    }
}

impl fmt::Debug for Balancer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Balancer")
            .field("known", &*self.shared.known.read())
            .finish_non_exhaustive()
    }
}
