use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use seaworthy_config::{Environment, Loader};
use seaworthy_messaging::{Message, Messaging, MessagingConfig, Received, Subscription, Topics};
use seaworthy_service::{NoSettings, RunningService, Service};
use tokio::{sync::Notify, time};

use super::{BATCH, KEYS, PAYLOAD, PREFETCH, Side, Times, timed};
use crate::Failure;

/// A service with a broker.
pub(super) struct SeaworthySide {
    running: RunningService,
    messaging: Messaging,
}

impl SeaworthySide {
    pub(super) async fn start(url: &str) -> Result<Self, Failure> {
        let loader = Loader::new("bench")
            .environment(Environment::default())
            .overrides(
                [
                    "server.http.addr=127.0.0.1:0",
                    "admin.addr=127.0.0.1:0",
                    "log.level=error",
                ]
                .map(str::to_owned),
            );
        let config = MessagingConfig::new(url.parse()?);
        let made = OnceLock::new();
        let running = Service::new("bench", env!("CARGO_PKG_VERSION"))
            .start::<NoSettings, _>(loader, async |service| {
                let _ = made.set(Messaging::connect(service, "broker", &config).await?);
                Ok(())
            })
            .await?;
        let messaging = made.into_inner().ok_or("the service was not assembled")?;
        Ok(Self { running, messaging })
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }

    /// Waits until the group consumes messages, or does not.
    async fn until_connected(&self, group: &str, connected: bool) {
        let is_so = || {
            let mut all = self.messaging.consumers().into_iter();
            all.any(|report| report.group == group && report.connected == connected)
        };
        while !is_so() {
            time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Side for SeaworthySide {
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>> {
        let name = name.to_owned();
        Box::pin(async move {
            let (count, changed) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
            let (counted, notifier) = (Arc::clone(&count), Arc::clone(&changed));
            let subscription = Subscription::new(&name)
                .on_topic(&name, move |_: Received<Bytes>| {
                    if counted.fetch_add(1, Ordering::Relaxed) + 1 == messages {
                        notifier.notify_one();
                    }
                    async { Ok(()) }
                })
                .concurrency(64)
                .prefetch(PREFETCH);
            self.messaging.subscribe(subscription).await?;
            self.messaging.pause(&name);
            self.until_connected(&name, false).await;
            let topics = Topics::new().with_topic(&name);
            let publisher = self.messaging.publisher(topics).await?;
            let publish = timed(async {
                for first in (0..messages).step_by(BATCH as usize) {
                    let batch = (first..first + BATCH).map(|number| {
                        let payload = Bytes::from_static(&PAYLOAD);
                        let message = Message::raw(&name, "application/octet-stream", payload);
                        publisher.prepare(message.key(&(number % KEYS).to_string()))
                    });
                    let batch: Result<Vec<_>, _> = batch.collect();
                    for answer in publisher.publish_all(batch?).await {
                        answer?;
                    }
                }
                Ok(())
            });
            let publish = publish.await?;
            let consume = timed(async {
                self.messaging.resume(&name);
                changed.notified().await;
                Ok(())
            });
            let consume = consume.await?;
            self.messaging.pause(&name);
            self.until_connected(&name, false).await;
            Ok(Times { publish, consume })
        })
    }
}
