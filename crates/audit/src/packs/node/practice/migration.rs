//! Changes of a schema at the start of Node.js programs.

use crate::model::facts::Migration;
use crate::model::{FactSink, Resolution};
use crate::packs::practice::mentions;
use crate::syntax::{Call, Code};

pub(super) fn migration(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    settings(code, call, facts);
    if mentions(
        &code.file.path,
        &["migrat", "seed", "cli", "data-source", "script"],
    ) {
        return;
    }
    let (library, at) = match call.method {
        "sync" if mentions(call.receiver, &["sequelize"]) => ("sequelize.sync", call.node),
        "DataSource" | "createConnection" | "forRoot"
            if code
                .imports
                .iter()
                .any(|import| matches!(import.path, "typeorm" | "@nestjs/typeorm")) =>
        {
            let fields = call
                .positional(0)
                .and_then(|settings| code.fields(settings))
                .unwrap_or_default();
            let Some((_, setting)) = fields.iter().find(|(key, value)| {
                *key == "synchronize" && code.boolean(*value) == Resolution::Known(true)
            }) else {
                return;
            };
            ("TypeORM `synchronize`", *setting)
        }
        _ => return,
    };
    facts.add(
        Migration {
            library,
            versioned: false,
        },
        code.place(at),
    );
}

/// Settings of TypeORM that a function returns:
/// `return { synchronize: true } as DataSourceOptions`. The first call of a file reads all of them.
fn settings(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let first = code
        .calls
        .first()
        .is_some_and(|first| first.node.id() == call.node.id());
    let typed = [
        "TypeOrmModule.forRootAsync",
        "DataSourceOptions",
        "TypeOrmModuleOptions",
        "ConnectionOptions",
    ]
    .iter()
    .any(|kind| code.file.text.contains(kind));
    if !first || !typed || mentions(&code.file.path, &["migrat", "seed", "script"]) {
        return;
    }
    for pair in code.find_all(code.root, &["pair"]) {
        let key = pair.child_by_field_name("key").map(|key| code.text(key));
        let value = pair.child_by_field_name("value");
        let on = value.is_some_and(|value| code.boolean(value) == Resolution::Known(true));
        let in_call = code
            .enclosing(pair, &["call_expression", "new_expression"])
            .is_some_and(|call| !code.text(call).contains("TypeOrmModule.forRootAsync"));
        if key == Some("synchronize") && on && !in_call {
            let fact = Migration {
                library: "TypeORM `synchronize`",
                versioned: false,
            };
            facts.add(fact, code.place(pair));
        }
    }
}
