use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::{BoxFuture, join};
use tokio_util::task::TaskTracker;

use super::{
    DaprConfig,
    api::{Api, Metadata, transport_error},
    deliveries::DaprDeliveries,
    letters::DeadLetterStore,
    publications,
    state::StateComponent,
};
use crate::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    transport::{Deliveries, Order, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// The name of the component in the examples of Dapr.
const DEFAULT_COMPONENT: &str = "pubsub";

/// Dapr as an engine of messages.
///
/// ```no_run
/// use seaworthy_messaging::{MessagingConfig, dapr::DaprBroker, transport::TransportError};
///
/// # async fn open() -> Result<DaprBroker, TransportError> {
/// let config = MessagingConfig::new("dapr://localhost:50001/pubsub".parse().unwrap());
/// DaprBroker::open(&config).await
/// # }
/// ```
pub struct DaprBroker {
    api: Api,
    /// The component of publications, and of the group with the name of the Dapr application.
    component: String,
    config: DaprConfig,
    /// `None` if dead letters are messages of their topic.
    letters: Option<DeadLetterStore<StateComponent>>,
    publishing: TaskTracker,
    sessions: TaskTracker,
    closed: AtomicBool,
}

impl DaprBroker {
    /// Connects to the sidecar of the settings. The password is the token of its API.
    ///
    /// # Errors
    /// [`TransportError`] if the URL is invalid or the sidecar does not respond. Also if the
    /// component of the URL or of `dead_letters` is missing, or that of `dead_letters` has no
    /// ETags.
    pub async fn open(config: &MessagingConfig) -> Result<Self, TransportError> {
        let invalid = || {
            TransportError::rejected(format!(
                "{} is not an address of Dapr: use dapr://HOST:PORT/COMPONENT",
                config.url
            ))
        };
        let address = config.url.address().ok_or_else(invalid)?;
        let url = config.url.with_credentials(None).ok_or_else(invalid)?;
        let component = match url.path().trim_matches('/') {
            "" => DEFAULT_COMPONENT,
            path if path.contains('/') => return Err(invalid()),
            path => path,
        };
        let timeout = config.dapr.timeout.get();
        let api = Api::connect(&address, config.password.clone(), timeout).await?;
        let store = |component| DeadLetterStore::new(StateComponent::new(api.clone(), component));
        let broker = Self {
            letters: config.dapr.dead_letters.clone().map(store),
            api,
            component: component.to_owned(),
            config: config.dapr.clone(),
            publishing: TaskTracker::new(),
            sessions: TaskTracker::new(),
            closed: AtomicBool::new(false),
        };
        broker.metadata().await?;
        if let Some(letters) = &broker.letters {
            letters.check().await?;
        }
        Ok(broker)
    }

    /// Checks that the connection is open and that the sidecar has the components of publications
    /// and dead letters.
    async fn metadata(&self) -> Result<Metadata, TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        let metadata = self.api.metadata().await?;
        metadata.require(&self.component)?;
        if let Some(component) = &self.config.dead_letters {
            metadata.require_state(component)?;
        }
        Ok(metadata)
    }

    /// Returns the store of dead letters. Without one, the error names the function.
    fn letters(&self, function: &str) -> Result<&DeadLetterStore<StateComponent>, TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        let missing = || {
            TransportError::rejected(format!(
                "Dapr cannot {function}: set broker.dapr.dead_letters to a state store component, or use the tools of the broker"
            ))
        };
        self.letters.as_ref().ok_or_else(missing)
    }

    /// Returns the component whose consumer group this is.
    fn component_of(&self, group: &GroupName, metadata: &Metadata) -> Result<&str, TransportError> {
        let component = match self.config.groups.get(group.as_str()) {
            Some(component) => component,
            None if metadata.id == group.as_str() => &self.component,
            None => {
                return Err(TransportError::rejected(format!(
                    "Dapr has no component for the consumer group {group}: set broker.dapr.groups.{group} to a component with the consumerID {group}, or run the sidecar with this app ID instead of {:?}",
                    metadata.id
                )));
            }
        };
        metadata.require(component)?;
        Ok(component)
    }
}

/// Returns the error of a function that Dapr does not have.
fn unsupported(function: &str) -> TransportError {
    TransportError::rejected(format!(
        "Dapr cannot {function}: use the tools of the broker that its component uses"
    ))
}

impl Transport for DaprBroker {
    fn system(&self) -> &'static str {
        "dapr"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        for plan in topics.iter().filter(|plan| !plan.groups.is_empty()) {
            tracing::warn!(topic = %plan.topic, "Dapr cannot create the consumer groups of a topic: start its consumers first");
        }
        Box::pin(async move { self.metadata().await.map(drop) })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            let _until_answered = self.publishing.token();
            if self.closed.load(Ordering::SeqCst) {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            let Some(store) = &self.letters else {
                return publications::publish(&self.api, &self.component, batch).await;
            };
            let is_dead = |envelope: &Envelope| envelope.topic().is_dead_letters();
            let order: Vec<_> = batch.iter().map(is_dead).collect();
            let (dead, other): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_dead);
            let other = publications::publish(&self.api, &self.component, other);
            let (dead, other) = join(store.publish(dead), other).await;
            let (mut dead, mut other) = (dead.into_iter(), other.into_iter());
            let results = order.into_iter().filter_map(|is_dead| match is_dead {
                true => dead.next(),
                false => other.next(),
            });
            results.collect()
        })
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            if plan.order == Order::Group {
                return Err(unsupported("keep the order of a group"));
            }
            let metadata = self.metadata().await?;
            let component = self.component_of(&plan.group, &metadata)?;
            let opened = DaprDeliveries::open(&self.api, component, plan, &self.sessions).await?;
            let deliveries: Arc<dyn Deliveries> = Arc::new(opened);
            Ok(deliveries)
        })
    }

    fn measures_lag(&self) -> bool {
        false
    }

    fn lag<'a>(&'a self, _group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async { Err(unsupported("measure the lag of a group")) })
    }

    /// Dapr does not report subscriptions. A group without a component does not exist.
    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        _topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let metadata = self.metadata().await?;
            Ok(self.component_of(group, &metadata).is_ok())
        })
    }

    /// The broker of the component may be unavailable although the sidecar responds.
    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.metadata().await.map(drop) })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            let letters = self.letters("list dead letters")?;
            let page = letters.browse(topic, after, limit).await;
            page.map_err(|status| transport_error(&status))
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let letters = self.letters("remove dead letters")?;
            let removed = letters.remove(topic, ids).await;
            removed.map_err(|status| transport_error(&status))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.closed.store(true, Ordering::SeqCst);
        self.publishing.close();
        self.sessions.close();
        Box::pin(async move {
            self.publishing.wait().await;
            self.sessions.wait().await;
        })
    }
}

impl fmt::Debug for DaprBroker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DaprBroker")
            .field("api", &self.api)
            .field("component", &self.component)
            .finish_non_exhaustive()
    }
}
