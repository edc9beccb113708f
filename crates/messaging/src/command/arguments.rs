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

/// As many as a screen holds, and some.
const LISTED: &str = "100";
/// As many as one person decides about at once.
const TREATED: &str = "10000";
/// What every service handles beside its usual work.
const RATE: &str = "50";

pub(super) fn definition() -> Command {
    let dry_run = || {
        flag(
            "dry-run",
            "Tell which letters that would be, and do nothing",
        )
    };
    let all = || {
        flag(
            "all",
            "All of them, where neither a letter nor a filter is given",
        )
    };
    Command::new("dead-letters")
        .about("Look at the messages that no consumer could handle, publish them again, throw them away.")
        .subcommand_required(true)
        .subcommand(filtered(
            Command::new("list").about("List dead letters, the oldest first."),
            LISTED,
        ))
        .subcommand(filtered(
            Command::new("groups").about("Group dead letters by what failed and why, the largest group first."),
            TREATED,
        ))
        .subcommand(
            Command::new("show")
                .about("Tell everything about one dead letter.")
                .arg(ids().num_args(1).required(true))
                .arg(topic())
                .arg(flag("payload", "Show the payload too: it may hold what not everybody should read")),
        )
        .subcommand(
            filtered(
                Command::new("replay").about(
                    "Publish dead letters again for the group that could not handle them, and remove them once that is confirmed.",
                ),
                TREATED,
            )
            .arg(ids())
            .arg(all())
            .arg(dry_run())
            .arg(
                Arg::new("rate")
                    .long("rate")
                    .value_name("LETTERS")
                    .value_parser(value_parser!(NonZeroU32))
                    .default_value(RATE)
                    .help("How many in a second at most"),
            )
            .arg(
                Arg::new("to-group")
                    .long("to-group")
                    .value_name("GROUP")
                    .value_parser(ValueParser::new(|text: &str| GroupName::new(text)))
                    .help("For this group, whichever could not handle it"),
            )
            .arg(flag(
                "to-everyone",
                "For every group of the topic, also those that have handled it",
            ))
            .group(ArgGroup::new("target").args(["to-group", "to-everyone"])),
        )
        .subcommand(
            filtered(
                Command::new("discard").about("Remove dead letters. They are gone."),
                TREATED,
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
        .help("Identifiers of dead letters, as the list tells them")
}

fn topic() -> Arg {
    Arg::new("topic")
        .long("topic")
        .action(ArgAction::Append)
        .value_parser(ValueParser::new(|text: &str| Topic::new(text)))
        .help("Those of this topic. May be repeated; else those of all topics of the service")
}

fn filtered(command: Command, limit: &'static str) -> Command {
    let text = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    command
        .arg(topic())
        .arg(
            text("group", "Those that this group could not handle")
                .value_parser(ValueParser::new(|text: &str| GroupName::new(text))),
        )
        .arg(text("type", "Those of this kind of event"))
        .arg(
            text("reason", "Those that were given up for this reason").value_parser(
                DeadLetterReason::ALL
                    .map(DeadLetterReason::as_str),
            ),
        )
        .arg(text(
            "fingerprint",
            "Those whose failures are of the same cause, as the groups tell it",
        ))
        .arg(
            text(
                "since",
                "Those that failed at this moment (2026-01-31T12:00:00Z) or this long ago (2h) or later",
            )
            .value_parser(ValueParser::new(moment)),
        )
        .arg(
            text("until", "Those that failed before this moment, or longer ago than this")
                .value_parser(ValueParser::new(moment)),
        )
        .arg(
            text("limit", "How many at most")
                .value_parser(value_parser!(NonZeroU32))
                .default_value(limit),
        )
}

/// A moment, or how long ago it was.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::from_str(text) {
        return Ok(moment);
    }
    let unknown = || {
        format!("{text:?} is neither a moment such as 2026-01-31T12:00:00Z nor a time such as 2h")
    };
    let ago = Timeout::from_str(text).map_err(|_| unknown())?;
    let ago = chrono::Duration::from_std(ago.get()).map_err(|_| unknown())?;
    Utc::now().checked_sub_signed(ago).ok_or_else(unknown)
}

/// What is asked for. What changes something must say of which letters.
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
        reason: reason.and_then(|reason| DeadLetterReason::named(&reason)),
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
            "name letters, a topic or a filter, or say --all",
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
        None if given.get_flag("to-everyone") => ReplayTarget::Everyone,
        None => ReplayTarget::FailedGroup,
    };
    let usual = Replay::default();
    Replay {
        target,
        rate: given.get_one("rate").copied().unwrap_or(usual.rate),
        dry_run: given.get_flag("dry-run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_how_long_ago_it_was_msg_3() {
        let date = moment("2026-01-31T12:00:00Z").unwrap();
        assert_eq!(date.to_rfc3339(), "2026-01-31T12:00:00+00:00");
        let then = moment("2h").unwrap();
        let ago = Utc::now() - then;
        assert!(ago >= chrono::Duration::hours(2) && ago < chrono::Duration::hours(3));
        for wrong in ["", "yesterday", "-2h", "2026", "99999999999999999999s"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_is_defined_without_contradiction_msg_3() {
        definition().debug_assert();
    }
}
