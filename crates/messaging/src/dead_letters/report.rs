use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

use crate::{DeadLetter, DeadLetterId, GroupName, Topic};

/// What became of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum DeadLetterOutcome {
    /// It was chosen, and nothing was done with it: a dry run, or the end came before its turn.
    Selected,
    /// It is being published; if this is what it ended with, nobody knows whether it was.
    Publishing,
    /// It was published, and nobody knows whether it was removed from the dead letters: another replay would publish it again, under the same identifier.
    Published,
    /// It was published and removed from the dead letters.
    Replayed,
    /// It was removed from the dead letters.
    Discarded,
    /// It was left where it is.
    Skipped {
        /// Why.
        problem: String,
    },
    /// The broker did not take it; it is where it was.
    Refused {
        /// Why.
        problem: String,
    },
    /// It was not there any more when its turn came: somebody else has replayed or discarded it.
    Missing,
}

/// A dead letter that was chosen, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessedLetter {
    /// Its identifier.
    pub id: DeadLetterId,
    /// That of the message, which a replay keeps.
    pub message: String,
    /// The topic.
    pub topic: Topic,
    /// The group that could not handle it.
    pub group: Option<GroupName>,
    /// The kind of event.
    pub event_type: String,
    /// How often it had been replayed before.
    pub replays: u32,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: DeadLetterOutcome,
}

/// What a replay did, or what was discarded: exactly this, letter by letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeadLetterReport {
    /// Whether nothing was to be done.
    pub dry_run: bool,
    /// Whether everything that was chosen has had its turn.
    pub finished: bool,
    /// Why it ended early.
    pub problem: Option<String>,
    /// Whether more would have been chosen than the limit allows.
    pub more: bool,
    /// All that were chosen, in the order of their turns.
    pub letters: Vec<ProcessedLetter>,
}

/// How many letters had each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// All that were chosen.
    pub selected: usize,
    /// Published and removed.
    pub replayed: usize,
    /// Removed.
    pub discarded: usize,
    /// Left where they are.
    pub skipped: usize,
    /// Not taken by the broker.
    pub refused: usize,
    /// Not there any more.
    pub missing: usize,
    /// Published or perhaps published, and not known to be removed.
    pub uncertain: usize,
    /// Not reached.
    pub waiting: usize,
}

impl DeadLetterReport {
    /// How many letters had each outcome.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        let mut counts = OutcomeCounts {
            selected: self.letters.len(),
            ..OutcomeCounts::default()
        };
        for letter in &self.letters {
            let count = match letter.outcome {
                DeadLetterOutcome::Selected => &mut counts.waiting,
                DeadLetterOutcome::Publishing | DeadLetterOutcome::Published => &mut counts.uncertain,
                DeadLetterOutcome::Replayed => &mut counts.replayed,
                DeadLetterOutcome::Discarded => &mut counts.discarded,
                DeadLetterOutcome::Skipped { .. } => &mut counts.skipped,
                DeadLetterOutcome::Refused { .. } => &mut counts.refused,
                DeadLetterOutcome::Missing => &mut counts.missing,
            };
            *count += 1;
        }
        counts
    }

    /// Whether it is as it was asked for: nothing refused, nothing uncertain, and everything had its turn.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let counts = self.counts();
        self.finished
            && self.problem.is_none()
            && counts.refused == 0
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

/// What has been done so far. Clones are the same: one is held by whoever shows it, also after the work itself was dropped in the middle.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<DeadLetterReport>>);

impl Progress {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been done until now.
    #[must_use]
    pub fn report(&self) -> DeadLetterReport {
        self.0.lock().clone()
    }

    /// How many letters have had which outcome until now.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        self.0.lock().counts()
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut DeadLetterReport) -> T) -> T {
        change(&mut self.0.lock())
    }

    pub(super) fn set(&self, place: usize, outcome: DeadLetterOutcome) {
        self.change(|report| {
            if let Some(letter) = report.letters.get_mut(place) {
                letter.outcome = outcome;
            }
        });
    }
}
