use crate::{GroupName, Topic};

/// Maximum length of a prefix. Kafka accepts 249 characters, and a dead-letter topic has up to 204.
const MAX_PREFIX_LENGTH: usize = 45;

/// The names of topics and groups.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// Returns the names with a prefix, which may be empty, or `None` if the prefix is invalid.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_usable = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = prefix.len() <= MAX_PREFIX_LENGTH && prefix.bytes().all(is_usable);
        fits.then(|| Self {
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn topic(&self, topic: &Topic) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// Returns the topic with this name, or `None` if the name has another prefix.
    pub(super) fn topic_of(&self, name: &str) -> Option<Topic> {
        Topic::from_stored(name.strip_prefix(&self.prefix)?).ok()
    }

    pub(super) fn group(&self, group: &GroupName) -> String {
        format!("{}{group}", self.prefix)
    }

    /// Returns the name of the group that stores the starts of a group. No group name has two dots
    /// in a row.
    pub(super) fn starts(&self, group: &GroupName) -> String {
        format!("{}{group}..starts", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_its_name_msg_1() {
        let names = Names::new("orders.").unwrap();
        let topic = Topic::new("symbol.created").unwrap();
        assert_eq!(names.topic(&topic), "orders.symbol.created");
        assert_eq!(names.topic_of("orders.symbol.created"), Some(topic));
        assert_eq!(names.topic_of("__consumer_offsets"), None);
        for bad in ["a b", "a/b", &"x".repeat(46)] {
            assert!(Names::new(bad).is_none(), "{bad:?}");
        }
    }
}
