//! Passwords that are stored or compared in plain text, or hashed with a fast hash function.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "passwords",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Tsx,
            Language::Python,
            Language::Java,
            Language::Kotlin,
        ],
        read,
    ),
}];

const NAMES: &[&str] = &["password", "passwd", "pwd", "pass"];
/// Names of the stored hash of a password, in lower case.
const STORED: &[&str] = &[
    "password_hash",
    "passwordhash",
    "hashed_password",
    "hashedpassword",
];
/// Functions that hash passwords well.
const GOOD: &[&str] = &["bcrypt", "argon2", "scrypt", "pbkdf2"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["binary_expression", "comparison_operator"]) {
        compared(code, node, facts);
    }
    for call in &code.calls {
        called(code, call, facts);
    }
}

/// The name of a password at the end of `user.password`, and what it belongs to.
fn password(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches("()");
    let (owner, name) = text
        .rsplit_once('.')
        .or_else(|| text.rsplit_once("->"))
        .unwrap_or(("", text));
    let name = name.trim_start_matches("get").to_lowercase();
    NAMES.contains(&name.as_str()).then_some(owner)
}

fn compared<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(node);
    let operator = ["===", "!==", "==", "!="]
        .into_iter()
        .find(|operator| text.contains(operator));
    let Some((left, right)) = operator.and_then(|operator| text.split_once(operator)) else {
        return;
    };
    if let (Some(left), Some(right)) = (password(left), password(right))
        && left != right
    {
        broken(code, node, "passwords are compared as plain text", facts);
    }
}

fn called(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let receiver = call.receiver.to_lowercase();
    if GOOD.iter().any(|library| receiver.contains(library)) {
        show(
            code,
            facts,
            call.node,
            Practice::PlainPassword,
            Verdict::Kept,
            "passwords are hashed with a function for passwords",
        );
        return;
    }
    if call.method == "NoOpPasswordEncoder" || call.receiver == "NoOpPasswordEncoder" {
        broken(code, call.node, "the password encoder does nothing", facts);
    } else if call.method == "equals"
        && let Some(owner) = password(call.receiver)
        && let Some(other) = call
            .positional(0)
            .and_then(|other| password(code.text(other)))
        && owner != other
    {
        broken(
            code,
            call.node,
            "passwords are compared as plain text",
            facts,
        );
    } else if is_fast_hash(code, call) {
        broken(
            code,
            call.node,
            "a password is hashed with a fast function without a salt",
            facts,
        );
    }
}

/// `md5.Sum([]byte(password))`, `createHash("md5").update(password)`, `hashlib.sha256(password…)`.
fn is_fast_hash(code: &Code<'_>, call: &Call<'_>) -> bool {
    let fast = matches!(
        (call.receiver, call.method),
        ("md5" | "sha1" | "sha256", "Sum" | "Sum256") | ("hashlib", "md5" | "sha1" | "sha256")
    ) || call.method == "update" && call.receiver.contains("createHash(")
        || matches!(call.method, "md5Hex" | "sha256Hex");
    fast && call.arguments.iter().any(|argument| {
        // A hash of a stored hash identifies a session and stores no password.
        let text = code.text(argument.value).to_lowercase();
        let text = STORED
            .iter()
            .fold(text, |text, name| text.replace(name, ""));
        mentions(&text, &["password", "passwd"]) && !mentions(&text, &["token", "reset"])
    })
}

fn broken<'t>(code: &Code<'t>, node: Node<'t>, evidence: &str, facts: &mut FactSink<'_>) {
    show(
        code,
        facts,
        node,
        Practice::PlainPassword,
        Verdict::LikelyBroken,
        evidence,
    );
}
