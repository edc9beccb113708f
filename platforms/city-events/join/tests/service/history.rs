//! The checker of what crowds leave behind.
//!
//! Each change of an event's places has a revision. The checker asks whether the history, read by revisions, is one that callers who come one after the other could have made (it follows the rules and never
//! passes a bound), and whether it agrees with the clock of the callers: what was answered before something else was asked for stands before it. That is linearizability of the seat counter.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Instant,
};

use seaworthy::data::{Database, sql};
use uuid::Uuid;

/// A call, and when it was made and answered.
pub(crate) struct Call {
    pub(crate) user: Uuid,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

/// One line of the history.
pub(crate) struct Line {
    pub(crate) user: Uuid,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    revision: i64,
}

/// All lines of an event, by their revisions.
pub(crate) async fn history(joins: &Database, event: Uuid) -> Vec<Line> {
    let lines: Vec<(Uuid, Option<String>, String, i64)> = sql("SELECT user_id, from_status, to_status, revision FROM join_history WHERE event_id = ? ORDER BY revision")
        .bind(event)
        .fetch_all(joins)
        .await
        .unwrap();
    let line = |(user, from, to, revision)| Line {
        user,
        from,
        to,
        revision,
    };
    lines.into_iter().map(line).collect()
}

/// Replays the history by the rules.
pub(crate) fn obeys_the_rules(lines: &[Line], capacity: usize, waitlist: usize) {
    let mut active = HashSet::new();
    let mut waiting: VecDeque<Uuid> = VecDeque::new();
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(
            line.revision,
            i64::try_from(index).unwrap() + 1,
            "no revision is missing"
        );
        match (line.from.as_deref(), line.to.as_str()) {
            (Some("waitlisted"), "active") => {
                assert_eq!(waiting.pop_front(), Some(line.user), "first come, first in");
                assert!(active.insert(line.user));
            }
            (_, "active") => {
                assert!(waiting.is_empty(), "nobody overtakes");
                assert!(active.insert(line.user));
            }
            (_, "waitlisted") => {
                assert_eq!(active.len(), capacity, "nobody waits while there is room");
                waiting.push_back(line.user);
            }
            (Some("active"), "canceled") => assert!(active.remove(&line.user)),
            (Some("waitlisted"), "canceled") => waiting.retain(|user| *user != line.user),
            other => panic!("{other:?}"),
        }
        assert!(active.len() <= capacity, "never oversold");
        assert!(waiting.len() <= waitlist, "never more wait than may");
    }
}

/// Whether what was answered before something else was asked for stands before it.
pub(crate) fn agrees_with_the_clock(lines: &[Line], calls: &[Call], made: impl Fn(&Line) -> bool) {
    let by_user: HashMap<_, _> = calls.iter().map(|call| (call.user, call)).collect();
    let mut earliest_answer_after: Option<Instant> = None;
    for line in lines.iter().rev().filter(|line| made(line)) {
        let call = by_user[&line.user];
        if let Some(answer) = earliest_answer_after {
            assert!(
                call.asked <= answer,
                "an answer came before a change that it followed"
            );
        }
        let earliest =
            earliest_answer_after.map_or(call.answered, |answer| answer.min(call.answered));
        earliest_answer_after = Some(earliest);
    }
}
