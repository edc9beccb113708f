use std::sync::Arc;

use seaworthy::{
    data::prelude::*,
    messaging::{Failure, Subscription},
    outbox::Inbox,
    prelude::*,
};
use tutoring_contract::events::{Kind, Occurred};

/// A message that changes the database of a service with the state `S`.
pub trait Effect<S: Sync>: Kind {
    /// Changes the database. `at` is the time of the event.
    ///
    /// # Errors
    /// Any error. The transaction rolls back.
    fn apply(
        &self,
        tx: &Transaction,
        at: DateTime<Utc>,
        state: &S,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Runs after the transaction, also for a repeated message.
    fn after(&self, _state: &S) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A consumer group that applies each message once.
#[derive(Debug)]
pub struct Consumer<S> {
    subscription: Subscription,
    inbox: Inbox,
    state: Arc<S>,
    /// The reasons of violations that are transient. `None`: all failures are.
    transient: Option<&'static [&'static str]>,
}

impl<S: Send + Sync + 'static> Consumer<S> {
    /// Creates a consumer of a group. All failures are transient.
    #[must_use]
    pub fn new(group: &str, inbox: Inbox, state: &Arc<S>) -> Self {
        Self {
            subscription: Subscription::new(group),
            inbox,
            state: Arc::clone(state),
            transient: None,
        }
    }

    /// Sets the retries of a message.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.subscription = self.subscription.max_retries(retries);
        self
    }

    /// Makes violations of rules permanent, except those with these reasons. Applies to the kinds that
    /// follow.
    #[must_use]
    pub fn reject_violations(mut self, except: &'static [&'static str]) -> Self {
        self.transient = Some(except);
        self
    }

    /// Applies the messages of a kind.
    #[must_use]
    pub fn on<K: Effect<S>>(mut self) -> Self {
        let (inbox, state, transient) =
            (self.inbox.clone(), Arc::clone(&self.state), self.transient);
        let subscription = self.subscription.on::<Occurred<K>, _, _>(move |received| {
            let (inbox, state) = (inbox.clone(), Arc::clone(&state));
            async move {
                let (event, state) = (received.event(), &*state);
                let at = DateTime::from_timestamp_millis(event.timestamp).unwrap_or_default();
                let applied = inbox.process_once(received.envelope(), |tx| async move {
                    let applied = event.data.apply(&tx, at, state).await;
                    applied.map_err(|error| failure(error, transient))
                });
                applied.await?;
                event.data.after(state).await;
                Ok(())
            }
        });
        self.subscription = subscription;
        self
    }

    /// Returns the subscription.
    #[must_use]
    pub fn subscription(self) -> Subscription {
        self.subscription
    }
}

fn failure(error: Error, transient: Option<&[&str]>) -> Failure {
    let is_violation = matches!(
        error.code(),
        Code::Conflict | Code::NotFound | Code::Invalid
    );
    match transient {
        Some(except) if is_violation && !except.contains(&error.reason()) => Failure::reject(error),
        _ => Failure::retry(error),
    }
}
