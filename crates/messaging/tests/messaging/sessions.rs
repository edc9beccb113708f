use seaworthy_messaging::transport::{Deliveries, DeliveryTag};

/// Returns the tags of the next deliveries of a session.
pub(crate) async fn next_tags(session: &dyn Deliveries) -> Vec<DeliveryTag> {
    let next = session.next().await.unwrap();
    next.iter().map(|delivery| delivery.tag).collect()
}
