//! Functions that Dapr does not have are rejected when the service starts, not ignored.

use std::collections::BTreeSet;

use bytes::Bytes;
use seaworthy_config::Loader;
use seaworthy_core::{Secret, error_chain};
use seaworthy_messaging::{
    DeadLetterId, Envelope, GroupName, Messaging, MessagingConfig, Received, Subscription,
    SubscriptionOverrides, Topic,
    dapr::DaprBroker,
    transport::{Transport as _, TransportError},
};
use seaworthy_redis::redis::cmd;
use seaworthy_service::{NoSettings, Service};

use super::harness::{APP, Servers, program, servers};

/// Starts a service with this subscription. Returns the error with its causes.
async fn start(config: MessagingConfig, subscription: Subscription) -> Result<(), String> {
    let loader = Loader::for_tests("limits");
    let started = Service::new("limits", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::connect(service, "broker", &config).await?;
            Ok(messaging.subscribe(subscription).await?)
        })
        .await;
    match started {
        Ok(service) => {
            service.stop().await;
            Ok(())
        }
        Err(error) => Err(error.chain().join(": ")),
    }
}

fn subscription(group: &str) -> Subscription {
    Subscription::new(group).on_topic("limits.tested", async |_: Received<Bytes>| Ok(()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_without_component_fails_the_start_msg_2() {
    let Some(servers) = servers() else { return };
    assert_eq!(start(servers.config(), subscription(APP)).await, Ok(()));
    assert_eq!(
        start(servers.config(), subscription("group0")).await,
        Ok(())
    );
    let problem = start(servers.config(), subscription("audit")).await;
    let problem = problem.unwrap_err();
    assert!(
        problem.contains("set broker.dapr.groups.audit"),
        "{problem}"
    );
    let mut missing = servers.config();
    let component = ("audit".to_owned(), "absent".to_owned());
    missing.dapr.groups.extend([component]);
    let problem = start(missing, subscription("audit")).await.unwrap_err();
    let expected = "no publish/subscribe component \"absent\"";
    assert!(problem.contains(expected), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordered_group_fails_the_start_msg_2() {
    let Some(servers) = servers() else { return };
    let problem = start(servers.config(), subscription(APP).ordered()).await;
    let problem = problem.unwrap_err();
    let expected = "Dapr cannot keep the order of a group";
    assert!(problem.contains(expected), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn max_lag_fails_the_start_msg_2() {
    let Some(servers) = servers() else { return };
    let limits = SubscriptionOverrides {
        max_lag: Some(100),
        ..SubscriptionOverrides::default()
    };
    let problem = start(servers.config(), subscription(APP).limits(limits)).await;
    let problem = problem.unwrap_err();
    assert!(problem.contains("cannot measure the lag"), "{problem}");
}

#[tokio::test]
async fn missing_component_of_publications_is_rejected_msg_2() {
    let Some(servers) = servers() else { return };
    let url = |path: &str| format!("dapr://{}{path}", servers.dapr.address());
    for (path, problem) in [
        ("/absent", "no publish/subscribe component \"absent\""),
        ("/a/b", "use dapr://HOST:PORT/COMPONENT"),
    ] {
        let config = MessagingConfig::new(url(path).parse().unwrap());
        let error = DaprBroker::open(&config).await.unwrap_err();
        assert!(matches!(error, TransportError::Rejected(_)), "{error:?}");
        let text = error_chain(&error);
        assert!(text.contains(problem), "{text}");
    }
    let named = MessagingConfig::new(url("/group7").parse().unwrap());
    DaprBroker::open(&named).await.unwrap();
}

#[tokio::test]
async fn measuring_lag_is_rejected_msg_3() {
    let Some(servers) = servers() else { return };
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let group = GroupName::new(APP).unwrap();
    let text = error_chain(&broker.lag(&group).await.unwrap_err());
    assert!(text.contains("Dapr cannot"), "{text}");
}

#[tokio::test]
async fn dead_letters_without_state_store_are_in_their_topic_msg_3() {
    let Some(servers) = servers() else { return };
    let mut config = servers.config();
    config.dapr.dead_letters = None;
    let broker = DaprBroker::open(&config).await.unwrap();
    let name = format!("limits.{}", seaworthy_core::new_id().simple());
    let letters = Topic::new(&name).unwrap().dead_letters();
    let letter = Envelope::new(letters.clone(), "test", "test", "a dead letter");
    let published = broker.publish(vec![letter]).await;
    assert!(matches!(&published[..], [Ok(())]), "{published:?}");
    let length = cmd("XLEN").arg(letters.as_str()).clone();
    let length: u64 = servers.redis().request(&length).await.unwrap();
    assert_eq!(length, 1);
    let ids = [DeadLetterId::new("1")];
    let rejections = [
        broker.browse(&letters, None, 1).await.map(drop),
        broker.has_dead_letters(&letters).await.map(drop),
        broker.remove(&letters, &ids).await.map(drop),
    ];
    for rejection in rejections {
        let text = error_chain(&rejection.unwrap_err());
        assert!(text.contains("broker.dapr.dead_letters"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_brokers_store_every_dead_letter_msg_3() {
    const COUNT: usize = 150;
    let Some(servers) = servers() else { return };
    let name = format!("limits.{}", seaworthy_core::new_id().simple());
    let topic = Topic::new(&name).unwrap().dead_letters();
    let publish = async || {
        let broker = DaprBroker::open(&servers.config()).await.unwrap();
        let letters = (0..COUNT).map(|_| Envelope::new(topic.clone(), "test", "test", "x"));
        let published = broker.publish(letters.collect()).await;
        assert_eq!(published.len(), COUNT);
        assert!(published.iter().all(Result::is_ok), "{published:?}");
    };
    tokio::join!(publish(), publish());
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let letters = broker.browse(&topic, None, 3 * COUNT).await.unwrap();
    let ids: BTreeSet<_> = letters.iter().map(DeadLetterId::of).collect();
    assert_eq!((letters.len(), ids.len()), (2 * COUNT, 2 * COUNT));
}

#[tokio::test]
async fn missing_state_store_of_dead_letters_is_rejected_msg_3() {
    let Some(servers) = servers() else { return };
    for component in ["absent", "pubsub"] {
        let mut config = servers.config();
        config.dapr.dead_letters = Some(component.to_owned());
        let error = DaprBroker::open(&config).await.unwrap_err();
        assert!(matches!(error, TransportError::Rejected(_)), "{error:?}");
        let text = error_chain(&error);
        assert!(text.contains("no state store component"), "{text}");
    }
}

#[tokio::test]
async fn password_is_token_of_the_sidecar_sec_1() {
    let Some(program) = program() else { return };
    let servers = Servers::start(&program, &["--save", ""], Some("sesame")).unwrap();
    let mut config = servers.config();
    let error = DaprBroker::open(&config).await.unwrap_err();
    assert!(matches!(error, TransportError::Rejected(_)), "{error:?}");
    config.password = Some(Secret::new("sesame".to_owned()));
    DaprBroker::open(&config).await.unwrap();
}
