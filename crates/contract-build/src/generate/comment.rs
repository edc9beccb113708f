use prost_reflect::FileDescriptor;

/// Returns the comment of a definition: the leading one, else the trailing one.
pub(crate) fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    file.file_descriptor_proto()
        .source_code_info
        .as_ref()
        .and_then(|info| info.location.iter().find(|place| place.path == path))
        .and_then(|place| {
            place
                .leading_comments
                .as_deref()
                .or(place.trailing_comments.as_deref())
        })
        .map(|text| {
            let lines: Vec<&str> = text
                .lines()
                .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
                .collect();
            lines.join("\n").trim().to_owned()
        })
        .unwrap_or_default()
}

/// Returns text as documentation attributes.
pub(super) fn documentation(text: &str, otherwise: &str) -> String {
    let text = if text.is_empty() { otherwise } else { text };
    text.lines()
        .map(|line| format!("#[doc = {:?}]\n", format!(" {line}")))
        .collect()
}
