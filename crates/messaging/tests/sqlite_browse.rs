//! The size of the pages of dead letters in an SQLite broker.

use seaworthy_messaging::{
    BrokerUrl, DeadLetterId, Envelope, MessagingConfig, SqliteBroker, Topic,
    transport::{MAX_PAGE_SIZE, Transport},
};

#[tokio::test]
async fn browse_returns_pages_of_bounded_size_msg_3() {
    const LETTER_SIZE: usize = 8 * 1024 * 1024;
    let count = MAX_PAGE_SIZE.as_usize() / LETTER_SIZE + 2;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broker.db");
    let url = BrokerUrl::sqlite(&file.display().to_string());
    let broker = SqliteBroker::open(&MessagingConfig::new(url))
        .await
        .unwrap();
    let stored = Topic::new("topic").unwrap().dead_letters();
    let mut ids = Vec::new();
    for _ in 0..count {
        let letter = Envelope::new(stored.clone(), "kind", "source", vec![0; LETTER_SIZE]);
        ids.push(DeadLetterId::of(&letter));
        let answers = broker.publish(vec![letter]).await;
        assert!(matches!(answers[..], [Ok(())]), "{answers:?}");
    }
    let first = broker.browse(&stored, None, 1_000).await.unwrap();
    let size: usize = first.iter().map(Envelope::size).sum();
    assert!(size < MAX_PAGE_SIZE.as_usize() + 2 * LETTER_SIZE, "{size}");
    let last = first.last().map(DeadLetterId::of);
    let second = broker.browse(&stored, last.as_ref(), 1_000).await.unwrap();
    let found: Vec<_> = first.iter().chain(&second).map(DeadLetterId::of).collect();
    assert_eq!(found, ids);
    assert!(!second.is_empty());
}
