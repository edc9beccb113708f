//! Functions that answer requests: what they do to which record, and whether they use the identity
//! of their caller.

use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::Node;

use super::super::practice::mentions;
use super::super::two_steps::registration;
use crate::model::facts::{EntryKind, EntryPoint};
use crate::source::Language;
use crate::syntax::{Code, count_word};

/// Parameters of HTTP handlers in Go.
const GO_HTTP: &[&str] = &[
    "*gin.Context",
    "echo.Context",
    "fiber.Ctx",
    "http.ResponseWriter",
];
/// Words of code that reads an ID from the path of a request, in lower case.
const PATH_VALUES: &[&str] = &[
    ".param(",
    ".params(",
    ".paramsint(",
    "urlparam(",
    "pathvalue(",
    "mux.vars(",
    "idparam(",
    "req.params",
    "request.params",
    "ctx.params",
];
/// Words of handlers that every caller may run, in lower case.
const PUBLIC: &[&str] = &[
    "login", "signin", "sign_in", "register", "signup", "sign_up", "health", "ping", "ready",
    "live", "webhook", "callback", "verify", "forgot", "reset", "logout", "metrics", "refresh",
    "token", "error", "swagger", "search", "otp", "version", "root", "index", "validate",
];
/// Words of roles and rights, in lower case.
const RIGHTS: &[&str] = &[
    "role",
    "admin",
    "permission",
    "authorize(",
    "preauthorize",
    "secured",
    "rbac",
    "casbin",
    "ability",
    "policies",
    "policy",
];
/// Verbs of functions that change a record, in lower case.
const CHANGES: &[&str] = &[
    "update", "delete", "remove", "edit", "patch", "cancel", "set", "change", "confirm", "approve",
    "reject", "complete", "archive", "restore", "mark", "modify", "destroy", "pay", "refund",
    "close", "prune",
];
/// Verbs of functions that add a record, in lower case.
const CREATIONS: &[&str] = &[
    "create", "add", "place", "make", "submit", "checkout", "book", "reserve", "transfer",
    "withdraw", "deposit", "charge", "purchase", "order", "issue", "store", "save",
];
/// Verbs of functions that list records, in lower case.
const LISTS: &[&str] = &[
    "list",
    "getall",
    "get_all",
    "findall",
    "find_all",
    "fetchall",
    "fetch_all",
    "readall",
    "all",
];

/// The identity of a caller in the body of a handler.
const CALLER: &str = concat!(
    r#"(?i)\bcurrent_?user|\breq(?:uest)?\.(?:user\b|user_?id|auth\b|session|account|claims|state\.user)|\bclaims\b|principal|"#,
    r#"security_?context|authentication\b|\bfrom_?context\(|from_?incoming_?context|x-user|x-account|"#,
    r#"\.(?:get|mustget|getstring|getint|getint64|getuint|locals|value)\(\s*[\x22']?(?:ctx\.|[\w.]*)?(?:current)?_?(?:user|account|uid|sub|claims|role|email|identity|auth|customer|member)\w*[\x22']?\s*\)|"#,
    r#"\b\w*(?:get|extract|current|require|parse|auth)\w*(?:user|account|member|customer|caller|actor|subject|claims|identity|session|principal|tenant|owner)\w*\(\s*(?:(?:c|ctx|gc|r|req|request|context|info|w,\s*r)(?:\.(?:context|request|usercontext)(?:\(\))?)*)?\s*\)|"#,
    r#"\bowner|\bbelongs_?to|\bg\.user|\bself\.request\.user|\buser\.(?:id|sub|user_?id|email|role|uuid)\b|\bviewer\b|\bactor\b|\bcaller\b"#,
);
/// A parameter with the identity of a caller. The group `name` is its name.
const PARAMETER: &str = concat!(
    r"(?P<python>\w+)\s*:[^=,\n]*(?:=\s*)?(?:Annotated\[[^\]]*)?(?:Depends|Security)\(|",
    r"@(?:CurrentUser|GetUser|User|AuthUser|ReqUser|Req|Request|Session)\([^)]*\)\s*(?P<nest>\w+)|",
    r"(?:Principal|Authentication|Jwt|UserDetails|OAuth2User)\s+(?P<java>\w+)|",
    r"@AuthenticationPrincipal(?:\([^)]*\))?\s+[\w.<>]+\s+(?P<principal>\w+)",
);

struct Patterns {
    caller: Regex,
    parameter: Regex,
    grpc: Regex,
    grpc_id: Regex,
    python: Regex,
    nest: Regex,
    spring: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        caller: Regex::new(CALLER).ok()?,
        parameter: Regex::new(PARAMETER).ok()?,
        grpc: Regex::new(
            r"^\((?:\w+|_) context\.Context, (?:\w+|_) \*(?:\w+\.\w+(?:Req|Request|Input|Id|ID)|emptypb\.Empty)\) \(\*",
        )
        .ok()?,
        grpc_id: Regex::new(r"\b(?:req|in|request|r|input)\.(?:Get)?\w*(?:I[dD]|Uuid|UUID)\b").ok()?,
        python: Regex::new(
            r"@\w+\.(?P<verb>get|post|put|patch|delete|route)\(\s*(?P<path>[^)\n]*)?",
        )
        .ok()?,
        nest: Regex::new(
            r"@(?P<verb>Get|Post|Put|Patch|Delete|MessagePattern|GrpcMethod|Query|Mutation)\((?P<path>[^)]*)\)",
        )
        .ok()?,
        spring: Regex::new(r"@(?P<verb>Get|Post|Put|Patch|Delete)Mapping(?:\s*\((?P<path>[^)]*)\))?")
            .ok()?,
    })
});

/// The parts of the source of a function.
pub(super) struct Source<'t> {
    /// The name of the function.
    pub(super) name: &'t str,
    /// The class, or the type of the receiver.
    pub(super) owner: &'t str,
    /// The text of the function with its decorators.
    pub(super) text: &'t str,
}

/// Whether a function uses the identity or a right of its caller.
pub(super) fn names_caller<'t>(code: &Code<'t>, function: Node<'t>, source: &Source<'t>) -> bool {
    let Some(patterns) = PATTERNS.as_ref() else {
        return true;
    };
    let body = body(code, function);
    if patterns.caller.is_match(body) {
        return true;
    }
    let head = source.text.strip_suffix(body).unwrap_or(source.text);
    patterns.parameter.captures_iter(head).any(|captures| {
        ["python", "nest", "java", "principal"]
            .iter()
            .find_map(|group| captures.name(group))
            .is_some_and(|name| {
                let name = name.as_str();
                let caller = mentions(
                    name,
                    &[
                        "user",
                        "auth",
                        "principal",
                        "account",
                        "jwt",
                        "token",
                        "identity",
                        "req",
                    ],
                );
                caller && count_word(body, name) > 0
            })
    })
}

fn body<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    function
        .child_by_field_name("body")
        .map_or_else(|| code.text(function), |body| code.text(body))
}

/// The request that a function answers.
pub(super) fn entry_point<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    source: &Source<'t>,
) -> Option<EntryPoint> {
    let patterns = PATTERNS.as_ref()?;
    let parameters = function
        .child_by_field_name("parameters")
        .map_or("", |parameters| code.text(parameters));
    let body = body(code, function);
    let head = source.text.strip_suffix(body).unwrap_or(source.text);
    let (verb, path, selects) = match code.file.language {
        Language::Go => go(code, function, patterns, parameters, body, source.name)?,
        Language::Python => {
            let found = patterns.python.captures(head)?;
            let path = found.name("path").map_or("", |path| path.as_str());
            let path = path.split(',').next().unwrap_or_default();
            (text(&found, "verb"), path, path.contains(['{', '<']))
        }
        Language::Java | Language::Kotlin => {
            let found = patterns.spring.captures(head)?;
            let path = found.name("path").map_or("", |path| path.as_str());
            (text(&found, "verb"), path, path.contains('{'))
        }
        Language::TypeScript | Language::JavaScript => {
            script(code, function, patterns, parameters, body, head)?
        }
        _ => return None,
    };
    let name = source.name.to_lowercase();
    let route = path.to_lowercase();
    let public = mentions(&name, PUBLIC)
        || mentions(&route, PUBLIC)
        || mentions(head, &["@public", "allowanonymous", "@permitall"]);
    let class = code
        .enclosing(function, &["class_declaration", "class_definition"])
        .map_or("", |class| {
            code.text(class).split('{').next().unwrap_or_default()
        });
    let rights =
        mentions(head, RIGHTS) || mentions(class, RIGHTS) || mentions(&code.file.path, &["admin"]);
    let starts = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    let kind = match verb.to_lowercase().as_str() {
        "put" | "patch" | "delete" => EntryKind::Change,
        _ if starts(CHANGES) => EntryKind::Change,
        "post" => EntryKind::Create,
        _ if starts(LISTS) => EntryKind::List,
        _ if starts(CREATIONS) => EntryKind::Create,
        "get"
            if !selects
                && path
                    .trim_matches(['"', '\'', '/', ' ', '(', ')'])
                    .is_empty() =>
        {
            EntryKind::List
        }
        _ => EntryKind::Read,
    };
    Some(EntryPoint {
        kind,
        selects,
        is_public: public,
        has_rights: rights,
        subject: subject(&route, &name, &source.owner.to_lowercase()).into(),
        is_rpc: code.file.language == Language::Go
            && !parameters.contains("http.")
            && parameters.contains("context.Context"),
    })
}

/// What a request is about: the nouns of its path, or else the names of the function and its class.
fn subject(route: &str, name: &str, owner: &str) -> String {
    let nouns: Vec<&str> = route
        .split(['/', '"', '\'', '`', ' ', ','])
        .filter(|part| !part.is_empty() && !part.starts_with([':', '{', '<', '(']))
        .collect();
    if nouns.iter().any(|noun| noun.len() > 3) {
        format!("{} {name}", nouns.join(" "))
    } else {
        format!("{name} {owner}")
    }
}

fn text<'t>(found: &regex::Captures<'t>, group: &str) -> &'t str {
    found.name(group).map_or("", |part| part.as_str())
}

type Shape<'t> = (&'t str, &'t str, bool);

/// An HTTP handler or a method of a gRPC server in Go.
fn go<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    patterns: &Patterns,
    parameters: &'t str,
    body: &'t str,
    own: &'t str,
) -> Option<Shape<'t>> {
    if own.eq_ignore_ascii_case("bind") {
        return None;
    }
    let result = function
        .child_by_field_name("result")
        .map_or("", |result| code.text(result));
    let plain = result.trim();
    let takes = (plain.is_empty() || plain == "error")
        && GO_HTTP.iter().any(|kind| parameters.contains(kind));
    let makes = (plain.contains("HandlerFunc") || plain.contains("fiber.Handler"))
        && GO_HTTP
            .iter()
            .any(|kind| body.contains(&format!("{kind})")) || body.contains(&format!("{kind},")));
    let wraps = body.contains(".Next(") || parameters.contains("http.Handler");
    if (takes || makes) && !wraps {
        return Some(("", "", mentions(body, PATH_VALUES)));
    }
    let method = function.kind() == "method_declaration";
    let signature = format!("{parameters} {plain}");
    (method && patterns.grpc.is_match(&signature))
        .then(|| ("", "", patterns.grpc_id.is_match(body)))
}

/// A handler of Express or Fastify, or a method of a controller of NestJS.
fn script<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    patterns: &Patterns,
    parameters: &'t str,
    body: &'t str,
    head: &'t str,
) -> Option<Shape<'t>> {
    if let Some(found) = patterns.nest.captures(head) {
        let path = text(&found, "path");
        let verb = text(&found, "verb");
        let selects = path.contains(':')
            || !matches!(verb, "Get" | "Post" | "Put" | "Patch" | "Delete")
                && mentions(parameters, &["id"]);
        return Some((verb, path, selects));
    }
    let names: Vec<_> = parameters
        .trim_matches(['(', ')'])
        .split(',')
        .map(|part| part.split(':').next().unwrap_or_default().trim())
        .collect();
    let express = matches!(names.first(), Some(&("req" | "request" | "_req")))
        && matches!(names.get(1), Some(&("res" | "response" | "reply" | "rep")))
        && !names.contains(&"next")
        || matches!(
            names.as_slice(),
            ["req" | "request", "res" | "response", "next"]
        ) && body.contains("res.");
    let next = body.contains("next()");
    if !express || next {
        return None;
    }
    // The path of `router.get('/:id', guard, (req, res) => …)`.
    let (verb, path) = registration(code, function).map_or(("", ""), |call| {
        let verb = call.child_by_field_name("function").map_or("", |callee| {
            code.text(callee).rsplit('.').next().unwrap_or_default()
        });
        let path = call
            .child_by_field_name("arguments")
            .and_then(|arguments| arguments.named_child(0))
            .map_or("", |first| code.text(first));
        (verb, path)
    });
    Some((verb, path, mentions(body, PATH_VALUES)))
}
