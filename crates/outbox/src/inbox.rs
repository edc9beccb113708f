mod group;

use std::{fmt, future::Future, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_core::Timeout;
use seaworthy_data::{DataError, Database, Transaction};
use seaworthy_messaging::{Envelope, Failure};
use seaworthy_service::{Assembly, Schedule, Worker};

use group::Group;

use crate::{
    config::InboxConfig,
    store::inbox::{purge, record},
};

/// The interval of purges, which stay small at a negligible load.
const PURGE_INTERVAL: Timeout = Timeout::from_secs(60);

/// The messages that a consumer has processed (MSG-5). Cheap to clone.
///
/// ```
/// use seaworthy_data::{Database, sql};
/// use seaworthy_messaging::{Envelope, Failure};
/// use seaworthy_outbox::{Inbox, InboxConfig, InboxOutcome};
///
/// async fn count(database: Database, message: &Envelope) -> Result<(), Failure> {
///     let inbox = Inbox::new(database, "statistics", InboxConfig::default());
///     let outcome = inbox.process_once(message, |tx| async move {
///         let counted = sql("UPDATE statistics SET events = events + 1").execute(&tx).await;
///         counted.map(drop).map_err(Failure::retry)
///     });
///     if outcome.await? == InboxOutcome::Duplicate {
///         println!("the message was counted earlier");
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Inbox {
    database: Database,
    consumer: Arc<str>,
    config: InboxConfig,
    group: Option<Arc<Group>>,
}

/// The outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxOutcome {
    /// The effect was committed.
    Processed,
    /// An earlier delivery committed the effect. This delivery has no effect.
    Duplicate,
}

impl Inbox {
    /// Creates the inbox of a consumer in a database with the tables of
    /// [`MIGRATIONS`](crate::MIGRATIONS). Use the name of the consumer group.
    #[must_use]
    pub fn new(database: Database, consumer: &str, config: InboxConfig) -> Self {
        Self {
            database,
            consumer: consumer.into(),
            config,
            group: None,
        }
    }

    /// Lets messages that arrive at the same time share a transaction. It saves most commits under
    /// load. A single message does not wait for others.
    ///
    /// Use it for effects that only use their transaction: an effect that waits for something else
    /// delays the other messages. If an effect fails, each message of its transaction is processed
    /// again alone, so that a failure concerns only its own message. The effects run one after
    /// another, in the order of the keys of their messages.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.group = Some(Arc::default());
        self
    }

    /// Starts a worker that removes messages older than [`InboxConfig::retention`] once a minute.
    ///
    /// The worker removes the messages of all consumers in the database. Call this method for one
    /// inbox of a service, because a second worker with the same name prevents its start.
    pub fn purge_regularly<C: Settings>(&self, service: &Assembly<C>) {
        let inbox = self.clone();
        service.worker(Worker::in_batches(
            "inbox purge",
            Schedule::Interval(PURGE_INTERVAL),
            move || {
                let inbox = inbox.clone();
                async move { Ok(purge(&inbox.database, inbox.config.retention.get()).await?) }
            },
        ));
    }

    /// Runs the effect of a message in a transaction that also records the message, so that the
    /// effect happens at most once. The subscription alone limits attempts (`max_retries`,
    /// `max_deliveries`), so a replayed message has all its attempts again.
    ///
    /// # Errors
    /// The error of `effect`, or a database failure, which is retried. Nothing is committed.
    pub async fn process_once<F, R>(
        &self,
        message: &Envelope,
        effect: F,
    ) -> Result<InboxOutcome, Failure>
    where
        F: Fn(Transaction) -> R + Send + Sync,
        R: Future<Output = Result<(), Failure>> + Send,
    {
        let id = message.id().as_str();
        let effect = &effect;
        if let Some(group) = &self.group
            && let Some(outcome) = self.process_in_group(group, message, effect).await
        {
            return Ok(outcome);
        }
        let outcome: Result<InboxOutcome, Rollback> = self
            .database
            .transaction(move |tx| async move {
                if !record(&tx, &self.consumer, id).await? {
                    return Ok(InboxOutcome::Duplicate);
                }
                effect(tx).await.map_err(Rollback::Effect)?;
                Ok(InboxOutcome::Processed)
            })
            .await;
        outcome.map_err(Failure::from)
    }

    /// Returns `None` if the transaction of the group was rolled back.
    async fn process_in_group<F, R>(
        &self,
        group: &Arc<Group>,
        message: &Envelope,
        effect: &F,
    ) -> Option<InboxOutcome>
    where
        F: Fn(Transaction) -> R + Send + Sync,
        R: Future<Output = Result<(), Failure>> + Send,
    {
        let entry = group.join(&self.database, &self.consumer, message);
        if let Ok(permit) = entry.permit.await {
            let tx = permit.tx.clone();
            let is_done = tx.scope(effect(permit.tx)).await.is_ok();
            // The transaction may end as soon as this handle is dropped.
            drop(tx);
            let _ = permit.done.send(is_done);
        }
        entry.outcome.await.ok()
    }
}

/// The reason for a rollback.
enum Rollback {
    Data(DataError),
    Effect(Failure),
}

impl From<DataError> for Rollback {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<Rollback> for Failure {
    fn from(rollback: Rollback) -> Self {
        match rollback {
            Rollback::Effect(failure) => failure,
            Rollback::Data(error) => Self::retry(error),
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Inbox")
            .field(&self.consumer)
            .finish()
    }
}
