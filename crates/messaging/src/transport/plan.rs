use std::num::NonZeroU16;

use crate::{GroupName, Topic};

/// A topic of a publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    /// The topic.
    pub topic: Topic,
    /// Whether publishing without a subscription is a no-op instead of an error.
    pub allows_unroutable: bool,
    /// The groups that receive every message of the topic, even before their first member starts.
    pub groups: Vec<GroupPlan>,
}

/// A consumer group that a publisher requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlan {
    /// The consumer group.
    pub group: GroupName,
    /// The scope of the order of the messages of a key.
    pub order: Order,
}

/// The scope of the order of the messages of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Within one member: it handles its messages of a key one at a time and in order. Other
    /// members may handle other messages of the key at the same time.
    #[default]
    Member,
    /// Within the group: only one member at a time has messages of a key.
    Group,
}

/// The subscription of one member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionPlan {
    /// The consumer group.
    pub group: GroupName,
    /// Its topics.
    pub topics: Vec<Topic>,
    /// The maximum number of unacknowledged deliveries of the member.
    pub prefetch: NonZeroU16,
    /// Whether publishers of its topics create the group, so that it may have their settings.
    pub is_required: bool,
    /// The scope of the order of the messages of a key.
    pub order: Order,
}
