//! Logging in Python code.

use super::LOGGERS;
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn logs(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.is("", "print")
        && !mentions(
            &code.file.path,
            &[
                "cli",
                "script",
                "manage.py",
                "migrat",
                "setup.py",
                "seed",
                "notebook",
            ],
        )
    {
        let entry = code
            .enclosing(call.node, &["if_statement"])
            .is_some_and(|branch| {
                branch
                    .child_by_field_name("condition")
                    .is_some_and(|condition| code.text(condition).contains("__name__"))
            });
        if !entry {
            show(
                code,
                facts,
                call.node,
                Practice::Print,
                Verdict::LikelyBroken,
                "`print`",
            );
        }
        return;
    }
    if matches!(
        call.method,
        "FileHandler" | "RotatingFileHandler" | "TimedRotatingFileHandler"
    ) && code.imports_module("logging")
    {
        show(
            code,
            facts,
            call.node,
            Practice::FileLogging,
            Verdict::LikelyBroken,
            format!("logs are written to files ({})", call.method),
        );
    } else if call.method == "StreamHandler" {
        show(
            code,
            facts,
            call.node,
            Practice::FileLogging,
            Verdict::Kept,
            "logs are written to a stream",
        );
    }
    if call.is("logging", "basicConfig") {
        let level = call.keyword("level").map_or("", |level| code.text(level));
        let guarded = code.enclosing(call.node, &["if_statement"]).is_some();
        if level == "logging.DEBUG" && !guarded {
            show(
                code,
                facts,
                call.node,
                Practice::LogLevel,
                Verdict::Broken,
                "the level is always debug",
            );
        } else if !guarded {
            show(
                code,
                facts,
                call.node,
                Practice::LogLevel,
                Verdict::Kept,
                "the level is info or configurable",
            );
        }
    }
    if !LOGGERS.contains(&call.receiver) {
        return;
    }
    for argument in &call.arguments {
        let mut candidates = vec![argument.value];
        candidates.extend(
            code.find_all(argument.value, &["interpolation"])
                .into_iter()
                .filter_map(|node| node.named_child(0)),
        );
        let secret = candidates.into_iter().find(|node| {
            let last = code
                .text(*node)
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_lowercase();
            matches!(node.kind(), "identifier" | "attribute")
                && matches!(
                    last.as_str(),
                    "password"
                        | "passwd"
                        | "plain_password"
                        | "access_token"
                        | "refresh_token"
                        | "auth_token"
                        | "api_key"
                        | "apikey"
                        | "client_secret"
                        | "private_key"
                        | "jwt_secret"
                        | "card_number"
                        | "cvv"
                )
        });
        if let Some(secret) = secret {
            show(
                code,
                facts,
                call.node,
                Practice::SecretLogged,
                Verdict::Broken,
                format!("`{}` is logged", code.text(secret)),
            );
            return;
        }
    }
}
