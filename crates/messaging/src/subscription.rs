use std::{collections::BTreeSet, fmt, future::Future, num::NonZeroU16, sync::Arc};

use bytes::Bytes;
use futures::FutureExt as _;
use seaworthy_core::Timeout;
use serde::de::DeserializeOwned;

use crate::{
    ConsumerGroup, Event, Failure, GroupName, InvalidName, MessagingError, Received, Topic,
    config::SubscriptionOverrides,
    consumer::{Route, Router},
    event::{from_json, from_protobuf, topic_of},
    transport::Order,
};

/// The subscription of a consumer group: its topics and handlers.
///
/// The instances of a service that subscribe as one group share its messages. Every group receives
/// all messages of its topics.
///
/// ```
/// use seaworthy_messaging::{Event, Failure, Received, Subscription};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct SymbolCreated { id: u64 }
///
/// impl Event for SymbolCreated {
///     const TYPE: &'static str = "symbol.created";
///     const VERSION: u32 = 1;
/// }
///
/// async fn created(event: Received<SymbolCreated>) -> Result<(), Failure> {
///     tracing::info!(id = event.id, "a symbol was created");
///     Ok(())
/// }
///
/// let subscription = Subscription::new("audit").on(created).concurrency(4);
/// ```
pub struct Subscription {
    pub(crate) group: Result<GroupName, InvalidName>,
    pub(crate) topics: BTreeSet<Topic>,
    pub(crate) router: Router,
    pub(crate) order: Order,
    pub(crate) overrides: SubscriptionOverrides,
    /// The groups that the events declare.
    declared: Vec<ConsumerGroup>,
    is_for_group: bool,
    problems: Vec<MessagingError>,
}

impl Subscription {
    /// Creates a subscription of a consumer group without handlers.
    #[must_use]
    pub fn new(group: &str) -> Self {
        Self {
            group: GroupName::new(group),
            topics: BTreeSet::new(),
            router: Router::default(),
            order: Order::Member,
            overrides: SubscriptionOverrides::default(),
            declared: Vec::new(),
            is_for_group: false,
            problems: Vec::new(),
        }
    }

    /// Creates a subscription of a group that its events declare, without handlers.
    ///
    /// ```
    /// # use seaworthy_messaging::{ConsumerGroup, Subscription};
    /// const AUDIT: ConsumerGroup = ConsumerGroup::new("audit");
    ///
    /// let subscription = Subscription::for_group(AUDIT);
    /// # drop(subscription);
    /// ```
    #[must_use]
    pub fn for_group(group: ConsumerGroup) -> Self {
        Self {
            order: group.order(),
            is_for_group: true,
            ..Self::new(group.name())
        }
    }

    /// Adds a handler for an event with a JSON payload. The consumer acknowledges the message after
    /// the handler has succeeded. In a handler, `?` converts an [`Error`](seaworthy_core::Error)
    /// into a [`Failure`].
    ///
    /// ```
    /// # use seaworthy_messaging::{Event, Received, Subscription};
    /// # #[derive(serde::Deserialize)]
    /// # struct SymbolCreated { id: u64 }
    /// # impl Event for SymbolCreated {
    /// #     const TYPE: &'static str = "symbol.created";
    /// #     const VERSION: u32 = 1;
    /// # }
    /// # async fn store(id: u64) -> Result<(), seaworthy_core::Error> { Ok(()) }
    /// let subscription = Subscription::new("audit").on(async |event: Received<SymbolCreated>| {
    ///     store(event.id).await?;
    ///     Ok(())
    /// });
    /// ```
    #[must_use]
    pub fn on<E, H, F>(self, handler: H) -> Self
    where
        E: Event + DeserializeOwned,
        H: Fn(Received<E>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.typed::<E>(Arc::new(move |envelope, attempt, deliveries| {
            let event = from_json::<E>(envelope.payload())?;
            let received = Received::new(event, envelope, attempt, deliveries);
            Ok(handler(received).boxed())
        }))
    }

    /// Adds a handler for an event with a protobuf payload.
    #[must_use]
    pub fn on_protobuf<E, H, F>(self, handler: H) -> Self
    where
        E: Event + prost::Message + Default,
        H: Fn(Received<E>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.typed::<E>(Arc::new(move |envelope, attempt, deliveries| {
            let event = from_protobuf::<E>(envelope.payload())?;
            let received = Received::new(event, envelope, attempt, deliveries);
            Ok(handler(received).boxed())
        }))
    }

    /// Adds a handler for the bytes of all messages of a topic whose event type has no handler, for
    /// messages that other systems define.
    #[must_use]
    pub fn on_topic<H, F>(mut self, topic: &str, handler: H) -> Self
    where
        H: Fn(Received<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        match Topic::new(topic) {
            Ok(topic) => {
                let run: Route = Arc::new(move |envelope, attempt, deliveries| {
                    let payload = envelope.payload().clone();
                    let received = Received::new(payload, envelope, attempt, deliveries);
                    Ok(handler(received).boxed())
                });
                if !self.router.add_topic(&topic, run) {
                    self.problem(format!("has two handlers for the topic {topic}"));
                }
                self.topics.insert(topic);
            }
            Err(error) => self.problems.push(error.into()),
        }
        self
    }

    fn typed<E: Event>(mut self, run: Route) -> Self {
        match topic_of::<E>() {
            Ok(topic) => {
                if !self.router.add(E::TYPE, E::VERSION, run) {
                    self.problem(format!(
                        "has two handlers for {} of version {}",
                        E::TYPE,
                        E::VERSION
                    ));
                }
                self.topics.insert(topic);
                self.declared.extend(E::GROUPS);
            }
            Err(error) => self.problems.push(error.into()),
        }
        self
    }

    fn problem(&mut self, problem: String) {
        let group = match &self.group {
            Ok(group) => group.to_string(),
            Err(_) => String::new(),
        };
        self.problems
            .push(MessagingError::Subscription { group, problem });
    }

    /// Keeps the order of the messages of a key across all instances, not only within each. On some
    /// engines one instance then consumes and the others are on standby.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.order = Order::Group;
        self
    }

    /// Sets the maximum number of messages that are handled at the same time, at least 1. Settings
    /// override it.
    #[must_use]
    pub fn concurrency(mut self, concurrency: u16) -> Self {
        self.overrides.concurrency = Some(NonZeroU16::new(concurrency).unwrap_or(NonZeroU16::MIN));
        self
    }

    /// Sets the maximum number of unacknowledged messages of an instance, at least 1. Settings
    /// override it.
    #[must_use]
    pub fn prefetch(mut self, prefetch: u16) -> Self {
        self.overrides.prefetch = Some(NonZeroU16::new(prefetch).unwrap_or(NonZeroU16::MIN));
        self
    }

    /// Sets the timeout of one attempt. Settings override it.
    #[must_use]
    pub fn handler_timeout(mut self, timeout: Timeout) -> Self {
        self.overrides.handler_timeout = Some(timeout);
        self
    }

    /// Sets the number of retries before a message is dead-lettered. Settings override it.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.overrides.max_retries = Some(max_retries);
        self
    }

    /// Sets all limits. Settings override them.
    #[must_use]
    pub fn limits(mut self, overrides: SubscriptionOverrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// Whether events name the group, so that publishers may create it.
    pub(crate) fn is_required(&self, group: &GroupName) -> bool {
        let mut declared = self.declared.iter();
        self.is_for_group || declared.any(|declared| declared.name() == group.as_str())
    }

    /// Returns the group of a valid subscription, else the first problem.
    pub(crate) fn check(&mut self) -> Result<GroupName, MessagingError> {
        let group = self.group.clone()?;
        if !self.problems.is_empty() {
            return Err(self.problems.remove(0));
        }
        let mut declared = self.declared.iter();
        let of_group = declared.find(|declared| declared.name() == group.as_str());
        if of_group.is_some_and(|declared| declared.order() != self.order) {
            return Err(MessagingError::Subscription {
                group: group.to_string(),
                problem: "has another order than in Event::GROUPS of its events: use Subscription::for_group".to_owned(),
            });
        }
        if self.topics.is_empty() {
            return Err(MessagingError::Subscription {
                group: group.to_string(),
                problem: "has no handlers: add one with on, on_protobuf or on_topic".to_owned(),
            });
        }
        Ok(group)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Subscription")
            .field("group", &self.group)
            .field("topics", &self.topics)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const AUDIT: ConsumerGroup = ConsumerGroup::new("audit");

    #[derive(Deserialize)]
    struct Named;

    impl Event for Named {
        const TYPE: &'static str = "named";
        const VERSION: u32 = 1;
        const GROUPS: &'static [ConsumerGroup] = &[AUDIT];
    }

    #[test]
    fn group_that_publishers_create_is_required_msg_3() {
        let is_required = |subscription: Subscription| {
            let group = subscription.group.clone().unwrap();
            subscription.is_required(&group)
        };
        let named = |group| Subscription::new(group).on(async |_: Received<Named>| Ok(()));
        assert!(is_required(named("audit")));
        assert!(!is_required(named("billing")));
        // A handler of raw bytes has no event type that names groups.
        let bytes = Subscription::for_group(AUDIT).on_topic("named", async |_| Ok(()));
        assert!(is_required(bytes));
    }
}
