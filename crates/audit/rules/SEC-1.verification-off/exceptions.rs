//! Code that turns the verification off only on request, or only to read a certificate.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::repository::Role;
use crate::source::SourceFile;

/// `if options.insecure {`, `if (!config.verifyTls) {`, `if not verify:`
static CONDITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\}\s*)?(?:else\s+)?(?:el)?if\b[\s(]*(?P<not>!|not\s+)?\s*(?P<name>[\w.]+)(?:\(\))?\s*(?:===?\s*[tT]rue|is\s+True)?[\s)]*[{:]?$",
    )
    .ok()
});

/// Parts of the names of settings that turn the verification off.
const OFF: &[&str] = &[
    "insecure",
    "skip",
    "ignore",
    "disable",
    "selfsigned",
    "noverify",
    "dangerous",
    "trustall",
    "allowinvalid",
];
/// Parts of the names of settings that turn the verification on.
const ON: &[&str] = &["verif", "validat", "strict", "secure"];
/// Code that reads the certificate of the peer.
const READS_CERTIFICATE: &[&str] = &[".PeerCertificates", ".getPeerCertificate(", ".getpeercert("];
/// Code that sends or receives data.
const TRANSFERS: &[&str] = &[
    "http.",
    "requests.",
    "grpc.",
    ".Write(",
    ".write(",
    ".Read(",
    ".send",
    ".Do(",
];
/// Maximum number of lines above the place that are read.
const MAX_LINES: usize = 60;

/// Whether a setting around the place turns the verification off, and no configuration turns the
/// setting on.
pub(super) fn is_optional(model: &Model, file: &SourceFile, at: usize) -> bool {
    let before = file.text.get(..at).unwrap_or_default();
    setting_around(before).is_some_and(|setting| !is_turned_on(model, &setting))
}

/// Returns the setting of the nearest condition around the end of a text that turns the
/// verification off.
fn setting_around(before: &str) -> Option<String> {
    let mut lines = before.split('\n').rev();
    let mut depth = indentation(lines.next()?);
    for line in lines.take(MAX_LINES) {
        let own = indentation(line);
        if line.trim().is_empty() || own >= depth {
            continue;
        }
        depth = own;
        let captures = CONDITION
            .as_ref()
            .and_then(|regex| regex.captures(line.trim()));
        let Some(captures) = captures else { continue };
        let name = captures.name("name").map_or("", |name| name.as_str());
        let setting = normalized(name.rsplit('.').next().unwrap_or(name));
        let is_off = OFF.iter().any(|word| setting.contains(word));
        let turns_off = if captures.name("not").is_some() {
            !is_off && ON.iter().any(|word| setting.contains(word))
        } else {
            is_off
        };
        if turns_off {
            return Some(setting);
        }
    }
    None
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The letters of a name or a line without separators, in lower case.
fn normalized(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '=' | ':'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_turned_on(model: &Model, setting: &str) -> bool {
    model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| file.role == Role::Production && file.language.is_configuration())
        .flat_map(|file| file.text.lines())
        .map(normalized)
        .any(|line| {
            ["=true", ":true", "=1", ":1"]
                .iter()
                .any(|value| line.contains(&format!("{setting}{value}")))
        })
}

/// Whether the function around the place connects only to read the certificate of the peer.
pub(super) fn reads_certificate(file: &SourceFile, at: usize) -> bool {
    let function = block_around(&file.text, at);
    READS_CERTIFICATE.iter().any(|mark| function.contains(mark))
        && !TRANSFERS.iter().any(|mark| function.contains(mark))
}

/// The text around a place between two lines without indentation, such as a whole function.
fn block_around(text: &str, at: usize) -> &str {
    let starts_block = |rest: &str| rest.starts_with(char::is_alphabetic);
    let starts = || text.match_indices('\n').map(|(newline, _)| newline + 1);
    let is_start = |start: &usize| text.get(*start..).is_some_and(starts_block);
    let from = starts()
        .take_while(|start| *start <= at)
        .filter(is_start)
        .last()
        .unwrap_or(0);
    let to = starts()
        .filter(|start| *start > at)
        .find(is_start)
        .unwrap_or(text.len());
    text.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{CONDITION, block_around, setting_around};

    #[test]
    fn condition_on_setting_around_place_is_found() {
        assert!(CONDITION.is_some());
        for (text, setting) in [
            (
                "fn a() {\n    if cfg.skip_tls {\n        set(",
                Some("skiptls"),
            ),
            (
                "  if (!options.verifyTls) {\n    const a = {\n      b: ",
                Some("verifytls"),
            ),
            (
                "def a():\n    if not strict:\n        return f(",
                Some("strict"),
            ),
            ("func a() {\n\tif cfg.Host {\n\t\tset(", None),
            ("func a() {\n\tif insecure {\n\t\tb()\n\t}\n\tset(", None),
            ("func a() {\n\tif verify {\n\t\tset(", None),
        ] {
            assert_eq!(setting_around(text).as_deref(), setting, "{text}");
        }
    }

    #[test]
    fn block_ends_at_next_line_without_indentation() {
        let text = "import a\n\nfunc b() {\n\tc\n}\n\nfunc d() {\n\te\n}\n";
        let at = text.find('c').unwrap();
        assert_eq!(block_around(text, at), "func b() {\n\tc\n}\n\n");
    }
}
