//! What a caller may do with an event: decided in one place, without asking anybody.

use chrono::{DateTime, Utc};
use city_events_contract::{Role, event::v1::EventStatus};
use serde::Serialize;

/// What decides.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'facts> {
    /// Whether somebody is known to ask.
    pub(crate) is_known: bool,
    /// Their role.
    pub(crate) role: Role,
    /// Whether the event is theirs.
    pub(crate) is_owner: bool,
    /// Their part in it, in words of the interface; none where nobody could tell.
    pub(crate) participation: Option<&'facts str>,
    /// The state of the event.
    pub(crate) status: EventStatus,
    /// How many may take part; below zero nobody.
    pub(crate) capacity: i32,
    /// When it begins.
    pub(crate) starts: Option<DateTime<Utc>>,
    /// When it ends.
    pub(crate) ends: Option<DateTime<Utc>>,
    /// The present.
    pub(crate) now: DateTime<Utc>,
}

/// What a caller may do, and why they may not join.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Actions {
    pub(crate) can_join: bool,
    pub(crate) can_cancel: bool,
    pub(crate) can_cancel_event: bool,
    pub(crate) can_unpublish: bool,
    pub(crate) can_edit: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) reason: &'static str,
}

/// Decides. The first case that fits says why not.
pub(crate) fn actions(facts: &Facts<'_>) -> Actions {
    let nothing = |reason| Actions {
        reason,
        ..Actions::default()
    };
    if !facts.is_known {
        return nothing("auth_required");
    }
    let Some(participation) = facts.participation else {
        return nothing("participation_unavailable");
    };
    let is_ahead = facts.starts.is_some_and(|starts| starts > facts.now);
    let has_ended = facts.ends.is_some_and(|ends| ends <= facts.now);
    let is_over = facts.status == EventStatus::Canceled;
    let may_manage = facts.is_owner || facts.role >= Role::Moderator;
    let can_cancel_event = may_manage && is_ahead && !is_over;
    let managed = Actions {
        can_cancel_event,
        can_unpublish: can_cancel_event && facts.status == EventStatus::Published,
        can_edit: facts.is_owner && !is_over,
        ..Actions::default()
    };
    let with = |reason| Actions { reason, ..managed };
    match participation {
        _ if facts.is_owner => with("is_organizer"),
        "active" | "waitlisted" => Actions {
            can_cancel: is_ahead,
            ..with("already_joined")
        },
        "rejected" => with("banned_or_rejected"),
        _ if has_ended => with("event_ended"),
        _ if facts.capacity < 0 || facts.status != EventStatus::Published => with("event_closed"),
        _ => Actions {
            can_join: true,
            ..managed
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn facts() -> Facts<'static> {
        let now = Utc::now();
        Facts {
            is_known: true,
            role: Role::User,
            is_owner: false,
            participation: Some("none"),
            status: EventStatus::Published,
            capacity: 10,
            starts: Some(now + Duration::hours(1)),
            ends: Some(now + Duration::hours(2)),
            now,
        }
    }

    fn flags(actions: Actions) -> [bool; 5] {
        [
            actions.can_join,
            actions.can_cancel,
            actions.can_cancel_event,
            actions.can_unpublish,
            actions.can_edit,
        ]
    }

    #[test]
    fn each_case_has_its_reason_and_the_first_one_counts() {
        let (yes, no) = (true, false);
        let now = facts().now;
        let past = Some(now - Duration::minutes(1));
        let begun = Facts {
            starts: past,
            ..facts()
        };
        let ended = Facts {
            starts: past,
            ends: past,
            ..facts()
        };
        for (case, expected, reason) in [
            (
                Facts {
                    is_known: false,
                    is_owner: true,
                    ..facts()
                },
                [no; 5],
                "auth_required",
            ),
            (
                Facts {
                    participation: None,
                    is_owner: true,
                    ..facts()
                },
                [no; 5],
                "participation_unavailable",
            ),
            (
                Facts {
                    is_owner: true,
                    ..facts()
                },
                [no, no, yes, yes, yes],
                "is_organizer",
            ),
            (
                Facts {
                    is_owner: true,
                    ..begun.clone()
                },
                [no, no, no, no, yes],
                "is_organizer",
            ),
            (
                Facts {
                    participation: Some("active"),
                    ..facts()
                },
                [no, yes, no, no, no],
                "already_joined",
            ),
            (
                Facts {
                    participation: Some("waitlisted"),
                    ..begun.clone()
                },
                [no; 5],
                "already_joined",
            ),
            (
                Facts {
                    participation: Some("rejected"),
                    ..ended.clone()
                },
                [no; 5],
                "banned_or_rejected",
            ),
            (ended, [no; 5], "event_ended"),
            (
                Facts {
                    capacity: -1,
                    ..facts()
                },
                [no; 5],
                "event_closed",
            ),
            (facts(), [yes, no, no, no, no], ""),
            (
                Facts {
                    participation: Some("canceled"),
                    ..facts()
                },
                [yes, no, no, no, no],
                "",
            ),
            (
                Facts {
                    role: Role::Moderator,
                    ..facts()
                },
                [yes, no, yes, yes, no],
                "",
            ),
            (begun, [yes, no, no, no, no], ""),
        ] {
            let actions = actions(&case);
            assert_eq!(
                (flags(actions), actions.reason),
                (expected, reason),
                "{case:?}"
            );
        }
    }

    #[test]
    fn nobody_joins_what_a_moderator_alone_can_see() {
        for status in [EventStatus::Draft, EventStatus::Canceled] {
            let seen = actions(&Facts {
                role: Role::Moderator,
                status,
                ..facts()
            });
            assert!(
                !seen.can_join && seen.reason == "event_closed",
                "{status:?}"
            );
            assert!(!seen.can_unpublish);
            assert_eq!(seen.can_cancel_event, status == EventStatus::Draft);
        }
    }
}
