use std::{collections::BTreeSet, fmt, sync::Arc};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_core::{Error, ServiceIdentity, Timeout};
use seaworthy_health::{CheckFailure, Health, Probe};
use seaworthy_resilience::circuit_breaker::CircuitBreaker;
use seaworthy_service::{Assembly, Component, Dependency, Stage, Tasks};
use seaworthy_telemetry::Telemetry;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    ConsumerReport, DeadLetters, MessagingConfig, MessagingError, Publisher, Subscription, Topic,
    Topics,
    admin::{self, Job, Jobs},
    consumer::{Consumer, Consumers},
    dead_letters::{DeadLetterReport, Progress},
    engine,
    metrics::{ConsumerMetrics, PublishMetrics},
    publisher::Outlet,
    transport::{Deliveries, SubscriptionPlan, Transport},
};

/// A service's connection to its broker: publishers and subscriptions are made of it. Cheap to clone.
#[derive(Clone)]
pub struct Messaging(Option<Arc<Inner>>);

struct Inner {
    name: Arc<str>,
    config: MessagingConfig,
    outlet: Outlet,
    identity: ServiceIdentity,
    telemetry: Telemetry,
    tasks: Tasks,
    health: Health,
    connect_total: Timeout,
    consumers: Consumers,
    jobs: Jobs,
}

impl Messaging {
    /// Connects to the broker that the settings name (LIFE-2): tries until it answers or `connect.total` has passed. `name` is what logs, probes, policies and the start call
    /// it. It is closed, after everything else has published, when the service stops.
    ///
    /// With `enabled: false` it is [`disabled`](Self::disabled).
    ///
    /// # Errors
    /// [`MessagingError`] when the broker does not answer, or cannot be used as the settings say.
    pub async fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MessagingConfig,
    ) -> Result<Self, MessagingError> {
        if !config.enabled {
            tracing::warn!(
                broker = name,
                "messages are switched off: nothing is published and nothing is handled"
            );
            return Ok(Self::disabled());
        }
        let engine = engine::Opening::new(config, service.identity())?;
        let mut dependency = Dependency::new(name);
        if let Some(address) = config.url.address() {
            dependency = dependency.at(address);
        }
        let transport = service.connect(dependency, || engine.open()).await?;
        Ok(Self::with_transport(service, name, config, transport))
    }

    /// Messages over an engine that is open already: for several services of one process that share one, such as
    /// [`MemoryBroker`](crate::MemoryBroker), and for engines of others.
    pub fn with_transport<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MessagingConfig,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let policies = service.resilience().dependency(name);
        let outlet = Outlet::new(
            Arc::clone(&transport),
            service.identity().clone(),
            service.telemetry().tracer().clone(),
            policies.breaker().clone(),
            PublishMetrics::new(service.metrics()),
            config.max_message_size,
            config.publish_timeout,
        );
        let asked = Arc::clone(&transport);
        let check = move || {
            let transport = Arc::clone(&asked);
            async move {
                let answer = transport.check().await;
                answer.map_err(|error| CheckFailure::new(error.to_string()))
            }
        };
        service.health().register(if config.critical {
            Probe::critical(name, check)
        } else {
            Probe::optional(name, check)
        });
        let name: Arc<str> = name.into();
        service.component(Connection::new(
            Arc::clone(&name),
            transport,
            service.tasks(),
        ));
        let consumers = Consumers::new(&name, config);
        service.component(consumers.clone());
        let messaging = Self(Some(Arc::new(Inner {
            name: Arc::clone(&name),
            config: config.clone(),
            outlet,
            identity: service.identity().clone(),
            telemetry: service.telemetry().clone(),
            tasks: service.tasks().clone(),
            health: service.health().clone(),
            connect_total: service.framework().connect.total,
            consumers,
            jobs: Jobs::default(),
        })));
        service.admin(admin::routes(&name, &messaging));
        messaging
    }

    /// No messages, by the service's explicit wish (MSG-2): publishing does nothing and succeeds, and no handler is ever called.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Whether messages are sent and taken.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// A publisher to these topics, which the broker has found usable (MSG-2).
    ///
    /// # Errors
    /// [`MessagingError`] when a name is none, or the broker does not let a topic be used.
    pub async fn publisher(&self, topics: Topics) -> Result<Publisher, MessagingError> {
        let plans = topics.plan()?;
        if plans.is_empty() {
            return Err(MessagingError::NoTopics);
        }
        let Some(inner) = &self.0 else {
            return Ok(Publisher::disabled());
        };
        let topics: Vec<_> = plans.iter().map(|plan| plan.topic.clone()).collect();
        let declared = inner.outlet.transport().declare(plans).await;
        declared.map_err(|cause| MessagingError::Declare {
            topics: topics.clone(),
            cause,
        })?;
        Ok(Publisher::new(
            topics.into_iter().collect(),
            inner.outlet.clone(),
        ))
    }

    /// Handles messages from now on, until the service stops.
    ///
    /// # Errors
    /// [`MessagingError`] when the subscription is put together wrongly, or the broker does not let its group take messages.
    pub async fn subscribe(&self, mut subscription: Subscription) -> Result<(), MessagingError> {
        let group = subscription.check()?;
        let Some(inner) = &self.0 else {
            return Ok(());
        };
        let config = inner.config.subscription(&group, &subscription.overrides);
        if config.prefetch < config.concurrency {
            return Err(MessagingError::Subscription {
                group: group.to_string(),
                problem: format!(
                    "has a prefetch of {}, which is less than its concurrency of {}",
                    config.prefetch, config.concurrency
                ),
            });
        }
        let metrics = inner.telemetry.metrics();
        let consumer = Arc::new(Consumer {
            name: format!("consumer {group}").into(),
            permits: Semaphore::new(config.concurrency.get().into()),
            breaker: CircuitBreaker::new(
                &format!("{}/{group}", inner.name),
                &config.breaker,
                metrics,
            ),
            metrics: ConsumerMetrics::new(metrics, &group),
            plan: SubscriptionPlan {
                topics: subscription.topics.into_iter().collect(),
                prefetch: config.prefetch,
                order: subscription.order,
                group,
            },
            config,
            router: subscription.router,
            outlet: inner.outlet.clone(),
            identity: inner.identity.clone(),
            telemetry: inner.telemetry.clone(),
            tasks: inner.tasks.clone(),
            state: crate::consumer::State::new(),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            finished: CancellationToken::new(),
        });
        let first = consumer.open_first(inner.connect_total).await?;
        inner.start(consumer, first);
        Ok(())
    }

    /// What is known of each subscription now.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerReport> {
        let Some(inner) = &self.0 else {
            return Vec::new();
        };
        let consumers = inner.consumers.all();
        consumers.iter().map(|consumer| consumer.report()).collect()
    }

    /// Takes no more messages for a group on this instance: what is being handled is finished, the rest goes back to the broker. Returns whether there is such a group.
    pub fn pause(&self, group: &str) -> bool {
        self.with_consumer(group, Consumer::pause)
    }

    /// Takes messages again. Returns whether there is such a group.
    pub fn resume(&self, group: &str) -> bool {
        self.with_consumer(group, Consumer::resume)
    }

    fn with_consumer(&self, group: &str, act: impl Fn(&Consumer)) -> bool {
        let Some(inner) = &self.0 else {
            return false;
        };
        let mut of_group = inner.consumers.all();
        of_group.retain(|consumer| consumer.plan.group.as_str() == group);
        of_group.iter().for_each(|consumer| act(consumer));
        !of_group.is_empty()
    }

    /// The messages that no consumer could handle; none where messages are switched off.
    #[must_use]
    pub fn dead_letters(&self) -> Option<DeadLetters> {
        let inner = self.0.as_ref()?;
        let letters = DeadLetters::new(Arc::clone(inner.outlet.transport()));
        Some(letters.with_timeout(inner.config.publish_timeout))
    }
}

impl Messaging {
    /// The topics of which messages are handled.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        let consumers = self.0.as_ref().map(|inner| inner.consumers.all());
        let topics: BTreeSet<_> = consumers
            .into_iter()
            .flatten()
            .flat_map(|consumer| consumer.plan.topics.clone())
            .collect();
        topics.into_iter().collect()
    }

    /// Begins what is done with dead letters beside the service.
    pub(crate) fn begin<F>(
        &self,
        what: &'static str,
        work: impl FnOnce(Progress) -> F,
    ) -> Result<Job, Error>
    where
        F: Future<Output = DeadLetterReport> + Send + 'static,
    {
        match &self.0 {
            Some(inner) => inner.jobs.begin(what, &inner.tasks, work),
            None => Jobs::default().last(),
        }
    }

    pub(crate) fn last_job(&self) -> Result<Job, Error> {
        match &self.0 {
            Some(inner) => inner.jobs.last(),
            None => Jobs::default().last(),
        }
    }
}

impl Inner {
    fn start(&self, consumer: Arc<Consumer>, first: Arc<dyn Deliveries>) {
        let (watched, limit) = (Arc::clone(&consumer), consumer.config.max_lag);
        let name = Arc::clone(&consumer.name);
        self.health.register(Probe::observed(name, true, move || {
            watched.state.check(limit)
        }));
        let first = Mutex::new(Some(first));
        let running = Arc::clone(&consumer);
        self.tasks
            .supervise(Arc::clone(&consumer.name), move |stop| {
                let (consumer, first) = (Arc::clone(&running), first.lock().take());
                async move {
                    consumer.run(first).await;
                    // Consumers stop before tasks do; what returns earlier would be started again.
                    stop.requested().await;
                }
            });
        let (watching, interval) = (Arc::clone(&consumer), self.config.lag_interval);
        self.tasks
            .spawn(format!("lag of {}", consumer.name), async move {
                watching.watch_lag(interval).await;
            });
        self.consumers.add(consumer);
    }
}

/// The connection as the kernel stops it: after everything that publishes.
struct Connection {
    name: Arc<str>,
    transport: Arc<dyn Transport>,
    tasks: Tasks,
    closed: CancellationToken,
}

impl Connection {
    fn new(name: Arc<str>, transport: Arc<dyn Transport>, tasks: &Tasks) -> Self {
        Self {
            name,
            transport,
            tasks: tasks.clone(),
            closed: CancellationToken::new(),
        }
    }
}

impl Component for Connection {
    fn name(&self) -> &str {
        &self.name
    }

    fn stage(&self) -> Stage {
        Stage::Pool
    }

    fn request_stop(&self) {
        let (transport, closed) = (Arc::clone(&self.transport), self.closed.clone());
        self.tasks
            .spawn(format!("close {}", self.name), async move {
                transport.close().await;
                closed.cancel();
            });
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.closed.cancelled())
    }

    fn running(&self) -> Vec<String> {
        if self.closed.is_cancelled() {
            return Vec::new();
        }
        vec!["the connection".to_owned()]
    }

    fn abort(&self) {
        self.closed.cancel();
    }
}

impl fmt::Debug for Messaging {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_ref().map(|inner| &inner.name);
        formatter
            .debug_struct("Messaging")
            .field("name", &name)
            .finish_non_exhaustive()
    }
}
