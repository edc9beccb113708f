use std::{num::NonZeroU32, time::Duration};

use bytes::Bytes;
use tokio::time;

use super::{
    Harness, TIMEOUT,
    failure::dead_letters,
    group,
    node::Node,
    record::{Record, Tally, message, numbers, text},
    topic,
};
use crate::{
    DeadLetterId, DeadLetterReason, DeadLetters, Envelope, Failure, GroupName, Received,
    Subscription, Topic,
    dead_letter::attributes,
    dead_letters::{
        DeadLetterFilter, DeadLetterOutcome, Progress, Replay, ReplayTarget, Selection,
    },
};

/// A subscription that rejects each text `times` times, with its own explanation, and then records
/// it.
pub(super) fn rejecting(record: &Record, group: &str, topic: &Topic, times: u32) -> Subscription {
    let (record, tally) = (record.clone(), Tally::default());
    Subscription::new(group).on_topic(topic.as_str(), move |received: Received<Bytes>| {
        let text = text(received.envelope());
        let rejected = tally.add(&text) <= times;
        if !rejected {
            record.add(received.envelope());
        }
        async move {
            if rejected {
                let kind = if text.ends_with('7') {
                    "seven"
                } else {
                    "other"
                };
                return Err(Failure::reject(format!("a {kind} is not handled")));
            }
            Ok(())
        }
    })
}

pub(super) fn everything(topic: &Topic) -> Selection {
    Selection::new(std::slice::from_ref(topic), DeadLetterFilter::default())
}

pub(super) fn quickly() -> Replay {
    Replay {
        rate: NonZeroU32::MAX,
        ..Replay::default()
    }
}

pub(super) fn letters(node: &Node) -> DeadLetters {
    node.messaging.dead_letters().unwrap()
}

/// Only the group that failed receives the message again, and the dead letter is removed.
pub async fn replay_reaches_only_failed_group_msg_3(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let (failing, well, other) = (Record::new(), Record::new(), group());
    node.subscribe(rejecting(&failing, &group(), &topic, 1))
        .await;
    node.subscribe(well.subscription(&other, &[&topic])).await;
    let publisher = node.publisher(&[&topic]).await;
    let sent = publisher
        .prepare(message(&topic, "again").key("k").header("x-own", "kept"))
        .unwrap();
    let answers = publisher.publish_all(vec![sent.clone()]).await;
    assert!(answers.iter().all(Result::is_ok));
    let letter = dead_letters(&node, &topic, 1).await.remove(0);
    let report = letters(&node)
        .replay(&everything(&topic), &quickly(), &Progress::new())
        .await;
    assert!(report.is_complete(), "{report:?}");
    let treated = report.letters.first().unwrap();
    assert_eq!(
        (&treated.id, &treated.outcome),
        (&letter.id, &DeadLetterOutcome::Replayed),
        "{treated:?}"
    );
    assert_eq!(failing.wait_for(1).await, ["again"]);
    let arrived = failing.all().remove(0);
    assert_eq!(
        (
            arrived.id(),
            arrived.key(),
            arrived.header("x-own"),
            arrived.payload()
        ),
        (sent.id(), Some("k"), Some("kept"), sent.payload())
    );
    // Messages that are published after the replay arrive after it.
    publisher.publish(message(&topic, "later")).await.unwrap();
    let texts = well.wait_until(|texts| texts.contains(&"later".to_owned()));
    assert_eq!(texts.await, ["again", "later"]);
    assert_eq!(well.all().len(), 2, "a group got it twice");
    // "later" is rejected once too.
    let left = dead_letters(&node, &topic, 1).await;
    assert!(left.iter().all(|left| text(&left.envelope) == "later"));
    node.stop().await;
}

/// A replay to all groups reaches every group.
pub async fn replay_to_all_groups_reaches_every_group_msg_3(harness: &dyn Harness) {
    let (node, topic) = (Node::start(harness).await, topic());
    let (failing, well) = (Record::new(), Record::new());
    node.subscribe(rejecting(&failing, &group(), &topic, 1))
        .await;
    node.subscribe(well.subscription(&group(), &[&topic])).await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "again")).await.unwrap();
    dead_letters(&node, &topic, 1).await;
    well.wait_for(1).await;
    let replay = Replay {
        target: ReplayTarget::AllGroups,
        ..quickly()
    };
    let report = letters(&node)
        .replay(&everything(&topic), &replay, &Progress::new())
        .await;
    assert!(report.is_complete(), "{report:?}");
    failing.wait_for(1).await;
    let twice = async {
        while well.all().len() < 2 {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(TIMEOUT, twice).await.unwrap();
    node.stop().await;
}

/// A replayed message that fails again is a new dead letter with the number of its replays.
pub async fn repeated_dead_letter_counts_its_replays_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(rejecting(&record, &group(), &topic, 3))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    publisher.publish(message(&topic, "poison")).await.unwrap();
    let mut before: Option<DeadLetterId> = None;
    for replays in 0..3 {
        let wait = async {
            loop {
                let letter = dead_letters(&node, &topic, 1).await.remove(0);
                if before.as_ref() != Some(&letter.id) {
                    return letter;
                }
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let letter = time::timeout(TIMEOUT, wait).await.unwrap();
        assert_eq!((letter.replays, letter.attempts), (replays, 1));
        let report = letters(&node)
            .replay(&everything(&topic), &quickly(), &Progress::new())
            .await;
        assert_eq!(report.counts().replayed, 1, "{report:?}");
        before = Some(letter.id);
    }
    assert_eq!(record.wait_for(1).await, ["poison"]);
    node.stop().await;
}

/// A replay by fingerprint. Its dry run returns the same counts and changes nothing.
pub async fn replay_by_fingerprint_leaves_other_letters_msg_3(harness: &dyn Harness) {
    let (node, topic, record, name) = (Node::start(harness).await, topic(), Record::new(), group());
    node.subscribe(rejecting(&record, &name, &topic, 1)).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(20) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    let all = dead_letters(&node, &topic, 20).await;
    let letters = letters(&node);
    let groups = letters.groups(&everything(&topic)).await.unwrap();
    let counts: Vec<_> = groups
        .iter()
        .map(|group| (group.message.as_str(), group.count))
        .collect();
    assert_eq!(
        counts,
        [
            ("a other is not handled", 18),
            ("a seven is not handled", 2)
        ]
    );
    let seven = groups.last().unwrap();
    assert_eq!(seven.group.as_ref().map(GroupName::as_str), Some(&*name));
    let selection = Selection::new(
        std::slice::from_ref(&topic),
        DeadLetterFilter {
            fingerprint: Some(seven.fingerprint.clone()),
            ..DeadLetterFilter::default()
        },
    );
    let dry = Replay {
        dry_run: true,
        ..quickly()
    };
    let report = letters.replay(&selection, &dry, &Progress::new()).await;
    assert_eq!((report.counts().selected, report.counts().waiting), (2, 2));
    assert!(report.is_complete());
    assert_eq!(dead_letters(&node, &topic, 20).await, all);
    let report = letters
        .replay(&selection, &quickly(), &Progress::new())
        .await;
    assert_eq!(
        (report.counts().replayed, report.is_complete()),
        (2, true),
        "{report:?}"
    );
    let texts: std::collections::BTreeSet<_> = record.wait_for(2).await.into_iter().collect();
    assert_eq!(texts, ["17".to_owned(), "7".to_owned()].into());
    assert_eq!(dead_letters(&node, &topic, 18).await.len(), 18);
    node.stop().await;
}

/// A discard removes only the selected letters, and no group receives them.
pub async fn discard_removes_only_selected_letters_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(rejecting(&record, &group(), &topic, 1))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(5) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    let all = dead_letters(&node, &topic, 5).await;
    let chosen = all.get(2).unwrap();
    let one = Selection::new(
        std::slice::from_ref(&topic),
        DeadLetterFilter::by_id(chosen.id.clone()),
    );
    let letters = letters(&node);
    let dry = letters.discard(&one, true, &Progress::new()).await;
    assert_eq!(dry.counts().selected, 1);
    assert_eq!(dead_letters(&node, &topic, 5).await.len(), 5);
    let report = letters.discard(&one, false, &Progress::new()).await;
    assert_eq!(
        (report.counts().discarded, report.is_complete()),
        (1, true),
        "{report:?}"
    );
    let left = dead_letters(&node, &topic, 4).await;
    let ids: Vec<_> = left.iter().map(|letter| &letter.id).collect();
    let expected: Vec<_> = all
        .iter()
        .map(|letter| &letter.id)
        .filter(|id| **id != chosen.id)
        .collect();
    assert_eq!(ids, expected);
    assert!(record.all().is_empty());
    node.stop().await;
}

/// A dead letter of another publisher reaches no other topic and no group that the operator did not
/// name, and is not lost.
pub async fn forged_dead_letter_reaches_no_other_topic_msg_3(harness: &dyn Harness) {
    let (node, topic, elsewhere) = (Node::start(harness).await, topic(), topic());
    let (record, victim, name) = (Record::new(), Record::new(), group());
    node.subscribe(record.subscription(&name, &[&topic])).await;
    node.subscribe(victim.subscription(&group(), &[&elsewhere]))
        .await;
    let forged = |text: &'static str| {
        Envelope::new(topic.dead_letters(), "forged", "", text)
            .with_attribute(attributes::TOPIC, elsewhere.as_str())
            .with_attribute(attributes::REASON, "because")
            .with_attribute(attributes::FINGERPRINT, "x".repeat(500))
            .with_attribute(attributes::ATTEMPTS, "99999999999999999999")
            .with_attribute(attributes::REPLAYS, "-1")
            .with_attribute(attributes::LAST_FAILED, "yesterday")
    };
    let unknown = forged("b").with_attribute(attributes::GROUP, "no.such.group");
    let published = node.transport.publish(vec![forged("a"), unknown]).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");
    let found = dead_letters(&node, &topic, 2).await;
    for letter in &found {
        assert_eq!(letter.envelope.topic(), &topic);
        assert_eq!(letter.reason, DeadLetterReason::Unknown);
        assert_eq!(
            (letter.fingerprint.len(), letter.attempts, letter.replays),
            (16, 0, 0)
        );
    }
    let letters = letters(&node).with_timeout(seaworthy_core::Timeout::from_millis(500));
    let selection = everything(&topic);
    let report = letters
        .replay(&selection, &quickly(), &Progress::new())
        .await;
    let counts = report.counts();
    assert_eq!(counts.skipped + counts.rejected, 2, "{report:?}");
    assert_eq!(dead_letters(&node, &topic, 2).await.len(), 2);
    let named = Replay {
        target: ReplayTarget::Group(GroupName::new(&name).unwrap()),
        ..quickly()
    };
    let report = letters.replay(&selection, &named, &Progress::new()).await;
    assert_eq!(report.counts().replayed, 2, "{report:?}");
    record.wait_for(2).await;
    assert!(victim.all().is_empty());
    node.stop().await;
}
