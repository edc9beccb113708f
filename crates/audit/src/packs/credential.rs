//! Credentials as literals in code, in every language.
//!
//! The name decides first (`jwtSecret`, `DB_PASSWORD`), then the value. Names of settings, types
//! and texts of pages are not credentials.

mod hidden;
mod surroundings;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::Node;

use self::hidden::{hide, takes_credentials};
use self::surroundings::{
    is_auxiliary, is_compared, is_for_development, list_around, names_property, object_around,
};
use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::secret::{SecretClass, is_for_demonstration, is_secret_name, literal, userinfo};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "credentials in code",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Tsx,
            Language::Python,
            Language::Java,
            Language::Kotlin,
            Language::Rust,
        ],
        read,
    ),
}];

/// Nodes that give a name a value.
const ASSIGNMENTS: &[&str] = &[
    "const_spec",
    "var_spec",
    "short_var_declaration",
    "assignment_statement",
    "keyed_element",
    "variable_declarator",
    "assignment_expression",
    "pair",
    "public_field_definition",
    "field_definition",
    "assignment",
    "keyword_argument",
    "default_parameter",
    "const_item",
    "static_item",
    "let_declaration",
    "field_initializer",
];
const STRINGS: &[&str] = &[
    "string",
    "interpreted_string_literal",
    "raw_string_literal",
    "string_literal",
    "template_string",
];
/// Functions whose last argument is a password.
const TAKES_PASSWORD: &[&str] = &[
    "password",
    "setPassword",
    "PlainCredentials",
    "HTTPBasicAuth",
    "SetBasicAuth",
    "PlainAuth",
    "setSigningKey",
];
/// Words of names for pairs of users and passwords.
const USERS: &[&str] = &["user", "account", "login", "admin"];
const PASSWORDS: &[&str] = &["hash", "passw", "credential", "secret"];
/// A credential in front of the address of a MySQL server, as Go writes it.
static MYSQL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\w.-]{1,32}:([^\s:/@]{1,64})@(?:tcp|unix)\(([^)]*)").ok());
/// A credential inside an address.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s:/@]{0,64}:([^\s@/]{1,128})@([^\s/?,]{1,255})",
    )
    .ok()
});
/// `host=db user=app password=secret`.
static PAIRS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[\s;])(?:password|pwd)=([^\s;]{1,64})").ok());
/// A literal credential.
struct Found<'t> {
    /// The reported place.
    place: Node<'t>,
    /// The node with the credential, which a report does not quote. The password of an address is
    /// hidden without it.
    hidden: Option<Node<'t>>,
    verdict: Verdict,
    evidence: String,
    /// The object or list around the place and what repeats there. A report names it once.
    group: Option<(usize, String)>,
}

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in code.calls.iter().filter(|call| takes_credentials(call)) {
        for argument in &call.arguments {
            hide(code, argument.value, facts);
        }
    }
    if is_auxiliary(code) {
        return;
    }
    let assigned = code
        .find_all(code.root, ASSIGNMENTS)
        .into_iter()
        .filter(|node| !is_test_code(code, *node))
        .filter_map(|node| {
            let (name, value) = parts(node)?;
            assigned(code, node, name, value)
        });
    let passed = code.calls.iter().filter_map(|call| passed(code, call));
    let addresses = code
        .find_all(code.root, STRINGS)
        .into_iter()
        .filter(|node| !is_test_code(code, *node))
        .filter_map(|node| address(code, node));
    let for_development = is_for_development(code.file.name());
    let mut groups = BTreeSet::new();
    for found in assigned.chain(passed).chain(addresses) {
        if let Some(hidden) = found.hidden {
            hide(code, hidden, facts);
        }
        if found.group.is_some_and(|group| !groups.insert(group)) {
            continue;
        }
        let verdict = if for_development {
            Verdict::Minor
        } else {
            found.verdict
        };
        show(
            code,
            facts,
            found.place,
            Practice::CodeCredential,
            verdict,
            found.evidence,
        );
    }
}

/// In Rust, tests are at the end of a file.
fn is_test_code(code: &Code<'_>, node: Node<'_>) -> bool {
    code.file.language == Language::Rust
        && code
            .file
            .text
            .get(..node.start_byte())
            .is_some_and(|before| before.contains("#[cfg(test)]"))
}

/// The only element of a list.
fn one(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "expression_list" if node.named_child_count() == 1 => node.named_child(0),
        "expression_list" => None,
        "literal_element" => node.named_child(0),
        _ => Some(node),
    }
}

/// The name and the value of an assignment.
fn parts(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let name = ["name", "left", "key", "field", "pattern", "property"]
        .iter()
        .find_map(|field| node.child_by_field_name(field))
        .or_else(|| node.named_child(0))?;
    let value = ["value", "right"]
        .iter()
        .find_map(|field| node.child_by_field_name(field))
        .or_else(|| node.named_child(1))?;
    Some((one(name)?, one(value)?))
}

fn assigned<'t>(
    code: &Code<'t>,
    node: Node<'t>,
    name: Node<'t>,
    value: Node<'t>,
) -> Option<Found<'t>> {
    let named = code.text(name).trim_matches(['"', '\'', '`']);
    if is_table_of_users(named, value) {
        return code
            .find_all(value, STRINGS)
            .into_iter()
            .filter_map(|text| code.string(text).known().cloned())
            .any(|text| text.len() > 2 && text.contains(['_', ':', '$']))
            .then(|| Found {
                place: node,
                hidden: Some(value),
                verdict: Verdict::LikelyBroken,
                evidence: format!("`{named}` holds users with their passwords or hashes"),
                group: None,
            });
    }
    if !is_secret_name(named) {
        return None;
    }
    let text = text_of(code, value)?;
    let beside = node.parent().map_or("", |parent| code.text(parent));
    let connects = mentions(beside, &["host", "user", "addr", "database", "port"]);
    if !literal(named, &text, connects) || names_property(code, node, &text) {
        return None;
    }
    let verdict = if is_for_demonstration(named) {
        Verdict::Minor
    } else {
        Verdict::Broken
    };
    Some(Found {
        place: node,
        hidden: Some(value),
        verdict,
        evidence: format!("`{named}` is a literal"),
        group: list_around(node).map(|list| (list, named.to_owned())),
    })
}

fn is_table_of_users(name: &str, value: Node<'_>) -> bool {
    mentions(name, USERS)
        && mentions(name, PASSWORDS)
        && matches!(
            value.kind(),
            "composite_literal" | "object" | "dictionary" | "array"
        )
}

/// The text of a literal, also where it is converted to bytes.
fn text_of<'t>(code: &Code<'t>, node: Node<'t>) -> Option<String> {
    let node = match node.kind() {
        "type_conversion_expression" => node.child_by_field_name("operand")?,
        "call_expression" if code.text(node).starts_with("[]byte(") => {
            node.child_by_field_name("arguments")?.named_child(0)?
        }
        _ => node,
    };
    STRINGS
        .contains(&node.kind())
        .then(|| code.string(node).known().cloned())
        .flatten()
}

/// `.password("secret")`, `PlainCredentials("guest", "guest")`.
fn passed<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<Found<'t>> {
    if !TAKES_PASSWORD.contains(&call.method) || call.method.starts_with('@') {
        return None;
    }
    let last = call.arguments.last()?.value;
    let text = text_of(code, last)?;
    if call.method == "PlainAuth" || !literal("password", &text, true) {
        return None;
    }
    Some(Found {
        // The place of the call is the place of its name: a chain of calls starts lines above.
        place: last,
        hidden: Some(last),
        verdict: Verdict::Broken,
        evidence: format!("`{}` gets a literal", call.method),
        group: None,
    })
}

/// `amqp://guest:guest@…` and the like.
fn address<'t>(code: &Code<'t>, node: Node<'t>) -> Option<Found<'t>> {
    let text = code.text(node).trim_matches(['"', '\'', '`']);
    let found = [&*ADDRESS, &*MYSQL]
        .into_iter()
        .flatten()
        .find_map(|regex| {
            let captures = regex.captures(text)?;
            Some((captures.get(1)?.as_str(), captures.get(2)?.as_str()))
        });
    let found = found.or_else(|| {
        let connects = mentions(text, &["host=", "server=", "user=", "uid=", "dbname="]);
        let captures = PAIRS.as_ref().filter(|_| connects)?.captures(text)?;
        Some((captures.get(1)?.as_str(), "server"))
    });
    let (password, host) = found?;
    let stands_in = password.contains(['%', '$', '{', '<', '*'])
        || host.contains("example")
        || mentions(password, &["your", "xxx", "..."]);
    let host = if host == "server" { "db" } else { host };
    if stands_in || userinfo(password, host).is_none() || is_compared(code, node) {
        return None;
    }
    let local = mentions(host, &["localhost", "127.0.0.1"]);
    let weak = userinfo(password, host) == Some(SecretClass::Weak);
    let (verdict, evidence) = match (local, weak) {
        (true, true) => (
            Verdict::Minor,
            "a URL of this machine contains a default password",
        ),
        (_, true) => (Verdict::Broken, "a URL contains a default password"),
        (_, false) => (Verdict::Broken, "a URL contains a password"),
    };
    Some(Found {
        place: node,
        hidden: None,
        verdict,
        evidence: evidence.to_owned(),
        group: object_around(code, node).map(|object| (object, text.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{AuditConfig, audit};

    #[test]
    fn arguments_of_a_credential_constructor_are_not_quoted_sec_7() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("requirements.txt"), "flask==3.0.3\n").unwrap();
        let lines = [
            "from flask import Flask",
            "app = Flask(__name__)",
            "@app.route(\"/version\")",
            "def version():",
            "    return \"1\"",
            "credentials = pika.PlainCredentials(",
            "    \"blue§bird\",",
            "    \"red§bird\")",
        ];
        fs::write(root.join("main.py"), lines.join("\n").replace('§', "")).unwrap();
        let report = audit(&root, &AuditConfig::default()).unwrap();
        let found = report
            .findings
            .iter()
            .find(|finding| finding.id == "CONF-5.credential-in-code")
            .unwrap();
        let frame = found.frame.to_string();
        assert!(frame.contains("***") && !frame.contains("bird"), "{frame}");
    }

    #[test]
    fn credentials_of_one_list_or_object_are_reported_once_conf_5() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        fs::create_dir(&root).unwrap();
        fs::write(
            root.join("package.json"),
            r#"{ "name": "shop", "dependencies": { "express": "^4.19.2" } }"#,
        )
        .unwrap();
        let lines = [
            "const app = require(\"express\")();",
            "const users = [",
            "  { name: \"ann\", password: \"blue§bird\" },",
            "  { name: \"bob\", password: \"red§bird\" },",
            "];",
            "const database = {",
            "  value: \"user=shop password=po§stgres dbname=shop\",",
            "  text: \"user=shop password=po§stgres dbname=shop\",",
            "};",
            "app.listen(8080);",
        ];
        fs::write(root.join("server.js"), lines.join("\n").replace('§', "")).unwrap();
        let report = audit(&root, &AuditConfig::default()).unwrap();
        let mut found: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.id == "CONF-5.credential-in-code")
            .map(|finding| finding.line)
            .collect();
        found.sort_unstable();
        assert_eq!(found, [3, 7]);
    }
}
