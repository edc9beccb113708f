use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use tutoring_contract::{events::TOPICS, groups::GATEWAY};

/// A group that no service subscribes to would keep its messages forever. Only the gateway's group
/// is not named, because its clients see events at most once.
#[test]
fn events_name_exactly_the_groups_that_subscribe_msg_3() {
    let named = TOPICS.iter().flat_map(|(topic, groups)| {
        let names = groups.iter().map(|group| group.name().to_owned());
        names.map(|name| (name, (*topic).to_owned()))
    });
    let mut subscribed = BTreeSet::new();
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/facts");
    for file in fs::read_dir(facts).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let facts: Value = serde_json::from_str(&text).unwrap();
        for subscription in facts["subscriptions"].as_array().unwrap() {
            let group = subscription["group"].as_str().unwrap();
            if group == GATEWAY.name() {
                continue;
            }
            for topic in subscription["topics"].as_array().unwrap() {
                subscribed.insert((group.to_owned(), topic.as_str().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(named.collect::<BTreeSet<_>>(), subscribed);
}
