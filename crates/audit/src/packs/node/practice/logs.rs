//! Logging in Node.js code.

use super::{AUXILIARY, LOGGERS};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn logs(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !LOGGERS.contains(&call.receiver) {
        return;
    }
    if call.receiver == "console"
        && matches!(call.method, "log" | "info" | "debug")
        && !mentions(&code.file.path, AUXILIARY)
    {
        show(
            code,
            facts,
            call.node,
            Practice::Print,
            Verdict::LikelyBroken,
            format!("`console.{}`", call.method),
        );
    }
    for argument in &call.arguments {
        let mut candidates = vec![argument.value];
        if argument.value.kind() == "template_string" {
            candidates = code
                .find_all(argument.value, &["template_substitution"])
                .into_iter()
                .filter_map(|node| node.named_child(0))
                .collect();
        } else if argument.value.kind() == "object" {
            candidates = code
                .fields(argument.value)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, value)| value)
                .collect();
        }
        if let Some(secret) = candidates
            .into_iter()
            .find(|node| is_secret(code.text(*node), node.kind()))
        {
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

fn is_secret(text: &str, kind: &str) -> bool {
    if !matches!(
        kind,
        "identifier" | "member_expression" | "shorthand_property_identifier"
    ) {
        return false;
    }
    if matches!(
        text,
        "req.headers" | "request.headers" | "req.headers.authorization" | "process.env"
    ) {
        return true;
    }
    let last = text.rsplit('.').next().unwrap_or(text).to_lowercase();
    matches!(
        last.as_str(),
        "password"
            | "passwd"
            | "plainpassword"
            | "accesstoken"
            | "refreshtoken"
            | "authtoken"
            | "apikey"
            | "clientsecret"
            | "privatekey"
            | "jwtsecret"
            | "creditcard"
            | "cardnumber"
            | "cvv"
            | "authheader"
            | "authorization"
            | "bearertoken"
            | "jwttoken"
            | "sessiontoken"
            | "resettoken"
    )
}
