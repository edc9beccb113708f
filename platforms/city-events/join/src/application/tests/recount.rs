use seaworthy_testkit::database::EmptyDatabase;

use super::fixture::{Replica, event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_publish_each_revision_once_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let (one, other) = (Replica::start(&empty).await, Replica::start(&empty).await);
        let changed = event(10);
        one.open(&changed).await;
        one.seed(changed.event_id, 3, 0).await;
        // Both replicas list the event, then one of them publishes.
        one.joins
            .publish_event_counts(changed.event_id)
            .await
            .unwrap();
        other
            .joins
            .publish_event_counts(changed.event_id)
            .await
            .unwrap();
        assert_eq!(one.stored_messages("join.counted").await.len(), 1);

        one.seed(changed.event_id, 2, 0).await;
        let both = tokio::join!(
            one.joins.publish_event_counts(changed.event_id),
            other.joins.publish_event_counts(changed.event_id)
        );
        both.0.unwrap();
        both.1.unwrap();
        let counted = one.stored_messages("join.counted").await;
        let active: Vec<_> = counted
            .iter()
            .map(|body| &body["seats"]["active"])
            .collect();
        assert_eq!(active, [3, 5]);
        one.stop().await;
        other.stop().await;
    }
}
