use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
};

use super::{DeadLetterReport, DeadLetters, DeadLetterOutcome, Progress, Selection, pace::Pace, replay::chain};
use crate::{DeadLetter, DeadLetterId, Topic, transport::TransportError};

/// The most letters between two looks at what is there: what is cut off in the middle leaves no more of them uncertain.
const MOST_AT_ONCE: u32 = 100;
/// Somebody else may remove the letter to go on from, but not again and again.
const MOST_SEARCHES: u32 = 10;

/// Letters whose turn it is, with their places in the report.
pub(super) type Batch = Vec<(usize, DeadLetter)>;

/// What is done with letters.
pub(super) trait Treatment {
    /// Does it, and tells the outcome of each letter; an error ends everything.
    async fn treat(
        &self,
        letters: &DeadLetters,
        topic: &Topic,
        batch: Batch,
        progress: &Progress,
    ) -> Result<(), String>;

    /// What would become of a letter, as far as that is known before.
    fn foretell(&self, letter: &DeadLetter) -> DeadLetterOutcome;
}

/// A letter that waits for its turn.
struct Turn {
    place: usize,
    id: DeadLetterId,
    /// The letter before it in its topic.
    before: Option<DeadLetterId>,
}

impl DeadLetters {
    /// First chooses all, so that what arrives meanwhile is left alone, then treats them batch by batch, each as it is at that moment.
    pub(super) async fn treat(
        &self,
        selection: &Selection,
        rate: NonZeroU32,
        dry_run: bool,
        treatment: &impl Treatment,
        progress: &Progress,
    ) -> DeadLetterReport {
        progress.change(|report| report.dry_run = dry_run);
        let treated = self
            .treat_all(selection, rate, dry_run, treatment, progress)
            .await;
        progress.change(|report| {
            report.finished = true;
            report.problem = treated.err();
        });
        progress.report()
    }

    async fn treat_all(
        &self,
        selection: &Selection,
        rate: NonZeroU32,
        dry_run: bool,
        treatment: &impl Treatment,
        progress: &Progress,
    ) -> Result<(), String> {
        let mut chosen: Vec<(Topic, Vec<Turn>)> = Vec::new();
        let walked = self
            .walk_all(selection, |before, letter| {
                let place = progress.change(|report| {
                    let mut told = super::ProcessedLetter::from(&letter);
                    if dry_run {
                        told.outcome = treatment.foretell(&letter);
                    }
                    report.letters.push(told);
                    report.letters.len() - 1
                });
                let turn = Turn {
                    place,
                    id: letter.id.clone(),
                    before: before.cloned(),
                };
                let topic = letter.envelope.topic();
                match chosen.last_mut() {
                    Some((known, turns)) if known == topic => turns.push(turn),
                    _ => chosen.push((topic.clone(), vec![turn])),
                }
            })
            .await;
        let more = walked.map_err(|error| chain(&error))?;
        progress.change(|report| report.more = more);
        if dry_run {
            return Ok(());
        }
        let mut pace = Pace::new(rate);
        for (topic, turns) in chosen {
            self.treat_topic(&topic, turns, &mut pace, rate, treatment, progress)
                .await?;
        }
        Ok(())
    }

    async fn treat_topic(
        &self,
        topic: &Topic,
        mut turns: Vec<Turn>,
        pace: &mut Pace,
        rate: NonZeroU32,
        treatment: &impl Treatment,
        progress: &Progress,
    ) -> Result<(), String> {
        let at_once = usize::try_from(rate.get().min(MOST_AT_ONCE)).unwrap_or(1);
        let mut treated = HashSet::new();
        let mut from = None;
        let mut searches = 0;
        while let Some(first) = turns.first() {
            // All between the last letter that stays and the next in turn has been treated.
            if let Some(before) = &first.before
                && !treated.contains(before)
            {
                from = Some(before.clone());
            }
            pace.wait().await;
            let page = self.list(topic, from.as_ref(), at_once).await;
            let page = page.map_err(|error| chain(&error))?;
            let mut page: HashMap<_, _> = page
                .into_iter()
                .map(|letter| (letter.id.clone(), letter))
                .collect();
            let mut batch = Batch::new();
            turns.retain(|turn| match page.remove(&turn.id) {
                Some(letter) => {
                    batch.push((turn.place, letter));
                    false
                }
                None => true,
            });
            if batch.is_empty() {
                searches += 1;
                if searches > MOST_SEARCHES {
                    return Err("somebody else changes the dead letters all the time".to_owned());
                }
                turns = self
                    .search(topic, turns, progress)
                    .await
                    .map_err(|error| chain(&error))?;
                (from, treated) = (None, HashSet::new());
                continue;
            }
            pace.count(batch.len());
            let ids: Vec<_> = batch
                .iter()
                .map(|(place, letter)| (*place, letter.id.clone()))
                .collect();
            treatment.treat(self, topic, batch, progress).await?;
            let gone = progress.change(|report| {
                let is_gone = |place: usize| {
                    let letter = report.letters.get(place);
                    letter.is_some_and(|letter| {
                        matches!(letter.outcome, DeadLetterOutcome::Replayed | DeadLetterOutcome::Discarded)
                    })
                };
                let (gone, stays): (Vec<_>, Vec<_>) =
                    ids.into_iter().partition(|(place, _)| is_gone(*place));
                (gone, stays.into_iter().next_back())
            });
            let (gone, stays) = gone;
            treated.extend(gone.into_iter().map(|(_, id)| id));
            if let Some((_, id)) = stays {
                from = Some(id);
            }
        }
        Ok(())
    }

    /// Finds out where the letters are that were not where they should be.
    async fn search(
        &self,
        topic: &Topic,
        turns: Vec<Turn>,
        progress: &Progress,
    ) -> Result<Vec<Turn>, TransportError> {
        let mut places: HashMap<_, _> = turns
            .into_iter()
            .map(|turn| (turn.id, turn.place))
            .collect();
        let mut found = Vec::new();
        self.walk(topic, |before, letter| {
            if let Some((id, place)) = places.remove_entry(&letter.id) {
                let before = before.cloned();
                found.push(Turn { place, id, before });
            }
            !places.is_empty()
        })
        .await?;
        for place in places.into_values() {
            progress.set(place, DeadLetterOutcome::Missing);
        }
        Ok(found)
    }
}
