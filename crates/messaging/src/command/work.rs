use std::{error::Error as StdError, time::Duration};

use seaworthy_service::{Console, StartError};
use serde_json::json;
use tokio::time::{self, MissedTickBehavior};

use super::{
    Asked,
    text::{description, group, line, report},
};
use crate::{
    dead_letters::{DeadLetterDescription, DeadLetterReport, Progress, Replay, Selection},
    transport::TransportError,
};

/// How often a person is told how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

fn unanswered(error: TransportError) -> StartError {
    StartError::because("the broker does not show its dead letters", error)
}

pub(super) async fn list(asked: &Asked) -> Result<(), StartError> {
    let letters = asked.letters.descriptions(&asked.selection).await;
    let letters = letters.map_err(unanswered)?;
    let lines: Vec<String> = letters.iter().map(line).collect();
    asked
        .console
        .answer(&lines_or(&lines, "no dead letters"), &letters);
    Ok(())
}

pub(super) async fn groups(asked: &Asked) -> Result<(), StartError> {
    let groups = asked.letters.groups(&asked.selection).await;
    let groups = groups.map_err(unanswered)?;
    let lines: Vec<String> = groups.iter().map(group).collect();
    asked
        .console
        .answer(&lines_or(&lines, "no dead letters"), &groups);
    Ok(())
}

pub(super) async fn show(asked: &Asked, with_payload: bool) -> Result<(), StartError> {
    let Selection { topics, filter, .. } = &asked.selection;
    let id = filter.ids.first();
    let id = id.ok_or_else(|| StartError::new("no ID of a dead letter is given"))?;
    let found = asked.letters.find(topics, id).await;
    let letter = found
        .map_err(unanswered)?
        .ok_or_else(|| StartError::new("no dead letter of these topics has this identifier"))?;
    let document = if with_payload {
        DeadLetterDescription::with_payload(&letter)
    } else {
        DeadLetterDescription::of(&letter)
    };
    asked.console.answer(&description(&document), &document);
    Ok(())
}

pub(super) async fn replay(asked: &Asked, replay: &Replay) -> Result<(), StartError> {
    let progress = Progress::new();
    let work = asked.letters.replay(&asked.selection, replay, &progress);
    watch(asked.console, &progress, work).await
}

pub(super) async fn discard(asked: &Asked, dry_run: bool) -> Result<(), StartError> {
    let progress = Progress::new();
    let work = asked.letters.discard(&asked.selection, dry_run, &progress);
    watch(asked.console, &progress, work).await
}

/// Answers with the report, also where a signal drops the work in the middle.
struct Answering {
    console: Console,
    progress: Progress,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let told = self.progress.report();
        let document = json!({ "counts": told.counts(), "report": told });
        self.console.answer(&report(&told), &document);
    }
}

async fn watch(
    console: Console,
    progress: &Progress,
    work: impl Future<Output = DeadLetterReport>,
) -> Result<(), StartError> {
    let answering = Answering {
        console,
        progress: progress.clone(),
    };
    let mut tick = time::interval_at(time::Instant::now() + PROGRESS, PROGRESS);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    let told = loop {
        tokio::select! {
            told = &mut work => break told,
            _ = tick.tick() => {
                let counts = progress.counts();
                let done = counts.selected - counts.waiting;
                console.progress(&format!("{done} of {} letters", counts.selected));
            }
        }
    };
    drop(answering);
    if told.is_complete() {
        return Ok(());
    }
    Err(Incomplete::of(&told).into())
}

/// Not everything went as it was asked for.
#[derive(Debug)]
struct Incomplete(String);

impl Incomplete {
    fn of(told: &DeadLetterReport) -> Self {
        let counts = told.counts();
        Self(
            told.problem
                .clone()
                .unwrap_or_else(|| format!("the broker refused {} letters", counts.refused)),
        )
    }
}

impl std::fmt::Display for Incomplete {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl StdError for Incomplete {}

impl From<Incomplete> for StartError {
    fn from(error: Incomplete) -> Self {
        Self::because("not all letters could be treated", error)
    }
}

fn lines_or(lines: &[String], none: &str) -> String {
    if lines.is_empty() {
        none.to_owned()
    } else {
        lines.join("\n")
    }
}
