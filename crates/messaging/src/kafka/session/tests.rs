use std::{num::NonZeroU16, thread};

use seaworthy_core::Timeout;
use seaworthy_testkit::{kafka::KafkaServer, requirement};
use tokio::{sync::mpsc, time};

use super::*;
use crate::{
    GroupName, MessagingConfig, Topic,
    kafka::{KafkaBroker, client::Clients, member::Limits, names::Names, rebalance::Rebalances},
    transport::{TopicPlan, Transport as _},
};

/// Longer than a member may take on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Its topic was removed while it had messages in hand, and then it was dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_ends_before_it_has_handed_over_leaves_its_group_life_4() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let server = KafkaServer::start(program).unwrap();
    let mut config = MessagingConfig::at(server.url().parse().unwrap());
    config.kafka.lease = Timeout::from_secs(6);
    config.kafka.partitions = NonZeroU16::new(1).unwrap();
    config.kafka.timeout = Timeout::from_secs(20);
    let topic = Topic::new("ended.early").unwrap();
    let declared = TopicPlan {
        topic: topic.clone(),
        may_have_no_subscriber: true,
    };
    let broker = KafkaBroker::open(&config, "test").await.unwrap();
    broker.declare(vec![declared]).await.unwrap();

    let name = Names::new(&config.kafka.prefix).unwrap().topic(&topic);
    let made = Clients::new(&config, "test").unwrap();
    let made = made
        .member("early")
        .create_with_context(Rebalances::default());
    let client: Arc<Client> = Arc::new(made.unwrap());
    let limits = Limits {
        prefetch: 1,
        commit_interval: Duration::from_secs(1),
        timeout: Duration::from_secs(20),
        lease: Duration::from_secs(6),
        handover: Duration::from_secs(6),
    };
    let (to, _arrivals) = mpsc::unbounded_channel();
    let member = Member::new(
        GroupName::new("early").unwrap(),
        vec![(name.clone(), topic)],
        HashMap::new(),
        limits,
        Arc::clone(&client),
        to,
    );
    client.context().tell(&member);
    client.subscribe(&[&name]).unwrap();
    let began = Instant::now();
    let mut session = Session::new(Arc::clone(&member));
    while member.state.lock().assigned.is_empty() {
        assert!(began.elapsed() < PATIENCE, "nothing was assigned");
        drop(client.poll(LOOK));
        session.follow(&client);
    }
    client.unsubscribe();
    while session.handover.is_none() {
        assert!(began.elapsed() < PATIENCE, "nothing was revoked");
        drop(client.poll(LOOK));
        session.follow(&client);
    }

    member.end(TransportError::Closed);
    thread::spawn(move || session.run(client));
    let left = time::timeout(PATIENCE, member.left.cancelled()).await;
    assert!(left.is_ok(), "the client waits for an answer for ever");
}
