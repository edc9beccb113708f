//! Content negotiation. The default is JSON.

use axum::http::{HeaderMap, HeaderValue, header};

/// The encoding of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    Protobuf,
}

/// The encoding of a stream of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamForm {
    /// One JSON text per line.
    Lines,
    /// Server-sent events.
    Events,
}

impl Codec {
    /// Returns the format that `Content-Type` names. `None` if the header is missing or repeated,
    /// or if the format is unknown.
    pub(super) fn of_request(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        Self::of_media_type(essence(value.to_str().ok()?))
    }

    /// Returns the encoding that the client prefers. Unknown media types are ignored (RFC 9110,
    /// section 12.5.1).
    pub(super) fn of_accept(headers: &HeaderMap) -> Self {
        let mut best = (0.0, Self::Json);
        for (media_type, quality) in accepted(headers) {
            let codec = match Self::of_media_type(media_type) {
                Some(codec) => codec,
                None if matches!(media_type, "*/*" | "application/*") => Self::Json,
                None => continue,
            };
            if quality > best.0 {
                best = (quality, codec);
            }
        }
        best.1
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/proto",
        })
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        let (_, subtype) = media_type.split_once('/')?;
        let is = |names: &[&str]| names.iter().any(|name| subtype.eq_ignore_ascii_case(name));
        let suffix = subtype.rsplit_once('+').map(|(_, suffix)| suffix);
        if is(&["json"]) || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("json")) {
            Some(Self::Json)
        } else if is(&["proto", "protobuf", "x-protobuf", "vnd.google.protobuf"]) {
            Some(Self::Protobuf)
        } else {
            None
        }
    }
}

impl StreamForm {
    pub(super) fn of_accept(headers: &HeaderMap) -> Self {
        let events = accepted(headers).any(|(media_type, quality)| {
            quality > 0.0 && media_type.eq_ignore_ascii_case("text/event-stream")
        });
        if events { Self::Events } else { Self::Lines }
    }
}

fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn accepted(headers: &HeaderMap) -> impl Iterator<Item = (&str, f32)> {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|range| std::str::from_utf8(range).ok())
        .map(|range| {
            let quality = range
                .split(';')
                .skip(1)
                .filter_map(|parameter| parameter.trim().strip_prefix("q="))
                .find_map(|quality| quality.trim().parse().ok())
                .unwrap_or(1.0);
            (essence(range), quality)
        })
}
