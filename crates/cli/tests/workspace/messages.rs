//! The messages of the framework and the platforms: errors, log messages, help texts.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use proc_macro2::{Delimiter, TokenTree};

use super::{
    assert_committed, root,
    sources::{Source, sources, string},
};

/// All messages, by file. Review its changes as text that users read.
const SNAPSHOT: &str = "crates/cli/tests/workspace/messages.snap";
/// Messages with banned words that are not rewritten yet. Remove entries, never add any.
const ALLOWED: &str = "crates/cli/tests/workspace/allowed.txt";

/// Words and phrases that the style forbids in messages. `*` matches one word.
const BANNED: [&str; 16] = [
    "nobody",
    "somebody",
    "anybody",
    "whoever",
    "believes",
    "gave",
    "heard",
    "hears",
    "knock",
    "told",
    "tells of",
    "wants",
    "wish",
    "wishes",
    "the door",
    "is no * of",
];

/// The first words of SQL statements, which are not messages.
const SQL: [&str; 13] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "WITH", "BEGIN", "SET",
    "PRAGMA", "WHERE", "AND",
];

struct Message {
    path: String,
    line: usize,
    text: String,
}

fn messages() -> Vec<Message> {
    let mut messages = Vec::new();
    for source in sources() {
        let mut cursor = 0;
        collect(&source, &source.tokens, &mut cursor, &mut messages);
    }
    messages
}

/// Collects the messages of tokens. `cursor` is the position in the text after the last one.
fn collect(source: &Source, tokens: &[TokenTree], cursor: &mut usize, messages: &mut Vec<Message>) {
    let mut is_attribute = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let is_bracket = group.delimiter() == Delimiter::Bracket;
                if !(is_attribute && is_bracket) || has_message(&inner) {
                    collect(source, &inner, cursor, messages);
                }
            }
            token => {
                if let Some(text) = string(token)
                    && is_message(&text)
                {
                    let literal = token.to_string();
                    let found = source
                        .text
                        .get(*cursor..)
                        .and_then(|rest| rest.find(&literal));
                    let at = *cursor + found.unwrap_or(0);
                    *cursor = at + literal.len();
                    let before = source.text.get(..at).unwrap_or_default();
                    messages.push(Message {
                        path: source.path.clone(),
                        line: before.lines().count().max(1),
                        text,
                    });
                }
            }
        }
        is_attribute = matches!(token, TokenTree::Punct(sign) if "#!".contains(sign.as_char()));
    }
}

/// Whether an attribute has messages: those of `thiserror` and of the command line.
fn has_message(attribute: &[TokenTree]) -> bool {
    matches!(attribute.first(), Some(TokenTree::Ident(name)) if name == "error" || name == "arg" || name == "command")
}

/// Whether a text is prose: two words of letters next to each other.
fn is_message(text: &str) -> bool {
    let is_sql = text
        .split_whitespace()
        .next()
        .is_some_and(|first| SQL.contains(&first));
    let words: Vec<_> = text.split_whitespace().collect();
    let is_word = |word: &str| {
        let word = word.trim_matches(|sign: char| sign.is_ascii_punctuation());
        word.len() > 1
            && word
                .chars()
                .all(|sign| sign.is_alphabetic() || "'-_".contains(sign))
    };
    !is_sql
        && words
            .array_windows()
            .any(|[left, right]| is_word(left) && is_word(right))
}

/// The banned phrase in a text.
fn banned(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<_> = text
        .split(|sign: char| !sign.is_alphanumeric() && sign != '\'')
        .filter(|word| !word.is_empty())
        .collect();
    BANNED.into_iter().find(|phrase| {
        let phrase: Vec<_> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|window| {
            window
                .iter()
                .zip(&phrase)
                .all(|(word, banned)| banned == &"*" || word == banned)
        })
    })
}

#[test]
fn messages_are_reviewed() {
    let mut files = BTreeMap::<String, Vec<String>>::new();
    for Message { path, text, .. } in messages() {
        let texts = files.entry(path).or_default();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let mut snapshot = String::from(
        "All messages of the framework and the platforms, by file. Renew with\n\
         SEAWORTHY_UPDATE=1 cargo test -p seaworthy-cli --test workspace\n",
    );
    for (path, texts) in files {
        let _ = writeln!(snapshot, "\n{path}");
        for text in texts {
            let _ = writeln!(snapshot, "  {text:?}");
        }
    }
    assert_committed(SNAPSHOT, &snapshot);
}

#[test]
fn messages_have_no_banned_words() {
    let file = root().join(ALLOWED);
    let allowed = fs::read_to_string(&file).unwrap_or_default();
    let mut violations = String::new();
    let mut used = Vec::new();
    for message in messages() {
        let Some(phrase) = banned(&message.text) else {
            continue;
        };
        let Message { path, line, text } = message;
        let entry = format!("{path} {text:?}");
        if allowed.lines().any(|allowed| allowed == entry) {
            used.push(entry);
        } else {
            let _ = writeln!(violations, "{path}:{line}: \"{phrase}\" in {text:?}");
        }
    }
    assert!(
        violations.is_empty(),
        "messages with banned words:\n{violations}"
    );
    used.sort();
    used.dedup();
    let used: String = used.iter().map(|entry| format!("{entry}\n")).collect();
    assert_committed(ALLOWED, &used);
}

#[test]
fn banned_phrases_are_found_in_prose() {
    for (text, phrase) in [
        ("Nobody is logged in", Some("nobody")),
        ("\"x\" is no name of a topic", Some("is no * of")),
        ("it stands in the door", Some("the door")),
        ("the topic is not valid", None),
        ("there is no token for this", None),
    ] {
        assert_eq!(banned(text), phrase, "{text}");
    }
    assert!(is_message("the topic is not valid"));
    assert!(!is_message("SELECT id FROM users"));
    assert!(!is_message("application/json"));
}
