use crate::{GroupName, Topic};

/// The names of keys. They are unique, because names of topics and groups contain no colon.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The stream of a topic.
    pub(super) fn stream(&self, topic: &str) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// The IDs of the dead letters of a topic and their stream entries.
    pub(super) fn index(&self, topic: &Topic) -> String {
        format!("{}index:{topic}", self.prefix)
    }

    /// The topics of a group.
    pub(super) fn topics(&self, group: &GroupName) -> String {
        format!("{}topics:{group}", self.prefix)
    }

    /// The active session of an ordered group.
    pub(super) fn active(&self, group: &GroupName) -> String {
        format!("{}active:{group}", self.prefix)
    }

    /// A stream whose entries wake the members of a group.
    pub(super) fn wake(&self, group: &GroupName) -> String {
        format!("{}wake:{group}", self.prefix)
    }
}
