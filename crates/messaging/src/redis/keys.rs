use crate::{GroupName, Topic};

/// The names of keys. Names of topics and groups have no colon, so no two of these are ever the same.
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

    /// Where the dead letters of a topic are in its stream.
    pub(super) fn index(&self, topic: &Topic) -> String {
        format!("{}index:{topic}", self.prefix)
    }

    /// The topics of a group.
    pub(super) fn topics(&self, group: &GroupName) -> String {
        format!("{}topics:{group}", self.prefix)
    }

    /// The session that has an ordered group to itself.
    pub(super) fn active(&self, group: &GroupName) -> String {
        format!("{}active:{group}", self.prefix)
    }

    /// A stream whose entries wake the members of a group.
    pub(super) fn wake(&self, group: &GroupName) -> String {
        format!("{}wake:{group}", self.prefix)
    }
}
