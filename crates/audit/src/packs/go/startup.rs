//! How Go code starts: where it may end the program, what it retries, which errors it hides.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Migration, Practice, Verdict};
use crate::packs::practice::{is_maker, mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go start",
    reader: Reader::Code(&[Language::Go], read),
};

/// Words of code that retries.
const RETRY_WORDS: &[&str] = &["retry", "backoff", "attempt"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let package = package(code);
    for call in &code.calls {
        exit(code, call, package, facts);
        connect(code, call, facts);
        migrate(code, call, facts);
    }
    for branch in code.find_all(code.root, &["if_statement"]) {
        silent_null(code, branch, facts);
    }
}

fn package<'t>(code: &Code<'t>) -> &'t str {
    let mut cursor = code.root.walk();
    code.root
        .named_children(&mut cursor)
        .find(|node| node.kind() == "package_clause")
        .map_or("", |node| {
            code.text(node).trim_start_matches("package").trim()
        })
}

fn exit(code: &Code<'_>, call: &Call<'_>, package: &str, facts: &mut FactSink<'_>) {
    let name = code.name_around(call.node);
    let permitted = package == "main"
        || package == "cmd"
        || name == "main"
        || name == "init"
        || name.to_lowercase().starts_with("must");
    if call.is("", "panic") {
        let Some(function) =
            code.enclosing(call.node, &["function_declaration", "method_declaration"])
        else {
            return;
        };
        let returns_error = function
            .child_by_field_name("result")
            .is_some_and(|result| {
                code.text(result)
                    .split([' ', '(', ')', ','])
                    .any(|part| part == "error")
            });
        let literal = code
            .function_around(call.node)
            .is_some_and(|around| around.kind() == "func_literal");
        let error = call
            .positional(0)
            .is_some_and(|value| matches!(code.text(value), "err" | "err.Error()"));
        if returns_error && error && !literal && !name.to_lowercase().starts_with("must") {
            show(
                code,
                facts,
                call.node,
                Practice::ExitOutsideMain,
                Verdict::Broken,
                format!("`{name}` can return an error, but panics with it"),
            );
        } else if error && !literal && !permitted && is_maker(name) {
            show(
                code,
                facts,
                call.node,
                Practice::ExitOutsideMain,
                Verdict::Minor,
                format!("`{name}` of package `{package}` panics instead of returning an error"),
            );
        }
        return;
    }
    let exits = matches!(
        (call.receiver, call.method),
        ("os", "Exit") | ("log" | "logrus", "Fatal" | "Fatalf" | "Fatalln")
    );
    if exits && !permitted && !name.is_empty() {
        show(
            code,
            facts,
            call.node,
            Practice::ExitOutsideMain,
            Verdict::Minor,
            format!("`{name}` of package `{package}` ends the process"),
        );
    } else if exits && name == "main" {
        show(
            code,
            facts,
            call.node,
            Practice::ExitOutsideMain,
            Verdict::Kept,
            "only `main` ends the process",
        );
    }
}

fn connect(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let dials = call.is("amqp", "Dial")
        || call.is("amqp091", "Dial")
        || (matches!(call.method, "Ping" | "PingContext")
            && [
                "database/sql",
                "github.com/jackc",
                "github.com/jmoiron/sqlx",
                "gorm.io",
                "github.com/go-redis/redis",
                "github.com/redis/go-redis",
                "go.mongodb.org/mongo-driver",
            ]
            .iter()
            .any(|module| {
                code.imports
                    .iter()
                    .any(|import| import.path.starts_with(module))
            }));
    let name = code.name_around(call.node);
    let starting = is_maker(name) || matches!(name, "main" | "run" | "Run" | "init");
    if !dials || !starting {
        return;
    }
    let Some(function) = code.enclosing(call.node, &["function_declaration", "method_declaration"])
    else {
        return;
    };
    let again = code.enclosing(call.node, &["for_statement"]).is_some()
        || mentions(code.text(function), RETRY_WORDS);
    let what = format!("`{}.{}`", call.receiver, call.method);
    if again {
        show(
            code,
            facts,
            call.node,
            Practice::ConnectRetry,
            Verdict::Kept,
            format!("{what} is retried"),
        );
    } else {
        show(
            code,
            facts,
            call.node,
            Practice::ConnectRetry,
            Verdict::LikelyBroken,
            format!("`{name}` tries {what} once and returns the error"),
        );
    }
}

/// Calls that change the schema: library, method, and whether the changes are written down as
/// versions.
fn migrate(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (library, versioned) = match call.method {
        "AutoMigrate" => ("GORM AutoMigrate", false),
        "Create" if call.receiver.ends_with(".Schema") => ("ent Schema.Create", false),
        "Up" if code.imports_module("github.com/golang-migrate/migrate")
            || code.imports_module("github.com/pressly/goose") =>
        {
            ("versioned migrations", true)
        }
        _ => return,
    };
    // A program or a command of its own is the right place.
    let own = mentions(&code.file.path, &["migrat", "seed"])
        || mentions(code.name_around(call.node), &["seed"])
        || code.name_around(call.node) == "main" && mentions(&code.file.path, &["cmd/"]);
    if !own || library == "GORM AutoMigrate" && !mentions(&code.file.path, &["cmd/migrat", "seed"])
    {
        facts.add(Migration { library, versioned }, code.place(call.node));
    }
}

/// `if err != nil { log…; return nil }` in a function that makes something.
fn silent_null<'t>(code: &Code<'t>, branch: Node<'t>, facts: &mut FactSink<'_>) {
    let (Some(condition), Some(body)) = (
        branch.child_by_field_name("condition"),
        branch.child_by_field_name("consequence"),
    ) else {
        return;
    };
    if !code.text(condition).contains("err != nil") {
        return;
    }
    let name = code.name_around(branch);
    let Some(function) = code
        .function_around(branch)
        .filter(|function| function.kind() != "func_literal")
    else {
        return;
    };
    let lower = name.to_lowercase();
    let maker = ["new", "init", "connect", "setup", "provide", "make"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    let Some(result) = function.child_by_field_name("result") else {
        return;
    };
    let results = code.text(result);
    if !maker || results == "error" || results == "bool" || results == "string" {
        return;
    }
    let logs = code.calls_within(body).any(|call| {
        mentions(call.receiver, &["log"])
            || mentions(code.text(call.node), &["log.", "logger.", "slog."])
    });
    let returned = code.find_all(body, &["return_statement"]);
    let Some(returned) = returned.last() else {
        return;
    };
    let values: String = code
        .text(*returned)
        .trim_start_matches("return")
        .split_whitespace()
        .collect();
    // A documented exception is a decision.
    let text = code.text(body);
    let chosen = mentions(
        text,
        &[
            "fall back",
            "falling back",
            "fallback",
            "default",
            "ignor",
            "skip",
            "optional",
            "disabled",
            "debug",
        ],
    );
    if logs
        && !chosen
        && matches!(
            values.as_str(),
            "nil" | "nil,nil" | "nil,func(){},nil" | "nil,nil,nil"
        )
        && !results.starts_with("(ok")
    {
        show(
            code,
            facts,
            *returned,
            Practice::SilentNull,
            Verdict::Broken,
            format!("`{name}` logs the error and returns `nil` instead of it"),
        );
    } else if !logs && values.ends_with("err") || values.contains("fmt.Errorf") {
        show(
            code,
            facts,
            *returned,
            Practice::SilentNull,
            Verdict::Kept,
            format!("`{name}` returns its error"),
        );
    }
}
