use crate::{DeadLetterId, GroupName, Topic};

/// The text that replaces dots in names of streams and consumers. Names of topics and
/// groups contain no plus, so the results are unique.
const DOT: &str = "+";

/// The names of streams, consumers and subjects.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
    returns: String,
}

impl Names {
    /// Returns the names with a prefix, or `None` if the prefix is invalid.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (!prefix.is_empty() && prefix.bytes().all(is_usable)).then(|| Self {
            prefix: prefix.to_owned(),
            // Topic names do not begin with a dot.
            returns: format!("{prefix}{DOT}{DOT}returned"),
        })
    }

    /// The stream of a topic.
    pub(super) fn stream(&self, topic: &Topic) -> String {
        format!("{}{DOT}{}", self.prefix, topic.as_str().replace('.', DOT))
    }

    /// The stream of the leases of ordered groups.
    pub(super) fn leases(&self) -> &str {
        &self.prefix
    }

    /// The consumer of a group, on each of its streams.
    pub(super) fn consumer(group: &GroupName) -> String {
        group.as_str().replace('.', DOT)
    }

    /// The subject of a topic.
    pub(super) fn subject(&self, topic: &Topic) -> String {
        format!("{}.topic.{topic}", self.prefix)
    }

    /// The subjects of all topics.
    pub(super) fn subjects(&self) -> String {
        format!("{}.topic.>", self.prefix)
    }

    /// The subject of a dead letter.
    pub(super) fn dead_letter(&self, topic: &Topic, id: &DeadLetterId) -> String {
        format!("{}.dead.{topic}.{}", self.prefix, token(id.as_str()))
    }

    /// The subjects of all dead letters of a topic.
    pub(super) fn dead_letters(&self, topic: &Topic) -> String {
        format!("{}.dead.{topic}.*", self.prefix)
    }

    /// The subject of the lease of an ordered group.
    pub(super) fn lease(&self, group: &GroupName) -> String {
        format!("{}.turn.{group}", self.prefix)
    }

    /// The stream that records returned messages.
    pub(super) fn returns(&self) -> &str {
        &self.returns
    }

    /// The subject that records how often a group returned a message, by topic and stream sequence.
    pub(super) fn returned(&self, topic: &Topic, group: &GroupName, sequence: u64) -> String {
        let (stream, consumer) = (self.stream(topic), Self::consumer(group));
        format!("{}.returned.{stream}.{consumer}.{sequence}", self.prefix)
    }

    /// The subjects of all records of returned messages.
    pub(super) fn all_returned(&self) -> String {
        format!("{}.returned.>", self.prefix)
    }

    /// The subjects of the leases of all ordered groups.
    pub(super) fn all_leases(&self) -> String {
        format!("{}.turn.>", self.prefix)
    }
}

/// Encodes a text as one token of a subject. Different texts have different tokens.
fn token(text: &str) -> String {
    let mut token = String::with_capacity(text.len() + 1);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("={byte:02X}"));
        }
    }
    if token.is_empty() {
        token.push('=');
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_msg_1() {
        let names = Names::new("messages").unwrap();
        let topic = |text: &str| Topic::new(text).unwrap();
        assert_eq!(names.stream(&topic("a.b_c")), "messages+a+b_c");
        assert_ne!(names.stream(&topic("a.b")), names.stream(&topic("a-b")));
        assert_eq!(names.subject(&topic("a.b")), "messages.topic.a.b");
        assert_eq!(
            names.dead_letter(&topic("a").dead_letters(), &DeadLetterId::new("x. *é")),
            "messages.dead.a.dlq.x=2E=20=2A=C3=A9"
        );
        assert_eq!(names.returns(), "messages++returned");
        let group = GroupName::new("audit.log").unwrap();
        assert_eq!(
            names.returned(&topic("a.b"), &group, 7),
            "messages.returned.messages+a+b.audit+log.7"
        );
        for bad in ["", "a.b", "a b", ">"] {
            assert!(Names::new(bad).is_none(), "{bad:?}");
        }
    }
}
