//! A linearizability checker for the seats of an event.
//!
//! Each change of the seats has a revision. The checker replays the history in the order of
//! revisions: it must follow the rules and never exceed a bound. The order must also agree with the
//! clock of the callers: if a call returned before another one started, its change comes first.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Instant,
};

use seaworthy::data::{Database, sql};
use uuid::Uuid;

/// A call with the times of its request and its response.
pub(crate) struct Call {
    pub(crate) user: Uuid,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
}

/// A status change of the history.
pub(crate) struct Change {
    pub(crate) user: Uuid,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    revision: i64,
}

/// Returns the history of an event in the order of revisions.
pub(crate) async fn history(database: &Database, event: Uuid) -> Vec<Change> {
    let rows: Vec<(Uuid, Option<String>, String, i64)> = sql("SELECT user_id, from_status, to_status, revision FROM join_history WHERE event_id = ? ORDER BY revision")
        .bind(event)
        .fetch_all(database)
        .await
        .unwrap();
    let change = |(user, from, to, revision)| Change {
        user,
        from,
        to,
        revision,
    };
    rows.into_iter().map(change).collect()
}

/// Replays the history and asserts that it follows the rules.
pub(crate) fn assert_rules(changes: &[Change], capacity: usize, waitlist: usize) {
    let mut active = HashSet::new();
    let mut waiting: VecDeque<Uuid> = VecDeque::new();
    for (index, change) in changes.iter().enumerate() {
        assert_eq!(
            change.revision,
            i64::try_from(index).unwrap() + 1,
            "no revision is missing"
        );
        match (change.from.as_deref(), change.to.as_str()) {
            (Some("waitlisted"), "active") => {
                assert_eq!(
                    waiting.pop_front(),
                    Some(change.user),
                    "promotion in the order of joining"
                );
                assert!(active.insert(change.user));
            }
            (_, "active") => {
                assert!(waiting.is_empty(), "no join passes the waitlist");
                assert!(active.insert(change.user));
            }
            (_, "waitlisted") => {
                assert_eq!(active.len(), capacity, "no waitlist while a seat is free");
                waiting.push_back(change.user);
            }
            (Some("active"), "canceled") => assert!(active.remove(&change.user)),
            (Some("waitlisted"), "canceled") => waiting.retain(|user| *user != change.user),
            other => panic!("{other:?}"),
        }
        assert!(active.len() <= capacity, "more users than seats");
        assert!(waiting.len() <= waitlist, "waitlist too long");
    }
}

/// Asserts that a call that returned before another one started comes first in the history.
pub(crate) fn assert_real_time_order(changes: &[Change], calls: &[Call]) {
    let by_user: HashMap<_, _> = calls.iter().map(|call| (call.user, call)).collect();
    let mut earliest_later_end: Option<Instant> = None;
    for change in changes.iter().rev() {
        let call = by_user[&change.user];
        if let Some(end) = earliest_later_end {
            assert!(
                call.start <= end,
                "a call returned before an earlier change was requested"
            );
        }
        let earliest = earliest_later_end.map_or(call.end, |end: Instant| end.min(call.end));
        earliest_later_end = Some(earliest);
    }
}
