use crate::{DeadLetterId, GroupName, Topic};

/// What a dot becomes in the names of streams and consumers, which have none. Names of topics and groups have no plus, so no two of these are ever the same.
const DOT: &str = "+";

/// The names of streams, consumers and subjects.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
    returns: String,
}

impl Names {
    /// Names after a prefix; none where it cannot be one.
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

    /// The stream in which members of ordered groups hand on their turn.
    pub(super) fn turns(&self) -> &str {
        &self.prefix
    }

    /// The consumer of a group, on each of its streams.
    pub(super) fn consumer(group: &GroupName) -> String {
        group.as_str().replace('.', DOT)
    }

    /// What is published to a topic.
    pub(super) fn subject(&self, topic: &Topic) -> String {
        format!("{}.topic.{topic}", self.prefix)
    }

    /// The subjects of all topics.
    pub(super) fn subjects(&self) -> String {
        format!("{}.topic.>", self.prefix)
    }

    /// A dead letter, each under its own subject.
    pub(super) fn dead_letter(&self, topic: &Topic, id: &DeadLetterId) -> String {
        format!("{}.dead.{topic}.{}", self.prefix, token(id.as_str()))
    }

    /// The subjects of all dead letters of a topic.
    pub(super) fn dead_letters(&self, topic: &Topic) -> String {
        format!("{}.dead.{topic}.*", self.prefix)
    }

    /// Whose turn it is in a group.
    pub(super) fn turn(&self, group: &GroupName) -> String {
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

    /// Whose turn it is in all groups.
    pub(super) fn all_turns(&self) -> String {
        format!("{}.turn.>", self.prefix)
    }
}

/// Any text as one token of a subject, no two of them as the same.
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
    fn names_never_meet_msg_1() {
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
