//! Settings that name a subscription which the service does not have.

use bytes::Bytes;
use seaworthy_config::Loader;
use seaworthy_messaging::{
    BrokerUrl, Messaging, MessagingConfig, Received, Subscription, SubscriptionOverrides,
};
use seaworthy_service::{NoSettings, Service};

/// Starts a service with the subscription `audit` and settings for this group. Returns the error
/// with its causes.
async fn start(change: impl FnOnce(&mut MessagingConfig)) -> Result<(), String> {
    let mut config = MessagingConfig::new(BrokerUrl::memory());
    change(&mut config);
    let loader = Loader::for_tests("settings");
    let started = Service::new("settings", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::connect(service, "broker", &config).await?;
            let subscription = Subscription::new("audit")
                .on_topic("test.happened", async |_: Received<Bytes>| Ok(()));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_unknown_subscription_fail_the_start_conf_1() {
    let insert = |name: &'static str| {
        move |config: &mut MessagingConfig| {
            let overrides = SubscriptionOverrides::default();
            config.subscriptions.insert(name.to_owned(), overrides);
        }
    };
    assert_eq!(start(insert("audit")).await, Ok(()));
    let problem = start(insert("audti")).await.unwrap_err();
    let expected = "broker.subscriptions.audti: unknown name: did you mean `audit`?";
    assert!(problem.ends_with(expected), "{problem}");
}

#[cfg(feature = "rabbitmq")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_unknown_queue_fail_the_start_conf_1() {
    use seaworthy_messaging::rabbitmq::QueueConfig;
    let insert = |name: &'static str| {
        move |config: &mut MessagingConfig| {
            let queue = QueueConfig::default();
            config.rabbitmq.queues.insert(name.to_owned(), queue);
        }
    };
    assert_eq!(start(insert("audit")).await, Ok(()));
    let problem = start(insert("adit")).await.unwrap_err();
    let expected = "broker.rabbitmq.queues.adit: unknown name: did you mean `audit`?";
    assert!(problem.ends_with(expected), "{problem}");
}
