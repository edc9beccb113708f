use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
};

use super::{DeadLetterOutcome, DeadLetterReport, DeadLetters, Progress, Selection, pace::Pace};
use seaworthy_core::error_chain;

use crate::{DeadLetter, DeadLetterId, Topic, transport::TransportError};

/// The maximum number of letters of a batch. An interruption leaves at most one batch uncertain.
const MAX_BATCH: u32 = 100;
/// Maximum number of searches. Other jobs may remove letters, so positions are searched again.
const MAX_SEARCHES: u32 = 10;

/// Letters with their indexes in the report.
pub(super) type Batch = Vec<(usize, DeadLetter)>;

/// An operation on dead letters.
pub(super) trait Action {
    /// Processes a batch and sets the outcome of each letter. An error ends the job.
    async fn process(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String>;

    /// Predicts the outcome of a letter.
    fn preview(&self, letter: &DeadLetter) -> DeadLetterOutcome;
}

/// A letter that is not processed yet.
struct Pending {
    index: usize,
    id: DeadLetterId,
    /// The ID of the previous letter of its topic.
    previous: Option<DeadLetterId>,
}

impl DeadLetters {
    /// Selects all letters first, so that later letters are not processed, and processes them in
    /// batches.
    pub(super) async fn process(
        &self,
        selection: &Selection,
        rate: NonZeroU32,
        dry_run: bool,
        action: &impl Action,
        progress: &Progress,
    ) -> DeadLetterReport {
        progress.change(|report| report.dry_run = dry_run);
        let processed = self
            .process_all(selection, rate, dry_run, action, progress)
            .await;
        progress.change(|report| {
            report.finished = true;
            report.problem = processed.err();
        });
        progress.report()
    }

    async fn process_all(
        &self,
        selection: &Selection,
        rate: NonZeroU32,
        dry_run: bool,
        action: &impl Action,
        progress: &Progress,
    ) -> Result<(), String> {
        let mut chosen: Vec<(Topic, Vec<Pending>)> = Vec::new();
        let walked = self
            .walk_all(selection, |previous, letter| {
                let index = progress.change(|report| {
                    let mut processed = super::ProcessedLetter::from(&letter);
                    if dry_run {
                        processed.outcome = action.preview(&letter);
                    }
                    report.letters.push(processed);
                    report.letters.len() - 1
                });
                let pending = Pending {
                    index,
                    id: letter.id.clone(),
                    previous: previous.cloned(),
                };
                let topic = letter.envelope.topic();
                match chosen.last_mut() {
                    Some((known, pending_letters)) if known == topic => {
                        pending_letters.push(pending)
                    }
                    _ => chosen.push((topic.clone(), vec![pending])),
                }
            })
            .await;
        let more = walked.map_err(|error| error_chain(&error))?;
        progress.change(|report| report.more = more);
        if dry_run {
            return Ok(());
        }
        let mut pace = Pace::new(rate);
        for (topic, pending) in chosen {
            self.process_topic(&topic, pending, &mut pace, rate, action, progress)
                .await?;
        }
        Ok(())
    }

    async fn process_topic(
        &self,
        topic: &Topic,
        mut pending: Vec<Pending>,
        pace: &mut Pace,
        rate: NonZeroU32,
        action: &impl Action,
        progress: &Progress,
    ) -> Result<(), String> {
        let at_once = usize::try_from(rate.get().min(MAX_BATCH)).unwrap_or(1);
        let mut processed = HashSet::new();
        let mut from = None;
        let mut searches = 0;
        while let Some(first) = pending.first() {
            // All letters between the last remaining one and the next pending one are processed.
            if let Some(previous) = &first.previous
                && !processed.contains(previous)
            {
                from = Some(previous.clone());
            }
            pace.wait().await;
            let page = self.list(topic, from.as_ref(), at_once).await;
            let page = page.map_err(|error| error_chain(&error))?;
            let mut page: HashMap<_, _> = page
                .into_iter()
                .map(|letter| (letter.id.clone(), letter))
                .collect();
            let mut batch = Batch::new();
            pending.retain(|waiting| match page.remove(&waiting.id) {
                Some(letter) => {
                    batch.push((waiting.index, letter));
                    false
                }
                None => true,
            });
            if batch.is_empty() {
                searches += 1;
                if searches > MAX_SEARCHES {
                    return Err(
                        "other jobs change the dead letters at the same time: try again later"
                            .to_owned(),
                    );
                }
                pending = self
                    .search(topic, pending, progress)
                    .await
                    .map_err(|error| error_chain(&error))?;
                (from, processed) = (None, HashSet::new());
                continue;
            }
            pace.count(batch.len());
            let ids: Vec<_> = batch
                .iter()
                .map(|(index, letter)| (*index, letter.id.clone()))
                .collect();
            action.process(self, topic, batch, progress).await?;
            let (removed, remaining) = progress.change(|report| {
                let is_removed = |index: usize| {
                    let letter = report.letters.get(index);
                    letter.is_some_and(|letter| {
                        matches!(
                            letter.outcome,
                            DeadLetterOutcome::Replayed | DeadLetterOutcome::Discarded
                        )
                    })
                };
                let (removed, remaining): (Vec<_>, Vec<_>) =
                    ids.into_iter().partition(|(index, _)| is_removed(*index));
                (removed, remaining.into_iter().next_back())
            });
            processed.extend(removed.into_iter().map(|(_, id)| id));
            if let Some((_, id)) = remaining {
                from = Some(id);
            }
        }
        Ok(())
    }

    /// Finds the positions of pending letters again. Marks the others as missing.
    async fn search(
        &self,
        topic: &Topic,
        pending: Vec<Pending>,
        progress: &Progress,
    ) -> Result<Vec<Pending>, TransportError> {
        let mut indexes: HashMap<_, _> = pending
            .into_iter()
            .map(|letter| (letter.id, letter.index))
            .collect();
        let mut found = Vec::new();
        self.walk(topic, |previous, letter| {
            if let Some((id, index)) = indexes.remove_entry(&letter.id) {
                let previous = previous.cloned();
                found.push(Pending {
                    index,
                    id,
                    previous,
                });
            }
            !indexes.is_empty()
        })
        .await?;
        for index in indexes.into_values() {
            progress.set(index, DeadLetterOutcome::Missing);
        }
        Ok(found)
    }
}
