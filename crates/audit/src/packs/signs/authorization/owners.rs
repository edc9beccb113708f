//! Handlers that read or change a record of a person by an ID from the request, and do not check
//! whether it belongs to the caller.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::signs::scope;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;
use crate::syntax::count_word;

pub(super) const PACK: Pack = Pack {
    name: "owners of records",
    reader: Reader::Text(read),
};

/// An ID that a handler takes from the request. The group `what` is the reported code.
const IDENTIFIERS: &[(&[&str], &str)] = &[
    (
        &[".go"],
        r#"(?P<what>\b(?:c|ctx|gc|ec)\.Params?(?:Int)?\(\s*"\w*[iI][dD]"|chi\.URLParam\(\w+,\s*"\w*[iI][dD]"|mux\.Vars\(\w+\)\["\w*[iI][dD]"\]|\w+\.PathValue\(\s*"\w*[iI][dD]")"#,
    ),
    (
        &["logic.go"],
        r"(?P<what>\.(?:FindOne|Update|Delete)\(l\.ctx,\s*(?:in|req)\.\w*Id\b|\w+R[pP][cC]\.\w+\(l\.ctx, &\w+\.\w+\{\s*\n\s*Id:\s*req\.Id)",
    ),
    (
        &[".ts"],
        r"(?P<what>@(?:Get|Put|Patch|Delete|Post)\(\s*['\x22`][^'\x22`\n]*:\w*[iI]d\b[^)\n]*\))",
    ),
    (
        &[".ts", ".js", ".mjs"],
        r"(?P<what>\b(?:req|request|ctx)\.params\.\w*[iI]d\b|\{\s*\w*[iI]d\s*\}\s*=\s*(?:req|request)\.params)",
    ),
    (
        &[".py"],
        r"(?m)(?P<what>^@\w+\.(?:get|put|patch|delete|post)\(\s*[f]?['\x22][^'\x22\n]*\{\w*id\w*\}[^\n]*)",
    ),
    (
        &["controller.java", "controller.kt"],
        r"(?P<what>@GetMapping(?:\s*\(\s*(?:\x22/?(?:all|list)?\x22\s*)?\))?)[ \t]*\n(?:[ \t]*@[^\n]*\n)*[ \t]*(?:public )?(?:fun \w+\([^{=]*\)\s*:\s*)?(?:ResponseEntity<)?(?:\w+<)*(?:List|Page|Collection|Iterable|Slice|Flux|PageResponse|BasePageResponse)<",
    ),
    (
        &[".java", ".kt"],
        r"(?P<what>@(?:Get|Put|Patch|Delete|Post)Mapping\s*\(\s*(?:(?:value|path)\s*=\s*)?\x22[^\x22\n]*\{\w*(?:[iI]d|[cC]ode|[nN]umber|[rR]eference)\}[^)\n]*\))",
    ),
];

/// Names of records that belong to a person, in lower case.
const PERSONAL: &[&str] = &[
    "order",
    "payment",
    "account",
    "user",
    "profile",
    "cart",
    "address",
    "invoice",
    "booking",
    "reservation",
    "notification",
    "message",
    "wallet",
    "transaction",
    "subscription",
    "document",
    "file",
    "ticket",
    "session",
    "customer",
    "enrollment",
    "submission",
    "conversation",
    "chat",
    "rental",
    "loan",
    "refund",
    "transfer",
    "balance",
    "task",
    "todo",
    "note",
    "upload",
    "seller",
    "buyer",
    "merchant",
    "patient",
    "passenger",
];
/// Parts of routes that name an action, and not a record.
const ACTIONS: &[&str] = &[
    "cancel", "confirm", "pay", "refund", "complete", "approve", "reject", "close", "archive",
    "status", "state", "details", "history", "tracking", "role", "password",
];
/// Words of a handler that checks its caller.
const CALLER: &str = r"(?i)user_?id\b|current_?user|req(?:uest)?\.user|\bclaims|principal|authentication|security_?context|@pre_?authorize|has_?role|has_?authority|@roles|@permissions|owner|tenant|is_?admin|get_?user\b|from_?context\(|\bauth|permission|session|x-user|@user\b|subject|depends\(\s*get_|jwt|account_?id|customer_?id|actor|member_?id|viewer";
struct Patterns {
    identifiers: Vec<(&'static [&'static str], Regex)>,
    caller: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        identifiers: IDENTIFIERS
            .iter()
            .map(|(ends, pattern)| Some((*ends, ascii(pattern)?)))
            .collect::<Option<_>>()?,
        caller: ascii(CALLER)?,
    })
});

/// Maximum number of handlers that are read in one file.
const MAX_HANDLERS: usize = 40;

pub(in crate::packs::signs) fn reads(path: &str) -> bool {
    IDENTIFIERS
        .iter()
        .any(|(ends, _)| ends.iter().any(|end| path.ends_with(end)))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let path = file.path.to_lowercase();
    if file.role != Role::Production || scope::is_page(file) {
        return;
    }
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    let mine = patterns
        .identifiers
        .iter()
        .filter(|(ends, _)| ends.iter().any(|end| path.ends_with(end)));
    for (_, regex) in mine {
        for captures in regex.captures_iter(&file.text).take(MAX_HANDLERS) {
            let Some(at) = captures.name("what") else {
                continue;
            };
            let handler = handler(&file.text, at.start(), at.end());
            let personal = is_personal(&path, at.as_str(), handler);
            let checks = without_guards(&path, handler);
            let checks = without_parameter(&checks, at.as_str());
            if !personal || patterns.caller.is_match(&checks) {
                continue;
            }
            let observation = Observation {
                practice: Practice::OwnRecord,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: "the handler takes the record of an ID of the caller, and does not check whose record it is".to_owned(),
            };
            facts.add(observation, at.range());
        }
    }
}

/// The text of a handler without the parameter of its route: `{customerId}` in
/// `getOrdersByCustomerId(customerId)` is the choice of the caller, not its identity. Names in
/// quotes and in `getCurrentUserId` stay.
fn without_parameter(handler: &str, place: &str) -> String {
    let Some(name) = PARAMETER
        .as_ref()
        .and_then(|pattern| pattern.find(place))
        .map(|found| plain(found.as_str()))
    else {
        return handler.to_owned();
    };
    let text = plain(&handler.replacen(place, "", 1));
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(&name) {
        let (before, after) = rest.split_at(at);
        kept.push_str(before);
        let names = ["current", "get", "my", "\"", "'", "."]
            .iter()
            .any(|word| kept.ends_with(word));
        if names {
            kept.push_str(&name);
        }
        rest = after.get(name.len()..).unwrap_or_default();
    }
    kept + rest
}

fn plain(text: &str) -> String {
    text.to_lowercase().replace('_', "")
}

/// The name of a person in the parameter of a route.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(r"(?i)\b(?:user|customer|account|member|owner|seller|buyer|merchant|patient)_?id\b")
});

/// Words of a guard that decides by more than a valid token.
const ROLES: &[&str] = &[
    "role",
    "admin",
    "permission",
    "owner",
    "authorize",
    "can(",
    "policy",
    "scope",
    "ability",
];

/// The text of a handler without guards that only authenticate. They identify the caller, and do
/// not compare it with the owner of the record.
fn without_guards(path: &str, handler: &str) -> String {
    let decides = |text: &str| {
        let lower = text.to_lowercase();
        ROLES.iter().any(|word| lower.contains(word))
    };
    if path.ends_with(".py") {
        return without_dependencies(handler, decides);
    }
    if !path.ends_with(".ts") && !path.ends_with(".js") && !path.ends_with(".mjs") {
        return handler.to_owned();
    }
    // `router.get('/:id', authenticate, async (req, res) => {`
    let (head, body) = match handler.split_once("=>") {
        Some((head, body)) if !head.contains('\n') && head.contains("(req") => (head, body),
        _ => ("", handler),
    };
    let head = if decides(head) { head } else { "" };
    let body = body.lines().filter(|line| {
        let line = line.trim_start();
        let guard = line.starts_with("@UseGuards(") || line.starts_with("@Api");
        !guard || decides(line) && !line.starts_with("@Api")
    });
    body.fold(head.to_owned(), |text, line| text + line + "\n")
}

/// The text of a handler of Python without the parameters that its body does not use.
fn without_dependencies(handler: &str, decides: impl Fn(&str) -> bool) -> String {
    let Some((head, body)) = handler.split_once(":\n") else {
        return handler.to_owned();
    };
    let unused = head.split(['\n', ',']).filter(|part| {
        let name = part
            .trim_start()
            .trim_start_matches("async ")
            .split([':', '=', ' '])
            .next()
            .unwrap_or_default();
        let dependency = part.contains("Depends(") || part.contains("Annotated[");
        let name = name.rsplit('(').next().unwrap_or_default();
        !dependency || name.is_empty() || count_word(body, name) != 0 || decides(part)
    });
    let head = unused.fold(String::new(), |text, part| text + part + ",");
    head + body
}

/// Returns whether a record belongs to a person. The path of the route decides, or else the names
/// of the handler and its file.
fn is_personal(path: &str, place: &str, handler: &str) -> bool {
    let names = |text: &str| PERSONAL.iter().any(|word| text.contains(word));
    let route = place
        .split(['"', '\'', '`'])
        .nth(1)
        .unwrap_or_default()
        .to_lowercase();
    let nouns: String = route
        .split('/')
        .filter(|part| !part.starts_with([':', '{']) && !ACTIONS.contains(part))
        .collect();
    if place.starts_with('@') && !nouns.is_empty() {
        return names(&nouns);
    }
    let mut end = handler.len().min(HEAD);
    while !handler.is_char_boundary(end) {
        end -= 1;
    }
    let head = handler.get(..end).unwrap_or_default().to_lowercase();
    let file = if path.ends_with("logic.go") {
        path
    } else {
        path.rsplit('/').next().unwrap_or(path)
    };
    names(file) || names(&head)
}

/// Number of bytes at the start of a handler that may name its record.
const HEAD: usize = 300;
/// Maximum size of an annotated handler, in bytes.
const ANNOTATED: usize = 700;

/// The handler around a place, or the method below an annotation.
fn handler(text: &str, from: usize, to: usize) -> &str {
    let own = text.get(from..to).unwrap_or_default();
    if !own.starts_with('@') {
        return scope::around(text, from, to);
    }
    let mut end = (to + ANNOTATED).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let rest = text.get(to..end).unwrap_or_default();
    let next = [
        "\n  @Get",
        "\n  @P",
        "\n  @Delete",
        "\n    @Get",
        "\n    @P",
        "\n    @Delete",
        "\n@",
    ]
    .iter()
    .filter_map(|mark| rest.get(1..).and_then(|rest| rest.find(mark)))
    .min()
    .map_or(rest.len(), |at| at + 1);
    text.get(from..to + next).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, without_guards};

    #[test]
    fn guards_that_only_authenticate_are_left_out() {
        let express = "router.get('/orders/:id', auth, async (req, res) => {\n  res.json(await find(req.params.id));\n});";
        assert!(!without_guards("a.ts", express).contains("auth"));
        let roles = express.replace("auth,", "requireRole('staff'),");
        assert!(without_guards("a.ts", &roles).contains("requireRole"));
        let nest = "@Get(':id')\n@UseGuards(JwtAuthGuard)\nfind(@Param('id') id: string) {\n}\n";
        assert!(!without_guards("a.ts", nest).contains("Jwt"));
        let python = "@app.get('/orders/{order_id}')\ndef get(order_id: int, user=Depends(current_user)):\n    return find(order_id)\n";
        assert!(!without_guards("a.py", python).contains("current_user"));
        let used = python.replace("find(order_id)", "find(order_id, user)");
        assert!(without_guards("a.py", &used).contains("current_user"));
    }

    #[test]
    fn action_in_a_route_does_not_hide_its_record_auth_5() {
        let place = r#"@PostMapping("/{orderCode}/cancel")"#;
        assert!(super::is_personal("a/OrderController.java", place, place));
        let place = r#"@PostMapping("/{code}/stock")"#;
        assert!(!super::is_personal("a/OrderController.java", place, place));
    }

    #[test]
    fn parameter_of_a_route_does_not_check_the_caller_auth_5() {
        let checks = |handler: &str, place: &str| {
            let text = super::without_parameter(handler, place);
            PATTERNS
                .as_ref()
                .is_some_and(|own| own.caller.is_match(&text))
        };
        let place = r#"@GetMapping("/customer/{customerId}")"#;
        let open = format!(
            "{place}\nList<Order> list(@PathVariable Long customerId) {{\n  return orders.findByCustomerId(customerId);\n}}"
        );
        assert!(super::is_personal("a/OrderController.java", place, &open));
        assert!(!checks(&open, place));
        let compared = open.replace(
            "return",
            "access.require(getCurrentCustomerId(), customerId);\n  return",
        );
        assert!(checks(&compared, place));
        let principal = open.replace("(@PathVariable", "(Principal principal, @PathVariable");
        assert!(checks(&principal, place));
        let go = r#"c.Param("user_id")"#;
        let claims = "id := c.Param(\"user_id\")\nif ctx.Value(\"user_id\") != id {\n\treturn\n}\n";
        assert!(checks(claims, go));
    }

    #[test]
    fn field_of_a_record_in_a_route_does_not_hide_it_auth_5() {
        let place = r#"@PatchMapping("/{id}/status")"#;
        assert!(super::is_personal("a/ordercontroller.java", place, place));
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }
}
