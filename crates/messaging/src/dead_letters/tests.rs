use std::{num::NonZeroU32, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::*;
use crate::{
    DeadLetterReason, EmbeddedConfig, Envelope, GroupName, MemoryBroker,
    transport::{Order, SubscriptionPlan},
};

fn topic() -> Topic {
    Topic::new("symbol.created").unwrap()
}

fn letter(number: u32, message: &str) -> DeadLetter {
    let envelope = Envelope::new(topic(), "symbol.created", "symbols", number.to_string());
    DeadLetter::new(
        envelope,
        &GroupName::new("audit").unwrap(),
        DeadLetterReason::Rejected,
        "REJECTED",
        message,
        1,
        Utc::now(),
    )
}

/// A broker with a group and this many letters of it.
async fn broker(count: u32) -> (MemoryBroker, Arc<dyn crate::transport::Deliveries>) {
    let broker = MemoryBroker::new(&EmbeddedConfig::default());
    let plan = SubscriptionPlan {
        group: GroupName::new("audit").unwrap(),
        topics: vec![topic()],
        prefetch: std::num::NonZeroU16::MAX,
        is_required: false,
        order: Order::Member,
    };
    let deliveries = broker.open(plan).await.unwrap();
    let stored = (0..count).map(|number| letter(number, "no").into_stored());
    let answers = broker.publish(stored.collect()).await;
    assert!(answers.iter().all(Result::is_ok));
    (broker, deliveries)
}

#[tokio::test(start_paused = true)]
async fn replay_keeps_rate_and_order_msg_3() {
    let (broker, deliveries) = broker(35).await;
    let letters = DeadLetters::new(Arc::new(broker));
    let selection = Selection::new(&[topic()], DeadLetterFilter::default());
    let replay = Replay {
        rate: NonZeroU32::new(10).unwrap(),
        ..Replay::default()
    };
    let begun = Instant::now();
    let report = letters.replay(&selection, &replay, &Progress::new()).await;
    assert!(report.is_complete(), "{report:?}");
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(3) && took < Duration::from_secs(4),
        "{took:?}"
    );
    let delivered = deliveries.next().await.unwrap();
    let texts: Vec<_> = delivered
        .iter()
        .map(|delivery| String::from_utf8_lossy(delivery.envelope.payload()).into_owned())
        .collect();
    let expected: Vec<_> = (0..35).map(|number: u32| number.to_string()).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn discard_keeps_limit_and_reports_more_msg_3() {
    let (broker, _deliveries) = broker(5).await;
    let letters = DeadLetters::new(Arc::new(broker));
    let selection = Selection {
        limit: NonZeroU32::new(2).unwrap(),
        ..Selection::new(&[topic()], DeadLetterFilter::default())
    };
    let report = letters.discard(&selection, false, &Progress::new()).await;
    assert!(report.more);
    assert_eq!(report.counts().discarded, 2);
    assert_eq!(letters.list(&topic(), None, 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn discard_processes_more_than_one_page_msg_3() {
    let (broker, _deliveries) = broker(2_500).await;
    let letters = DeadLetters::new(Arc::new(broker));
    let selection = Selection::new(&[topic()], DeadLetterFilter::default());
    let report = letters.discard(&selection, false, &Progress::new()).await;
    assert_eq!(report.counts().discarded, 2_500, "{:?}", report.problem);
    assert!(letters.list(&topic(), None, 10).await.unwrap().is_empty());
}

#[test]
fn filter_matches_all_its_fields_msg_3() {
    let one = letter(1, "no");
    let wanted = DeadLetterFilter {
        group: one.group.clone(),
        event_type: Some("symbol.created".to_owned()),
        reason: Some(DeadLetterReason::Rejected),
        fingerprint: Some(one.fingerprint.clone()),
        since: one.last_failed,
        ..DeadLetterFilter::by_id(one.id.clone())
    };
    assert!(wanted.matches(&one));
    assert!(DeadLetterFilter::default().matches_all() && !wanted.matches_all());
    let moment: DateTime<Utc> = one.last_failed.unwrap();
    let others = [
        DeadLetterFilter::by_id(DeadLetterId::new("another")),
        DeadLetterFilter {
            group: GroupName::new("other").ok(),
            ..wanted.clone()
        },
        DeadLetterFilter {
            event_type: Some("symbol".to_owned()),
            ..wanted.clone()
        },
        DeadLetterFilter {
            reason: Some(DeadLetterReason::Undecodable),
            ..wanted.clone()
        },
        DeadLetterFilter {
            fingerprint: Some("0".repeat(16)),
            ..wanted.clone()
        },
        DeadLetterFilter {
            until: Some(moment),
            ..wanted
        },
    ];
    for other in others {
        assert!(!other.matches(&one), "{other:?}");
    }
}

#[test]
fn replay_skips_expired_letters_and_letters_without_group_msg_3() {
    let mut expired = letter(1, "no");
    expired.envelope = expired
        .envelope
        .with_attribute("expirytime", "2020-01-01T00:00:00Z");
    let description = DeadLetterDescription::with_payload(&expired);
    assert_eq!(description.payload.as_deref(), Some("1"));
    assert_eq!(DeadLetterDescription::of(&expired).payload, None);
    let mut lost = letter(2, "no");
    lost.group = None;
    for (letter, part) in [(expired, "expired"), (lost, "group")] {
        let problem = Replay::default().prepare(&letter).unwrap_err();
        assert!(problem.contains(part), "{problem}");
    }
}

#[test]
fn letters_of_one_cause_form_one_group_msg_3() {
    let mut again = letter(3, "row 3 is locked");
    again.replays = 1;
    let groups = group::group([
        letter(1, "row 1 is locked"),
        letter(2, "row 2 is gone"),
        again.clone(),
    ]);
    let counts: Vec<_> = groups
        .iter()
        .map(|group| (group.count, group.replayed))
        .collect();
    assert_eq!(counts, [(2, 1), (1, 0)]);
    assert_eq!(groups.first().map(|group| &group.example), Some(&again.id));
}
