use std::{num::NonZeroU16, thread};

use seaworthy_core::Timeout;
use seaworthy_testkit::{kafka::KafkaServer, requirement};
use tokio::{sync::mpsc, time};

use super::*;
use crate::{
    GroupName, MessagingConfig, Topic,
    kafka::{
        KafkaBroker, client::Clients, member::Limits, names::Names, rebalance::Rebalances,
        state::Arrival,
    },
    transport::{TopicPlan, Transport as _},
};

/// The maximum wait for an event, longer than any event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A member on its own server. It has subscribed and is not polled yet.
struct Subscribed {
    _server: KafkaServer,
    member: Arc<Member>,
    client: Arc<Client>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

impl Subscribed {
    async fn new(handover: Duration) -> Option<Self> {
        let program = requirement::required("SEAWORTHY_TEST_KAFKA")?;
        let server = KafkaServer::start(program).unwrap();
        let mut config = MessagingConfig::new(server.url().parse().unwrap());
        config.kafka.session_timeout = Timeout::from_secs(6);
        config.kafka.partitions = NonZeroU16::new(1).unwrap();
        config.kafka.timeout = Timeout::from_secs(20);
        let topic = Topic::new("ended.early").unwrap();
        let declared = TopicPlan {
            topic: topic.clone(),
            allows_unroutable: true,
            groups: Vec::new(),
        };
        let broker = KafkaBroker::open(&config, "test").await.unwrap();
        broker.declare(vec![declared]).await.unwrap();

        let name = Names::new(&config.kafka.prefix).unwrap().topic(&topic);
        let created = Clients::new(&config, "test").unwrap();
        let created = created
            .member("early")
            .create_with_context(Rebalances::default());
        let client: Arc<Client> = Arc::new(created.unwrap());
        let limits = Limits {
            prefetch: 1,
            commit_interval: Duration::from_secs(1),
            timeout: Duration::from_secs(20),
            lease: Duration::from_secs(6),
            handover,
        };
        let (to, arrivals) = mpsc::unbounded_channel();
        let member = Member::new(
            GroupName::new("early").unwrap(),
            vec![(name.clone(), topic)],
            HashMap::new(),
            limits,
            Arc::clone(&client),
            to,
        );
        client.context().set_member(&member);
        client.subscribe(&[&name]).unwrap();
        Some(Self {
            _server: server,
            member,
            client,
            arrivals,
        })
    }

    /// Its session. The cluster has assigned its partition. The session releases the partition when
    /// it is polled again.
    fn leaving(&self) -> Session {
        let mut session = Session::new(Arc::clone(&self.member));
        poll_until(&mut session, &self.client, |session| {
            !session.member.state.lock().assigned.is_empty()
        });
        self.client.unsubscribe();
        session
    }
}

/// Polls until a condition holds.
fn poll_until(session: &mut Session, client: &Arc<Client>, holds: impl Fn(&Session) -> bool) {
    let begun = Instant::now();
    while !holds(session) {
        assert!(
            begun.elapsed() < TIMEOUT,
            "the condition does not hold in time"
        );
        drop(client.poll(POLL_TIMEOUT));
        session.follow(client);
    }
}

async fn assert_left(member: &Arc<Member>) {
    if time::timeout(TIMEOUT, member.left.cancelled())
        .await
        .is_err()
    {
        // Otherwise the client would never end, and this test would hang.
        std::mem::forget(Arc::clone(member));
        panic!("the client waits for a reply without a timeout");
    }
}

/// The session ends with an error during a handover, as after the deletion of its topic.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_ending_during_handover_leaves_group_life_4() {
    let Some(test) = Subscribed::new(Duration::from_secs(6)).await else {
        return;
    };
    let mut session = test.leaving();
    let (member, client) = (test.member, test.client);
    poll_until(&mut session, &client, |session| session.handover.is_some());

    member.end(TransportError::Closed);
    thread::spawn(move || session.run(client));
    assert_left(&member).await;
}

/// A handover time that the clock cannot represent makes the thread panic.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_with_panicked_thread_reports_it_and_leaves_life_4() {
    let Some(mut test) = Subscribed::new(Duration::MAX).await else {
        return;
    };
    let session = test.leaving();
    let (member, client) = (test.member, test.client);
    thread::spawn(move || session.run(client));
    assert_left(&member).await;
    let arrived = test.arrivals.recv().await;
    assert!(matches!(
        arrived,
        Some(Err(TransportError::Unavailable(why))) if why.to_string().contains("panicked")
    ));
}
