/// The most bytes of the place, which names every message from the outermost one on.
const MAX_PLACE_BYTES: usize = 200;

/// Why bytes are not a message, for the client. The place is cut off where messages are nested deeply.
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
