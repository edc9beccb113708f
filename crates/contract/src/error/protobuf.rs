/// Parts of the parser's texts, and the texts for clients.
const PROBLEMS: [(&str, &str); 6] = [
    ("is not UTF-8", "a string is not UTF-8"),
    ("buffer underflow", "a field is longer than the message"),
    ("delimited length", "a field is longer than its message"),
    (
        "wire type",
        "a field has a wire type that the contract does not declare",
    ),
    ("invalid varint", "a number is not a valid varint"),
    ("recursion limit", "messages are nested too deeply"),
];

/// Returns the problem of bytes that are not a message. The parser's own message would show clients
/// the names of Rust types.
pub(crate) fn protobuf_problem(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    let known = PROBLEMS.iter().find(|(part, _)| text.contains(part));
    let problem = known.map_or("the encoding is not valid", |(_, problem)| problem);
    format!("the message is not valid protobuf: {problem}")
}
