/// Returns the text of a manifest with `hash` as the value of `sha256`.
pub(super) fn with_hash(text: &str, hash: &str) -> String {
    let line = format!("sha256 = \"{hash}\"");
    let is_hash = |line: &&str| {
        let name = line.split('=').next().unwrap_or_default();
        name.trim() == "sha256"
    };
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(is_hash) {
        Some(place) => {
            if let Some(old) = lines.get_mut(place) {
                *old = &line;
            }
        }
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}
