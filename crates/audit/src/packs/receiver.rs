//! The declared types of receivers, so that a call is recognized by the type of its receiver and
//! not only by its name: `payments: Repository<Payment>`, `client = redis.Redis(…)`.

use std::collections::HashMap;

use tree_sitter::Node;

use super::practice::mentions;
use crate::syntax::{Call, Code};

/// The kind of a receiver, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A database, or an object that reads and writes records.
    Store,
    /// A store of keys and values, such as Redis.
    KeyValue,
    /// A broker, or an object that sends messages.
    Broker,
    /// A client of another service or of a mail server.
    Remote,
}

/// Parts of the names of types, in lower case. The first row that matches counts.
const KINDS: &[(Kind, &[&str])] = &[
    (
        Kind::KeyValue,
        &["redis", "memcache", "valkey", "cachemanager"],
    ),
    (
        Kind::Broker,
        &[
            "kafka",
            "amqp",
            "rabbit",
            "producer",
            "publisher",
            "clientproxy",
            "eventbus",
            "nats.",
            "jetstream",
            "jmstemplate",
            "sqsclient",
            "streambridge",
        ],
    ),
    (
        Kind::Remote,
        &[
            "httpservice",
            "axios",
            "resttemplate",
            "webclient",
            "restclient",
            "http.client",
            "httpx.",
            "aiohttp",
            "requests.session",
            "smtplib",
            "javamailsender",
            "feign",
        ],
    ),
    (
        Kind::Store,
        &[
            "repository",
            "gorm.db",
            "sql.db",
            "sql.tx",
            "sqlx.db",
            "pgxpool",
            "pgx.",
            "bun.db",
            "sessionlocal",
            "asyncsession",
            "entitymanager",
            "datasource",
            "prisma",
            "mongo.",
            "jdbctemplate",
            "jdbcclient",
            "dbcontext",
            "dslcontext",
        ],
    ),
];
/// Parts of the names of types that send messages within the process, in lower case.
const IN_PROCESS: &[&str] = &["eventemitter", "applicationeventpublisher"];
/// Suffixes of the names of types of the program that read and write records.
const STORES: &[&str] = &[
    "repo", "dao", "store", "storage", "queries", "querier", "mapper",
];
/// Whole names of types of libraries that read and write records.
const WHOLE: &[&str] = &["session", "pool", "model", "database"];

/// The types that a file declares, by the names of variables, parameters and fields. A name with
/// two types is `None`.
pub(super) struct Receivers<'t> {
    types: HashMap<&'t str, Option<&'t str>>,
}

/// Declarations with a type.
const DECLARATIONS: &[&str] = &[
    // Go, Java.
    "field_declaration",
    "parameter_declaration",
    "formal_parameter",
    "local_variable_declaration",
    // TypeScript.
    "required_parameter",
    "optional_parameter",
    "public_field_definition",
    // Python.
    "typed_parameter",
    "typed_default_parameter",
];
/// Statements that import classes.
const IMPORTS: &[&str] = &[
    "import_statement",
    "lexical_declaration",
    // Python.
    "import_from_statement",
];
/// The type of a class that reads and writes its own records.
const MODEL: &str = "model";
/// Declarations with a value whose call shows the type.
const VALUES: &[&str] = &[
    "short_var_declaration",
    "variable_declarator",
    "assignment_expression",
    "assignment",
    "public_field_definition",
    "var_spec",
];

impl<'t> Receivers<'t> {
    pub(super) fn of(code: &Code<'t>) -> Self {
        let mut found = Self {
            types: HashMap::new(),
        };
        for node in code.find_all(code.root, DECLARATIONS) {
            let name = name_of(node);
            let kind = node.child_by_field_name("type");
            if let (Some(name), Some(kind)) = (name, kind) {
                found.add(code.text(name), plain(code.text(kind)));
            }
        }
        for node in code.find_all(code.root, IMPORTS) {
            found.add_models(code.text(node));
        }
        for node in code.find_all(code.root, VALUES) {
            let name = ["name", "left", "pattern"]
                .iter()
                .find_map(|field| node.child_by_field_name(field));
            let value = ["value", "right"]
                .iter()
                .find_map(|field| node.child_by_field_name(field));
            let (Some(name), Some(value)) = (name, value) else {
                continue;
            };
            let written = node.child_by_field_name("type").is_some();
            let called = maker(code, value);
            if let Some(called) = called.filter(|_| !written) {
                let first = code.text(name).split(',').next().unwrap_or_default();
                found.add(last_part(first.trim()), called);
            }
        }
        found
    }

    /// Adds the classes that an import takes from a folder of models, which read and write records.
    fn add_models(&mut self, import: &'t str) {
        let python = import
            .strip_prefix("from ")
            .and_then(|rest| rest.split_once(" import "))
            .map(|(path, names)| (names, path));
        let Some((names, path)) = python
            .or_else(|| import.rsplit_once(" from "))
            .or_else(|| import.split_once("= require("))
        else {
            return;
        };
        if !path.contains("model") && !path.contains("entities") {
            return;
        }
        let names = names.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        for name in
            names.filter(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()))
        {
            self.add(name, MODEL);
        }
    }

    fn add(&mut self, name: &'t str, kind: &'t str) {
        if name.is_empty() || kind.is_empty() {
            return;
        }
        self.types
            .entry(name)
            .and_modify(|known| {
                if *known != Some(kind) {
                    *known = None;
                }
            })
            .or_insert(Some(kind));
    }

    /// The type of the last part of a receiver with a known type: `uc.repo`, `db.WithContext(ctx)`.
    pub(super) fn type_of(&self, receiver: &str) -> Option<&'t str> {
        let path = receiver.split('(').next().unwrap_or_default();
        path.rsplit(['.', '?', '!'])
            .filter(|part| !part.is_empty())
            .find_map(|part| self.types.get(part).copied().flatten())
    }

    /// Whether a call belongs to an event bus of the process, which has no broker.
    pub(super) fn is_in_process(&self, call: &Call<'_>) -> bool {
        self.type_of(call.receiver)
            .is_some_and(|kind| mentions(kind, IN_PROCESS))
    }

    /// The kind of the receiver of a call, by its type.
    pub(super) fn kind(&self, call: &Call<'_>) -> Option<Kind> {
        self.type_of(call.receiver).and_then(kind_of)
    }
}

/// The kind of a type.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    let lower = name.to_lowercase();
    let own = lower.rsplit('.').next().unwrap_or(&lower);
    KINDS
        .iter()
        .find(|(_, parts)| parts.iter().any(|part| lower.contains(part)))
        .map(|(kind, _)| *kind)
        .or_else(|| {
            (STORES.iter().any(|end| own.ends_with(end)) || WHOLE.contains(&own))
                .then_some(Kind::Store)
        })
}

fn name_of(node: Node<'_>) -> Option<Node<'_>> {
    node.child_by_field_name("name")
        .or_else(|| node.child_by_field_name("pattern"))
        .or_else(|| {
            node.child_by_field_name("declarator")
                .and_then(|declarator| declarator.child_by_field_name("name"))
        })
        .or_else(|| {
            (node.kind() == "typed_parameter")
                .then(|| node.named_child(0))
                .flatten()
        })
}

/// The name of a type without pointers, generic arguments and the colon of TypeScript.
fn plain(text: &str) -> &str {
    let start = text.trim_start_matches([':', ' ', '*', '&', '[', ']']);
    start
        .split(['<', '[', ' ', '|', '{', '('])
        .next()
        .unwrap_or_default()
        .trim()
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The function or the class that makes a value: `redis.NewClient`, `new Redis`, `httpx.Client`.
fn maker<'t>(code: &Code<'t>, value: Node<'t>) -> Option<&'t str> {
    let mut value = value;
    while matches!(
        value.kind(),
        "expression_list" | "await_expression" | "await" | "parenthesized_expression"
    ) {
        value = value.named_child(0)?;
    }
    let text = code.text(value);
    // `&kafka.Writer{…}` of Go.
    let literal = text.trim_start_matches('&');
    if matches!(value.kind(), "composite_literal" | "unary_expression")
        && let Some((name, _)) = literal.split_once('{')
        && !name.contains([' ', '(', '\n', '['])
    {
        return Some(name);
    }
    let call = code.call_at(value)?;
    let text = code.text(call.node);
    let text = text.strip_prefix("new ").unwrap_or(text);
    let callee = text.split('(').next().unwrap_or_default().trim();
    let makes = value.kind() == "new_expression"
        || value.kind() == "object_creation_expression"
        || callee
            .rsplit('.')
            .next()
            .is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()))
        || mentions(
            callee,
            &[
                "redis", "kafka", "amqp", "axios", "httpx", "prisma", "mongo", "smtplib",
            ],
        );
    (makes && !callee.contains(['\n', ' '])).then_some(callee)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Kind, Receivers, kind_of, plain};

    #[test]
    fn types_without_pointers_and_arguments_are_compared() {
        assert_eq!(plain("*gorm.DB"), "gorm.DB");
        assert_eq!(plain(": Repository<Payment>"), "Repository");
        assert_eq!(plain("[]kafka.Message"), "kafka.Message");
    }

    #[test]
    fn classes_of_a_folder_of_models_are_stores() {
        let mut receivers = Receivers {
            types: HashMap::new(),
        };
        receivers.add_models("import { Order } from \"../models/order.model\";");
        receivers.add_models("const User = require('./models/user');");
        receivers.add_models("from app.db.models.order import Invoice, InvoiceLine");
        assert_eq!(
            receivers.type_of("InvoiceLine").and_then(kind_of),
            Some(Kind::Store)
        );
        receivers.add_models("import { Logger } from \"../utils/logger\";");
        assert_eq!(
            receivers.type_of("Order").and_then(kind_of),
            Some(Kind::Store)
        );
        assert_eq!(
            receivers.type_of("User").and_then(kind_of),
            Some(Kind::Store)
        );
        assert_eq!(receivers.type_of("Logger"), None);
    }

    #[test]
    fn the_kind_of_a_type_comes_from_its_name() {
        assert_eq!(kind_of("*gorm.DB"), Some(Kind::Store));
        assert_eq!(kind_of("ItemRepo"), Some(Kind::Store));
        assert_eq!(kind_of("redis.Redis.from_url"), Some(Kind::KeyValue));
        assert_eq!(kind_of("KafkaTemplate"), Some(Kind::Broker));
        assert_eq!(kind_of("httpx.Client"), Some(Kind::Remote));
        assert_eq!(kind_of("PaymentService"), None);
        assert_eq!(kind_of("MovieSession2"), None);
    }
}
