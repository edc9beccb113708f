use std::{collections::BTreeSet, fmt, sync::Arc};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_core::{Error, ServiceIdentity, Timeout};
use seaworthy_health::{CheckFailure, Health, Probe};
use seaworthy_resilience::circuit_breaker::CircuitBreaker;
use seaworthy_service::{Assembly, Component, Dependency, Description, Stage, Tasks};
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
    publisher::EnvelopePublisher,
    transport::{Deliveries, SubscriptionPlan, Transport},
};

/// The connection of a service to its broker. It creates publishers and subscriptions. Cheap to
/// clone.
///
/// ```no_run
/// use seaworthy_messaging::{BrokerUrl, Messaging, MessagingConfig, Topics};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
///     let config = MessagingConfig::new(BrokerUrl::memory());
///     let messaging = Messaging::connect(service, "broker", &config).await?;
///     let publisher = messaging.publisher(Topics::new().with_topic("order.placed")).await?;
///     # drop(publisher);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Messaging(Option<Arc<Inner>>);

struct Inner {
    name: Arc<str>,
    config: MessagingConfig,
    sender: EnvelopePublisher,
    identity: ServiceIdentity,
    telemetry: Telemetry,
    tasks: Tasks,
    health: Health,
    connect_total: Timeout,
    consumers: Consumers,
    jobs: Jobs,
    description: Description,
}

impl Messaging {
    /// Connects to the broker of the settings (LIFE-2). Retries until the broker responds or the
    /// total connect timeout expires. `name` is the key of the settings, and the name in logs,
    /// probes and policies. A stop of the service closes the connection after all publishers have
    /// ended.
    ///
    /// With `enabled: false` it returns [`disabled`](Self::disabled).
    ///
    /// # Errors
    /// [`MessagingError`] if the broker cannot be reached or the settings are invalid.
    pub async fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MessagingConfig,
    ) -> Result<Self, MessagingError> {
        if !config.enabled {
            tracing::warn!(
                broker = name,
                "messaging is disabled: publishing is a no-op and no handler runs"
            );
            return Ok(Self::disabled());
        }
        let engine = engine::EngineFactory::new(config, service.identity())?;
        let mut dependency = Dependency::new(name);
        if let Some(address) = config.url.address() {
            dependency = dependency.with_address(address);
        }
        let transport = service.connect(dependency, || engine.open()).await?;
        Ok(Self::with_transport(service, name, config, transport))
    }

    /// Uses an open engine, for services of one process that share a
    /// [`MemoryBroker`](crate::MemoryBroker), and for engines of other crates.
    pub fn with_transport<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MessagingConfig,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let policies = service.resilience().dependency(name);
        let sender = EnvelopePublisher::new(
            Arc::clone(&transport),
            service.identity().clone(),
            service.telemetry().tracer().clone(),
            policies.breaker().clone(),
            PublishMetrics::new(service.metrics()),
            config.max_message_size,
            config.publish_timeout,
        );
        let checked = Arc::clone(&transport);
        let check = move || {
            let transport = Arc::clone(&checked);
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
            sender,
            identity: service.identity().clone(),
            telemetry: service.telemetry().clone(),
            tasks: service.tasks().clone(),
            health: service.health().clone(),
            connect_total: service.framework().connect.total_timeout,
            consumers,
            jobs: Jobs::default(),
            description: service.description().clone(),
        })));
        service.admin(admin::routes(&name, &messaging));
        messaging
    }

    /// Returns disabled messaging (MSG-2): publishing succeeds without effect, and no handler runs.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Whether messaging is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Declares topics and returns a publisher for them (MSG-2).
    ///
    /// # Errors
    /// [`MessagingError`] if a name is not valid or the broker rejects a topic.
    pub async fn publisher(&self, topics: Topics) -> Result<Publisher, MessagingError> {
        let plans = topics.plan()?;
        if plans.is_empty() {
            return Err(MessagingError::NoTopics);
        }
        let Some(inner) = &self.0 else {
            return Ok(Publisher::disabled());
        };
        let topics: Vec<_> = plans.iter().map(|plan| plan.topic.clone()).collect();
        let declared = inner.sender.transport().declare(plans).await;
        declared.map_err(|cause| MessagingError::Declare {
            topics: topics.clone(),
            cause,
        })?;
        let names = topics.iter().map(Topic::as_str);
        inner.description.publishes(names);
        Ok(Publisher::new(
            topics.into_iter().collect(),
            inner.sender.clone(),
        ))
    }

    /// Starts a subscription, which runs until the service stops. Call it in the assembly: the
    /// start fails if the settings name a group that has no subscription when the assembly ends.
    ///
    /// # Errors
    /// [`MessagingError`] if the subscription is invalid or the broker rejects it.
    pub async fn subscribe(&self, mut subscription: Subscription) -> Result<(), MessagingError> {
        let group = subscription.check()?;
        let Some(inner) = &self.0 else {
            return Ok(());
        };
        let config = inner.config.subscription(&group, &subscription.overrides);
        if let Some(problem) = config.problem(inner.sender.transport().measures_lag()) {
            let group = group.to_string();
            return Err(MessagingError::Subscription { group, problem });
        }
        let is_required = subscription.is_required(&group);
        let topics = subscription.topics.iter().map(Topic::as_str);
        inner.description.subscribes(group.as_str(), topics);
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
                is_required,
                order: subscription.order,
                group,
            },
            config,
            router: subscription.router,
            sender: inner.sender.clone(),
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

    /// Returns the state of each subscription.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerReport> {
        let Some(inner) = &self.0 else {
            return Vec::new();
        };
        let consumers = inner.consumers.all();
        consumers.iter().map(|consumer| consumer.report()).collect()
    }

    /// Pauses the subscription of a group on this instance. Running handlers finish, and other
    /// messages return to the broker. Returns whether the group has a subscription.
    pub fn pause(&self, group: &str) -> bool {
        self.with_consumer(group, Consumer::pause)
    }

    /// Resumes the subscription of a group on this instance. Returns whether the group has one.
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

    /// Returns the dead letters of the broker, and `None` if messaging is disabled.
    #[must_use]
    pub fn dead_letters(&self) -> Option<DeadLetters> {
        let inner = self.0.as_ref()?;
        let letters = DeadLetters::new(Arc::clone(inner.sender.transport()));
        Some(letters.with_timeout(inner.config.publish_timeout))
    }
}

impl Messaging {
    /// Returns the topics of all subscriptions.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        let consumers = self.0.as_ref().map(|inner| inner.consumers.all());
        let topics: BTreeSet<_> = consumers
            .into_iter()
            .flatten()
            .flat_map(|consumer| consumer.plan.topics.clone())
            .collect();
        topics.into_iter().collect()
    }

    /// Starts a job on dead letters.
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
        self.health.register(Probe::from_fn(name, true, move || {
            watched.state.check(limit)
        }));
        let first = Mutex::new(Some(first));
        let running = Arc::clone(&consumer);
        self.tasks
            .supervise(Arc::clone(&consumer.name), move |stop| {
                let (consumer, first) = (Arc::clone(&running), first.lock().take());
                async move {
                    consumer.run(first).await;
                    // The supervisor restarts a task that ends before the stop.
                    stop.requested().await;
                }
            });
        if self.sender.transport().measures_lag() {
            let (watching, interval) = (Arc::clone(&consumer), self.config.lag_interval);
            self.tasks
                .spawn(format!("lag of {}", consumer.name), async move {
                    watching.watch_lag(interval).await;
                });
        }
        self.consumers.add(consumer);
    }
}

/// The connection as a component, which stops after all publishers.
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

    fn unfinished_work(&self) -> Vec<String> {
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
