use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    GroupName,
    dead_letters::{DeadLetterDescription, DeadLetterGroup, DeadLetterReport, DeadLetterOutcome},
};

/// As many of the letters that did not go as they should as a person reads; a program gets all.
const TOLD: usize = 20;

/// A text of anybody's as a terminal may show it: nothing in it moves the cursor, changes a colour or turns the direction of writing.
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

pub(super) fn moment(moment: Option<DateTime<Utc>>) -> String {
    moment.map_or("-".to_owned(), |moment| {
        moment.to_rfc3339_opts(SecondsFormat::Secs, true)
    })
}

pub(super) fn named(group: Option<&GroupName>) -> &str {
    group.map_or("-", GroupName::as_str)
}

pub(super) fn line(letter: &DeadLetterDescription) -> String {
    format!(
        "{}  {}  {}  group {}  {}  {}  replayed {}  {}: {}",
        shown(letter.id.as_str()),
        moment(letter.last_failed),
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
        "{}  {} letters, {} of them replayed before  {}  group {}  {}  {}  {} to {}  {}: {}",
        group.fingerprint,
        group.count,
        group.replayed,
        group.topic,
        named(group.group.as_ref()),
        shown(&group.event_type),
        group.reason,
        moment(group.first_failed),
        moment(group.last_failed),
        shown(&group.class),
        shown(&group.message),
    )
}

/// One line for each thing that is known.
pub(super) fn description(letter: &DeadLetterDescription) -> String {
    let told = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), shown);
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
        ("subject", told(&letter.subject)),
        ("key", told(&letter.key)),
        ("made", moment(letter.time)),
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
                moment(letter.first_failed),
                moment(letter.last_failed)
            ),
        ),
        ("request", told(&letter.request_id)),
        ("trace", told(&letter.trace_id)),
        (
            "payload",
            format!(
                "{} bytes, {}",
                letter.payload_size,
                told(&letter.content_type)
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

/// What was done, with the letters that did not go as they should.
pub(super) fn report(report: &DeadLetterReport) -> String {
    let counts = report.counts();
    let mut text = if report.dry_run {
        format!(
            "{} letters would be taken, {} skipped; nothing was done",
            counts.waiting, counts.skipped
        )
    } else {
        let told = [
            (counts.replayed, "replayed"),
            (counts.discarded, "discarded"),
            (counts.skipped, "skipped"),
            (counts.refused, "refused by the broker"),
            (counts.missing, "gone before their turn"),
            (
                counts.uncertain,
                "perhaps published and still dead letters: a replay publishes them again under the same identifier",
            ),
            (counts.waiting, "not reached"),
        ];
        let told: Vec<_> = told
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        format!("{} letters chosen: {}", counts.selected, or_none(&told))
    };
    if report.more {
        text.push_str("\nthere are more than the limit: run it again");
    }
    if let Some(problem) = &report.problem {
        let _ = write!(text, "\nit ended early: {}", shown(problem));
    } else if !report.finished {
        text.push_str("\nit was interrupted; it can be run again");
    }
    let unusual = report.letters.iter().filter_map(|letter| {
        let why = match &letter.outcome {
            DeadLetterOutcome::Skipped { problem } | DeadLetterOutcome::Refused { problem } => shown(problem),
            DeadLetterOutcome::Publishing | DeadLetterOutcome::Published => "perhaps published".to_owned(),
            _ => return None,
        };
        Some(format!("\n{}  {why}", shown(letter.id.as_str())))
    });
    text.extend(unusual.take(TOLD));
    text
}

fn or_none(told: &[String]) -> String {
    if told.is_empty() {
        "nothing was done".to_owned()
    } else {
        told.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_in_a_dead_letter_steers_the_terminal_msg_3() {
        let hostile = "a\u{1b}[2Jb\r\u{202e}c\u{0}\u{200b}é";
        assert_eq!(
            shown(hostile),
            "a\\u{1b}[2Jb\\u{d}\\u{202e}c\\u{0}\\u{200b}é"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_dead_letter_is_one_line_msg_3(text in any::<String>()) {
            prop_assert!(!shown(&text).chars().any(char::is_control));
        }
    }
}
