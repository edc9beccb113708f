//! The consumer groups. The legacy queues have other names, because they have other arguments.

use seaworthy::messaging::ConsumerGroup;

/// The group of the event service.
pub const EVENT: ConsumerGroup = ConsumerGroup::new("city-events.event");
/// The group of the join service.
pub const JOIN: ConsumerGroup = ConsumerGroup::new("city-events.join");
/// The group of the feed service.
pub const FEED: ConsumerGroup = ConsumerGroup::new("city-events.feed");
/// The group of the email service.
pub const EMAIL: ConsumerGroup = ConsumerGroup::new("city-events.email");
/// The group of the media service.
pub const MEDIA: ConsumerGroup = ConsumerGroup::new("city-events.media");
/// The group of the media worker.
pub const MEDIA_WORKER: ConsumerGroup = ConsumerGroup::new("city-events.media-worker");
