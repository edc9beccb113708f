//! How services hear of each other.

use seaworthy::messaging::{Subscription, SubscriptionOverrides};

/// Some minutes, since pauses grow up to half a minute: a database that is restarted sets no message aside.
const RETRIES: u32 = 20;

/// What a service that keeps what it hears takes its messages by.
#[must_use]
pub fn hearing(group: &str) -> Subscription {
    Subscription::new(group).limits(SubscriptionOverrides {
        max_retries: Some(RETRIES),
        ..SubscriptionOverrides::default()
    })
}
