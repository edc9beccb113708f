use std::sync::Arc;

use seaworthy_core::{Code, Error, Timeout};
use seaworthy_data::Transaction;
use seaworthy_messaging::{
    ConsumerGroup, Event, Failure, Messaging, Subscription, SubscriptionOverrides, Topics,
};
use seaworthy_service::StartError;
use serde::de::DeserializeOwned;

use crate::Inbox;

/// An event that changes the database of a service with the state `S`.
pub trait Effect<S: Sync>: Event + DeserializeOwned + Sync {
    /// Changes the database.
    ///
    /// # Errors
    /// Any error. The transaction rolls back.
    fn apply(&self, tx: &Transaction, state: &S) -> impl Future<Output = Result<(), Error>> + Send;

    /// Runs after the transaction, also for a repeated message.
    fn after_commit(&self, _state: &S) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A consumer group that applies each message once.
///
/// ```
/// use seaworthy_core::Error;
/// use seaworthy_data::{Transaction, sql};
/// use seaworthy_messaging::Event;
/// use seaworthy_outbox::{Consumer, Effect};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct SymbolCreated { id: i64 }
///
/// impl Event for SymbolCreated {
///     const TYPE: &'static str = "symbol.created";
///     const VERSION: u32 = 1;
/// }
///
/// impl Effect<()> for SymbolCreated {
///     async fn apply(&self, tx: &Transaction, (): &()) -> Result<(), Error> {
///         sql("INSERT INTO copies (id) VALUES (?)").bind(self.id).execute(tx).await?;
///         Ok(())
///     }
/// }
///
/// let consumer = Consumer::<()>::new("copies").max_retries(4).on::<SymbolCreated>();
/// let topics = Consumer::topics([consumer]);
/// # drop(topics);
/// ```
#[derive(Debug)]
pub struct Consumer<S> {
    group: ConsumerGroup,
    /// Whether the events of the group declare it.
    is_declared: bool,
    limits: Option<SubscriptionOverrides>,
    transient: Transient,
    events: Vec<Applied<S>>,
}

/// The reasons of violations that are transient. `None`: all failures are.
type Transient = Option<&'static [&'static str]>;
type Subscribe<S> = fn(Subscription, Inbox, Arc<S>, Transient) -> Subscription;

/// An event, as the functions that add it to topics and to a subscription.
#[derive(Debug)]
struct Applied<S> {
    topics: fn(Topics) -> Topics,
    subscribe: Subscribe<S>,
}

impl<S: Send + Sync + 'static> Consumer<S> {
    /// Creates a consumer of a group. All failures are transient.
    #[must_use]
    pub const fn new(group: &'static str) -> Self {
        Self::with(ConsumerGroup::new(group), false)
    }

    /// Creates a consumer of a group that its events declare. All failures are transient.
    ///
    /// ```
    /// use seaworthy_messaging::ConsumerGroup;
    /// use seaworthy_outbox::Consumer;
    ///
    /// const COPIES: ConsumerGroup = ConsumerGroup::new("copies");
    ///
    /// let consumer = Consumer::<()>::for_group(COPIES);
    /// # drop(consumer);
    /// ```
    #[must_use]
    pub const fn for_group(group: ConsumerGroup) -> Self {
        Self::with(group, true)
    }

    const fn with(group: ConsumerGroup, is_declared: bool) -> Self {
        Self {
            group,
            is_declared,
            limits: None,
            transient: None,
            events: Vec::new(),
        }
    }

    /// Sets the retries of a message. Settings override it.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.limits.get_or_insert_default().max_retries = Some(retries);
        self
    }

    /// Sets the maximum backoff before the first retry, and before any retry. It doubles with each
    /// retry. Settings override it.
    #[must_use]
    pub fn backoff(mut self, initial: Timeout, max: Timeout) -> Self {
        let limits = self.limits.get_or_insert_default();
        limits.initial_backoff = Some(initial);
        limits.max_backoff = Some(max);
        self
    }

    /// Returns the limits that the code sets.
    #[must_use]
    pub fn limits(&self) -> SubscriptionOverrides {
        self.limits.clone().unwrap_or_default()
    }

    /// Makes violations of rules permanent, except those with these reasons. A violation has the
    /// code [`Conflict`](Code::Conflict), [`NotFound`](Code::NotFound) or
    /// [`Invalid`](Code::Invalid).
    #[must_use]
    pub fn reject_violations(mut self, except: &'static [&'static str]) -> Self {
        self.transient = Some(except);
        self
    }

    /// Applies the messages of an event.
    #[must_use]
    pub fn on<E: Effect<S>>(mut self) -> Self {
        self.events.push(Applied {
            topics: Topics::with::<E>,
            subscribe: subscribe::<E, S>,
        });
        self
    }

    /// Returns the topics that groups consume.
    #[must_use]
    pub fn topics(groups: impl IntoIterator<Item = Self>) -> Topics {
        let events = groups.into_iter().flat_map(|group| group.events);
        events.fold(Topics::new(), |topics, event| (event.topics)(topics))
    }

    /// Subscribes groups. `inbox` makes the inbox of a group.
    ///
    /// # Errors
    /// The broker rejects a subscription.
    pub async fn subscribe(
        groups: impl IntoIterator<Item = Self>,
        messaging: &Messaging,
        state: &Arc<S>,
        inbox: impl Fn(&str) -> Inbox,
    ) -> Result<(), StartError> {
        for group in groups {
            let subscription = match group.is_declared {
                true => Subscription::for_group(group.group),
                false => Subscription::new(group.group.name()),
            };
            let mut subscription = subscription.limits(group.limits());
            let inbox = inbox(group.group.name());
            for event in group.events {
                let (inbox, state) = (inbox.clone(), Arc::clone(state));
                subscription = (event.subscribe)(subscription, inbox, state, group.transient);
            }
            messaging.subscribe(subscription).await?;
        }
        Ok(())
    }
}

fn subscribe<E: Effect<S>, S: Send + Sync + 'static>(
    subscription: Subscription,
    inbox: Inbox,
    state: Arc<S>,
    transient: Transient,
) -> Subscription {
    subscription.on::<E, _, _>(move |received| {
        let (inbox, state) = (inbox.clone(), Arc::clone(&state));
        async move {
            let (event, state) = (received.event(), &*state);
            let applied = inbox.process_once(received.envelope(), |tx| async move {
                let applied = event.apply(&tx, state).await;
                applied.map_err(|error| failure(error, transient))
            });
            applied.await?;
            event.after_commit(state).await;
            Ok(())
        }
    })
}

fn failure(error: Error, transient: Transient) -> Failure {
    let is_violation = matches!(
        error.code(),
        Code::Conflict | Code::NotFound | Code::Invalid
    );
    match transient {
        Some(except) if is_violation && !except.contains(&error.reason()) => Failure::reject(error),
        _ => Failure::retry(error),
    }
}
