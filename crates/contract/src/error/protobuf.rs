/// Parts of the parser's texts, and the texts for clients.
const PROBLEMS: [(&str, &str); 6] = [
    ("is not UTF-8", "a text is not UTF-8"),
    ("buffer underflow", "a field is longer than the message"),
    ("delimited length", "a field is longer than its message"),
    (
        "wire type",
        "a field has a wire type that the contract does not declare",
    ),
    ("invalid varint", "a number is not a valid varint"),
    ("recursion limit", "messages are nested too deeply"),
];

/// Returns for the client why bytes are not a message. The text of the parser names types of the
/// code.
pub(crate) fn protobuf_problem(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    let known = PROBLEMS.iter().find(|(part, _)| text.contains(part));
    let problem = known.map_or("its bytes are damaged", |(_, problem)| problem);
    format!("the message is not valid protobuf: {problem}")
}
