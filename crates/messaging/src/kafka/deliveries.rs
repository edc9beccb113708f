use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use rdkafka::consumer::Consumer as _;
use tokio::{sync::mpsc, time};

use super::{
    client::transport_error,
    member::{Commit, Member, Next},
    rotation::MemberPassword,
    session::Session,
    state::{Arrival, Phase},
};
use crate::transport::{Deliveries, Delivery, DeliveryTag, TransportError};

/// Maximum wait of a stop until the member has left its group. Otherwise the cluster waits for the
/// lease.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// One member of a group.
pub(super) struct KafkaDeliveries {
    member: Arc<Member>,
    arrivals: tokio::sync::Mutex<mpsc::UnboundedReceiver<Arrival>>,
    /// Whether the member joins its group. It begins with the first call of `next`, so a dropped
    /// session has no messages.
    begun: AtomicBool,
    password: MemberPassword,
}

impl KafkaDeliveries {
    pub(super) fn new(
        member: Arc<Member>,
        arrivals: mpsc::UnboundedReceiver<Arrival>,
        password: MemberPassword,
    ) -> Self {
        Self {
            member,
            arrivals: tokio::sync::Mutex::new(arrivals),
            begun: AtomicBool::new(false),
            password,
        }
    }

    fn begin(&self) -> Result<(), TransportError> {
        if self.begun.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let started = self.start();
        if started.is_err() {
            self.begun.store(false, Ordering::SeqCst);
        }
        started
    }

    fn start(&self) -> Result<(), TransportError> {
        let client = self.member.state.lock().client.clone();
        let client = client.ok_or(TransportError::Closed)?;
        let subscribed = client.subscribe(&self.member.topics());
        subscribed.map_err(transport_error)?;
        let commits = commits(&self.member).map_err(TransportError::unavailable)?;
        let session = Session::new(Arc::clone(&self.member));
        let thread = std::thread::Builder::new().name("kafka member".to_owned());
        let started = thread.spawn(move || session.run(client));
        started.map_err(TransportError::unavailable)?;
        let member = Arc::clone(&self.member);
        tokio::spawn(async move {
            loop {
                let due = match member.work() {
                    Next::Wait => None,
                    Next::WaitUntil(due) => Some(time::Instant::from_std(due)),
                    Next::Commit(commit) => {
                        // The thread runs as long as this exists.
                        let _ = commits.send(commit);
                        None
                    }
                };
                let is_due = async {
                    match due {
                        Some(due) => time::sleep_until(due).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = member.wake.notified() => {}
                    () = is_due => {}
                    () = member.left.cancelled() => return,
                }
            }
        });
        Ok(())
    }

    /// Waits until the member has left its group, if the session was stopped and does not hold
    /// messages.
    async fn wait_until_left(&self) {
        let is_over = {
            let state = self.member.state.lock();
            state.phase != Phase::Running && state.has_no_messages()
        };
        if is_over && self.begun.load(Ordering::SeqCst) {
            let _ = time::timeout(LEAVE_TIMEOUT, self.member.left.cancelled()).await;
        }
    }
}

/// The thread that commits and waits for the replies.
fn commits(member: &Arc<Member>) -> io::Result<std::sync::mpsc::Sender<Commit>> {
    let (commits, due) = std::sync::mpsc::channel::<Commit>();
    let member = Arc::clone(member);
    let thread = std::thread::Builder::new().name("kafka commits".to_owned());
    thread.spawn(move || {
        for commit in due {
            member.record_commit(commit.run());
        }
    })?;
    Ok(commits)
}

impl Deliveries for KafkaDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            self.begin()?;
            let mut arrivals = self.arrivals.lock().await;
            let mut batch = Vec::new();
            let mut arrival = arrivals.recv().await.ok_or(TransportError::Closed)?;
            loop {
                batch.push(arrival?);
                // One call delivers all messages that have arrived.
                match arrivals.try_recv() {
                    Ok(more) => arrival = more,
                    Err(_none) => return Ok(batch),
                }
            }
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            {
                let mut state = self.member.state.lock();
                tags.into_iter().for_each(|tag| state.acknowledge(tag));
            }
            self.member.wake.notify_one();
            self.wait_until_left().await;
            Ok(())
        })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            {
                let mut state = self.member.state.lock();
                for tag in tags {
                    if state.phase == Phase::Running {
                        state.deliver_again(tag);
                    } else {
                        state.requeue(tag);
                    }
                }
            }
            self.member.wake.notify_one();
            self.wait_until_left().await;
            Ok(())
        })
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.password.superseded())
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            {
                let mut state = self.member.state.lock();
                state.phase = state.phase.max(Phase::Stopping);
                state.put_back_staged(false);
            }
            let mut arrivals = self.arrivals.lock().await;
            while let Ok(arrival) = arrivals.try_recv() {
                if let Ok(delivery) = arrival {
                    self.member.state.lock().requeue(delivery.tag);
                }
            }
            self.member.wake.notify_one();
            self.wait_until_left().await;
            Ok(())
        })
    }
}

impl Drop for KafkaDeliveries {
    fn drop(&mut self) {
        let mut state = self.member.state.lock();
        state.phase = Phase::Ended;
        if !self.begun.load(Ordering::SeqCst) {
            let client = state.client.take();
            // The end of the client blocks.
            std::thread::spawn(move || drop(client));
            self.member.left.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{
        GroupName, MessagingConfig,
        kafka::{client::Clients, member::Limits, rebalance::Rebalances},
    };

    #[tokio::test]
    async fn session_that_cannot_start_returns_error_each_time_life_4() {
        // This does not connect: the client refuses an empty subscription.
        let config = MessagingConfig::new("kafka://127.0.0.1:1".parse().unwrap());
        let clients = Clients::new(&config, "test").unwrap();
        let password = MemberPassword::new(&clients);
        let client = clients.member("unreachable");
        let client = client.create_with_context(Rebalances::default());
        let limits = Limits {
            prefetch: 1,
            commit_interval: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            lease: Duration::from_secs(6),
            handover: Duration::from_secs(6),
        };
        let (to, arrivals) = mpsc::unbounded_channel();
        let member = Member::new(
            GroupName::new("unreachable").unwrap(),
            Vec::new(),
            HashMap::new(),
            limits,
            Arc::new(client.unwrap()),
            to,
        );
        let deliveries = KafkaDeliveries::new(member, arrivals, password);
        for _ in 0..2 {
            let next = time::timeout(LEAVE_TIMEOUT, deliveries.next()).await;
            assert!(
                matches!(next, Ok(Err(TransportError::Unavailable(_)))),
                "{next:?}"
            );
        }
    }
}
