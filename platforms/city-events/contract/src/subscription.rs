use seaworthy::messaging::{ConsumerGroup, Subscription, SubscriptionOverrides};

/// The number of retries. With a backoff of up to 30 s they last several minutes, so a restart of
/// the database does not dead-letter a message.
const MAX_RETRIES: u32 = 20;

/// Returns a subscription of this consumer group that retries a failed message 20 times.
///
/// ```
/// let subscription = city_events_contract::subscription_with_retries(city_events_contract::groups::JOIN);
/// # drop(subscription);
/// ```
#[must_use]
pub fn subscription_with_retries(group: ConsumerGroup) -> Subscription {
    Subscription::for_group(group).limits(SubscriptionOverrides {
        max_retries: Some(MAX_RETRIES),
        ..SubscriptionOverrides::default()
    })
}
