use super::{Harness, topic};
use crate::{
    DeadLetterId, Envelope,
    transport::{MAX_PAGE_SIZE, Transport},
};

/// The number of letters of one call to `publish`.
const BATCH: usize = 8;

/// A page of large dead letters ends at its size, and the next one continues after it.
pub async fn pages_of_dead_letters_have_bounded_size_msg_3(harness: &dyn Harness) {
    let transport = harness.open().await;
    let stored = topic().dead_letters();
    let count = MAX_PAGE_SIZE.as_usize() / harness.large() + 2;
    let mut ids = Vec::new();
    while ids.len() < count {
        let letter = || Envelope::new(stored.clone(), "kind", "source", vec![0; harness.large()]);
        let batch: Vec<_> = (0..BATCH).map(|_| letter()).collect();
        ids.extend(batch.iter().map(DeadLetterId::of));
        let results = transport.publish(batch).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }
    let (first, last) = page(&*transport, &stored, None).await;
    let (second, _) = page(&*transport, &stored, last.as_ref()).await;
    let mut found: Vec<_> = first.into_iter().chain(second).collect();
    found.sort_unstable();
    ids.sort_unstable();
    assert_eq!(found, ids);
    for ids in ids.chunks(BATCH) {
        transport.remove(&stored, ids).await.unwrap();
    }
    transport.close().await;
}

/// Returns the IDs of a page and its last one.
async fn page(
    transport: &dyn Transport,
    stored: &crate::Topic,
    after: Option<&DeadLetterId>,
) -> (Vec<DeadLetterId>, Option<DeadLetterId>) {
    let page = transport.browse(stored, after, 1_000).await.unwrap();
    let size: usize = page.iter().map(Envelope::size).sum();
    let max = MAX_PAGE_SIZE.as_usize() + 1024 * 1024;
    assert!(size < max, "{size} bytes in {} letters", page.len());
    assert!(!page.is_empty());
    let ids: Vec<_> = page.iter().map(DeadLetterId::of).collect();
    let last = ids.last().cloned();
    (ids, last)
}
