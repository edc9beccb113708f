use std::{collections::HashMap, num::NonZeroU32};

use chrono::Utc;
use seaworthy_core::{Backoff, Timeout, error_chain};
use tokio::time::{self, Instant};

use super::{
    DeadLetterFilter, DeadLetterOutcome, DeadLetterReport, DeadLetters, Progress,
    process::{Action, Batch},
};
use crate::{
    DeadLetter, Envelope, GroupName, PublishError, Topic,
    transport::{TransportError, publish_in_order},
};

/// The default limit of a selection.
const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// The default rate in letters per second, which services handle in addition to their usual load.
const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// The first backoff of retries while the broker is unavailable.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(50);
/// The maximum backoff of retries. The default timeout allows several of them.
const MAX_BACKOFF: Timeout = Timeout::from_secs(1);

/// Selects dead letters.
///
/// ```
/// use seaworthy_messaging::{Topic, dead_letters::{DeadLetterFilter, Selection}};
///
/// let topic = Topic::new("symbol.created").unwrap();
/// let selection = Selection::new(&[topic], DeadLetterFilter::default());
/// assert_eq!(selection.limit.get(), 10_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The topics.
    pub topics: Vec<Topic>,
    /// The filter.
    pub filter: DeadLetterFilter,
    /// The maximum number of dead letters.
    pub limit: NonZeroU32,
}

impl Selection {
    /// Creates a selection of at most 10,000 dead letters.
    #[must_use]
    pub fn new(topics: &[Topic], filter: DeadLetterFilter) -> Self {
        Self {
            topics: topics.to_vec(),
            filter,
            limit: DEFAULT_LIMIT,
        }
    }

    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.limit.get()).unwrap_or(usize::MAX)
    }
}

/// The consumer groups that receive a replayed message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReplayTarget {
    /// The group that failed. A replay skips a dead letter without a group.
    #[default]
    FailedGroup,
    /// This group.
    Group(GroupName),
    /// Every group of the topic, including those that have handled the message.
    AllGroups,
}

/// The options of a replay.
///
/// ```
/// use seaworthy_messaging::dead_letters::{Replay, ReplayTarget};
///
/// let replay = Replay { dry_run: true, ..Replay::default() };
/// assert_eq!(replay.target, ReplayTarget::FailedGroup);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The groups that receive the messages.
    pub target: ReplayTarget,
    /// The maximum rate in dead letters per second.
    pub rate: NonZeroU32,
    /// Whether the replay only predicts the outcomes and changes nothing.
    pub dry_run: bool,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            target: ReplayTarget::default(),
            rate: DEFAULT_RATE,
            dry_run: false,
        }
    }
}

impl Replay {
    /// Returns the message to publish, or the reason to skip it.
    pub(super) fn prepare(&self, letter: &DeadLetter) -> Result<Envelope, String> {
        if letter
            .envelope
            .expires_at()
            .is_some_and(|moment| moment <= Utc::now())
        {
            return Err("the message has expired, and a consumer would drop it".to_owned());
        }
        if let Some(truncated) = &letter.truncated {
            return Err(format!(
                "the dead letter has only the beginning of its payload of {} bytes",
                truncated.size
            ));
        }
        let recipient = match &self.target {
            ReplayTarget::AllGroups => None,
            ReplayTarget::Group(group) => Some(group.clone()),
            ReplayTarget::FailedGroup => {
                let unknown = || {
                    "the dead letter has no consumer group: name one, or replay to all groups"
                        .to_owned()
                };
                Some(letter.group.clone().ok_or_else(unknown)?)
            }
        };
        let envelope = letter.replayed(recipient);
        envelope
            .check_headers()
            .map_err(|error| error_chain(&error))?;
        Ok(envelope)
    }
}

impl DeadLetters {
    /// Publishes the selected dead letters and removes them, the oldest first. It does not replay a
    /// message again that fails again during the replay.
    ///
    /// The report has the outcome of each dead letter, and `progress` shows it from the start.
    /// Dropping the future does not lose dead letters. [`DeadLetterOutcome`] describes the dead
    /// letters whose outcome is then unknown.
    pub async fn replay(
        &self,
        selection: &Selection,
        replay: &Replay,
        progress: &Progress,
    ) -> DeadLetterReport {
        self.process(
            selection,
            replay.rate,
            replay.dry_run,
            &Replaying(replay),
            progress,
        )
        .await
    }

    /// Removes the selected dead letters permanently.
    pub async fn discard(
        &self,
        selection: &Selection,
        dry_run: bool,
        progress: &Progress,
    ) -> DeadLetterReport {
        self.process(selection, NonZeroU32::MAX, dry_run, &Discarding, progress)
            .await
    }

    /// Returns the message if its recipient subscribes to its topic. The check is necessary because
    /// engines such as Kafka accept messages for a group that does not exist.
    async fn subscribed(
        &self,
        envelope: Envelope,
        groups: &mut HashMap<GroupName, bool>,
    ) -> Result<Result<Envelope, String>, String> {
        let Some(group) = envelope.recipient() else {
            return Ok(Ok(envelope));
        };
        let is_subscribed = match groups.get(group) {
            Some(is_subscribed) => *is_subscribed,
            None => {
                let answer = self.transport.is_subscribed(group, envelope.topic()).await;
                let is_subscribed = answer.map_err(|error| error_chain(&error))?;
                groups.insert(group.clone(), is_subscribed);
                is_subscribed
            }
        };
        if is_subscribed {
            return Ok(Ok(envelope));
        }
        let topic = envelope.topic();
        Ok(Err(format!(
            "the group {group} does not subscribe to {topic}"
        )))
    }

    /// Publishes a batch and retries transient failures.
    async fn publish(&self, batch: Vec<Envelope>) -> Vec<Result<(), PublishError>> {
        let deadline = Instant::now() + self.timeout.get();
        let delays = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut answers: Vec<Option<Result<(), PublishError>>> =
            batch.iter().map(|_| None).collect();
        for attempt in 0.. {
            let open: Vec<usize> = answers
                .iter()
                .enumerate()
                .filter(|(_, answer)| is_open(answer))
                .map(|(index, _)| index)
                .collect();
            let again = open.iter().filter_map(|index| batch.get(*index)).cloned();
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = Timeout::try_from(left) else {
                break;
            };
            let results = publish_in_order(&*self.transport, again.collect(), left).await;
            for (index, answer) in open.into_iter().zip(results) {
                if let Some(known) = answers.get_mut(index) {
                    *known = Some(answer);
                }
            }
            let backoff = delays.delay(attempt);
            if !answers.iter().any(is_open) || Instant::now() + backoff >= deadline {
                break;
            }
            time::sleep(backoff).await;
        }
        let timed_out = || {
            Err(PublishError::unavailable(
                "the broker did not confirm in time",
            ))
        };
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(timed_out))
            .collect()
    }

    /// Removes a batch and retries while the broker is unavailable.
    async fn remove(&self, topic: &Topic, batch: &Batch) -> Result<(), TransportError> {
        let ids: Vec<_> = batch.iter().map(|(_, letter)| letter.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + self.timeout.get();
        let delays = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let store = topic.dead_letters();
        let mut attempt = 0;
        loop {
            let error = match self.transport.remove(&store, &ids).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let backoff = delays.delay(attempt);
            let is_over = Instant::now() + backoff >= deadline;
            if !matches!(error, TransportError::Unavailable(_)) || is_over {
                return Err(error);
            }
            time::sleep(backoff).await;
            attempt += 1;
        }
    }
}

/// Whether a dead letter must still be published: it was not sent, or the broker rejected it.
fn is_open(answer: &Option<Result<(), PublishError>>) -> bool {
    match answer {
        None => true,
        Some(answer) => matches!(
            answer,
            Err(PublishError::Unavailable(_)
                | PublishError::QueueFull { .. }
                | PublishError::Deferred)
        ),
    }
}

struct Replaying<'a>(&'a Replay);

impl Action for Replaying<'_> {
    async fn process(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String> {
        let (mut chosen, mut envelopes) = (Batch::new(), Vec::new());
        let mut groups = HashMap::new();
        for (index, letter) in batch {
            let envelope = match self.0.prepare(&letter) {
                Ok(envelope) => letters.subscribed(envelope, &mut groups).await?,
                Err(problem) => Err(problem),
            };
            match envelope {
                Ok(envelope) => {
                    progress.set(index, DeadLetterOutcome::Publishing);
                    chosen.push((index, letter));
                    envelopes.push(envelope);
                }
                Err(problem) => progress.set(index, DeadLetterOutcome::Skipped { problem }),
            }
        }
        let answers = letters.publish(envelopes).await;
        let (mut published, mut problem) = (Batch::new(), None);
        for ((index, letter), answer) in chosen.into_iter().zip(answers) {
            match answer {
                Ok(()) => {
                    progress.set(index, DeadLetterOutcome::Published);
                    published.push((index, letter));
                }
                Err(
                    error @ (PublishError::Unavailable(_)
                    | PublishError::QueueFull { .. }
                    | PublishError::Deferred),
                ) => {
                    problem = Some(error_chain(&error));
                }
                Err(error @ PublishError::Closed) => {
                    let text = error_chain(&error);
                    progress.set(
                        index,
                        DeadLetterOutcome::Rejected {
                            problem: text.clone(),
                        },
                    );
                    problem = Some(text);
                }
                Err(error) => progress.set(
                    index,
                    DeadLetterOutcome::Rejected {
                        problem: error_chain(&error),
                    },
                ),
            }
        }
        letters
            .remove(topic, &published)
            .await
            .map_err(|error| error_chain(&error))?;
        for (index, _) in published {
            progress.set(index, DeadLetterOutcome::Replayed);
        }
        problem.map_or(Ok(()), Err)
    }

    fn preview(&self, letter: &DeadLetter) -> DeadLetterOutcome {
        match self.0.prepare(letter) {
            Ok(_) => DeadLetterOutcome::Selected,
            Err(problem) => DeadLetterOutcome::Skipped { problem },
        }
    }
}

struct Discarding;

impl Action for Discarding {
    async fn process(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String> {
        letters
            .remove(topic, &batch)
            .await
            .map_err(|error| error_chain(&error))?;
        for (index, _) in batch {
            progress.set(index, DeadLetterOutcome::Discarded);
        }
        Ok(())
    }

    fn preview(&self, _letter: &DeadLetter) -> DeadLetterOutcome {
        DeadLetterOutcome::Selected
    }
}
