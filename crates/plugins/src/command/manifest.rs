use std::path::Path;

use seaworthy_service::StartError;

use crate::Manifest;

/// Returns the text of a manifest at `path` with `hash` as the value of `sha256`. `plugin` is the
/// name of its folder.
///
/// # Errors
/// The manifest is not valid, names another plugin, or has a value of `sha256` in another form than
/// a line `sha256 = "…"`.
pub(super) fn set_hash(
    path: &Path,
    plugin: &str,
    text: &str,
    hash: &str,
) -> Result<String, StartError> {
    let text = with_hash(text, hash);
    // A line of a longer text may look like the hash, and the hash may have a quoted key. The signer
    // would sign the hash of another component.
    if parse(path, plugin, &text)?.sha256 == hash {
        return Ok(text);
    }
    let problem = "has `sha256` in another form than `sha256 = \"…\"`: remove it, and sign again";
    Err(StartError::new(format!("{} {problem}", path.display())))
}

/// Returns the text of a manifest with `hash` in the line of `sha256`.
pub(super) fn with_hash(text: &str, hash: &str) -> String {
    let line = format!("sha256 = \"{hash}\"");
    let is_hash = |line: &&str| {
        let name = line.split('=').next().unwrap_or_default();
        name.trim() == "sha256"
    };
    let mut lines: Vec<&str> = text.lines().collect();
    // A table such as `metadata` may have a key with the same name.
    let is_table = |line: &&str| line.trim_start().starts_with('[');
    let end = lines.iter().position(is_table).unwrap_or(lines.len());
    match lines.iter().take(end).position(is_hash) {
        Some(place) => {
            if let Some(old) = lines.get_mut(place) {
                *old = &line;
            }
        }
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

/// Reads the text of a manifest at `path`, whose folder has the name `plugin`.
///
/// # Errors
/// The manifest is not valid, or names another plugin.
pub(super) fn parse(path: &Path, plugin: &str, text: &str) -> Result<Manifest, StartError> {
    let manifest = Manifest::parse(plugin, text)?;
    match manifest.name_problem(plugin) {
        None => Ok(manifest),
        Some(problem) => Err(StartError::new(format!("{} {problem}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "name = \"notes\"\nsha256 = \"old\"\n";

    #[test]
    fn hash_replaces_the_old_one_plug_1() {
        assert_eq!(with_hash(OLD, "new"), OLD.replace("old", "new"));
    }

    #[test]
    fn hash_of_another_table_is_kept_plug_1() {
        let table = "[metadata]\nsha256 = \"of the sources\"\n";
        let text = format!("name = \"notes\"\n{table}");
        let expected = format!("sha256 = \"new\"\n{text}");
        assert_eq!(with_hash(&text, "new"), expected);
        let text = format!("{OLD}{table}");
        assert_eq!(with_hash(&text, "new"), text.replace("old", "new"));
    }

    #[test]
    fn hash_in_another_form_is_not_signed_plug_2() {
        let (own, evil) = ("a".repeat(64), "b".repeat(64));
        let signed = |text: &str| set_hash(Path::new("plugin.toml"), "notes", text, &own);
        let manifest = "name = \"notes\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\n";
        let text = signed(manifest).unwrap();
        assert_eq!(text, format!("sha256 = \"{own}\"\n{manifest}"));
        let decoy = "description = \"\"\"\nsha256 = \"decoy\"\n\"\"\"\n";
        let problem = signed(&format!("{manifest}{decoy}\"sha256\" = \"{evil}\"\n"));
        let expected = "plugin.toml has `sha256` in another form than `sha256 = \"…\"`: remove it, and sign again";
        assert_eq!(problem.unwrap_err().to_string(), expected);
    }
}
