use seaworthy_messaging::{
    DeadLetterId, Envelope,
    transport::{MAX_PAGE_SIZE, Transport},
};

use super::TestBroker;

/// Two pages of letters, each letter with a large payload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browse_returns_pages_of_bounded_size_msg_3() {
    const LETTER_SIZE: usize = 4 * 1024 * 1024;
    let count = MAX_PAGE_SIZE.as_usize() / LETTER_SIZE + 4;
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let stored = broker.topic("topic").dead_letters();
    let transport = broker.connect().await;
    let mut ids = Vec::new();
    for _ in 0..count {
        let letter = Envelope::new(stored.clone(), "kind", "source", vec![0; LETTER_SIZE]);
        ids.push(DeadLetterId::of(&letter));
        let answers = transport.publish(vec![letter]).await;
        assert!(matches!(answers[..], [Ok(())]), "{answers:?}");
    }
    ids.sort();
    let mut found: Vec<DeadLetterId> = Vec::new();
    let mut pages = 0;
    loop {
        let page = transport
            .browse(&stored, found.last(), 1_000)
            .await
            .unwrap();
        let size: usize = page.iter().map(Envelope::size).sum();
        assert!(size < MAX_PAGE_SIZE.as_usize() + 2 * LETTER_SIZE, "{size}");
        if page.is_empty() {
            break;
        }
        pages += 1;
        found.extend(page.iter().map(DeadLetterId::of));
    }
    assert_eq!(found, ids);
    assert_eq!(pages, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_topic_has_no_dead_letters_msg_3() {
    let Some(broker) = TestBroker::new() else {
        return;
    };
    let topic = broker.topic("topic");
    let transport = broker.connect().await;
    let stored = topic.dead_letters();
    assert!(!transport.has_dead_letters(&stored).await.unwrap());
    let plan = broker.plan("group", vec![topic]);
    let _deliveries = transport.open(plan).await.unwrap();
    assert!(transport.has_dead_letters(&stored).await.unwrap());
}
