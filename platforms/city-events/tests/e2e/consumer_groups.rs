use std::{collections::BTreeSet, fs, path::Path};

use city_events_contract::messages;
use serde_json::Value;

/// A group that no service subscribes to would keep its messages forever.
#[test]
fn messages_name_exactly_the_groups_that_subscribe_msg_3() {
    let declared = messages::TOPICS.iter().flat_map(|(topic, groups)| {
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
            for topic in subscription["topics"].as_array().unwrap() {
                subscribed.insert((group.to_owned(), topic.as_str().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(declared.collect::<BTreeSet<_>>(), subscribed);
}
