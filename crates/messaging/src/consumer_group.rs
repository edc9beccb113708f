use crate::{
    InvalidName,
    name::GroupName,
    transport::{GroupPlan, Order},
};

/// A consumer group that publishers and consumers of an event share. Declare it once, in the crate
/// of the events.
///
/// The event names it in [`Event::GROUPS`](crate::Event::GROUPS), so its publishers create the
/// group. The consumer passes it to
/// [`Subscription::for_group`](crate::Subscription::for_group).
///
/// ```
/// use seaworthy_messaging::{ConsumerGroup, Event, Subscription, Topics};
///
/// const AUDIT: ConsumerGroup = ConsumerGroup::new("audit");
///
/// struct SymbolCreated;
///
/// impl Event for SymbolCreated {
///     const TYPE: &'static str = "symbol.created";
///     const VERSION: u32 = 1;
///     const GROUPS: &'static [ConsumerGroup] = &[AUDIT];
/// }
///
/// let topics = Topics::from_event::<SymbolCreated>();
/// let subscription = Subscription::for_group(AUDIT);
/// # drop((topics, subscription));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerGroup {
    name: &'static str,
    order: Order,
}

impl ConsumerGroup {
    /// Creates a group. Publishers and subscriptions report an invalid name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            order: Order::Member,
        }
    }

    /// Keeps the order of the messages of a key across all instances, as
    /// [`Subscription::ordered`](crate::Subscription::ordered) does.
    #[must_use]
    pub const fn ordered(self) -> Self {
        Self {
            order: Order::Group,
            ..self
        }
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(crate) fn order(self) -> Order {
        self.order
    }

    pub(crate) fn plan(self) -> Result<GroupPlan, InvalidName> {
        Ok(GroupPlan {
            group: GroupName::new(self.name)?,
            order: self.order,
        })
    }
}
