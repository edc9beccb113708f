use crate::{ConsumerGroup, Event, InvalidName, Topic, event::topic_of, transport::TopicPlan};

/// The topics of a publisher.
///
/// The publisher creates the groups of each event ([`Event::GROUPS`]), which count as
/// subscriptions.
///
/// ```
/// # use seaworthy_messaging::{Event, Topics};
/// # struct SymbolCreated; struct SymbolSeen;
/// # impl Event for SymbolCreated { const TYPE: &'static str = "symbol.created"; const VERSION: u32 = 1; }
/// # impl Event for SymbolSeen { const TYPE: &'static str = "symbol.seen"; const VERSION: u32 = 1; }
/// let topics = Topics::from_event::<SymbolCreated>().with_unroutable::<SymbolSeen>();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Topics(Vec<Result<TopicPlan, InvalidName>>);

impl Topics {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a list with the topic of an event. Publishing without a subscription is an error.
    #[must_use]
    pub fn from_event<E: Event>() -> Self {
        Self::new().with::<E>()
    }

    /// Adds the topic of an event. Publishing without a subscription is an error.
    #[must_use]
    pub fn with<E: Event>(self) -> Self {
        self.add(topic_of::<E>(), false, E::GROUPS)
    }

    /// Adds the topic of an event. Publishing without a subscription is a no-op.
    #[must_use]
    pub fn with_unroutable<E: Event>(self) -> Self {
        self.add(topic_of::<E>(), true, E::GROUPS)
    }

    /// Adds a topic by name. Publishing without a subscription is an error.
    #[must_use]
    pub fn with_topic(self, name: &str) -> Self {
        self.add(Topic::new(name), false, &[])
    }

    /// Adds a topic by name. Publishing without a subscription is a no-op.
    #[must_use]
    pub fn with_unroutable_topic(self, name: &str) -> Self {
        self.add(Topic::new(name), true, &[])
    }

    fn add(
        mut self,
        topic: Result<Topic, InvalidName>,
        allows_unroutable: bool,
        groups: &[ConsumerGroup],
    ) -> Self {
        let groups: Result<Vec<_>, _> = groups.iter().map(|group| group.plan()).collect();
        self.0.push(topic.and_then(|topic| {
            Ok(TopicPlan {
                topic,
                allows_unroutable,
                groups: groups?,
            })
        }));
        self
    }

    pub(crate) fn plan(self) -> Result<Vec<TopicPlan>, InvalidName> {
        self.0.into_iter().collect()
    }
}
