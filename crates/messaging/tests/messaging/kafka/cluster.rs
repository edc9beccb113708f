//! Settings of topics, limits, authentication and outages of a cluster.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
};
use seaworthy_core::{Secret, SecretRotation};
use seaworthy_messaging::{
    Envelope, PublishError,
    kafka::KafkaBroker,
    transport::{GroupPlan, Order, TopicPlan, Transport as _, TransportError},
};
use seaworthy_testkit::{kafka::KafkaServer, requirement};
use tokio::time;

#[cfg(feature = "kafka-tls")]
use seaworthy_messaging::kafka::KafkaSasl;

use super::{
    config,
    groups::{TIMEOUT, next, open, plan, sent, settle_until, unique},
    own, shared,
};

fn admin(address: std::net::SocketAddr) -> AdminClient<DefaultClientContext> {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", address.to_string());
    client.create().unwrap()
}

#[tokio::test]
async fn created_topics_have_durable_settings_msg_1() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    drop(transport.open(plan("settings", &topic, 1)).await.unwrap());
    let (admin, dead) = (admin(server.0.address()), topic.dead_letters());
    let asked = [topic.as_str(), dead.as_str()].map(ResourceSpecifier::Topic);
    let described = admin.describe_configs(&asked, &AdminOptions::new()).await;
    let value = |place: usize, name: &str| {
        let resource = described.as_ref().unwrap().get(place).unwrap();
        let entry = resource.as_ref().unwrap().get(name).unwrap();
        entry.value.clone().unwrap()
    };
    for place in [0, 1] {
        assert_eq!(value(place, "unclean.leader.election.enable"), "false");
        let max: usize = value(place, "max.message.bytes").parse().unwrap();
        assert!(max > 896 * 1024, "{max}");
    }
    assert_eq!(value(1, "cleanup.policy"), "compact,delete");
    assert_eq!(value(1, "retention.ms"), "-1");
}

#[tokio::test]
async fn message_above_cluster_limit_is_rejected_at_once_msg_2() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let small = NewTopic::new(topic.as_str(), 1, TopicReplication::Fixed(1));
    let small = small.set("max.message.bytes", "2000");
    // The client must exist until it has responded.
    let admin = admin(server.0.address());
    let created = admin.create_topics([&small], &AdminOptions::new());
    assert!(created.await.unwrap().iter().all(Result::is_ok));
    let plans = vec![TopicPlan {
        topic: topic.clone(),
        allows_unroutable: true,
        groups: Vec::new(),
    }];
    transport.declare(plans).await.unwrap();
    let large = Envelope::new(topic.clone(), "test", "test", vec![7; 10_000]);
    let answers = transport
        .publish(vec![large, sent(&topic, "k", "small")])
        .await;
    assert!(
        matches!(&answers[..], [Err(PublishError::Permanent(_)), Ok(())]),
        "{answers:?}"
    );
}

/// The cached metadata of the publisher contains a deleted topic.
#[tokio::test]
async fn declaration_without_its_group_is_error_msg_3() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let group = plan("required", &topic, 1).group;
    let plans = vec![TopicPlan {
        topic: topic.clone(),
        allows_unroutable: true,
        groups: vec![GroupPlan {
            group: group.clone(),
            order: Order::Member,
        }],
    }];
    transport.declare(plans.clone()).await.unwrap();
    assert!(transport.is_subscribed(&group, &topic).await.unwrap());
    let admin = admin(server.0.address());
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
    let deleted = admin.delete_topics(&[topic.as_str()], &options).await;
    assert!(deleted.unwrap().iter().all(Result::is_ok));
    let is_listed = || {
        let metadata = admin.inner().fetch_metadata(None, TIMEOUT).unwrap();
        let mut topics = metadata.topics().iter();
        topics.any(|one| one.name() == topic.as_str())
    };
    while is_listed() {
        time::sleep(Duration::from_millis(20)).await;
    }
    match transport.declare(plans.clone()).await {
        Err(error) => assert!(matches!(error, TransportError::Unavailable(_)), "{error:?}"),
        // On a slow machine the cached metadata has expired. The publisher recreates the topic.
        Ok(()) => assert!(transport.is_subscribed(&group, &topic).await.unwrap()),
    }
    transport.declare(plans).await.unwrap();
    assert!(transport.is_subscribed(&group, &topic).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_needs_correct_password_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let server = KafkaServer::start_with_user(program, "app", "hunter2").unwrap();
    let url = format!("kafka://app@{}", server.address());
    let connect = async |password: &str| {
        let mut config = config(&url);
        config.password = Some(seaworthy_core::Secret::new(password.to_owned()));
        config.kafka.timeout = seaworthy_core::Timeout::from_secs(5);
        KafkaBroker::open(&config, "test").await
    };
    let rejected = connect("hunter3").await.unwrap_err();
    assert!(
        matches!(rejected, TransportError::Rejected(_)),
        "{rejected:?}"
    );
    assert!(!format!("{rejected:?}").contains("hunter3"));
    let transport = connect("hunter2").await.unwrap();
    assert!(!format!("{transport:?}").contains("hunter2"));
    let topic = unique();
    let session = transport.open(plan("user", &topic, 1)).await.unwrap();
    let answers = transport.publish(vec![sent(&topic, "k", "in")]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(next(&*session).await.len(), 1);
}

/// The cluster takes a new password. New connections use it without a restart of the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_opens_new_connections_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let mut server = KafkaServer::start_with_user(program, "app", "first").unwrap();
    let rotation = SecretRotation::default();
    let mut config = config(&format!("kafka://app@{}", server.address()));
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    let transport = KafkaBroker::open(&config, "test").await.unwrap();
    let (topic, plan) = {
        let topic = unique();
        let plan = plan("rotated", &topic, 1);
        (topic, plan)
    };
    let session = transport.open(plan.clone()).await.unwrap();
    let publish = async |text: &str| {
        let answers = transport.publish(vec![sent(&topic, "k", text)]).await;
        answers.iter().all(Result::is_ok)
    };
    assert!(publish("before").await);
    let delivery = next(&*session).await.remove(0);
    session.acknowledge(vec![delivery.tag]).await.unwrap();
    // All connections are lost, and the next ones need the new password.
    server.set_password("app", "second").unwrap();
    assert!(!publish("without the password").await);
    rotation.set(Secret::new("second".to_owned()));
    let begun = Instant::now();
    while !publish("after").await {
        assert!(begun.elapsed() < TIMEOUT, "the cluster rejects messages");
    }
    // The consumer then replaces the member.
    let superseded = time::timeout(TIMEOUT, session.superseded()).await;
    assert!(superseded.is_ok(), "the session keeps the old password");
    drop(session);
    settle_until(
        &transport,
        &plan,
        &["after".to_owned()],
        Duration::from_millis(0),
    )
    .await;
    transport.close().await;
}

/// The cluster rejects the first rotated password and accepts the second one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_is_replaced_once_password_is_accepted_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let server = KafkaServer::start_with_user(program, "app", "valid").unwrap();
    let rotation = SecretRotation::default();
    let mut config = config(&format!("kafka://app@{}", server.address()));
    config.password = Some(Secret::with_rotation("valid".to_owned(), &rotation));
    config.kafka.timeout = seaworthy_core::Timeout::from_secs(5);
    let transport = KafkaBroker::open(&config, "test").await.unwrap();
    let topic = unique();
    let plan = plan("replaced", &topic, 1);
    let session = transport.open(plan.clone()).await.unwrap();
    let publish = async |text: &str| {
        let answers = transport.publish(vec![sent(&topic, "k", text)]).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    };
    publish("held").await;
    let held = next(&*session).await.remove(0);
    let mut superseded = session.superseded();
    rotation.set(Secret::new("invalid".to_owned()));
    // Longer than the interval of the member's checks and the timeout of one check.
    let early = time::timeout(Duration::from_secs(10), &mut superseded).await;
    assert!(early.is_err(), "the session ends without a valid password");
    // The rest of the service also keeps the accepted password.
    publish("meanwhile").await;
    transport.check().await.unwrap();
    rotation.set(Secret::new("valid".to_owned()));
    let replaced = time::timeout(TIMEOUT, superseded).await;
    assert!(replaced.is_ok(), "the session keeps the old password");
    // A message that a handler holds is still settled.
    session.stop().await.unwrap();
    session.acknowledge(vec![held.tag]).await.unwrap();
    drop(session);
    publish("next").await;
    let all = ["meanwhile", "next"].map(str::to_owned);
    let count = settle_until(&transport, &plan, &all, Duration::ZERO).await;
    assert_eq!(count, 2);
    transport.close().await;
}

#[cfg(feature = "kafka-tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_and_scram_authenticate_both_sides_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let generate = || rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (server_identity, other_identity) = (generate(), generate());
    let file = |name: &str, content: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let certificate = server_identity.cert.pem();
    let identity = server_identity.signing_key.serialize_pem() + &certificate;
    let trusted = file("trusted.pem", certificate);
    let rejected = file("rejected.pem", other_identity.cert.pem());
    let server = KafkaServer::start_with_tls(program, &identity, "app", "hunter2").unwrap();
    let connect = async |password: &str, sasl: KafkaSasl, authorities: &std::path::Path| {
        let mut config = config(&format!("kafkas://app@{}", server.address()));
        config.password = Some(seaworthy_core::Secret::new(password.to_owned()));
        config.kafka.sasl = sasl;
        config.kafka.ca_file = Some(authorities.to_owned());
        config.kafka.timeout = seaworthy_core::Timeout::from_secs(5);
        KafkaBroker::open(&config, "test").await
    };
    // A restart may also break a handshake, so a failed handshake is transient. Its error names
    // SSL.
    let unknown = connect("hunter2", KafkaSasl::ScramSha512, &rejected).await;
    let problem = format!("{:?}", unknown.unwrap_err());
    assert!(problem.contains("SSL"), "{problem}");
    let wrong = connect("hunter3", KafkaSasl::ScramSha512, &trusted).await;
    assert!(
        matches!(&wrong, Err(TransportError::Rejected(_))),
        "{wrong:?}"
    );
    for sasl in [KafkaSasl::ScramSha256, KafkaSasl::ScramSha512] {
        let transport = connect("hunter2", sasl, &trusted).await.unwrap();
        let topic = unique();
        let session = transport.open(plan("tls", &topic, 1)).await.unwrap();
        let answers = transport.publish(vec![sent(&topic, "k", "in")]).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(next(&*session).await.len(), 1);
    }
}

#[tokio::test]
async fn invalid_settings_are_rejected_without_secrets_conf_5() {
    let open = async |url: &str, change: fn(&mut seaworthy_messaging::MessagingConfig)| {
        let mut config = config(url);
        change(&mut config);
        KafkaBroker::open(&config, "test").await.unwrap_err()
    };
    let user = open("kafka://app@127.0.0.1:1", |_| {}).await;
    assert!(matches!(user, TransportError::Rejected(_)), "{user:?}");
    let prefix = open("kafka://127.0.0.1:1", |config| {
        config.kafka.prefix = "a b".to_owned();
    });
    assert!(matches!(prefix.await, TransportError::Rejected(_)));
    let unreachable = open("kafka://app:hunter2@127.0.0.1:1", |config| {
        config.kafka.timeout = seaworthy_core::Timeout::from_millis(300);
    });
    let unreachable = unreachable.await;
    assert!(
        matches!(unreachable, TransportError::Unavailable(_)),
        "{unreachable:?}"
    );
    assert!(!format!("{unreachable:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cluster_silent_beyond_lease_loses_nothing_msg_1() {
    let Some(server) = own() else { return };
    let url = server.0.lock().unwrap().url();
    let (topic, transport) = (unique(), open(&url).await);
    let plan = plan("silent", &topic, 5);
    drop(transport.open(plan.clone()).await.unwrap());
    let publish = async |range: std::ops::Range<usize>| {
        for number in range {
            let envelope = sent(&topic, &(number % 3).to_string(), &number.to_string());
            while transport
                .publish(vec![envelope.clone()])
                .await
                .iter()
                .any(Result::is_err)
            {
                time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let published = time::timeout(TIMEOUT, publish(0..50)).await;
    assert!(published.is_ok(), "the cluster takes nothing");
    let silence = async {
        time::sleep(Duration::from_millis(1_500)).await;
        server.0.lock().unwrap().freeze();
        time::sleep(Duration::from_secs(9)).await;
        server.0.lock().unwrap().resume();
        let published = time::timeout(TIMEOUT, publish(50..100)).await;
        assert!(
            published.is_ok(),
            "the cluster takes nothing after its silence"
        );
    };
    let all: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let slowly = Duration::from_millis(50);
    let (_, arrived) = futures::join!(silence, settle_until(&*transport, &plan, &all, slowly));
    assert!(arrived >= all.len());
}
