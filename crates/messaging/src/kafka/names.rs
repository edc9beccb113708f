use crate::{GroupName, Topic};

/// Kafka takes 249 characters; the longest topic with the end of its dead letters has 204.
const LONGEST_PREFIX: usize = 45;

/// The names of topics and groups.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// Names after a prefix, which may be nothing; none where it cannot be one.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_usable = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = prefix.len() <= LONGEST_PREFIX && prefix.bytes().all(is_usable);
        fits.then(|| Self {
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn topic(&self, topic: &Topic) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// The topic that has this name; none where it is not one of these.
    pub(super) fn topic_of(&self, name: &str) -> Option<Topic> {
        Topic::stored(name.strip_prefix(&self.prefix)?).ok()
    }

    pub(super) fn group(&self, group: &GroupName) -> String {
        format!("{}{group}", self.prefix)
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
