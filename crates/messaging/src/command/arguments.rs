use std::{num::NonZeroU32, str::FromStr as _};

use chrono::{DateTime, Utc};
use seaworthy_core::Timeout;
use seaworthy_service::{
    StartError,
    clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, builder::ValueParser, value_parser},
};

use crate::{
    DeadLetterId, DeadLetterReason, GroupName, Topic,
    dead_letters::{DeadLetterFilter, Replay, ReplayTarget, Selection},
};

/// The default limit of `list`.
const DEFAULT_LIST_LIMIT: &str = "100";
/// The default limit of the other subcommands.
const DEFAULT_SELECTION_LIMIT: &str = "10000";
/// The default rate of a replay, in letters per second.
const DEFAULT_RATE: &str = "50";

pub(super) fn definition() -> Command {
    let dry_run = || {
        flag(
            "dry-run",
            "Report the selected dead letters without changing them",
        )
    };
    let all = || {
        flag(
            "all",
            "Select all dead letters, if no ID and no filter is given",
        )
    };
    Command::new("dead-letters")
        .about("List, group, replay and discard dead letters: messages that no consumer could handle.")
        .subcommand_required(true)
        .subcommand(filtered(
            Command::new("list").about("List dead letters, the oldest first."),
            DEFAULT_LIST_LIMIT,
        ))
        .subcommand(filtered(
            Command::new("groups").about("Group dead letters by cause, the largest group first."),
            DEFAULT_SELECTION_LIMIT,
        ))
        .subcommand(
            Command::new("show")
                .about("Show one dead letter.")
                .arg(ids().num_args(1).required(true))
                .arg(topic())
                .arg(flag("payload", "Include the payload, which may contain personal data")),
        )
        .subcommand(
            filtered(
                Command::new("replay").about(
                    "Publish dead letters again for the group that failed, and remove each after the broker has confirmed it.",
                ),
                DEFAULT_SELECTION_LIMIT,
            )
            .arg(ids())
            .arg(all())
            .arg(dry_run())
            .arg(
                Arg::new("rate")
                    .long("rate")
                    .value_name("LETTERS")
                    .value_parser(value_parser!(NonZeroU32))
                    .default_value(DEFAULT_RATE)
                    .help("Maximum rate in dead letters per second"),
            )
            .arg(
                Arg::new("to-group")
                    .long("to-group")
                    .value_name("GROUP")
                    .value_parser(ValueParser::new(|text: &str| GroupName::new(text)))
                    .help("Publish for this group instead of the group that failed"),
            )
            .arg(flag(
                "to-all-groups",
                "Publish for all groups of the topic, including those that have handled the message",
            ))
            .group(ArgGroup::new("target").args(["to-group", "to-all-groups"])),
        )
        .subcommand(
            filtered(
                Command::new("discard").about("Remove dead letters permanently."),
                DEFAULT_SELECTION_LIMIT,
            )
            .arg(ids())
            .arg(all())
            .arg(dry_run()),
        )
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn ids() -> Arg {
    Arg::new("id")
        .value_name("ID")
        .num_args(0..)
        .help("IDs of dead letters, as shown by list")
}

fn topic() -> Arg {
    Arg::new("topic")
        .long("topic")
        .action(ArgAction::Append)
        .value_parser(ValueParser::new(|text: &str| Topic::new(text)))
        .help("Select dead letters of this topic, may be repeated [default: all topics of the service]")
}

fn filtered(command: Command, limit: &'static str) -> Command {
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    command
        .arg(topic())
        .arg(
            text("group", "Select dead letters of this consumer group")
                .value_parser(ValueParser::new(|text: &str| GroupName::new(text))),
        )
        .arg(text("type", "Select dead letters of this event type"))
        .arg(
            text("reason", "Select dead letters with this reason").value_parser(
                DeadLetterReason::ALL
                    .map(DeadLetterReason::as_str),
            ),
        )
        .arg(text(
            "fingerprint",
            "Select dead letters with this fingerprint, as shown by groups",
        ))
        .arg(
            text(
                "since",
                "Select dead letters that failed at or after this time (2026-01-31T12:00:00Z) or duration ago (2h)",
            )
            .value_parser(ValueParser::new(time)),
        )
        .arg(
            text("until", "Select dead letters that failed before this time or duration ago")
                .value_parser(ValueParser::new(time)),
        )
        .arg(
            text("limit", "Maximum number of dead letters")
                .value_parser(value_parser!(NonZeroU32))
                .default_value(limit),
        )
}

/// Parses a time, or a duration before the current time.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::from_str(text) {
        return Ok(time);
    }
    let unknown = || {
        format!("{text:?} is neither a time such as 2026-01-31T12:00:00Z nor a duration such as 2h")
    };
    let ago = Timeout::from_str(text).map_err(|_| unknown())?;
    let ago = chrono::Duration::from_std(ago.get()).map_err(|_| unknown())?;
    Utc::now().checked_sub_signed(ago).ok_or_else(unknown)
}

/// Returns the selection of the arguments.
///
/// # Errors
/// `replay` and `discard` need an ID, a topic, a filter or `--all`.
pub(super) fn selection(given: &ArgMatches, topics: Vec<Topic>) -> Result<Selection, StartError> {
    fn one<T: Clone + Send + Sync + 'static>(given: &ArgMatches, name: &str) -> Option<T> {
        given.try_get_one::<T>(name).ok().flatten().cloned()
    }
    let reason: Option<String> = one(given, "reason");
    let ids = given.try_get_many::<String>("id").ok().flatten();
    let filter = DeadLetterFilter {
        ids: ids
            .into_iter()
            .flatten()
            .map(|id| DeadLetterId::new(id))
            .collect(),
        group: one(given, "group"),
        event_type: one(given, "type"),
        reason: reason.and_then(|reason| DeadLetterReason::from_name(&reason)),
        fingerprint: one(given, "fingerprint"),
        since: one(given, "since"),
        until: one(given, "until"),
    };
    let names_topics = given.contains_id("topic");
    if let Ok(Some(all)) = given.try_get_one::<bool>("all")
        && !all
        && !names_topics
        && filter.matches_all()
    {
        return Err(StartError::new(
            "select dead letters: give IDs, --topic, a filter or --all",
        ));
    }
    let selection = Selection::new(&topics, filter);
    let limit = one(given, "limit");
    Ok(Selection {
        limit: limit.unwrap_or(selection.limit),
        ..selection
    })
}

pub(super) fn replay(given: &ArgMatches) -> Replay {
    let target = match given.get_one::<GroupName>("to-group") {
        Some(group) => ReplayTarget::Group(group.clone()),
        None if given.get_flag("to-all-groups") => ReplayTarget::AllGroups,
        None => ReplayTarget::FailedGroup,
    };
    let defaults = Replay::default();
    Replay {
        target,
        rate: given.get_one("rate").copied().unwrap_or(defaults.rate),
        dry_run: given.get_flag("dry-run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_times_and_durations_msg_3() {
        let date = time("2026-01-31T12:00:00Z").unwrap();
        assert_eq!(date.to_rfc3339(), "2026-01-31T12:00:00+00:00");
        let then = time("2h").unwrap();
        let ago = Utc::now() - then;
        assert!(ago >= chrono::Duration::hours(2) && ago < chrono::Duration::hours(3));
        for wrong in ["", "yesterday", "-2h", "2026", "99999999999999999999s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn command_definition_is_consistent_msg_3() {
        definition().debug_assert();
    }
}
