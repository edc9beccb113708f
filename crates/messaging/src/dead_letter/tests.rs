use super::*;
use crate::Topic;

fn dead(message: &str) -> DeadLetter {
    let envelope = Envelope::new(
        Topic::new("symbol.created").unwrap(),
        "symbol.created",
        "symbols",
        &b"\x00\xff"[..],
    )
    .with_key("7")
    .with_header("x-own", "kept");
    let group = GroupName::new("audit").unwrap();
    DeadLetter::new(
        envelope,
        &group,
        DeadLetterReason::RetriesExhausted,
        "STORE_DOWN",
        message,
        4,
        DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
    )
}

#[test]
fn dead_letter_keeps_message_and_reason_msg_3() {
    let mut letter = dead("the store cannot be reached");
    letter.last_failed = DateTime::from_timestamp_micros(1_700_000_001_000_002);
    letter.position = Some(Position {
        partition: Some(2),
        offset: 40,
    });
    let stored = letter.clone().into_stored();
    assert_eq!(stored.topic().as_str(), "symbol.created.dlq");
    assert_eq!(stored.id(), letter.envelope.id());
    assert_eq!(DeadLetter::from_stored(stored), letter);
}

#[test]
fn failures_of_one_cause_share_a_fingerprint_msg_3() {
    let of = |message: &str| dead(message).fingerprint;
    assert_eq!(
        of("row 17 of 0af3 is locked"),
        of("row 4 of 99c1 is locked")
    );
    assert_ne!(of("row 17 is locked"), of("row 17 is gone"));
}

#[test]
fn failure_message_is_one_masked_bounded_line_obs_3() {
    let letter = dead(&format!("first\r\nada@example.org {}", "é".repeat(2_000)));
    assert!(!letter.message.contains(['\r', '\n', '@']));
    assert!(letter.message.len() <= 1_000);
    assert!(letter.into_stored().check_headers().is_ok());
}

#[test]
fn dead_letters_of_other_publishers_are_parsed_msg_3() {
    let topic = Topic::new("symbol.created").unwrap().dead_letters();
    let foreign = Envelope::new(topic, "symbol.created", "", "{}");
    let letter = DeadLetter::from_stored(foreign.clone());
    assert_eq!(letter.reason, DeadLetterReason::Unknown);
    assert_eq!(letter.id.as_str(), foreign.id().as_str());
    assert_eq!(letter.envelope.topic().as_str(), "symbol.created");
}

#[test]
fn smaller_forms_keep_why_a_message_died_msg_3() {
    let mut letter = dead("why");
    letter.envelope = letter
        .envelope
        .with_attribute("foreign", "long")
        .with_payload(vec![7; form::MAX_CUT_PAYLOAD + 1].into());
    let stored = letter.clone().into_stored();
    assert_eq!(Form::Complete.of(&stored), stored);
    let bare = DeadLetter::from_stored(Form::WithoutHeaders.of(&stored));
    assert_eq!(bare.envelope.headers().count(), 0);
    assert_eq!(bare.envelope.attribute("foreign"), None);
    assert_eq!(bare.envelope.payload(), letter.envelope.payload());
    assert_eq!(
        (bare.id, bare.group, bare.truncated),
        (letter.id, letter.group, None)
    );
    let cut = DeadLetter::from_stored(Form::TruncatedPayload.of(&stored));
    assert_eq!(cut.envelope.payload().len(), form::MAX_CUT_PAYLOAD);
    assert_eq!(cut.message, letter.message);
    let original = cut.truncated.unwrap();
    assert_eq!(original.size, form::MAX_CUT_PAYLOAD as u64 + 1);
    assert_eq!(original.sha256.len(), 64);
}
