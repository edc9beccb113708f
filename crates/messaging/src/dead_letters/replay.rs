use std::{collections::HashMap, error::Error as StdError, num::NonZeroU32};

use chrono::Utc;
use seaworthy_core::{Backoff, Timeout};
use tokio::time::{self, Instant};

use super::{
    DeadLetterFilter, DeadLetterReport, DeadLetters, DeadLetterOutcome, Progress,
    turns::{Batch, Treatment},
};
use crate::{
    DeadLetter, Envelope, GroupName, PublishError, Topic,
    transport::{TransportError, publish_in_order},
};

/// As many as one person decides about at once.
const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// What every service handles beside its usual work.
const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Between two attempts, while the broker is away for a moment.
const RETRY_INITIAL: Timeout = Timeout::from_millis(50);
/// A timeout has room for several of these.
const RETRY_CAP: Timeout = Timeout::from_secs(1);

/// Which dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Of these topics.
    pub topics: Vec<Topic>,
    /// All that pass.
    pub filter: DeadLetterFilter,
    /// At most so many.
    pub limit: NonZeroU32,
}

impl Selection {
    /// Those of these topics that pass, at most 10,000.
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

/// For whom letters are published again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReplayTarget {
    /// The group that could not handle it: the others have had it. A letter that does not say which group that was is skipped.
    #[default]
    FailedGroup,
    /// This group.
    Group(GroupName),
    /// Every group of the topic, also those that have handled it.
    Everyone,
}

/// How letters are replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// For whom.
    pub target: ReplayTarget,
    /// How many in a second at most.
    pub rate: NonZeroU32,
    /// Only tells what would be done.
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
    /// The message as it would be published, or why it is not.
    pub(super) fn prepare(&self, letter: &DeadLetter) -> Result<Envelope, String> {
        if letter
            .envelope
            .expires_at()
            .is_some_and(|moment| moment <= Utc::now())
        {
            return Err("it has expired: whoever got it would drop it".to_owned());
        }
        if let Some(cut) = &letter.cut {
            return Err(format!(
                "only the beginning of its payload of {} bytes was kept: the broker refused the whole",
                cut.size
            ));
        }
        let recipient = match &self.target {
            ReplayTarget::Everyone => None,
            ReplayTarget::Group(group) => Some(group.clone()),
            ReplayTarget::FailedGroup => {
                let unknown = || {
                    "it does not say which group could not handle it: name one, or everyone"
                        .to_owned()
                };
                Some(letter.group.clone().ok_or_else(unknown)?)
            }
        };
        let envelope = letter.replayed(recipient);
        envelope.check_headers().map_err(|error| chain(&error))?;
        Ok(envelope)
    }
}

impl DeadLetters {
    /// Publishes the selected letters again and removes them, the oldest first. What has failed again since it began is left alone.
    ///
    /// The report, which `progress` shows from the begin, tells what became of each. Dropped in the middle it loses nothing; see [`DeadLetterOutcome`] for what is then not known.
    pub async fn replay(
        &self,
        selection: &Selection,
        replay: &Replay,
        progress: &Progress,
    ) -> DeadLetterReport {
        self.treat(
            selection,
            replay.rate,
            replay.dry_run,
            &Replaying(replay),
            progress,
        )
        .await
    }

    /// Removes the selected letters. They are gone.
    pub async fn discard(
        &self,
        selection: &Selection,
        dry_run: bool,
        progress: &Progress,
    ) -> DeadLetterReport {
        self.treat(selection, NonZeroU32::MAX, dry_run, &Discarding, progress)
            .await
    }

    /// The message, unless nobody would get it: a log takes what is for a group that there is not.
    async fn heard(
        &self,
        envelope: Envelope,
        groups: &mut HashMap<GroupName, bool>,
    ) -> Result<Result<Envelope, String>, String> {
        let Some(group) = envelope.recipient() else {
            return Ok(Ok(envelope));
        };
        let hears = match groups.get(group) {
            Some(hears) => *hears,
            None => {
                let hears = self.transport.is_subscribed(group, envelope.topic()).await;
                let hears = hears.map_err(|error| chain(&error))?;
                groups.insert(group.clone(), hears);
                hears
            }
        };
        if hears {
            return Ok(Ok(envelope));
        }
        let topic = envelope.topic();
        Ok(Err(format!(
            "the group {group} gets no messages of {topic}"
        )))
    }

    /// Publishes, with further attempts for what the broker cannot take now.
    async fn publish(&self, batch: Vec<Envelope>) -> Vec<Result<(), PublishError>> {
        let end = Instant::now() + self.timeout.get();
        let backoff = Backoff::new(RETRY_INITIAL, RETRY_CAP);
        let mut answers: Vec<Option<Result<(), PublishError>>> =
            batch.iter().map(|_| None).collect();
        for attempt in 0.. {
            let open: Vec<usize> = answers
                .iter()
                .enumerate()
                .filter(|(_, answer)| is_open(answer))
                .map(|(place, _)| place)
                .collect();
            let again = open.iter().filter_map(|place| batch.get(*place)).cloned();
            let Ok(left) = Timeout::try_from(end.saturating_duration_since(Instant::now())) else {
                break;
            };
            let came = publish_in_order(&*self.transport, again.collect(), left).await;
            for (place, answer) in open.into_iter().zip(came) {
                if let Some(known) = answers.get_mut(place) {
                    *known = Some(answer);
                }
            }
            let pause = backoff.delay(attempt);
            if !answers.iter().any(is_open) || Instant::now() + pause >= end {
                break;
            }
            time::sleep(pause).await;
        }
        let late = || Err(PublishError::unavailable("no confirmation in time"));
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(late))
            .collect()
    }

    /// Removes, with further attempts while the broker is away.
    async fn remove(&self, topic: &Topic, batch: &Batch) -> Result<(), TransportError> {
        let ids: Vec<_> = batch.iter().map(|(_, letter)| letter.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let end = Instant::now() + self.timeout.get();
        let backoff = Backoff::new(RETRY_INITIAL, RETRY_CAP);
        let store = topic.dead_letters();
        let mut attempt = 0;
        loop {
            let error = match self.transport.remove(&store, &ids).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let pause = backoff.delay(attempt);
            if !matches!(error, TransportError::Unavailable(_)) || Instant::now() + pause >= end {
                return Err(error);
            }
            time::sleep(pause).await;
            attempt += 1;
        }
    }
}

/// Whether a dead letter must still be published: it was not sent, or the broker refused it.
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

impl Treatment for Replaying<'_> {
    async fn treat(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String> {
        let (mut chosen, mut envelopes) = (Batch::new(), Vec::new());
        let mut groups = HashMap::new();
        for (place, letter) in batch {
            let envelope = match self.0.prepare(&letter) {
                Ok(envelope) => letters.heard(envelope, &mut groups).await?,
                Err(problem) => Err(problem),
            };
            match envelope {
                Ok(envelope) => {
                    progress.set(place, DeadLetterOutcome::Publishing);
                    chosen.push((place, letter));
                    envelopes.push(envelope);
                }
                Err(problem) => progress.set(place, DeadLetterOutcome::Skipped { problem }),
            }
        }
        let answers = letters.publish(envelopes).await;
        let (mut published, mut problem) = (Batch::new(), None);
        for ((place, letter), answer) in chosen.into_iter().zip(answers) {
            match answer {
                Ok(()) => {
                    progress.set(place, DeadLetterOutcome::Published);
                    published.push((place, letter));
                }
                Err(
                    error @ (PublishError::Unavailable(_)
                    | PublishError::QueueFull { .. }
                    | PublishError::Deferred),
                ) => {
                    problem = Some(chain(&error));
                }
                Err(error @ PublishError::Closed) => {
                    let text = chain(&error);
                    progress.set(
                        place,
                        DeadLetterOutcome::Refused {
                            problem: text.clone(),
                        },
                    );
                    problem = Some(text);
                }
                Err(error) => progress.set(
                    place,
                    DeadLetterOutcome::Refused {
                        problem: chain(&error),
                    },
                ),
            }
        }
        letters
            .remove(topic, &published)
            .await
            .map_err(|error| chain(&error))?;
        for (place, _) in published {
            progress.set(place, DeadLetterOutcome::Replayed);
        }
        problem.map_or(Ok(()), Err)
    }

    fn foretell(&self, letter: &DeadLetter) -> DeadLetterOutcome {
        match self.0.prepare(letter) {
            Ok(_) => DeadLetterOutcome::Selected,
            Err(problem) => DeadLetterOutcome::Skipped { problem },
        }
    }
}

struct Discarding;

impl Treatment for Discarding {
    async fn treat(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String> {
        letters
            .remove(topic, &batch)
            .await
            .map_err(|error| chain(&error))?;
        for (place, _) in batch {
            progress.set(place, DeadLetterOutcome::Discarded);
        }
        Ok(())
    }

    fn foretell(&self, _letter: &DeadLetter) -> DeadLetterOutcome {
        DeadLetterOutcome::Selected
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
