use std::num::NonZeroU16;

use crate::{GroupName, Topic};

/// A topic that will be published to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    /// The topic.
    pub topic: Topic,
    /// Whether publishing to it is no error while no group gets its messages.
    pub allows_unroutable: bool,
}

/// How far the order of messages of one key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Within one member: its messages of a key are handled one at a time, in order. Another member may have other messages of the key at the same time.
    #[default]
    Member,
    /// Over all members of the group: a key is never in the hands of two of them.
    Group,
}

/// What a member of a group takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionPlan {
    /// The group.
    pub group: GroupName,
    /// Its topics.
    pub topics: Vec<Topic>,
    /// How many deliveries the member has at most that are not settled.
    pub prefetch: NonZeroU16,
    /// How far order reaches.
    pub order: Order,
}
