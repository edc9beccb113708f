//! Dockerfile instructions. The grammar finds the start and end of instructions (continuations,
//! heredocs, escapes). This module splits their content.

use std::ops::Range;
use std::time::Duration;

use crate::source::Language;
use crate::syntax::{ParseFailure, parse_tree};

/// One instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// The keyword in capitals.
    pub keyword: String,
    /// `--name=value` flags, names without dashes.
    pub flags: Vec<(String, String)>,
    /// The rest, continuation lines joined and comment lines removed.
    pub rest: String,
    /// Its location.
    pub span: Range<usize>,
}

/// Splits a Dockerfile into instructions.
///
/// # Errors
/// [`ParseFailure::TimedOut`] when the grammar takes too long.
pub fn instructions(text: &str, timeout: Duration) -> Result<Vec<Instruction>, ParseFailure> {
    let tree = parse_tree(Language::Containerfile, text, timeout)?;
    let root = tree.root_node();
    let mut cursor = root.walk();
    Ok(root
        .named_children(&mut cursor)
        .filter(|node| node.kind().ends_with("_instruction"))
        .filter_map(|node| {
            let span = node.byte_range();
            instruction(text.get(span.clone())?, span)
        })
        .collect())
}

fn instruction(text: &str, span: Range<usize>) -> Option<Instruction> {
    let joined = join(text);
    let (keyword, rest) = joined
        .split_once(char::is_whitespace)
        .unwrap_or((&joined, ""));
    let mut rest = rest.trim_start();
    let mut flags = Vec::new();
    while let Some(flag) = rest.strip_prefix("--") {
        let (word, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        flags.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Some(Instruction {
        keyword: keyword.to_uppercase(),
        flags,
        rest: rest.trim_end().to_owned(),
        span,
    })
}

fn join(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        match line.trim_end().strip_suffix('\\') {
            Some(continued) => {
                joined.push_str(continued);
                joined.push(' ');
            }
            None => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    joined.trim_end().to_owned()
}

/// The words of a command in exec form (`["a", "b"]`) or shell form.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    let command = command.trim();
    if command.starts_with('[')
        && let Ok(list) = serde_json::from_str::<Vec<String>>(command)
    {
        return list;
    }
    shlex::split(command).unwrap_or_else(|| command.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{instructions, words};

    #[test]
    fn instructions_survive_continuations_comments_and_heredocs() {
        let text = "FROM --platform=linux/amd64 alpine:3 AS base\nRUN apk add \\\n  # why\n  curl\nRUN <<EOF\necho USER root\nEOF\nUSER app\nCMD [\"./a\", \"-x\"]\n";
        let list = instructions(text, Duration::from_secs(1)).unwrap();
        let keywords: Vec<_> = list
            .iter()
            .map(|instruction| instruction.keyword.as_str())
            .collect();
        assert_eq!(keywords, ["FROM", "RUN", "RUN", "USER", "CMD"]);
        assert_eq!(list[0].rest, "alpine:3 AS base");
        assert_eq!(
            list[0].flags,
            [("platform".to_owned(), "linux/amd64".to_owned())]
        );
        assert_eq!(
            list[1].rest.split_whitespace().collect::<Vec<_>>(),
            ["apk", "add", "curl"]
        );
        assert_eq!(words(&list[4].rest), ["./a", "-x"]);
    }
}
