use http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::Header;

/// Returns the received headers, each name once.
pub(crate) fn received(headers: &HeaderMap) -> Vec<Header> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .keys()
        .map(|name| Header {
            name: name.as_str().to_owned(),
            value: headers.get_all(name).iter().map(text).collect(),
        })
        .collect()
}

/// Returns the headers to send. Names and values that HTTP does not allow are left out.
pub(crate) fn wanted(headers: &[Header]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for header in headers {
        let Ok(name) = header.name.parse::<HeaderName>() else {
            continue;
        };
        for value in &header.value {
            if let Ok(value) = HeaderValue::from_str(value) {
                map.append(name.clone(), value);
            }
        }
    }
    map
}
