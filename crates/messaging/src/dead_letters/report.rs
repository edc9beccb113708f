use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

use crate::{DeadLetter, DeadLetterId, GroupName, Topic};

/// The outcome of a dead letter in a replay or a discard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum DeadLetterOutcome {
    /// Selected, but not processed: in a dry run, or because the job ended before.
    Selected,
    /// In publication. If the job ended in this state, the letter may have been published.
    Publishing,
    /// Published, but perhaps not removed. Another replay may publish it again with the same
    /// message ID.
    Published,
    /// Published and removed.
    Replayed,
    /// Removed without publishing.
    Discarded,
    /// Not processed. It remains a dead letter.
    Skipped {
        /// The reason.
        problem: String,
    },
    /// Rejected by the broker. It remains a dead letter.
    Rejected {
        /// The reason.
        problem: String,
    },
    /// Missing, because another job replayed or discarded it.
    Missing,
}

/// A selected dead letter with its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessedLetter {
    /// The ID of the dead letter.
    pub id: DeadLetterId,
    /// The ID of the message, which a replay keeps.
    pub message: String,
    /// The topic.
    pub topic: Topic,
    /// The consumer group that failed.
    pub group: Option<GroupName>,
    /// The event type.
    pub event_type: String,
    /// The number of earlier replays.
    pub replays: u32,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: DeadLetterOutcome,
}

/// The result of a replay or a discard, letter by letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeadLetterReport {
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// Whether the job ended without an interruption.
    pub finished: bool,
    /// The error that ended the job early.
    pub problem: Option<String>,
    /// Whether the selection exceeds its limit.
    pub more: bool,
    /// The selected letters, in the order of processing.
    pub letters: Vec<ProcessedLetter>,
}

/// The number of letters with each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// All selected letters.
    pub selected: usize,
    /// Published and removed.
    pub replayed: usize,
    /// Removed.
    pub discarded: usize,
    /// Not processed.
    pub skipped: usize,
    /// Rejected by the broker.
    pub rejected: usize,
    /// Missing.
    pub missing: usize,
    /// Perhaps published, and perhaps not removed.
    pub uncertain: usize,
    /// Not reached.
    pub waiting: usize,
}

impl DeadLetterReport {
    /// Counts the letters with each outcome.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        let mut counts = OutcomeCounts {
            selected: self.letters.len(),
            ..OutcomeCounts::default()
        };
        for letter in &self.letters {
            let count = match letter.outcome {
                DeadLetterOutcome::Selected => &mut counts.waiting,
                DeadLetterOutcome::Publishing | DeadLetterOutcome::Published => {
                    &mut counts.uncertain
                }
                DeadLetterOutcome::Replayed => &mut counts.replayed,
                DeadLetterOutcome::Discarded => &mut counts.discarded,
                DeadLetterOutcome::Skipped { .. } => &mut counts.skipped,
                DeadLetterOutcome::Rejected { .. } => &mut counts.rejected,
                DeadLetterOutcome::Missing => &mut counts.missing,
            };
            *count += 1;
        }
        counts
    }

    /// Whether the job finished, and no letter was rejected or is uncertain.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let counts = self.counts();
        self.finished
            && self.problem.is_none()
            && counts.rejected == 0
            && counts.uncertain == 0
            && (self.dry_run || counts.waiting == 0)
    }
}

impl From<&DeadLetter> for ProcessedLetter {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id.clone(),
            message: letter.envelope.id().as_str().to_owned(),
            topic: letter.envelope.topic().clone(),
            group: letter.group.clone(),
            event_type: letter.envelope.event_type().to_owned(),
            replays: letter.replays,
            outcome: DeadLetterOutcome::Selected,
        }
    }
}

/// The progress of a job. Clones share the state, so that a clone has the report of an interrupted
/// job.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<DeadLetterReport>>);

impl Progress {
    /// Creates an empty progress.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the report so far.
    #[must_use]
    pub fn report(&self) -> DeadLetterReport {
        self.0.lock().clone()
    }

    /// Counts the letters with each outcome so far.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        self.0.lock().counts()
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut DeadLetterReport) -> T) -> T {
        change(&mut self.0.lock())
    }

    pub(super) fn set(&self, index: usize, outcome: DeadLetterOutcome) {
        self.change(|report| {
            if let Some(letter) = report.letters.get_mut(index) {
                letter.outcome = outcome;
            }
        });
    }
}
