//! Changes of a schema at the start of Node.js programs.

use crate::model::facts::Migration;
use crate::model::{FactSink, Resolution};
use crate::packs::practice::mentions;
use crate::syntax::{Call, Code};

pub(super) fn migration(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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
