/// The maximum bytes of the location, which names every message from the outermost one on.
const MAX_LOCATION_BYTES: usize = 200;

/// Returns for the client why bytes are not a message. The location is cut off for deeply nested
/// messages.
pub(crate) fn protobuf_problem(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    match text.rsplit_once(": ") {
        Some((location, cause)) if location.len() > MAX_LOCATION_BYTES => {
            let end = location.floor_char_boundary(MAX_LOCATION_BYTES);
            let location = location.get(..end).unwrap_or_default();
            format!("{location}…: {cause}")
        }
        _ => text,
    }
}
