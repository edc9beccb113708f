//! Limiters, pools, breakers, background loops of Go code.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::failure::{LimiterFailure, Made, made};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Go resilience",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let limits = mentions(code.file.name(), LIMITER_WORDS);
    for branch in code.find_all(code.root, &["if_statement"]) {
        if limits || mentions(code.name_around(branch), LIMITER_WORDS) {
            limiter_failure(code, branch, facts);
        }
    }
    for call in &code.calls {
        if call.method == "Get"
            && call.receiver.ends_with("Header")
            && (limits || mentions(code.name_around(call.node), LIMITER_WORDS))
        {
            limiter_key(code, call, facts);
        }
        pool(code, call, facts);
        unused(code, call, facts);
        plaintext(code, call, facts);
        conditional_limit(code, call, facts);
    }
    for spawned in code.find_all(code.root, &["go_statement"]) {
        background_loop(code, spawned, facts);
    }
}

/// `if err != nil { … next }` in a limiter.
fn limiter_failure<'t>(code: &Code<'t>, branch: Node<'t>, facts: &mut FactSink<'_>) {
    let (Some(condition), Some(body)) = (
        branch.child_by_field_name("condition"),
        branch.child_by_field_name("consequence"),
    ) else {
        return;
    };
    if code.text(condition).trim() != "err != nil" {
        return;
    }
    let text = code.text(body);
    let rejects = mentions(
        text,
        &[
            "abort",
            "statusservice",
            "statusinternal",
            "statustoomany",
            "http.error",
            "503",
            "429",
            "return err",
            "return nil, err",
            "return false",
            "errorf",
            "unavailable",
        ],
    );
    let passes = text.contains(".Next()")
        || text.contains(".ServeHTTP(")
        || text.contains("return handler(ctx")
        || text.contains("return next(")
        || text.contains("return true");
    // The choice may be written above the branch.
    let mut above = branch.start_byte().saturating_sub(200);
    while !code.file.text.is_char_boundary(above) {
        above -= 1;
    }
    let said = code.file.text.get(above..branch.end_byte());
    LimiterFailure {
        passes,
        rejects,
        said: said.unwrap_or(text),
    }
    .record(code, branch, facts);
}

fn limiter_key(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let header = call.positional(0).map(|name| code.string(name));
    if header
        .and_then(|name| name.known().cloned())
        .is_none_or(|name| !name.eq_ignore_ascii_case("X-Forwarded-For"))
    {
        return;
    }
    if mentions(&code.file.text, &["trusted", "trustproxy", "trust_proxy"]) {
        show(
            code,
            facts,
            call.node,
            Practice::LimiterKey,
            Verdict::Unclear,
            "the code reads the header and mentions trusted proxies",
        );
    } else {
        show(
            code,
            facts,
            call.node,
            Practice::LimiterKey,
            Verdict::LikelyBroken,
            "the limiter takes its key from `X-Forwarded-For`, which clients control",
        );
    }
}

fn pool(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    match (call.receiver, call.method) {
        (
            "sql" | "otelsql" | "entsql" | "sqlx" | "gorm" | "ent" | "splunksql" | "nrsql",
            "Open" | "OpenDB" | "Connect" | "MustConnect" | "MustOpen",
        ) if opens_sql(code) => {
            show(
                code,
                facts,
                call.node,
                Practice::PoolBounds,
                Verdict::LikelyBroken,
                "the `database/sql` pool has no maximum size by default",
            );
        }
        (_, "SetMaxOpenConns") => show(
            code,
            facts,
            call.node,
            Practice::PoolBounds,
            Verdict::Kept,
            "the pool has a maximum size",
        ),
        _ => {}
    }
}

/// Whether a file imports something that opens a pool of `database/sql`.
fn opens_sql(code: &Code<'_>) -> bool {
    [
        "database/sql",
        "github.com/XSAM/otelsql",
        "entgo.io/ent",
        "github.com/jmoiron/sqlx",
        "gorm.io",
    ]
    .iter()
    .any(|module| code.imports_module(module))
        || code
            .imports
            .iter()
            .any(|import| import.path.ends_with("/ent"))
}

/// `breaker := gobreaker.New…` with a name that is not used.
fn unused(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let resilient = matches!(
        (call.receiver, call.method),
        ("gobreaker", "NewCircuitBreaker")
            | ("rate", "NewLimiter")
            | ("retrier", "New")
            | ("circuit", "NewBreaker")
    );
    if !resilient {
        return;
    }
    let what = format!("`{}.{}`", call.receiver, call.method);
    let Some(statement) = code.enclosing(
        call.node,
        &[
            "short_var_declaration",
            "assignment_statement",
            "var_spec",
            "expression_statement",
        ],
    ) else {
        return;
    };
    let name = statement
        .child_by_field_name("left")
        .or_else(|| statement.child_by_field_name("name"))
        .map_or("_", |left| code.text(left));
    let local = code.function_around(call.node).is_some();
    let unused = local
        && name.chars().all(|letter| letter.is_alphanumeric())
        && count_word(&code.file.text, name) == 2
        && code.file.text.contains(&format!("_ = {name}"));
    let became = match (name, local) {
        ("_", true) => Made::ThrownAway,
        _ if unused => Made::Unused(name),
        _ => Made::Used,
    };
    made(code, call, &what, &became, facts);
}

fn plaintext(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.is("grpc", "WithInsecure")
        || call.is("insecure", "NewCredentials")
        || call.method == "DialInsecure"
    {
        // The call that connects has the address. Options that a variable holds may serve any call.
        let dialed = code.ancestors(call.node).find(|node| {
            node.kind() == "call_expression"
                && node
                    .child_by_field_name("function")
                    .is_some_and(|function| {
                        matches!(
                            code.text(function),
                            "grpc.Dial" | "grpc.DialContext" | "grpc.NewClient"
                        )
                    })
        });
        let near = dialed
            .or_else(|| code.function_around(call.node))
            .map_or("", |around| code.text(around));
        if mentions(
            near,
            &["localhost", "127.0.0.1", "unix:", "bufconn", "bufnet"],
        ) || mentions(near, &["if ", "tls"]) && near.contains("NewTLS")
        {
            show(
                code,
                facts,
                call.node,
                Practice::PlaintextGrpc,
                Verdict::Unclear,
                "the connection may stay on this host, or be encrypted otherwise",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Practice::PlaintextGrpc,
                Verdict::LikelyBroken,
                "the gRPC connection is not encrypted",
            );
        }
    } else if call.is("credentials", "NewTLS") {
        show(
            code,
            facts,
            call.node,
            Practice::PlaintextGrpc,
            Verdict::Kept,
            "the gRPC connection is encrypted",
        );
    }
}

fn conditional_limit(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.method != "Use" || !mentions(code.text(call.node), LIMITER_WORDS) {
        return;
    }
    let conditional = code
        .enclosing(call.node, &["if_statement"])
        .and_then(|branch| branch.child_by_field_name("condition"))
        .is_some_and(|condition| {
            mentions(code.text(condition), &["production", "\"prod\"", "isprod"])
        });
    let (verdict, evidence) = if conditional {
        (Verdict::Minor, "the limiter is active in production only")
    } else {
        (Verdict::Kept, "the limiter is active in every environment")
    };
    show(
        code,
        facts,
        call.node,
        Practice::ConditionalLimit,
        verdict,
        evidence,
    );
}

/// `go func() { for { … } }()` that nothing can end.
fn background_loop<'t>(code: &Code<'t>, spawned: Node<'t>, facts: &mut FactSink<'_>) {
    for endless in code.find_all(spawned, &["for_statement"]) {
        let head = code
            .text(endless)
            .split('{')
            .next()
            .unwrap_or_default()
            .trim();
        if head != "for" {
            continue;
        }
        let text = code.text(endless);
        let ends = [
            "select", "return", "break", "<-", "Done", ".Accept(", "Recv(", "goto", "panic(",
        ]
        .iter()
        .any(|word| text.contains(word));
        let (verdict, evidence) = if ends {
            (Verdict::Kept, "the loop can end")
        } else {
            (Verdict::LikelyBroken, "this loop does not stop at shutdown")
        };
        show(
            code,
            facts,
            endless,
            Practice::BackgroundLoop,
            verdict,
            evidence,
        );
        return;
    }
}
