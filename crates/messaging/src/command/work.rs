use std::{error::Error as StdError, time::Duration};

use seaworthy_service::{Console, StartError};
use serde_json::json;
use tokio::time::{self, MissedTickBehavior};

use super::{
    Request,
    text::{description, group, line, report},
};
use crate::{
    dead_letters::{DeadLetterDescription, DeadLetterReport, Progress, Replay, Selection},
    transport::TransportError,
};

/// The interval of progress lines.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

fn unavailable(error: TransportError) -> StartError {
    StartError::with_cause("the dead letters cannot be read", error)
}

pub(super) async fn list(request: &Request) -> Result<(), StartError> {
    let letters = request.letters.descriptions(&request.selection).await;
    let letters = letters.map_err(unavailable)?;
    let lines: Vec<String> = letters.iter().map(line).collect();
    request
        .console
        .print(&lines_or(&lines, "no dead letters"), &letters);
    Ok(())
}

pub(super) async fn groups(request: &Request) -> Result<(), StartError> {
    let groups = request.letters.groups(&request.selection).await;
    let groups = groups.map_err(unavailable)?;
    let lines: Vec<String> = groups.iter().map(group).collect();
    request
        .console
        .print(&lines_or(&lines, "no dead letters"), &groups);
    Ok(())
}

pub(super) async fn show(request: &Request, with_payload: bool) -> Result<(), StartError> {
    let Selection { topics, filter, .. } = &request.selection;
    let id = filter.ids.first();
    let id = id.ok_or_else(|| StartError::new("give the ID of a dead letter"))?;
    let found = request.letters.find(topics, id).await;
    let letter = found
        .map_err(unavailable)?
        .ok_or_else(|| StartError::new("no dead letter of these topics has this ID"))?;
    let document = if with_payload {
        DeadLetterDescription::with_payload(&letter)
    } else {
        DeadLetterDescription::of(&letter)
    };
    request.console.print(&description(&document), &document);
    Ok(())
}

pub(super) async fn replay(request: &Request, replay: &Replay) -> Result<(), StartError> {
    let progress = Progress::new();
    let work = request
        .letters
        .replay(&request.selection, replay, &progress);
    watch(request.console, &progress, work).await
}

pub(super) async fn discard(request: &Request, dry_run: bool) -> Result<(), StartError> {
    let progress = Progress::new();
    let work = request
        .letters
        .discard(&request.selection, dry_run, &progress);
    watch(request.console, &progress, work).await
}

/// Prints the report when dropped, so that a signal that drops the job prints it too.
struct PrintReport {
    console: Console,
    progress: Progress,
}

impl Drop for PrintReport {
    fn drop(&mut self) {
        let job_report = self.progress.report();
        let document = json!({ "counts": job_report.counts(), "report": job_report });
        self.console.print(&report(&job_report), &document);
    }
}

async fn watch(
    console: Console,
    progress: &Progress,
    work: impl Future<Output = DeadLetterReport>,
) -> Result<(), StartError> {
    let print_report = PrintReport {
        console,
        progress: progress.clone(),
    };
    let mut tick = time::interval_at(time::Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    let job_report = loop {
        tokio::select! {
            job_report = &mut work => break job_report,
            _ = tick.tick() => {
                let counts = progress.counts();
                let done = counts.selected - counts.waiting;
                console.progress(&format!("{done} of {} dead letters", counts.selected));
            }
        }
    };
    drop(print_report);
    if job_report.is_complete() {
        return Ok(());
    }
    Err(Incomplete::of(&job_report).into())
}

/// The error of a job that did not process some letters.
#[derive(Debug)]
struct Incomplete(String);

impl Incomplete {
    fn of(report: &DeadLetterReport) -> Self {
        let counts = report.counts();
        Self(
            report
                .problem
                .clone()
                .unwrap_or_else(|| format!("the broker rejected {} dead letters", counts.rejected)),
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
        Self::with_cause("some dead letters were not processed", error)
    }
}

fn lines_or(lines: &[String], none: &str) -> String {
    if lines.is_empty() {
        none.to_owned()
    } else {
        lines.join("\n")
    }
}
