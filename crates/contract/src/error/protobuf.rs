/// The maximum bytes of the location, which names every message from the outermost one on.
const MAX_PLACE_BYTES: usize = 200;

/// Returns for the client why bytes are not a message. The location is cut off for deeply nested
/// messages.
pub(crate) fn protobuf_problem(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    match text.rsplit_once(": ") {
        Some((place, cause)) if place.len() > MAX_PLACE_BYTES => {
            let end = place.floor_char_boundary(MAX_PLACE_BYTES);
            let place = place.get(..end).unwrap_or_default();
            format!("{place}…: {cause}")
        }
        _ => text,
    }
}
