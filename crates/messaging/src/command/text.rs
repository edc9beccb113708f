use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    GroupName,
    dead_letters::{DeadLetterDescription, DeadLetterGroup, DeadLetterOutcome, DeadLetterReport},
    transport::Position,
};

/// The maximum number of failed letters in the text output. The JSON output has all.
const MAX_SHOWN: usize = 20;

/// Escapes characters that move the cursor, change colors or the direction of writing.
pub(super) fn shown(text: &str) -> String {
    let is_harmless = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmless(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

pub(super) fn time(time: Option<DateTime<Utc>>) -> String {
    time.map_or("-".to_owned(), |time| {
        time.to_rfc3339_opts(SecondsFormat::Secs, true)
    })
}

pub(super) fn named(group: Option<&GroupName>) -> &str {
    group.map_or("-", GroupName::as_str)
}

pub(super) fn line(letter: &DeadLetterDescription) -> String {
    format!(
        "{}  {}  {}  group {}  {}  {}  replayed {}  {}: {}",
        shown(letter.id.as_str()),
        time(letter.last_failed),
        letter.topic,
        named(letter.group.as_ref()),
        shown(&letter.event_type),
        letter.reason,
        letter.replays,
        shown(&letter.class),
        shown(&letter.problem),
    )
}

pub(super) fn group(group: &DeadLetterGroup) -> String {
    format!(
        "{}  {} dead letters, {} of them replayed  {}  group {}  {}  {}  {} to {}  {}: {}",
        group.fingerprint,
        group.count,
        group.replayed,
        group.topic,
        named(group.group.as_ref()),
        shown(&group.event_type),
        group.reason,
        time(group.first_failed),
        time(group.last_failed),
        shown(&group.class),
        shown(&group.message),
    )
}

fn position(position: Option<Position>) -> String {
    match position {
        None => "-".to_owned(),
        Some(Position {
            partition: None,
            offset,
        }) => format!("offset {offset}"),
        Some(Position {
            partition: Some(partition),
            offset,
        }) => format!("partition {partition}, offset {offset}"),
    }
}

/// Returns a description with one line for each field.
pub(super) fn description(letter: &DeadLetterDescription) -> String {
    let optional = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), shown);
    let version = letter
        .version
        .map_or("-".to_owned(), |version| version.to_string());
    let mut lines = vec![
        ("id", shown(letter.id.as_str())),
        ("message", shown(&letter.message_id)),
        ("topic", letter.topic.to_string()),
        ("group", named(letter.group.as_ref()).to_owned()),
        (
            "type",
            format!("{} version {version}", shown(&letter.event_type)),
        ),
        ("source", shown(&letter.source)),
        ("subject", optional(&letter.subject)),
        ("key", optional(&letter.key)),
        ("time", time(letter.time)),
        ("reason", letter.reason.to_string()),
        (
            "problem",
            format!("{}: {}", shown(&letter.class), shown(&letter.problem)),
        ),
        ("fingerprint", letter.fingerprint.clone()),
        ("attempts", letter.attempts.to_string()),
        ("replays", letter.replays.to_string()),
        (
            "failed",
            format!(
                "{} to {}",
                time(letter.first_failed),
                time(letter.last_failed)
            ),
        ),
        ("position", position(letter.position)),
        ("correlation", optional(&letter.correlation_id)),
        ("request", optional(&letter.request_id)),
        ("trace", optional(&letter.trace_id)),
        (
            "payload",
            format!(
                "{} bytes, {}",
                letter.payload_size,
                optional(&letter.content_type)
            ),
        ),
    ];
    for (name, value) in &letter.headers {
        lines.push(("header", format!("{}: {}", shown(name), shown(value))));
    }
    let mut text: Vec<_> = lines
        .into_iter()
        .map(|(name, value)| format!("{name:<12}{value}"))
        .collect();
    text.extend(letter.payload.as_ref().map(|payload| {
        let lines: Vec<_> = payload.lines().map(shown).collect();
        format!("\n{}", lines.join("\n"))
    }));
    text.join("\n")
}

/// Returns the result of a job as text, with the letters that were not processed.
pub(super) fn report(report: &DeadLetterReport) -> String {
    let counts = report.counts();
    let mut text = if report.dry_run {
        format!(
            "dry run: {} dead letters selected, {} skipped",
            counts.waiting, counts.skipped
        )
    } else {
        let outcomes = [
            (counts.replayed, "replayed"),
            (counts.discarded, "discarded"),
            (counts.skipped, "skipped"),
            (counts.rejected, "rejected by the broker"),
            (counts.missing, "missing"),
            (
                counts.uncertain,
                "perhaps published: a replay publishes them again with the same message ID",
            ),
            (counts.waiting, "not reached"),
        ];
        let outcomes: Vec<_> = outcomes
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        format!(
            "{} dead letters selected: {}",
            counts.selected,
            or_none(&outcomes)
        )
    };
    if report.more {
        text.push_str("\nthe selection exceeds the limit: run the command again");
    }
    if let Some(problem) = &report.problem {
        let _ = write!(text, "\nthe job ended early: {}", shown(problem));
    } else if !report.finished {
        text.push_str("\nthe job was interrupted: run the command again");
    }
    let unusual = report.letters.iter().filter_map(|letter| {
        let why = match &letter.outcome {
            DeadLetterOutcome::Skipped { problem } | DeadLetterOutcome::Rejected { problem } => {
                shown(problem)
            }
            DeadLetterOutcome::Publishing | DeadLetterOutcome::Published => {
                "perhaps published".to_owned()
            }
            _ => return None,
        };
        Some(format!("\n{}  {why}", shown(letter.id.as_str())))
    });
    text.extend(unusual.take(MAX_SHOWN));
    text
}

fn or_none(outcomes: &[String]) -> String {
    if outcomes.is_empty() {
        "none".to_owned()
    } else {
        outcomes.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_escaped_msg_3() {
        let hostile = "a\u{1b}[2Jb\r\u{202e}c\u{0}\u{200b}é";
        assert_eq!(
            shown(hostile),
            "a\\u{1b}[2Jb\\u{d}\\u{202e}c\\u{0}\\u{200b}é"
        );
    }

    proptest! {
        #[test]
        fn escaped_text_is_one_line_msg_3(text in any::<String>()) {
            prop_assert!(!shown(&text).chars().any(char::is_control));
        }
    }
}
