use std::{num::NonZeroU32, sync::Arc};

use rand::RngExt as _;
use seaworthy_core::Backoff;
use seaworthy_data::DataError;
use seaworthy_messaging::{Envelope, PublishError, Topic};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{fate::fate, full_topics::FullTopics, target::RelayTarget};
use crate::{
    config::RelayConfig,
    outbox::Inner,
    store::{
        Place,
        claim::{Claimed, claim, is_anything},
        settle::{Fate, settle},
    },
};

/// Publishes rows until it is told to stop and nothing is left. Cheap to clone; each clone is another relay.
#[derive(Clone)]
pub(crate) struct Relay(Arc<Parts>);

struct Parts {
    outbox: Arc<Inner>,
    target: Arc<dyn RelayTarget>,
    config: RelayConfig,
    full_topics: FullTopics,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// A good part of a batch was published; there is likely more.
    Many,
    /// A few rows were published, and more may come.
    Few,
    /// There was nothing to publish, or others have it.
    Nothing,
    /// The broker could not be reached.
    Down,
}

/// Less than this of a batch is little: at a quarter the next turn is worth what it costs.
fn few(batch: NonZeroU32) -> usize {
    usize::try_from(batch.get() / 4).unwrap_or(usize::MAX)
}

impl Relay {
    pub(crate) fn new(
        outbox: Arc<Inner>,
        target: Arc<dyn RelayTarget>,
        config: RelayConfig,
    ) -> Self {
        Self(Arc::new(Parts {
            outbox,
            target,
            config,
            full_topics: FullTopics::default(),
        }))
    }

    pub(crate) fn count(&self) -> u16 {
        self.0.config.relays.get()
    }

    /// Runs until `stop` turns true and nothing is left to publish, or the broker cannot be reached then.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let Parts { outbox, config, .. } = &*self.0;
        let looks = Backoff::new(config.first_look, config.last_look);
        let mut idle = 0_u32;
        let mut failed = 0_u32;
        loop {
            // Asked before the turn: whoever stores after it is another service's, or lost its stop.
            let is_last = *stop.borrow();
            let came = self.turn().await;
            let (pause, may_be_woken) = match came {
                Ok(Came::Many) => {
                    (idle, failed) = (0, 0);
                    continue;
                }
                // A turn costs the database the same for one row as for many.
                Ok(Came::Few) if !is_last => {
                    (idle, failed) = (0, 0);
                    (config.gather.get(), false)
                }
                Ok(Came::Few) => continue,
                Ok(Came::Nothing) if is_last => return,
                Ok(Came::Nothing) => {
                    failed = 0;
                    idle = idle.saturating_add(1);
                    (looks.max_delay(idle - 1), true)
                }
                Ok(Came::Down) | Err(_) => {
                    outbox.observer.failures.increment();
                    if let Err(error) = &came {
                        let problem = error.to_string();
                        tracing::warn!(problem, "a relay cannot read or write the outbox");
                    }
                    if is_last {
                        return;
                    }
                    failed = failed.saturating_add(1);
                    (looks.max_delay(failed - 1), false)
                }
            };
            let spread = 0.8 + 0.4 * rand::rng().random::<f64>();
            tokio::select! {
                () = sleep(pause.mul_f64(spread)) => {}
                () = outbox.committed.notified(), if may_be_woken => idle = 0,
                // The last looks follow each other without the pauses of an idle outbox.
                _ = stop.changed(), if !is_last => {}
            }
        }
    }

    async fn turn(&self) -> Result<Came, DataError> {
        let Parts { outbox, config, .. } = &*self.0;
        if !is_anything(&outbox.database).await? {
            return Ok(Came::Nothing);
        }
        match claim(&outbox.database, config.batch.get(), config.claim.get()).await? {
            Some(claimed) => self.publish(claimed).await,
            None => Ok(Came::Nothing),
        }
    }

    async fn publish(&self, claimed: Claimed) -> Result<Came, DataError> {
        let Parts {
            outbox,
            target,
            config,
            full_topics,
        } = &*self.0;
        let mut fates = Vec::with_capacity(claimed.rows.len());
        let mut batch = Vec::with_capacity(claimed.rows.len());
        let mut rows = Vec::with_capacity(claimed.rows.len());
        for row in claimed.rows {
            match &row.envelope {
                Ok(envelope) => {
                    batch.push(envelope.clone());
                    rows.push(row);
                }
                Err(problem) => fates.push((
                    row.place(),
                    Fate::Parked {
                        problem: format!("the row cannot be read: {problem}"),
                    },
                )),
            }
        }
        let topics: Vec<Topic> = batch.iter().map(Envelope::topic).cloned().collect();
        // Past half of the claim's time nobody may rely on it any more.
        let answers = timeout(config.claim.get() / 2, target.publish(batch)).await;
        let mut answers = answers.unwrap_or_default();
        let unanswered = || Err(PublishError::unavailable("there was no answer"));
        answers.resize_with(rows.len(), unanswered);
        full_topics.record(topics.iter().zip(&answers));
        for (row, answer) in rows.iter().zip(&answers) {
            fates.push((row.place(), fate(row, answer, config, full_topics)));
        }
        settle(&outbox.database, &claimed.claim, &fates).await?;
        Ok(self.tell(&fates))
    }

    fn tell(&self, fates: &[(Place, Fate)]) -> Came {
        let observer = &self.0.outbox.observer;
        let is_few = fates.len() < few(self.0.config.batch);
        let mut came = if is_few { Came::Few } else { Came::Many };
        for (Place { sequence, .. }, fate) in fates {
            match fate {
                Fate::Sent => observer.sent.increment(),
                Fate::Again { problem, .. } => {
                    observer.retried.increment();
                    tracing::warn!(
                        sequence,
                        problem,
                        "the broker refused an event; it is tried again"
                    );
                }
                Fate::Parked { problem } => {
                    observer.dead.increment();
                    tracing::error!(
                        sequence,
                        problem,
                        "an event was set aside: see the command outbox"
                    );
                }
                Fate::Delayed { problem, .. } => {
                    observer.retried.increment();
                    tracing::warn!(sequence, problem, "a queue is full; the event is delayed");
                }
                Fate::Free => came = Came::Down,
                Fate::Deferred => {}
            }
        }
        came
    }
}
