use crate::model::FactSink;
use crate::packs::practice::mentions;
use crate::packs::request::from_caller;
use crate::syntax::{Call, Code};

/// Calls of Go frameworks that return text of a caller.
const FROM_CALLER: &[&str] = &[
    "c.Query(",
    "c.DefaultQuery(",
    "c.Param(",
    "ctx.Query(",
    "ctx.Param(",
    "r.URL.Query().Get(",
    "r.FormValue(",
    "req.FormValue(",
    "r.PathValue(",
    "c.QueryParam(",
    "c.FormValue(",
    "chi.URLParam(",
    "mux.Vars(",
];

/// Records SQL with text of the request.
pub(super) fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(
        call.method,
        "Query"
            | "QueryRow"
            | "Exec"
            | "QueryContext"
            | "QueryRowContext"
            | "ExecContext"
            | "Raw"
            | "Order"
            | "Where"
            | "Queryx"
            | "Get"
            | "Select"
    ) || call.arguments.is_empty()
    {
        return;
    }
    let database = mentions(
        call.receiver,
        &["db", "tx", "conn", "pool", "repo", "query", "gorm", "sql"],
    );
    if !database {
        return;
    }
    for argument in call.arguments.iter().take(2) {
        let made = code.follow(argument.value);
        let text = code.text(made);
        let joined = made.kind() == "binary_expression" && text.contains('+')
            || text.starts_with("fmt.Sprintf(");
        let direct = matches!(call.method, "Order")
            && FROM_CALLER.iter().any(|source| text.starts_with(source));
        if !joined && !direct {
            continue;
        }
        let sent = FROM_CALLER.iter().any(|source| text.contains(source))
            || code
                .find_all(made, &["identifier"])
                .into_iter()
                .any(|name| {
                    code.binding(code.text(name)).is_some_and(|value| {
                        FROM_CALLER
                            .iter()
                            .any(|source| code.text(value).starts_with(source))
                    })
                });
        let checked = code.function_around(call.node).is_some_and(|function| {
            mentions(
                code.text(function),
                &["allowed", "whitelist", "valid", "permitted"],
            )
        });
        if sent && !checked {
            from_caller(code, call.node, facts);
            return;
        }
    }
}
