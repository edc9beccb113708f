//! Edits of a typed document by key.

use serde_json::Value as Json;

use crate::key::{Key, Segment};

fn child<'a>(document: &'a mut Json, segment: &Segment) -> Option<&'a mut Json> {
    match segment {
        Segment::Name(name) => document.get_mut(name),
        Segment::Index(index) => document.get_mut(*index),
    }
}

pub(crate) fn get<'a>(document: &'a Json, key: &Key) -> Option<&'a Json> {
    key.segments()
        .iter()
        .try_fold(document, |document, segment| match segment {
            Segment::Name(name) => document.get(name),
            Segment::Index(index) => document.get(*index),
        })
}

fn get_mut<'a>(document: &'a mut Json, key: &Key) -> Option<&'a mut Json> {
    key.segments().iter().try_fold(document, child)
}

/// Replaces the value at a key whose parent exists; a section that is not there, and may be, is there from then on.
pub(crate) fn set(document: &mut Json, key: &Key, value: Json) {
    match (key.segments().last(), get_mut(document, &key.parent())) {
        (Some(Segment::Name(name)), Some(Json::Object(members))) => {
            members.insert(name.clone(), value);
        }
        (Some(Segment::Name(name)), Some(section @ Json::Null)) => {
            *section = Json::Object([(name.clone(), value)].into_iter().collect());
        }
        (Some(Segment::Index(index)), Some(Json::Array(items))) => {
            if let Some(item) = items.get_mut(*index) {
                *item = value;
            }
        }
        _ => {}
    }
}

/// Takes the value at a key away, or, where it is an item of a list, the list, because the other items would move. Returns whether there was one.
pub(crate) fn remove(document: &mut Json, key: &Key) -> bool {
    match (key.segments().last(), get_mut(document, &key.parent())) {
        (Some(Segment::Name(name)), Some(Json::Object(members))) => members.remove(name).is_some(),
        (Some(_), _) => remove(document, &key.parent()),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_default_within_an_optional_section_makes_the_section_conf_1() {
        let mut document = json!({ "server": { "grpc": null, "http": { "addr": "a" } } });
        set(
            &mut document,
            &Key::of_dotted("server.grpc.addr"),
            json!("b"),
        );
        set(
            &mut document,
            &Key::of_dotted("server.http.addr"),
            json!("c"),
        );
        let expected = json!({ "server": { "grpc": { "addr": "b" }, "http": { "addr": "c" } } });
        assert_eq!(document, expected);
    }
}
