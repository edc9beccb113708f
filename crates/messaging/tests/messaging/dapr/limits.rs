//! Functions that Dapr does not have are rejected when the service starts, not ignored.

use bytes::Bytes;
use seaworthy_config::Loader;
use seaworthy_core::{Secret, error_chain};
use seaworthy_messaging::{
    DeadLetterId, GroupName, Messaging, MessagingConfig, Received, Subscription,
    SubscriptionOverrides, Topic,
    dapr::DaprBroker,
    transport::{Transport as _, TransportError},
};
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
async fn reading_dead_letters_and_lag_is_rejected_msg_3() {
    let Some(servers) = servers() else { return };
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let letters = Topic::new("limits.tested").unwrap().dead_letters();
    let group = GroupName::new(APP).unwrap();
    let rejections = [
        broker.browse(&letters, None, 1).await.map(drop),
        broker.has_dead_letters(&letters).await.map(drop),
        broker
            .remove(&letters, &[DeadLetterId::new("1")])
            .await
            .map(drop),
        broker.lag(&group).await.map(drop),
    ];
    for rejection in rejections {
        let text = error_chain(&rejection.unwrap_err());
        assert!(text.contains("Dapr cannot"), "{text}");
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
