use std::{fmt, future::Future, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_data::{DataError, Database, Transaction};
use seaworthy_messaging::{Envelope, Failure};
use seaworthy_service::{Assembly, Schedule, Worker};

use crate::{
    config::InboxConfig,
    store::inbox::{purge, remember},
};

/// Seldom enough to be no load, often enough that no purge is large.
const PURGED_EVERY: seaworthy_core::Timeout = seaworthy_core::Timeout::from_secs(60);

/// Which messages a consumer has had (MSG-5). Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    database: Database,
    consumer: Arc<str>,
    config: InboxConfig,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// The effect was made.
    Done,
    /// It had been made before: the message came again.
    Repeat,
}

impl Inbox {
    /// The inbox of a consumer, usually named as its group, in a database that has the tables of [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub fn new(database: Database, consumer: &str, config: InboxConfig) -> Self {
        Self {
            database,
            consumer: consumer.into(),
            config,
        }
    }

    /// Forgets messages after their time, once a minute, on whatever replica.
    pub fn purge_regularly<C: Settings>(&self, service: &Assembly<C>) {
        let inbox = self.clone();
        service.worker(Worker::in_steps(
            "inbox purge",
            Schedule::Interval(PURGED_EVERY),
            move || {
                let inbox = inbox.clone();
                async move { Ok(purge(&inbox.database, inbox.config.keep.get()).await?) }
            },
        ));
    }

    /// Runs the effect of a message in a transaction that also records the message, so that the
    /// effect happens at most once. The subscription alone limits attempts (`retries`,
    /// `max_deliveries`), so a replayed message has all its attempts again.
    ///
    /// # Errors
    /// The error of `effect`, or a database failure, which is retried. Nothing is committed.
    pub async fn once<F, R>(&self, message: &Envelope, effect: F) -> Result<Once, Failure>
    where
        F: Fn(Transaction) -> R + Send + Sync,
        R: Future<Output = Result<(), Failure>> + Send,
    {
        let id = message.id().as_str();
        let effect = &effect;
        let outcome: Result<Once, Undone> = self
            .database
            .transaction(move |tx| async move {
                if !remember(&tx, &self.consumer, id).await? {
                    return Ok(Once::Repeat);
                }
                effect(tx).await.map_err(Undone::Effect)?;
                Ok(Once::Done)
            })
            .await;
        outcome.map_err(Failure::from)
    }
}

/// Why a transaction was given up.
enum Undone {
    Data(DataError),
    Effect(Failure),
}

impl From<DataError> for Undone {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Effect(failure) => failure,
            Undone::Data(error) => Self::retry(error),
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
